// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package datapath

import "github.com/ovskit/ovskit/openflow"

// Action is a step of the datapath.
type Action interface {
	// appendText appends the action's words; port gives the name of a port, or its number.
	appendText(b []byte, port func(uint32) string) []byte
}

type (
	// Output sends the packet out of a port of the datapath. Context is the port, for whoever executes the action.
	Output struct {
		Port    uint32
		Context any
	}
	// Truncate cuts the packet that the next action sends to a length.
	Truncate struct{ MaxLen uint32 }
	// Meter lets the packet pass a meter of the datapath, or not.
	// Context is the meter, for whoever executes the action.
	Meter struct {
		ID      uint32
		Context any
	}
	// Recirculate has the packet looked up again. Context is where it goes on, for whoever executes the action.
	Recirculate struct {
		ID      uint32
		Context any
	}
	// Hash gives the packet a hash that is looked at when it comes back.
	Hash struct {
		Symmetric bool
		Basis     uint32
	}
	// PushVLAN and PopVLAN put a tag in front of the packet's or take one off. TCI has bit 12 set.
	PushVLAN struct{ EthType, TCI uint16 }
	// PopVLAN is described with PushVLAN.
	PopVLAN struct{}
	// PushEthernet and PopEthernet put an Ethernet header in front of a packet without one or take it off.
	PushEthernet struct{ Src, Dst uint64 }
	// PopEthernet is described with PushEthernet.
	PopEthernet struct{}
	// PushMPLS and PopMPLS put a label in front of the network layer or take one off. AddMPLS replaces the Ethernet header
	// by the label.
	PushMPLS struct {
		EthType uint16
		Entry   uint32
	}
	// AddMPLS is described with PushMPLS.
	AddMPLS struct {
		EthType uint16
		Entry   uint32
	}
	// PopMPLS is described with PushMPLS.
	PopMPLS struct{ EthType uint16 }
	// PushNSH puts a network service header (RFC 8300) in front of the packet, and PopNSH takes it off.
	PushNSH struct {
		Flags, TTL, MDType, NextProtocol uint8
		// Path is the service path's ID in the upper 24 bits, and the index.
		Path    uint32
		Context [4]uint32
		// Options are the header's metadata if MDType is 2.
		Options []byte
	}
	// PopNSH is described with PushNSH.
	PopNSH struct{}
	// Clone carries out actions on a copy of the packet.
	Clone struct{ Actions []Action }
	// Sample does so with some of 1<<32-1 packets.
	Sample struct {
		Probability uint32
		Actions     []Action
	}
	// CheckLength carries out one list of actions or the other.
	CheckLength struct {
		Length               uint16
		Greater, LessOrEqual []Action
	}
	// Track sends the packet through the connection tracker.
	Track struct {
		Commit, Force    bool
		Zone             uint16
		Mark, MarkMask   uint32
		Label, LabelMask [2]uint64
		Helper, Timeout  string
		NAT              *openflow.NAT
	}
	// Forget makes the packet untracked.
	Forget struct{}
	// Drop is what an explicit end looks like.
	Drop struct{}
)

// Userspace hands the packet to the switch process, for the controllers.
type Userspace struct {
	Reason       uint16
	DontSend     bool
	Continuation bool
	Recirculate  uint32
	Cookie       uint64
	Controller   uint16
	MaxLen       uint16
	// Context is what is handed over, for whoever executes the action.
	Context any
}
