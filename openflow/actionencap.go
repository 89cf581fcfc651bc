// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// PacketType is what a packet begins with: a namespace in the upper 16 bits and a type in it in the lower (OpenFlow 1.5.1,
// 7.2.3.11).
type PacketType uint32

// The types of packets that Encap makes.
const (
	PacketEthernet      PacketType = 0
	PacketNSH           PacketType = 1<<16 | 0x894f
	PacketMPLS          PacketType = 1<<16 | EthTypeMPLS
	PacketMPLSMulticast PacketType = 1<<16 | EthTypeMPLSMulticast

	// packetNext stands for the type that the header that is taken off says.
	packetNext PacketType = 0xfffe
)

var packetTypeNames = map[PacketType]string{
	PacketEthernet: "ethernet", PacketNSH: "nsh", PacketMPLS: "mpls", PacketMPLSMulticast: "mpls_mc",
}

// Encap puts a header in front of the packet (ovs-actions(7), "The encap action").
type Encap struct {
	Type PacketType
	// NSH are properties of the header if Type is PacketNSH.
	NSH []NSHProperty
}

// NSHProperty is a part of a network service header (RFC 8300).
type NSHProperty struct {
	// MDType is the type of the header's metadata: 1 or 2. 0 makes the property an option of metadata type 2.
	MDType uint8
	// Class, Type and Value are the option. Value is at most 240 bytes long.
	Class uint16
	Type  uint8
	Value []byte
}

// String is the property in the words of ovs-actions(7).
func (p NSHProperty) String() string {
	if p.MDType != 0 {
		return fmt.Sprintf("md_type=%d", p.MDType)
	}
	return fmt.Sprintf("tlv(0x%04x,%d,0x%x)", p.Class, p.Type, p.Value)
}

// String is the action in the words of ovs-actions(7).
func (a Encap) String() string {
	name, ok := packetTypeNames[a.Type]
	if !ok {
		name = fmt.Sprintf("%#x", uint32(a.Type))
	}
	if len(a.NSH) > 0 {
		var list args
		for _, p := range a.NSH {
			list = append(list, p.String())
		}
		name = list.of(name)
	}
	return "encap(" + name + ")"
}

// The properties of Encap.
const (
	encapClassNSH  = 4
	encapNSHMDType = 1
	encapNSHOption = 2
	maxNSHOption   = 240
)

func (a Encap) appendTo(b []byte, _ Version) ([]byte, error) {
	if _, ok := packetTypeNames[a.Type]; !ok || a.Type != PacketNSH && len(a.NSH) > 0 {
		return b, fmt.Errorf("packet type %#x with %d properties of NSH", uint32(a.Type), len(a.NSH))
	}
	start := len(b)
	b = be.AppendUint32(pad(appendNicira(b, nxEncap, 0), 2), uint32(a.Type))
	for _, p := range a.NSH {
		switch {
		case p.MDType > 2 || p.MDType != 0 && (p.Class != 0 || p.Type != 0 || len(p.Value) > 0):
			return b, fmt.Errorf("metadata type %d with an option or out of 1 and 2", p.MDType)
		case len(p.Value) > maxNSHOption:
			return b, fmt.Errorf("option of %d bytes, more than %d", len(p.Value), maxNSHOption)
		}
		b = be.AppendUint16(b, encapClassNSH)
		if p.MDType != 0 {
			b = append(b, encapNSHMDType, 5, p.MDType, 0, 0, 0)
			continue
		}
		value := pad(append([]byte(nil), p.Value...), -len(p.Value)&7)
		b = be.AppendUint16(append(b, encapNSHOption, byte(8+len(value))), p.Class)
		b = append(append(b, p.Type, byte(len(p.Value))), value...)
	}
	return putLength(b, start, 2)
}

// decodeEncap reads an encap action; one with a size, other headers or other properties stays raw.
func decodeEncap(b []byte, r *reader) (Action, error) {
	size := r.u16()
	a := Encap{Type: PacketType(r.u32())}
	raw := false
	for len(r.b) > 0 {
		class, typ, length := r.u16(), r.u8(), int(r.u8())
		value := &reader{b: r.bytes(length - 4)}
		r.skip(-length & 7)
		if r.short {
			return nil, malformed(ErrBadActionLen, "encap action with a property of %d bytes", length)
		}
		var p NSHProperty
		switch {
		case class == encapClassNSH && typ == encapNSHMDType && length == 5:
			p.MDType = value.u8()
			raw = raw || p.MDType < 1 || p.MDType > 2
		case class == encapClassNSH && typ == encapNSHOption && length >= 8 && length%8 == 0:
			p.Class, p.Type = value.u16(), value.u8()
			n := int(value.u8())
			if length != 8+(n+7)&^7 {
				return nil, malformed(ErrBadActionLen, "encap action with an option of %d bytes in %d", n, length)
			}
			p.Value = value.bytes(n)
		default:
			raw = true
		}
		a.NSH = append(a.NSH, p)
	}
	if _, ok := packetTypeNames[a.Type]; !ok || raw || size != 0 || a.Type != PacketNSH && len(a.NSH) > 0 {
		return RawAction{b}, nil
	}
	return filled(b, r, a)
}

// Decap takes the outermost header off the packet (ovs-actions(7), "The decap action").
type Decap struct {
	// Type is what the packet is then. Nil is what the header says that follows it.
	Type *PacketType
}

// String is the action in the words of ovs-actions(7).
func (a Decap) String() string {
	if a.Type == nil {
		return "decap()"
	}
	return fmt.Sprintf("decap(packet_type(ns=%d,type=%s))", *a.Type>>16, hexNumber(uint64(uint16(*a.Type))))
}

func (a Decap) appendTo(b []byte, _ Version) ([]byte, error) {
	typ := packetNext
	if a.Type != nil {
		typ = *a.Type
	}
	return be.AppendUint32(pad(appendNicira(b, nxDecap, 16), 2), uint32(typ)), nil
}

func decodeDecap(b []byte, r *reader) (Action, error) {
	r.skip(2)
	typ := PacketType(r.u32())
	if len(r.b) > 0 {
		return RawAction{b}, nil // with properties
	}
	if typ == packetNext {
		return sized(b, 16, Decap{})
	}
	return sized(b, 16, Decap{Type: &typ})
}

// DecNSHTTL decrements the TTL of a network service header and stops with the packet where it is zero (ovs-actions(7), "The
// dec_nsh_ttl action").
type DecNSHTTL struct{}

// String is the action in the words of ovs-actions(7).
func (DecNSHTTL) String() string { return "dec_nsh_ttl" }

func (DecNSHTTL) appendTo(b []byte, _ Version) ([]byte, error) {
	return appendBare(b, nxDecNSHTTL), nil
}
