// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/ctlserver"
	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// dummyCommands are about dummies, which are devices without a network.
func (t Target) dummyCommands() []ctlserver.Command {
	return []ctlserver.Command{
		{
			Name: "netdev-dummy/receive", Usage: "name [--qid queue_id] packet|flow [--len packet_len]",
			Min: 2, Max: ctlserver.Any, Run: t.receive,
		},
		{Name: "netdev-dummy/set-admin-state", Usage: "[netdev] up|down", Min: 1, Max: 2, Run: t.setAdminState},
		{
			Name: "dpif-dummy/change-port-number", Usage: "dp port new-number", Min: 3, Max: 3,
			Run: func(args []string) (string, error) {
				return "", t.Daemon.RenumberPort(args[0], args[1], uint32(atoi(args[2])))
			},
		},
		{Name: "netdev-dummy/conn-state", Usage: "[netdev]", Max: 1, Run: func(args []string) (string, error) {
			if len(args) > 0 {
				return args[0] + ": " + t.Daemon.Wire(args[0]) + "\n", nil
			}
			var all strings.Builder
			for _, b := range t.Daemon.Bridges() {
				for _, p := range b.Ports {
					if state := t.Daemon.Wire(p.Name); state != "unknown" {
						fmt.Fprintf(&all, "%s: %s\n", p.Name, state)
					}
				}
			}
			return all.String(), nil
		}},
	}
}

// receive lets packets come in by a dummy. Those before one that is wrong have come in.
func (t Target) receive(args []string) (string, error) {
	name, args := args[0], args[1:]
	if !t.Daemon.IsDummy(name) {
		return "", errors.New("no such dummy netdev")
	}
	if len(args) > 1 && args[0] == "--qid" {
		if atoi(args[1]) != 0 {
			return "", ctlserver.Refusal("bad rx queue id.")
		}
		args = args[2:]
	}
	for len(args) > 0 {
		frame, err := hexFrame(args[0])
		word := args[0]
		args = args[1:]
		if err != nil {
			size := int64(0)
			if len(args) > 1 && args[0] == "--len" {
				if size = atoi(args[1]); size < minFrame {
					return "", errors.New("too small packet len")
				}
				args = args[2:]
			}
			if frame, err = t.compose(word, int(min(size, maxFrame))); err != nil {
				return "", err
			}
		}
		t.Daemon.Input(name, frame)
	}
	return "", nil
}

const (
	headerLen = 14
	minFrame  = 64
	maxFrame  = 65535
)

// hexFrame reads a frame with at least its Ethernet header in hexadecimal.
func hexFrame(text string) ([]byte, error) {
	frame, err := hexBytes(text)
	if err == nil && len(frame) < headerLen {
		err = ctlserver.Refusal("Packet data too short for Ethernet")
	}
	return frame, err
}

// hexBytes reads bytes in hexadecimal, which may have space between them.
func hexBytes(text string) ([]byte, error) {
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil || len(b) > maxFrame {
		return nil, ctlserver.Refusal("Trailing garbage in packet data")
	}
	return b, nil
}

// compose makes a frame of fields in the notation of datapaths; of a length, unless that is 0.
func (t Target) compose(text string, size int) ([]byte, error) {
	k, _, err := flowtext.ODP{VLANs: t.Daemon.VLANLimit()}.Parse(text, nil)
	if err != nil {
		return nil, err
	}
	if size == 0 {
		return packet.Compose(&k, packet.Filler(fillerLen)), nil
	}
	frame := packet.Compose(&k, nil)
	switch {
	case len(frame) > size:
		return nil, ctlserver.Refusal("")
	case len(frame) < size:
		frame = packet.Expand(frame, &k, size)
	}
	return frame, nil
}

// fillerLen is how many bytes a packet carries that is made of a flow.
const fillerLen = 64

// setAdminState puts a dummy up or down, or all if none is named.
func (t Target) setAdminState(args []string) (string, error) {
	up := false
	switch state := args[len(args)-1]; {
	case strings.EqualFold(state, "up"):
		up = true
	case !strings.EqualFold(state, "down"):
		return "", ctlserver.Refusal("Invalid Admin State")
	}
	if len(args) == 2 {
		if !t.Daemon.IsDummy(args[0]) || !t.Daemon.SetAdminState(args[0], up) {
			return "", ctlserver.Refusal("Unknown Dummy Interface")
		}
		return "OK", nil
	}
	for _, b := range t.Daemon.Bridges() {
		for _, p := range b.Ports {
			if t.Daemon.IsDummy(p.Name) {
				t.Daemon.SetAdminState(p.Name, up)
			}
		}
	}
	return "OK", nil
}
