// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "net/netip"

// Action is one step of what a switch does with a packet, in the terms of ovs-actions(7). The implementations are the
// action types of this package.
type Action interface {
	action()
}

// Output sends the packet out of a port. Output to the port the packet came in by does nothing unless Port is
// PortInPort.
type Output struct {
	Port uint32
	// MaxLen is how many bytes of the packet go to the controller if Port is PortController.
	MaxLen uint16
}

// WholePacket is the MaxLen that sends all of a packet to the controller.
const WholePacket uint16 = 0xffff

// Reserved port numbers (OpenFlow 1.3.5, 7.2.1).
const (
	PortMax        uint32 = 0xffffff00
	PortInPort     uint32 = 0xfffffff8
	PortTable      uint32 = 0xfffffff9
	PortNormal     uint32 = 0xfffffffa
	PortFlood      uint32 = 0xfffffffb
	PortAll        uint32 = 0xfffffffc
	PortController uint32 = 0xfffffffd
	// PortLocal is the bridge's own port, the host's side of the switch.
	PortLocal uint32 = 0xfffffffe
	PortAny   uint32 = 0xffffffff
)

// SetField writes a field (OpenFlow 1.3.5, 7.2.5.7). The field's Mask, where there is one, says which bits.
type SetField struct{ MatchField }

// Subfield is Bits bits of a field from bit Offset on, bit 0 being the least significant.
type Subfield struct {
	Field  Field
	Offset uint16
	Bits   uint16
}

// Whole is all bits of a field.
func Whole(f Field) Subfield { return Subfield{Field: f, Bits: uint16(f.Bits())} }

// Move copies bits from one field to another; both are equally wide.
type Move struct{ Src, Dst Subfield }

// Resubmit looks the packet up again in Table and goes on with the next action afterwards.
type Resubmit struct {
	// InPort replaces the packet's in_port for the look-up; PortInPort keeps it.
	InPort uint32
	// Table is the table; CurrentTable is the one that the action stands in.
	Table uint8
}

// CurrentTable is the table that a Resubmit stands in.
const CurrentTable uint8 = 0xff

// DecTTL decrements the IPv4 TTL or IPv6 hop limit and stops with the packet where that makes it zero.
type DecTTL struct{}

// CT sends the packet through the connection tracker (ovs-actions(7), "The ct action").
type CT struct {
	// Commit enters the connection into the zone; Force replaces an entry of the opposite direction.
	Commit, Force bool
	// Zone is the zone, unless ZoneFrom names the 16 bits of a field that hold it.
	Zone     uint16
	ZoneFrom *Subfield
	// Resume makes a copy of the packet go on in Table with its connection state known. Without it only the packet
	// as it goes through the remaining actions sees the translation.
	Resume bool
	Table  uint8
	// NAT translates: nil not at all.
	NAT *NAT
	// Exec runs in the context of the connection (set ct_mark, ct_label); only with Commit.
	Exec []Action
}

// NATType says what a NAT translates.
type NATType uint8

const (
	// NATExisting applies what the connection was committed with ("nat" without arguments).
	NATExisting NATType = iota
	// NATSource and NATDestination give a new connection's source or destination a new address.
	NATSource
	NATDestination
)

// NAT is the translation of a CT action. The zero value is NATExisting.
type NAT struct {
	Type NATType
	// AddrMin to AddrMax is the range of addresses; an invalid AddrMax is AddrMin alone.
	AddrMin, AddrMax netip.Addr
	// PortMin to PortMax is the range of ports; 0 leaves the choice to the switch, a zero PortMax is PortMin alone.
	PortMin, PortMax uint16
	// Persistent, Hash and Random are the flags of the same names.
	Persistent, Hash, Random bool
}

// CTClear forgets the packet's connection state.
type CTClear struct{}

// RawAction is an action this package does not know, in its wire form with its header and padding.
type RawAction struct{ Bytes []byte }

func (Output) action()    {}
func (SetField) action()  {}
func (Move) action()      {}
func (Resubmit) action()  {}
func (DecTTL) action()    {}
func (CT) action()        {}
func (CTClear) action()   {}
func (RawAction) action() {}
