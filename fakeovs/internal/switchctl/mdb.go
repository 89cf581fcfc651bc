// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import "github.com/ovskit/ovskit/fakeovs/internal/ctlserver"

// mdbCommands are about the multicast groups and routers that bridges have heard of.
func (t Target) mdbCommands() []ctlserver.Command {
	return []ctlserver.Command{
		{Name: "mdb/show", Usage: "bridge", Min: 1, Max: 1, Run: func(args []string) (string, error) {
			sw, err := t.bridge(args[0])
			if err != nil {
				return "", err
			}
			return sw.ShowMDB()
		}},
		{Name: "mdb/flush", Usage: "[bridge]", Max: 1, Run: t.flushMDB},
	}
}

// flushMDB forgets what a bridge has heard of; all bridges that snoop, if none is named.
func (t Target) flushMDB(args []string) (string, error) {
	const done = "table successfully flushed"
	if len(args) > 0 {
		sw, err := t.bridge(args[0])
		if err != nil {
			return "", err
		}
		return done, sw.FlushMDB()
	}
	for _, b := range t.Daemon.Bridges() {
		if sw, ok := t.Daemon.Bridge(b.Name); ok {
			_ = sw.FlushMDB() // one that does not snoop has nothing to forget
		}
	}
	return done, nil
}
