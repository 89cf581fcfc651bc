// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

// cacheCommands are about the flows that a datapath has cached. They are always those that the flow tables want: nothing is
// to be waited for.
func (t Target) cacheCommands() []ctlserver.Command {
	c := &cache{t: t, limit: 10_000, ufid: true}
	return []ctlserver.Command{
		{Name: "revalidator/wait", Run: done},
		{Name: "revalidator/purge", Run: func([]string) (string, error) {
			t.Daemon.PurgeCache()
			return "", nil
		}},
		{Name: "revalidator/pause", Hidden: true, Run: done},
		{Name: "revalidator/resume", Hidden: true, Run: done},
		{Name: "upcall/show", Run: c.show},
		{Name: "upcall/disable-megaflows", Run: c.megaflows(false)},
		{Name: "upcall/enable-megaflows", Run: c.megaflows(true)},
		{Name: "upcall/disable-ufid", Run: func([]string) (string, error) {
			c.ufid = false
			return "Datapath dumping tersely using UFID disabled", nil
		}},
		{Name: "upcall/enable-ufid", Run: func([]string) (string, error) {
			c.ufid = true
			return "Datapath dumping tersely using UFID enabled for supported datapaths", nil
		}},
		{Name: "upcall/set-flow-limit", Usage: "flow-limit-number", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			c.limit = uint32(atoi(args[0]))
			return fmt.Sprintf("set flow_limit to %d", c.limit), nil
		}},
		{Name: "dpif/dump-flows", Usage: "[-m] [--names | --no-names] bridge", Min: 1, Max: ctlserver.Any, Run: t.dumpCache},
		{Name: "memory/show", Run: c.memory},
	}
}

type cache struct {
	t     Target
	limit uint32
	ufid  bool
}

func (c *cache) show([]string) (string, error) {
	var b strings.Builder
	for _, dp := range c.t.datapaths() {
		n := len(c.t.flows(dp))
		fmt.Fprintf(&b, "%s:\n  flows         : (current %d) (avg %d) (max %d) (limit %d)\n"+
			"  dump duration : 1ms\n  ufid enabled : %t\n\n  1: (keys %d)\n", dp.name(), n, n, n, c.limit, c.ufid, n)
	}
	return b.String(), nil
}

// megaflows says whether flows leave out what does not matter.
func (c *cache) megaflows(enabled bool) func([]string) (string, error) {
	return func([]string) (string, error) {
		c.t.Daemon.SetMegaflows(enabled)
		if enabled {
			return "megaflows enabled", nil
		}
		return "megaflows disabled", nil
	}
}

// memory prints how many of what there are.
func (c *cache) memory([]string) (string, error) {
	ports := 0
	for _, b := range c.t.Daemon.Bridges() {
		ports += len(b.Ports)
	}
	if ports == 0 {
		return "", nil
	}
	return fmt.Sprintf("handlers:1 ports:%d revalidators:1", ports), nil
}
