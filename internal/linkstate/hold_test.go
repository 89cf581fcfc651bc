// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"strings"
	"testing"
)

// TestHold has a device know what another has learnt, and let go of it again; what is
// permanent there stays.
func TestHold(t *testing.T) {
	t.Parallel()
	ns := newNS(t)
	c := open(t, ns)
	from, to := device(t, ns, "v0"), device(t, ns, "v1")
	for _, command := range []string{
		"addr add 10.0.0.1/24 dev v0",
		"neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev v0 nud reachable",
		"neigh add 10.0.0.3 lladdr 02:00:00:00:00:03 dev v0 nud reachable",
		"neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev v0 nud stale router",
		"neigh add 10.0.0.3 lladdr 02:00:00:00:00:33 dev v1 nud permanent",
		"neigh add 10.0.0.4 lladdr 02:00:00:00:00:04 dev v1 nud noarp",
	} {
		run(t, ns, command)
	}
	state := func() map[string]string {
		states := map[string]string{}
		for _, family := range []string{"-4", "-6"} {
			for line := range strings.Lines(run(t, ns, family+" neigh show dev v1 nud all")) {
				if f := strings.Fields(line); len(f) > 3 && !strings.HasPrefix(f[0], "ff") && !strings.HasPrefix(f[0], "224.") {
					for _, word := range f[3:] {
						if strings.ToUpper(word) == word && strings.ToLower(word) != word {
							states[f[0]] = f[2] + " " + word
						}
					}
				}
			}
		}
		return states
	}
	check := func(when string, want map[string]string) {
		t.Helper()
		got := state()
		for addr, w := range want {
			if got[addr] != w {
				t.Errorf("%s: neighbour %s is %q, want %q", when, addr, got[addr], w)
			}
		}
	}
	for range 2 {
		if err := c.Hold(from, to); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{
		"10.0.0.2": "02:00:00:00:00:02 NOARP", "2001:db8::2": "02:00:00:00:00:02 NOARP",
		"10.0.0.3": "02:00:00:00:00:33 PERMANENT", "10.0.0.4": "02:00:00:00:00:04 NOARP",
	}
	check("held", want)
	for range 2 {
		if err := c.Unhold(to); err != nil {
			t.Fatal(err)
		}
	}
	want["10.0.0.2"], want["2001:db8::2"] = "02:00:00:00:00:02 STALE", "02:00:00:00:00:02 STALE"
	check("let go", want)
}
