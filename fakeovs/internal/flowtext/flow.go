// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// FormatFlow writes the fields of a packet, as ofproto/trace does behind "Flow:" and ovs-ofctl(8) for the packet of a
// packet-in. Metadata that is zero is left out.
func FormatFlow(k *packet.Key, names *openflow.Names) string { return Notation{Names: names}.Flow(k) }

// Flow is FormatFlow in this notation.
func (n Notation) Flow(k *packet.Key) string {
	mask := packet.PacketMask(k)
	for r := range openflow.Field(16) {
		mask.Mask(openflow.FieldReg0 + r)
	}
	mask.Mask(openflow.FieldMetadata)
	clear := func(fields ...openflow.Field) {
		var m packet.Key
		m.Mask(fields...)
		var zero packet.Key
		mask.Merge(&zero, &m)
	}
	for _, f := range whenSet {
		if !k.Has(f) {
			clear(f)
		}
	}
	const entry = 0xff &^ (invalid | tracked) // the bits that only a packet of a known connection has
	state := k.Uint(openflow.FieldCTState)
	known := state&entry != 0 || state&tracked != 0 && state&invalid == 0 && mask.Has(openflow.FieldCTState)
	if !known || !k.Has(openflow.FieldCTNwProto) {
		clear(openflow.FieldCTNwProto, openflow.FieldCTTpSrc, openflow.FieldCTTpDst)
		switch k.Uint(openflow.FieldEthType) {
		case openflow.EthTypeIPv4:
			clear(openflow.FieldCTNwSrc, openflow.FieldCTNwDst)
		case openflow.EthTypeIPv6:
			clear(openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst)
		}
	}
	return n.Match(k, &mask)
}

// Bits of ct_state.
const (
	invalid = 0x10
	tracked = 0x20
)

// whenSet are the metadata fields that are written where they are not zero.
var whenSet = func() []openflow.Field {
	f := []openflow.Field{
		openflow.FieldInPort, packet.SKBPriority, openflow.FieldPktMark, openflow.FieldRecircID, openflow.FieldDPHash,
		openflow.FieldCTState, openflow.FieldCTZone, openflow.FieldCTMark, openflow.FieldCTLabel, openflow.FieldMetadata,
	}
	for r := range openflow.Field(16) {
		f = append(f, openflow.FieldReg0+r)
	}
	return f
}()
