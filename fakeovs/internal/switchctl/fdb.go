// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"net"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
)

// fdbCommands are about the MAC learning tables of bridges.
func (t Target) fdbCommands() []ctlserver.Command {
	show := func(text func(*ofswitch.Switch) string) func([]string) (string, error) {
		return func(args []string) (string, error) {
			sw, err := t.bridge(args[0])
			if err != nil {
				return "", err
			}
			return text(sw), nil
		}
	}
	return []ctlserver.Command{
		{Name: "fdb/add", Usage: "bridge port vlan mac", Min: 4, Max: 4, Run: t.fdbAdd},
		{Name: "fdb/del", Usage: "bridge vlan mac", Min: 3, Max: 3, Run: t.fdbDelete},
		{Name: "fdb/flush", Usage: "[bridge]", Max: 1, Run: t.forBridges((*ofswitch.Switch).FlushFDB, "table successfully flushed")},
		{Name: "fdb/show", Usage: "bridge", Min: 1, Max: 1, Run: show((*ofswitch.Switch).ShowFDB)},
		{Name: "fdb/stats-clear", Usage: "[bridge]", Max: 1, Run: t.forBridges(
			(*ofswitch.Switch).ClearFDBStats, "statistics successfully cleared")},
		{Name: "fdb/stats-show", Usage: "bridge", Min: 1, Max: 1, Run: show((*ofswitch.Switch).FDBStats)},
	}
}

// forBridges is the Run of a command that does something with a bridge, or with all if none is named.
func (t Target) forBridges(do func(*ofswitch.Switch), said string) func([]string) (string, error) {
	return func(args []string) (string, error) {
		if len(args) > 0 {
			sw, err := t.bridge(args[0])
			if err != nil {
				return "", err
			}
			do(sw)
			return said, nil
		}
		for _, b := range t.Daemon.Bridges() {
			if sw, ok := t.Daemon.Bridge(b.Name); ok {
				do(sw)
			}
		}
		return said, nil
	}
}

var errBadMAC = errors.New("bad MAC address")

func parseMAC(text string) (net.HardwareAddr, error) {
	mac, err := net.ParseMAC(text)
	if err != nil || len(mac) != 6 {
		return nil, errBadMAC
	}
	return mac, nil
}

func (t Target) fdbAdd(args []string) (string, error) {
	sw, err := t.bridge(args[0])
	if err != nil {
		return "", err
	}
	mac, err := parseMAC(args[3])
	if err != nil {
		return "", err
	}
	return sw.AddFDB(args[1], uint16(atoi(args[2])), mac)
}

func (t Target) fdbDelete(args []string) (string, error) {
	sw, err := t.bridge(args[0])
	if err != nil {
		return "", err
	}
	mac, err := parseMAC(args[2])
	if err != nil {
		return "", err
	}
	return "", sw.DeleteFDB(uint16(atoi(args[1])), mac)
}
