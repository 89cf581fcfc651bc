// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ovsproctest gives tests a real Open vSwitch of their own.
package ovsproctest

import (
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
