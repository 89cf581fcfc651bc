// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "time"

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
	// Importance is how much the flow counts when a full table loses one of its flows (OpenFlow 1.4.1, 6.5); it exists
	// from OpenFlow 1.4 on.
	Importance uint16
	Flags      FlowFlags
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

// FlowStats is a flow of a switch with its counters.
type FlowStats struct {
	Flow
	// Duration is how long the flow has been in the table.
	Duration time.Duration
	// Idle is how long ago the flow's last packet came; only OpenFlow 1.5, and 1.0 in Nicira's form, have it.
	Idle time.Duration
	// Age is how long ago the flow was last modified; only OpenFlow 1.0 has it, in Nicira's form.
	Age time.Duration
	// Packets and Bytes are CounterUnknown where the switch does not count them.
	Packets uint64
	Bytes   uint64
}
