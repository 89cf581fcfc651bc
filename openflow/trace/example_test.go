// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ovskit/ovskit/openflow/trace"
)

func Example() {
	r, err := trace.Packet(context.Background(), "br0", "in_port=1,tcp,ip_dst=10.0.0.2,tcp_dst=80",
		trace.Options{CTNext: []string{"trk,est"}})
	if err != nil {
		log.Fatal(err)
	}
	for i, pass := range r.Passes {
		for depth, v := range pass.All() {
			fmt.Printf("pass %d depth %d: table %d of %s: %+v\n", i, depth, v.Table, v.Bridge, v.Flow)
		}
	}
	fmt.Println("leaves by", r.Outputs(), "dropped:", r.Dropped())
}
