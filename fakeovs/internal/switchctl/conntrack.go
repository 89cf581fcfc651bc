// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"math"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/openflow"
)

// conntrackCommands are those of connection tracking, which all datapaths of the fake share.
func (t Target) conntrackCommands() []ctlserver.Command {
	commands := []ctlserver.Command{
		t.dpctl("dump-conntrack", "[-m] [-s] [dp] [zone=N]", 0, 4, t.dumpConntrack),
		t.dpctl("flush-conntrack", "[dp] [zone=N] [ct-orig-tuple] [ct-reply-tuple]", 0, 4, t.flushConntrack),
		t.dpctl("ct-stats-show", "[dp] [zone=N]", 0, 3, t.conntrackStats),
		t.dpctl("ct-bkts", "[dp] [gt=N]", 0, 2, t.conntrackBuckets),
		t.onTracker("ct-set-maxconns", "[dp] maxconns", 1, 2, 3, func(c *dpctlCall, ct *conntrack.Tracker) error {
			n, ok := scan(c.last(), "", 32)
			if !ok {
				return c.complain("maxconns missing or malformed", invalid)
			}
			ct.SetMaxConns(uint32(n))
			c.printf("setting maxconns successful")
			return nil
		}),
		t.onTracker("ct-get-maxconns", "[dp]", 0, 1, 2, func(c *dpctlCall, ct *conntrack.Tracker) error {
			c.printf("%d\n", ct.MaxConns())
			return nil
		}),
		t.onTracker("ct-get-nconns", "[dp]", 0, 1, 2, func(c *dpctlCall, ct *conntrack.Tracker) error {
			c.printf("%d\n", ct.Len())
			return nil
		}),
		t.onTracker("ct-get-tcp-seq-chk", "[dp]", 0, 1, 2, func(c *dpctlCall, ct *conntrack.Tracker) error {
			c.printf("TCP sequence checking: %s\n", map[bool]string{true: "enabled", false: "disabled"}[ct.CheckSequence()])
			return nil
		}),
	}
	for verb, on := range map[string]bool{"enable": true, "disable": false} {
		commands = append(commands,
			t.onTracker("ct-"+verb+"-tcp-seq-chk", "[dp]", 0, 1, 3, func(c *dpctlCall, ct *conntrack.Tracker) error {
				ct.SetCheckSequence(on)
				c.printf("%sing TCP sequence checking successful", strings.TrimSuffix(verb, "e"))
				return nil
			}))
	}
	return append(append(commands, t.limitCommands()...), t.fragmentCommands()...)
}

// onTracker makes a command that needs a datapath and acts on its connections. So many words, the command included, are
// too many to leave the datapath out.
func (t Target) onTracker(name, usage string, least, most, words int, run func(*dpctlCall, *conntrack.Tracker) error) ctlserver.Command {
	return t.dpctl(name, usage, least, most, func(c *dpctlCall) error {
		if _, err := c.open(words); err != nil {
			return err
		}
		return run(c, t.Daemon.Tracker())
	})
}

// zone takes "zone=N" off the end of the arguments.
func (c *dpctlCall) zone() *uint16 {
	if len(c.args) == 0 {
		return nil
	}
	n, ok := scan(c.last(), "zone=", 16)
	if !ok {
		return nil
	}
	c.args = c.args[:len(c.args)-1]
	zone := uint16(n)
	return &zone
}

func (t Target) dumpConntrack(c *dpctlCall) error {
	o := conntrack.DumpOptions{Zone: c.zone(), Verbose: c.verbosity > 0, Stats: c.statistics}
	if _, err := c.open(2); err != nil {
		return err
	}
	c.out.WriteString(t.Daemon.Tracker().Dump(o))
	return nil
}

func (t Target) conntrackStats(c *dpctlCall) error {
	verbose := c.verbosity > 0
	var zone *uint16
	for len(c.args) > 0 {
		if strings.HasPrefix(c.last(), "verbose") {
			verbose = true
			c.args = c.args[:len(c.args)-1]
			continue
		}
		z := c.zone()
		if z == nil {
			break
		}
		zone = z
	}
	if _, err := c.open(2); err != nil {
		return err
	}
	c.out.WriteString(t.Daemon.Tracker().Stats(zone, verbose))
	return nil
}

func (t Target) conntrackBuckets(c *dpctlCall) error {
	var threshold uint16
	if len(c.args) > 0 {
		if n, ok := scan(c.last(), "gt=", 16); ok {
			threshold = uint16(min(n, math.MaxUint16))
			c.args = c.args[:len(c.args)-1]
		}
	}
	if _, err := c.open(2); err != nil {
		return err
	}
	c.out.WriteString(t.Daemon.Tracker().Buckets(threshold))
	return nil
}

// flushConntrack forgets connections. As in Open vSwitch 3.1, an argument that names a datapath is taken for a tuple.
func (t Target) flushConntrack(c *dpctlCall) error {
	var f openflow.CTFilter
	args := c.args
	if len(args) > 0 && strings.HasPrefix(args[0], "zone=") {
		n, ok := scan(args[0], "zone=", 16)
		if !ok {
			return c.complain("failed to parse zone", invalid)
		}
		zone := uint16(n)
		f.Zone, args = &zone, args[1:]
	}
	p := tupleParser{filter: &f}
	for _, tuple := range []*openflow.CTTuple{&f.Orig, &f.Reply} {
		if len(args) == 0 {
			break
		}
		if args[0] != "" {
			if err := p.parse(tuple, args[0]); err != nil {
				return c.complain(err.Error(), invalid)
			}
		}
		args = args[1:]
	}
	if len(args) > 1 {
		return c.complain("invalid arguments", invalid)
	}
	if _, err := c.open(5); err != nil {
		return c.complain("Cannot open dpif", invalid)
	}
	if err := t.Daemon.Tracker().FlushMatching(f); err != nil {
		return c.complain("failed to flush conntrack", notFound)
	}
	return nil
}
