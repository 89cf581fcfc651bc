// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package tier says which kinds of tests can run on this machine, and why the
// others cannot.
//
// A test states its needs with [Need]: where they are not met it is skipped
// with the reason, or fails if the environment variable OVSKIT_REQUIRE names
// the tier. OVSKIT_REQUIRE is a list such as "pure,sandbox,system,kernel", or "all".
package tier

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/internal/guest"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/ovsproc"
)

// Require is the environment variable that lists the tiers that must not be
// skipped.
const Require = "OVSKIT_REQUIRE"

// A Tier is a kind of tests by what they need.
type Tier string

// The tiers.
const (
	// Pure needs nothing.
	Pure Tier = "pure"
	// Sandbox needs the programs of Open vSwitch, which run with dummy
	// devices.
	Sandbox Tier = "sandbox"
	// System needs, in addition, the right to make network namespaces and
	// devices in them.
	System Tier = "system"
	// Kernel needs an emulator, and a kernel with Open vSwitch's datapath for it.
	Kernel Tier = "kernel"
)

// TB is what Need uses of a testing.TB.
type TB interface {
	Helper()
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Need skips the test, or fails it if the tier is required, unless the tier is
// usable.
func Need(t TB, tier Tier) {
	t.Helper()
	if reason := Why(tier); reason != "" {
		miss(t, tier, reason)
	}
}

// NeedFile returns the contents of a file that tests of a tier read, of a
// package of Debian. Where it is missing the test is skipped, or fails if the
// tier is required.
func NeedFile(t TB, tier Tier, path, pkg string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		miss(t, tier, fmt.Sprintf("%v (package %s on Debian)", err, pkg))
	}
	return text
}

// NeedFeature skips the test, or fails it if the tier is required, unless the
// switch has a feature that not every build has.
func NeedFeature(t TB, tier Tier, has bool, feature string) {
	t.Helper()
	if !has {
		miss(t, tier, "Open vSwitch has no "+feature)
	}
}

// miss ends a test whose tier cannot be used.
func miss(t TB, tier Tier, reason string) {
	t.Helper()
	if required(os.Getenv(Require), tier) {
		t.Fatalf("tier %s is required by %s but cannot be used: %s", tier, Require, reason)
	}
	t.Skipf("tier %s cannot be used: %s", tier, reason)
}

// Why says what keeps a tier from being usable; nothing does if it returns "".
func Why(tier Tier) string {
	var err error
	switch tier {
	case Pure:
	case Sandbox:
		err = ovsproc.Installed()
	case System:
		if err = ovsproc.Installed(); err == nil {
			err = node.Probe()
		}
	case Kernel:
		err = guest.Probe()
	default:
		err = fmt.Errorf("no such tier: %q", string(tier))
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// required reports whether a list of tiers names one.
func required(list string, tier Tier) bool {
	names := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Contains(names, string(tier)) || slices.Contains(names, "all")
}
