// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/vswitchd"
	"github.com/ovskit/ovskit/openflow"
)

func (t Target) datapathCommands() []ctlserver.Command {
	return []ctlserver.Command{
		{Name: "dpif/show", Run: t.show},
		{Name: "dpif/dump-dps", Run: t.dumpBridges},
		{Name: "dpif/show-dp-features", Usage: "bridge", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			_, err := t.bridge(args[0])
			return features, err
		}},
		t.dpctl("dump-dps", "", 0, 0, func(c *dpctlCall) error {
			for _, dp := range t.datapaths() {
				c.printf("%s\n", dp.name())
			}
			return nil
		}),
		t.dpctl("show", "[-s] [dp...]", 0, ctlserver.Any, t.dpctlShow),
		t.dpctl("dump-flows", "[-m] [--names] [dp] [filter=..] [type=..] [pmd=..]", 0, 6, t.dpctlDumpFlows),
		t.dpctl("get-flow", "[dp] ufid", 1, 2, t.dpctlGetFlow),
		t.dpctl("del-flows", "[dp] [file]", 0, 2, func(c *dpctlCall) error {
			_, err := c.open(2)
			if err == nil {
				t.Daemon.PurgeCache()
			}
			return err
		}),
	}
}

// datapath is what the bridges of one type share.
type datapath struct {
	kind    string
	bridges []vswitchd.BridgeInfo
}

// name is type and name of a datapath, as "netdev@ovs-netdev".
func (d *datapath) name() string { return d.kind + "@ovs-" + d.kind }

// datapaths returns all datapaths, by type.
func (t Target) datapaths() []*datapath {
	all := map[string]*datapath{}
	for _, b := range t.Daemon.Bridges() {
		if all[b.DatapathType] == nil {
			all[b.DatapathType] = &datapath{kind: b.DatapathType}
		}
		all[b.DatapathType].bridges = append(all[b.DatapathType].bridges, b)
	}
	var sorted []*datapath
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[kind])
	}
	return sorted
}

// lookups is how many packets have come into a datapath whose flow was found in it, and how many others.
func (t Target) lookups(d *datapath) (hits, misses uint64) {
	for _, b := range d.bridges {
		if sw, ok := t.Daemon.Bridge(b.Name); ok {
			h, m := sw.Lookups()
			hits, misses = hits+h, misses+m
		}
	}
	return hits, misses
}

func (t Target) show([]string) (string, error) {
	var b strings.Builder
	for _, dp := range t.datapaths() {
		hits, misses := t.lookups(dp)
		fmt.Fprintf(&b, "%s: hit:%d missed:%d\n", dp.name(), hits, misses)
		for _, bridge := range dp.bridges {
			fmt.Fprintf(&b, "  %s:\n", bridge.Name)
			for _, p := range bridge.Ports {
				datapath := "none"
				if p.Datapath != 0 {
					datapath = fmt.Sprint(p.Datapath)
				}
				fmt.Fprintf(&b, "    %s %d/%s: (%s%s)\n", p.Name, uint16(p.No), datapath, p.Kind, options(p.Options))
			}
		}
	}
	return b.String(), nil
}

// options are the settings of a device behind its type.
func options(o map[string]string) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(o)) {
		list = append(list, k+"="+o[k])
	}
	if len(list) == 0 {
		return ""
	}
	return ": " + strings.Join(list, ", ")
}

func (t Target) dumpBridges([]string) (string, error) {
	var b strings.Builder
	for _, dp := range t.datapaths() {
		for _, bridge := range dp.bridges {
			fmt.Fprintf(&b, "%s@%s\n", dp.kind, bridge.Name)
		}
	}
	return b.String(), nil
}

// dpctlShow prints the named datapaths, or all.
func (t Target) dpctlShow(c *dpctlCall) error {
	if len(c.args) == 0 {
		for _, dp := range t.datapaths() {
			t.printDatapath(c, dp)
		}
		return nil
	}
	failed := false
	for _, arg := range c.args {
		dp := t.datapath(arg)
		if dp == nil {
			reason := noFamily
			if kind, _, _ := strings.Cut(arg, "@"); localKinds[kind] != "" && kind != "system" {
				reason = noDevice
			}
			_ = c.complain("opening datapath "+arg+" failed", reason)
			failed = true
			continue
		}
		t.printDatapath(c, dp)
	}
	if failed {
		return errComplained
	}
	return nil
}

// localKinds are the types of a datapath's own port, number 0.
var localKinds = map[string]string{"dummy": "dummy-internal", "netdev": "tap", "system": "internal"}

func (t Target) printDatapath(c *dpctlCall, dp *datapath) {
	hits, misses := t.lookups(dp)
	c.printf("%s:\n  lookups: hit:%d missed:%d lost:0\n  flows: %d\n", dp.name(), hits, misses, len(t.flows(dp)))
	ports := map[uint32]vswitchd.PortInfo{0: {Name: "ovs-" + dp.kind, Kind: localKinds[dp.kind]}}
	owner := map[uint32]string{}
	for _, b := range dp.bridges {
		for _, p := range b.Ports {
			if p.Datapath != 0 {
				ports[p.Datapath] = p
				owner[p.Datapath] = b.Name
			}
		}
	}
	for _, no := range slices.Sorted(maps.Keys(ports)) {
		p := ports[no]
		c.printf("  port %d: %s", no, p.Name)
		if p.Kind != "system" {
			c.printf(" (%s%s)", p.Kind, options(p.Options))
		}
		c.printf("\n")
		if !c.statistics {
			continue
		}
		var s openflow.PortStats
		if sw, ok := t.Daemon.Bridge(owner[no]); ok {
			s, _ = sw.PortStats(p.No)
		}
		// A dummy counts nothing but packets and bytes.
		c.printf("    RX packets:%d errors:? dropped:? overruns:? frame:?\n", s.RxPackets)
		c.printf("    TX packets:%d errors:? dropped:? aborted:? carrier:?\n    collisions:?\n", s.TxPackets)
		c.printf("    RX bytes:%d%s  TX bytes:%d%s\n", s.RxBytes, humanSize(s.RxBytes), s.TxBytes, humanSize(s.TxBytes))
	}
}

// humanSize is a size in a larger unit, in parentheses; nothing if it is less than one.
func humanSize(n uint64) string {
	const units = "KMGT"
	at := (bits.Len64(n) - 1) / 10
	if at <= 0 {
		return ""
	}
	at = min(at, len(units))
	return fmt.Sprintf(" (%.1f %ciB)", float64(n)/float64(uint64(1)<<(10*at)), units[at-1])
}

// features is what a datapath can do.
const features = `Masked set action: Yes
Tunnel push pop: Yes
Ufid: Yes
Truncate action: Yes
Clone action: Yes
Sample nesting: 10
Conntrack eventmask: Yes
Conntrack clear: Yes
Max dp_hash algorithm: 1
Check pkt length action: Yes
Conntrack timeout policy: Yes
Explicit Drop action: Yes
Optimized Balance TCP mode: Yes
Conntrack all-zero IP SNAT: Yes
MPLS Label add: Yes
Max VLAN headers: 1
Max MPLS depth: 3
Recirc: Yes
CT state: Yes
CT zone: Yes
CT mark: Yes
CT label: Yes
CT state NAT: Yes
CT orig tuple: Yes
CT orig tuple for IPv6: Yes
IPv6 ND Extension: Yes
`
