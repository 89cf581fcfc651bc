// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// The environment of a child: the test's program is then a demo of the name, which stops when its network is up for
// its parent to kill it, or keeps its network.
const (
	childName  = "OVSKIT_TEST_DEMO_CHILD"
	childKeeps = "OVSKIT_TEST_DEMO_KEEP"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(childName); name != "" {
		os.Exit(child(name, os.Getenv(childKeeps) != ""))
	}
	goleak.VerifyTestMain(m)
}

func child(name string, keep bool) int {
	r, err := Run(context.Background(), Options{Switch: Real, Egress: Uplink, Keep: keep, name: name, Progress: func(line string) {
		fmt.Println(line)
		if !keep && line == networkUp {
			select {}
		}
	}})
	if err != nil || !r.OK || len(r.Kept) == 0 {
		fmt.Fprintf(os.Stderr, "report %+v, error %v\n", r, err)
		return 1
	}
	return 0
}
