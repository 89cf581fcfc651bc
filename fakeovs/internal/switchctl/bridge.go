// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
)

func (t Target) bridgeCommands() []ctlserver.Command {
	return []ctlserver.Command{
		{Name: "ofproto/list", Run: t.list},
		{Name: "bridge/reconnect", Usage: "[bridge]", Max: 1, Run: t.reconnect},
		{Name: "bridge/dump-flows", Usage: "[--offload-stats] bridge", Min: 1, Max: 2, Run: t.dumpFlows},
		{Name: "qos/show-types", Usage: "interface", Min: 1, Max: 1, Run: t.qosTypes},
	}
}

func (t Target) list([]string) (string, error) {
	var b strings.Builder
	for _, bridge := range t.Daemon.Bridges() {
		fmt.Fprintln(&b, bridge.Name)
	}
	return b.String(), nil
}

var errUnknownBridge = ctlserver.Refusal("Unknown bridge")

// reconnect lets a bridge's connections to its controllers be made anew; of all bridges, if none is named.
func (t Target) reconnect(args []string) (string, error) {
	if len(args) > 0 {
		if _, ok := t.info(args[0]); !ok {
			return "", errUnknownBridge
		}
	}
	for _, bridge := range t.Daemon.Bridges() {
		if len(args) == 0 || args[0] == bridge.Name {
			t.Daemon.Reconnect(bridge.Name)
		}
	}
	return "", nil
}

// dumpFlows prints all flows, also those that the switch has made for itself.
func (t Target) dumpFlows(args []string) (string, error) {
	sw, ok := t.Daemon.Bridge(args[len(args)-1])
	if !ok {
		return "", errUnknownBridge
	}
	return sw.DumpFlows(), nil
}

func (t Target) qosTypes(args []string) (string, error) {
	for _, bridge := range t.Daemon.Bridges() {
		for _, p := range bridge.Ports {
			if p.Name == args[0] {
				return "No QoS types supported for interface: " + p.Name, nil
			}
		}
	}
	return "", errors.New("no such interface")
}
