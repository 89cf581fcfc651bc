// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/ovskit/ovskit/openflow"

// Controllers is what a bridge knows of those who program it: it tells them what happens.
type Controllers interface {
	// PacketIn hands a packet over. The bridge is not locked.
	PacketIn(in *PacketIn)
	// WantMisses reports whether one of them is to get the packets that no flow of a table matches, where nothing is said of
	// them. The bridge is locked.
	WantMisses() bool
	// Changed tells of changes that the bridge itself has made, in order, and that have come to stay. The bridge is locked.
	Changed(changes []Change)
	// PortAdded, PortChanged and PortRemoved tell of ports. The bridge is not locked.
	PortAdded(port openflow.PortDesc)
	PortChanged(old, now openflow.PortDesc)
	PortRemoved(port openflow.PortDesc)
}

// nobody is the controllers of a bridge that has none.
type nobody struct{}

func (nobody) PacketIn(*PacketIn)                 {}
func (nobody) WantMisses() bool                   { return false }
func (nobody) Changed([]Change)                   {}
func (nobody) PortAdded(openflow.PortDesc)        {}
func (nobody) PortChanged(_, _ openflow.PortDesc) {}
func (nobody) PortRemoved(openflow.PortDesc)      {}
