// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"time"
)

// Flow is one entry of a flow table.
type Flow struct {
	Table    uint8
	Priority uint16
	Match    Match
	Instructions
	Cookie uint64
	// IdleTimeout and HardTimeout remove the flow after that many seconds without a packet, or since it was added.
	// Zero: never.
	IdleTimeout, HardTimeout uint16
	Flags                    FlowFlags
}

// FlowFlags are the flags of a flow (OpenFlow 1.3.5, A.3.4.1).
type FlowFlags uint16

// The flags of a flow.
const (
	FlowSendRemoved FlowFlags = 1 << iota
	FlowCheckOverlap
	FlowResetCounts
	FlowNoPacketCounts
	FlowNoByteCounts
)

// Instructions are what happens to a packet that a flow matches, in the order of the fields (OpenFlow 1.3.5, 5.9).
// No instruction at all drops the packet.
type Instructions struct {
	// Meter is the meter the packet passes first; 0 is none.
	Meter uint32
	// Apply is done at once.
	Apply []Action
	// ClearActions empties the action set before Write is merged into it.
	ClearActions bool
	Write        []Action
	// Metadata replaces the bits of MetadataMask in the packet's metadata.
	Metadata, MetadataMask uint64
	// Goto is the table the packet goes on to; it is greater than the flow's own, so 0 is none.
	Goto uint8
}

// FlowStats is a flow of a switch with its counters.
type FlowStats struct {
	Flow
	// Duration is how long the flow has been in the table.
	Duration time.Duration
	Packets  uint64
	Bytes    uint64
}

// FlowCommand says what a FlowMod does (OpenFlow 1.3.5, A.3.4.1).
type FlowCommand uint8

// The commands. Add replaces a flow of the same table, priority and match.
const (
	FlowAdd FlowCommand = iota
	FlowModify
	FlowModifyStrict
	FlowDelete
	FlowDeleteStrict
)

// FlowMod changes a flow table.
type FlowMod struct {
	Command FlowCommand
	Flow
	// CookieMask restricts modify and delete to flows whose cookie agrees with Cookie in these bits.
	CookieMask uint64
	// OutPort and OutGroup restrict deletes to flows that output there; 0 is no restriction.
	OutPort, OutGroup uint32
}

// AllTables stands for every table where a delete or a dump may name one.
const AllTables uint8 = 0xff

// Add is the FlowMod that adds f.
func Add(f Flow) FlowMod { return FlowMod{Command: FlowAdd, Flow: f} }

// DeleteStrict is the FlowMod that deletes the flow with f's table, priority and match.
func DeleteStrict(f Flow) FlowMod {
	return FlowMod{Command: FlowDeleteStrict, Flow: Flow{Table: f.Table, Priority: f.Priority, Match: f.Match}}
}

// String is the command, and the flow as ovs-ofctl(8) writes it.
func (m FlowMod) String() string {
	name := fmt.Sprintf("command %d", m.Command)
	if int(m.Command) < len(flowCommandNames) {
		name = flowCommandNames[m.Command]
	}
	return name + " " + m.Flow.String()
}

var flowCommandNames = []string{"add", "modify", "modify_strict", "delete", "delete_strict"}
