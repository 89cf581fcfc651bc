// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

func (t Target) coverageCommands() []ctlserver.Command {
	return []ctlserver.Command{
		{Name: "coverage/read-counter", Usage: "COUNTER", Min: 1, Max: 1, Run: t.readCounter},
		{Name: "coverage/show", Run: say(
			"Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash=00000000:\n0 events never hit\n")},
	}
}

// readCounter tells how often an event happened.
func (t Target) readCounter(args []string) (string, error) {
	n, ok := t.events()[args[0]]
	if !ok {
		return "", ctlserver.Refusal("No such counter")
	}
	return fmt.Sprintln(n), nil
}

// events are how often each of the events happened that are counted: those of the MAC learning tables and of multicast
// snooping, and packets that are dropped.
func (t Target) events() map[string]uint64 {
	all := t.Daemon.DropEvents()
	for _, b := range t.Daemon.Bridges() {
		if sw, err := t.bridge(b.Name); err == nil {
			for _, events := range []map[string]uint64{sw.FDBEvents(), sw.MDBEvents()} {
				for event, n := range events {
					all[event] += n
				}
			}
		}
	}
	return all
}
