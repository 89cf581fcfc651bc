// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package switchctl has the commands of the fake's ovs-vswitchd: what ovs-appctl(8) asks of it by its control socket, with
// the answers of ovs-vswitchd --enable-dummy, version 3.1. Commands that it does not have are answered as ones that there
// are not.
package switchctl

import (
	"errors"
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/clock"
	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/vlogctl"
	"github.com/ovskit/ovskit/fakeovs/internal/vswitchd"
)

// Target is what the commands act on.
type Target struct {
	Daemon *vswitchd.Daemon
	Clock  *clock.Clock
	// Exit ends the daemon; bridges and ports go away with it if cleanup is true. It is called when its caller has been
	// answered.
	Exit func(cleanup bool)
}

// Version is what the command version answers.
const Version = "ovs-vswitchd (Open vSwitch) 3.1.0"

// Commands returns the commands of a daemon. Each call has settings of its own.
func Commands(t Target) []ctlserver.Command {
	exit := []ctlserver.Command{{
		Name: "exit", Usage: "[--cleanup]", Max: 1,
		Run:   func([]string) (string, error) { return "", nil },
		After: func(args []string) { t.Exit(slices.Equal(args, []string{"--cleanup"})) },
	}}
	return slices.Concat(exit,
		t.bridgeCommands(), t.traceCommands(), t.fdbCommands(), t.mdbCommands(), t.bondCommands(), t.timeCommands(), t.dummyCommands(),
		t.datapathCommands(), t.conntrackCommands(), t.featureCommands(), t.cacheCommands(), t.coverageCommands(), t.absentCommands(), vlogctl.Commands(switchModules))
}

var errNoBridge = errors.New("no such bridge")

// bridge returns a bridge by name.
func (t Target) bridge(name string) (*ofswitch.Switch, error) {
	sw, ok := t.Daemon.Bridge(name)
	if !ok {
		return nil, errNoBridge
	}
	return sw, nil
}

// info describes a bridge.
func (t Target) info(name string) (vswitchd.BridgeInfo, bool) {
	for _, b := range t.Daemon.Bridges() {
		if b.Name == name {
			return b, true
		}
	}
	return vswitchd.BridgeInfo{}, false
}

// done is the Run of a command that has nothing to do here and nothing to say.
func done([]string) (string, error) { return "", nil }

// say is the Run of a command that always says the same.
func say(text string) func([]string) (string, error) {
	return func([]string) (string, error) { return text, nil }
}
