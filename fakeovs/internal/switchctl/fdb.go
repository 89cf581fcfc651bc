// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"net"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
)

// fdbCommands are about the addresses that bridges have learned.
func (t Target) fdbCommands() []ctlserver.Command {
	return []ctlserver.Command{
		{Name: "fdb/show", Usage: "bridge", Min: 1, Max: 1, Run: t.onBridge((*ofswitch.Switch).ShowFDB)},
		{Name: "fdb/stats-show", Usage: "bridge", Min: 1, Max: 1, Run: t.onBridge((*ofswitch.Switch).FDBStats)},
		{
			Name: "fdb/flush", Usage: "[bridge]", Max: 1,
			Run: t.onBridges((*ofswitch.Switch).FlushFDB, "table successfully flushed"),
		},
		{
			Name: "fdb/stats-clear", Usage: "[bridge]", Max: 1,
			Run: t.onBridges((*ofswitch.Switch).ClearFDBStats, "statistics successfully cleared"),
		},
		{Name: "fdb/add", Usage: "bridge port vlan mac", Min: 4, Max: 4, Run: func(args []string) (string, error) {
			sw, err := t.bridge(args[0])
			if err != nil {
				return "", err
			}
			mac, err := parseMAC(args[3])
			if err != nil {
				return "", err
			}
			return sw.AddFDB(args[1], uint16(atoi(args[2])), mac)
		}},
		{Name: "fdb/del", Usage: "bridge vlan mac", Min: 3, Max: 3, Run: func(args []string) (string, error) {
			sw, err := t.bridge(args[0])
			if err != nil {
				return "", err
			}
			mac, err := parseMAC(args[2])
			if err != nil {
				return "", err
			}
			return "", sw.DeleteFDB(uint16(atoi(args[1])), mac)
		}},
	}
}

// onBridge is the Run of a command that tells something of a bridge.
func (t Target) onBridge(tell func(*ofswitch.Switch) string) func([]string) (string, error) {
	return func(args []string) (string, error) {
		sw, err := t.bridge(args[0])
		if err != nil {
			return "", err
		}
		return tell(sw), nil
	}
}

// onBridges is the Run of a command that does something to a bridge, or to all.
func (t Target) onBridges(do func(*ofswitch.Switch), done string) func([]string) (string, error) {
	return func(args []string) (string, error) {
		if len(args) > 0 {
			if _, err := t.bridge(args[0]); err != nil {
				return "", err
			}
		}
		for _, b := range t.Daemon.Bridges() {
			if sw, ok := t.Daemon.Bridge(b.Name); ok && (len(args) == 0 || args[0] == b.Name) {
				do(sw)
			}
		}
		return done, nil
	}
}

// parseMAC reads an Ethernet address.
func parseMAC(text string) (net.HardwareAddr, error) {
	mac, err := net.ParseMAC(text)
	if err != nil || len(mac) != 6 || strings.Count(text, ":") != 5 {
		return nil, errors.New("bad MAC address")
	}
	return mac, nil
}
