// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/vswitchd"
	"github.com/ovskit/ovskit/openflow"
)

// flows are the flows of a datapath.
func (t Target) flows(d *datapath) []pipeline.CachedFlow {
	return slices.DeleteFunc(t.Daemon.CachedFlows(), func(f pipeline.CachedFlow) bool {
		return !slices.ContainsFunc(d.bridges, func(b vswitchd.BridgeInfo) bool { return b.Name == f.Bridge })
	})
}

// dpctlDumpFlows prints the flows of a datapath.
func (t Target) dpctlDumpFlows(c *dpctlCall) error {
	filter, types, filtered, typed := "", "", false, false
words:
	for len(c.args) > 0 {
		last := c.last()
		switch {
		case strings.HasPrefix(last, "filter=") && !filtered:
			filter, filtered = last[len("filter="):], true
		case strings.HasPrefix(last, "type=") && !typed:
			types, typed = last[len("type="):], true
		case strings.HasPrefix(last, "pmd="):
		default:
			break words
		}
		c.args = c.args[:len(c.args)-1]
	}
	dp, err := c.open(2)
	if err != nil {
		return err
	}
	var wanted packet.Key
	if filtered {
		names := &openflow.Names{Ports: map[uint32]string{}}
		for name, no := range dp.ports() {
			names.Ports[no] = name
		}
		if wanted, err = flowtext.ParseFlow(filter, names); err != nil {
			return c.complain("Failed to parse filter ("+err.Error()+")", "")
		}
		if uint32(wanted.Uint(openflow.FieldInPort)) == openflow.PortAny {
			wanted.SetUint(openflow.FieldInPort, 0)
		}
	}
	shown := !typed
	for _, word := range strings.Split(types, ",") {
		switch word {
		case "ovs", "all", "non-offloaded":
			shown = true
		case "", "tc", "dpdk", "offloaded", "partially-offloaded":
		default:
			return c.complain("Failed to parse type ("+word+")", invalid)
		}
	}
	c.printFlows(dp, &wanted, shown)
	return nil
}

func (c *dpctlCall) printFlows(dp *datapath, wanted *packet.Key, shown bool) {
	names := dp.portNames(c.byName())
	titled := false
	for _, f := range c.t.flows(dp) {
		if !shown || !passes(&f, wanted) {
			continue
		}
		if !titled {
			c.printf("flow-dump from the main thread:\n")
			titled = true
		}
		c.printFlow(&f, names)
	}
}

// printFlow prints a flow on a line.
func (c *dpctlCall) printFlow(f *pipeline.CachedFlow, names func(uint32) string) {
	verbose := c.verbosity > 0
	if verbose {
		c.printf("%s, ", f.UFID())
	}
	c.printf("%s, %s, ", f.Match(verbose, names), f.Stats())
	if verbose {
		c.printf("dp:ovs, ")
	}
	c.printf("actions:%s\n", f.Actions(names))
}

// dpctlGetFlow prints the flow with a UFID.
func (t Target) dpctlGetFlow(c *dpctlCall) error {
	ufid := c.last()
	dp, err := c.open(3)
	if err != nil {
		return err
	}
	if id, ok := strings.CutPrefix(ufid, "ufid:"); !ok || !uuidText.MatchString(id) {
		reason := ""
		if ok {
			reason = invalid
		}
		_ = c.complain("parsing flow ufid", reason) // and goes on as if that were no error
		return nil
	}
	for _, f := range t.flows(dp) {
		if f.UFID() == strings.ToLower(ufid) {
			c.printFlow(&f, dp.portNames(c.byName()))
			return nil
		}
	}
	return c.complain("getting flow", notFound)
}

var uuidText = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

// passes reports whether a flow has the fields of a filter that are not 0, as far as they count for it.
func passes(f *pipeline.CachedFlow, wanted *packet.Key) bool {
	k, w := f.Key, *wanted
	k.And(&f.Mask)
	w.And(&f.Mask)
	for field := range openflow.FieldUnknown {
		if !packet.Known(field) || !wanted.Has(field) || field == openflow.FieldVLANTCI {
			continue // what is wanted of a tag's TCI are its parts
		}
		if field.Bits() <= 64 {
			if k.Uint(field) != w.Uint(field) {
				return false
			}
			continue
		}
		hi, lo := k.Words128(field)
		if whi, wlo := w.Words128(field); hi != whi || lo != wlo {
			return false
		}
	}
	return true
}

// portNames writes ports by name if that is wanted, else nil, which is by number.
func (d *datapath) portNames(wanted bool) func(uint32) string {
	if !wanted {
		return nil
	}
	names := map[uint32]string{}
	for name, no := range d.ports() {
		names[no] = name
	}
	return func(no uint32) string {
		if name := names[no]; name != "" {
			return name
		}
		return fmt.Sprint(no)
	}
}

// dumpCache prints the flows of the packets that come in to a bridge.
func (t Target) dumpCache(args []string) (string, error) {
	name := args[len(args)-1]
	if _, err := t.bridge(name); err != nil {
		return "", err
	}
	verbose, named, chosen := false, false, false
	for _, arg := range args[:len(args)-1] {
		switch arg {
		case "-m":
			verbose = true
		case "--names":
			named, chosen = true, true
		case "--no-names":
			named, chosen = false, true
		}
	}
	var b strings.Builder
	for _, dp := range t.datapaths() {
		names := dp.portNames(named || verbose && !chosen)
		for _, f := range t.flows(dp) {
			if f.Bridge != name {
				continue
			}
			if verbose {
				b.WriteString(f.UFID() + " ")
			}
			fmt.Fprintf(&b, "%s, %s, actions:%s\n", f.Match(verbose, names), f.Stats(), f.Actions(names))
		}
	}
	return b.String(), nil
}
