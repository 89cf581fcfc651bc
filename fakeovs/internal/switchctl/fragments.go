// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// fragmentCommands are about the reassembly of fragments by the connection tracker.
func (t Target) fragmentCommands() []ctlserver.Command {
	commands := []ctlserver.Command{
		t.onTracker("ipf-set-min-frag", "[dp] v4|v6 minfragment", 2, 3, 4, func(c *dpctlCall, ct *conntrack.Tracker) error {
			v6, ok := ipVersion(c.args[len(c.args)-2])
			if !ok {
				return c.complain("parameter missing: v4 for IPv4 or v6 for IPv6", invalid)
			}
			size, ok := scan(c.last(), "", 32)
			if !ok {
				return c.complain("parameter missing for minimum fragment size", invalid)
			}
			if ct.SetMinFragment(v6, uint32(size)) != nil {
				return c.complain("requested minimum fragment size too small; see documentation", notPermitted)
			}
			c.printf("setting minimum fragment size successful")
			return nil
		}),
		t.onTracker("ipf-set-max-nfrags", "[dp] maxfrags", 1, 2, 3, func(c *dpctlCall, ct *conntrack.Tracker) error {
			n, ok := scan(c.last(), "", 32)
			if !ok {
				return c.complain("parameter missing for maximum fragments", invalid)
			}
			if ct.SetMaxFragments(uint32(n)) != nil {
				return c.complain("setting maximum fragments failed", notPermitted)
			}
			c.printf("setting maximum fragments successful")
			return nil
		}),
		t.onTracker("ipf-get-status", "[dp]", 0, 1, 2, func(c *dpctlCall, ct *conntrack.Tracker) error {
			c.out.WriteString(ct.FragmentStatus(c.verbosity > 0))
			return nil
		}),
	}
	for verb, on := range map[string]bool{"enable": true, "disable": false} {
		commands = append(commands,
			t.onTracker("ipf-set-"+verb+"d", "[dp] v4|v6", 1, 2, 4, func(c *dpctlCall, ct *conntrack.Tracker) error {
				v6, ok := ipVersion(c.last())
				if !ok {
					return c.complain("parameter missing: 'v4' for IPv4 or 'v6' for IPv6", invalid)
				}
				ct.SetFragmentsEnabled(v6, on)
				c.printf("%sing fragmentation reassembly successful", strings.TrimSuffix(verb, "e"))
				return nil
			}))
	}
	return commands
}

// ipVersion reads what begins with "v4" or "v6".
func ipVersion(s string) (v6, ok bool) {
	v6 = strings.HasPrefix(s, "v6")
	return v6, v6 || strings.HasPrefix(s, "v4")
}
