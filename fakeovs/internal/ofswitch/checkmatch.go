// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// protocols is what is known of a packet's protocols, by its match or by its bytes; 0 is unknown.
type protocols struct {
	ethType uint16
	ipProto uint8
	// ctInvalid says that the packet's connection state is invalid.
	ctInvalid bool
}

// note takes in what a condition says.
func (p *protocols) note(f openflow.MatchField) {
	switch {
	case f.Field == openflow.FieldCTState:
		state := binary.BigEndian.Uint32(f.Value)
		p.ctInvalid = openflow.CTFlags(state)&openflow.CTInvalid != 0
	case !exact(f):
	case f.Field == openflow.FieldEthType:
		p.ethType = binary.BigEndian.Uint16(f.Value)
	case f.Field == openflow.FieldIPProto:
		p.ipProto = f.Value[0]
	}
}

const ethTypeRARP = 0x8035

func (p *protocols) ip() bool {
	return p.ethType == openflow.EthTypeIPv4 || p.ethType == openflow.EthTypeIPv6
}

// have reports whether packets of these protocols have a field (ovs-fields(7), "Prerequisites").
func (p *protocols) have(f openflow.Field) bool {
	switch f {
	case openflow.FieldIPProto, openflow.FieldIPTTL:
		return p.ip()
	case openflow.FieldIPv4Src, openflow.FieldIPv4Dst:
		return p.ethType == openflow.EthTypeIPv4
	case openflow.FieldTCPSrc, openflow.FieldTCPDst, openflow.FieldTCPFlags:
		return p.ip() && p.ipProto == openflow.IPProtoTCP
	case openflow.FieldUDPSrc, openflow.FieldUDPDst:
		return p.ip() && p.ipProto == openflow.IPProtoUDP
	case openflow.FieldICMPv4Type, openflow.FieldICMPv4Code:
		return p.ethType == openflow.EthTypeIPv4 && p.ipProto == openflow.IPProtoICMP
	case openflow.FieldARPOp, openflow.FieldARPSPA, openflow.FieldARPTPA, openflow.FieldARPSHA, openflow.FieldARPTHA:
		return p.ethType == openflow.EthTypeARP || p.ethType == ethTypeRARP
	}
	return true
}

// checkMatch refuses matches that a switch refuses. A field's prerequisites stand before it.
func checkMatch(m openflow.Match) error {
	var known protocols
	var seen [256]bool
	for _, f := range m {
		switch {
		case !packet.Known(f.Field) || len(f.Value) != f.Field.Bytes():
			return openflow.ErrBadField
		case seen[f.Field]:
			return openflow.ErrDupField
		case f.Mask != nil && len(f.Mask) != len(f.Value):
			return openflow.ErrBadMask
		case !exact(f) && !maskable(f.Field):
			return openflow.ErrBadMask
		case !within(f.Value, f.Mask):
			return openflow.ErrBadWildcards
		case !valid(f.Field, f.Value):
			return openflow.ErrBadValue
		case !known.have(f.Field):
			return openflow.ErrBadPrereq
		}
		seen[f.Field] = true
		known.note(f)
	}
	return nil
}

// exact reports whether a condition is on all bits of its field.
func exact(f openflow.MatchField) bool {
	for i, m := range f.Mask {
		all := byte(0xff)
		if over := 8*len(f.Mask) - f.Field.Bits(); i == 0 && over > 0 {
			all >>= over
		}
		if m&all != all {
			return false
		}
	}
	return true
}

func within(value, mask []byte) bool {
	for i := range mask {
		if value[i]&^mask[i] != 0 {
			return false
		}
	}
	return true
}

// maskable reports whether a condition may be on a part of a field (ovs-fields(7), "Maskable").
func maskable(f openflow.Field) bool {
	switch f {
	case openflow.FieldInPort, openflow.FieldEthType, openflow.FieldIPProto, openflow.FieldIPTTL,
		openflow.FieldICMPv4Type, openflow.FieldICMPv4Code, openflow.FieldARPOp, openflow.FieldCTZone:
		return false
	}
	return true
}

// valid reports whether a field can have a value at all.
func valid(f openflow.Field, value []byte) bool {
	switch f {
	case openflow.FieldInPort:
		return validPort(binary.BigEndian.Uint32(value))
	case openflow.FieldCTState:
		return binary.BigEndian.Uint32(value)>>8 == 0
	case openflow.FieldTCPFlags:
		return binary.BigEndian.Uint16(value)>>12 == 0
	}
	return true
}

// maxPort is the first number above those of ports.
const maxPort = 0xff00

// validPort reports whether the number is that of a port or a reserved one.
func validPort(no uint32) bool { return no < maxPort || no >= openflow.PortMax }
