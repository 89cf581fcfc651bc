// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ovsproctest gives tests a real Open vSwitch of their own.
package ovsproctest

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/tier"
)

// Start starts an Open vSwitch that is stopped when the test ends. The test is skipped, or fails where it must not be, if
// the machine cannot run one.
func Start(t testing.TB, o ovsproc.Options) *ovsproc.OVS {
	t.Helper()
	tier.Need(t, tier.Sandbox)
	ovs, err := ovsproc.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ovs.Stop(); err != nil {
			t.Error(err)
		}
	})
	return ovs
}

// Vsctl runs ovs-vsctl on an Open vSwitch. The test fails if that does.
func Vsctl(ctx context.Context, t testing.TB, ovs *ovsproc.OVS, args ...string) {
	t.Helper()
	args = append([]string{"--timeout=60", "--db=" + ovs.DatabaseEndpoint()}, args...)
	if out, err := exec.CommandContext(ctx, "ovs-vsctl", args...).CombinedOutput(); err != nil {
		t.Fatalf("ovs-vsctl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// DummyBridge are the commands of ovs-vsctl that add a bridge with settings and dummy ports p1 to pN, whose numbers are 1 to
// N. It drops what no flow matches.
func DummyBridge(name string, ports int, settings ...string) []string {
	args := append([]string{
		"--", "add-br", name, "--", "set", "bridge", name, "datapath_type=dummy", "fail-mode=secure",
	}, settings...)
	for p := 1; p <= ports; p++ {
		port := fmt.Sprintf("p%d", p)
		args = append(args, "--", "add-port", name, port, "--", "set", "interface", port, "type=dummy", fmt.Sprintf("ofport_request=%d", p))
	}
	return args
}
