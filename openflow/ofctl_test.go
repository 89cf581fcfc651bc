// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"os/exec"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// ofctl runs ovs-ofctl in a version of the protocol, and returns what it prints.
func ofctl(t *testing.T, v of.Version, args ...string) string {
	t.Helper()
	out, err := exec.Command("ovs-ofctl", append([]string{"-O" + v.String()}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ovs-ofctl %v: %v\n%s", args, err, out)
	}
	return string(out)
}
