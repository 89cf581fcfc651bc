// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

const (
	// Words is how many 64-bit words a Key has.
	Words = 18
	// metadataWords is how many of them, from the first on, are no part of the frame.
	metadataWords = 13
)

// Key is the fields of a packet and its metadata, and also the values or the mask of a match. Fields of protocols that
// exclude one another share their place, such as the TCP, UDP and ICMP ones, as do fields that are parts of one another, such
// as the registers and the parts of the VLAN tag.
type Key [Words]uint64

// place is where a field stands in a Key: bits bits of a word, shift bits from its low end. A field of 128 bits
// fills the word and the next one.
type place struct {
	word, shift, bits uint8
}

// places is indexed by openflow.Field. A field without bits is not known here.
var places = [256]place{
	openflow.FieldMetadata:   {0, 0, 64},
	openflow.FieldReg0:       {1, 32, 32},
	openflow.FieldReg1:       {1, 0, 32},
	openflow.FieldReg2:       {2, 32, 32},
	openflow.FieldReg3:       {2, 0, 32},
	openflow.FieldReg4:       {3, 32, 32},
	openflow.FieldReg5:       {3, 0, 32},
	openflow.FieldReg6:       {4, 32, 32},
	openflow.FieldReg7:       {4, 0, 32},
	openflow.FieldReg8:       {5, 32, 32},
	openflow.FieldReg9:       {5, 0, 32},
	openflow.FieldReg10:      {6, 32, 32},
	openflow.FieldReg11:      {6, 0, 32},
	openflow.FieldReg12:      {7, 32, 32},
	openflow.FieldReg13:      {7, 0, 32},
	openflow.FieldReg14:      {8, 32, 32},
	openflow.FieldReg15:      {8, 0, 32},
	openflow.FieldXReg0:      {1, 0, 64},
	openflow.FieldXReg1:      {2, 0, 64},
	openflow.FieldXReg2:      {3, 0, 64},
	openflow.FieldXReg3:      {4, 0, 64},
	openflow.FieldXReg4:      {5, 0, 64},
	openflow.FieldXReg5:      {6, 0, 64},
	openflow.FieldXReg6:      {7, 0, 64},
	openflow.FieldXReg7:      {8, 0, 64},
	openflow.FieldXXReg0:     {1, 0, 128},
	openflow.FieldXXReg1:     {3, 0, 128},
	openflow.FieldXXReg2:     {5, 0, 128},
	openflow.FieldXXReg3:     {7, 0, 128},
	openflow.FieldInPort:     {9, 32, 32},
	openflow.FieldInPort16:   {9, 32, 16},
	openflow.FieldCTState:    {9, 0, 32},
	openflow.FieldCTMark:     {10, 32, 32},
	openflow.FieldCTZone:     {10, 0, 16},
	openflow.FieldCTLabel:    {11, 0, 128},
	openflow.FieldEthDst:     {13, 16, 48},
	openflow.FieldEthType:    {13, 0, 16},
	openflow.FieldEthSrc:     {14, 16, 48},
	openflow.FieldVLANTCI:    {14, 0, 16},
	openflow.FieldVLANVID:    {14, 0, 13},
	openflow.FieldVLANPCP:    {14, 13, 3},
	openflow.FieldIPv4Src:    {15, 32, 32},
	openflow.FieldIPv4Dst:    {15, 0, 32},
	openflow.FieldARPSPA:     {15, 32, 32},
	openflow.FieldARPTPA:     {15, 0, 32},
	openflow.FieldTCPSrc:     {16, 48, 16},
	openflow.FieldTCPDst:     {16, 32, 16},
	openflow.FieldUDPSrc:     {16, 48, 16},
	openflow.FieldUDPDst:     {16, 32, 16},
	openflow.FieldSCTPSrc:    {16, 48, 16},
	openflow.FieldSCTPDst:    {16, 32, 16},
	openflow.FieldICMPv4Type: {16, 48, 8},
	openflow.FieldICMPv4Code: {16, 32, 8},
	openflow.FieldICMPv6Type: {16, 48, 8},
	openflow.FieldICMPv6Code: {16, 32, 8},
	openflow.FieldTCPFlags:   {16, 16, 12},
	openflow.FieldIPProto:    {16, 8, 8},
	openflow.FieldIPTTL:      {16, 0, 8},
	openflow.FieldARPSHA:     {16, 16, 48},
	openflow.FieldARPTHA:     {17, 16, 48},
	openflow.FieldARPOp:      {17, 0, 8}, // Open vSwitch has room for one byte
	openflow.FieldIPv6Label:  {17, 32, 20},
	openflow.FieldIPFrag:     {17, 8, 2},
	openflow.FieldIPDSCP:     {17, 2, 6},
	openflow.FieldIPECN:      {17, 0, 2},
}

// Known reports whether a Key has the field.
func Known(f openflow.Field) bool { return places[f].bits != 0 }

// Uint is the value of a field of at most 64 bits, or the low 64 bits of a wider one.
func (k *Key) Uint(f openflow.Field) uint64 {
	p := places[f]
	if p.bits > 64 {
		return k[p.word+1]
	}
	return k[p.word] >> p.shift & ones(p.bits)
}

// SetUint sets a field of at most 64 bits, or a wider one to a value of 64 bits.
func (k *Key) SetUint(f openflow.Field, v uint64) {
	p := places[f]
	switch {
	case p.bits > 64:
		k[p.word], k[p.word+1] = 0, v
	case p.bits != 0:
		m := ones(p.bits)
		k[p.word] = k[p.word]&^(m<<p.shift) | v&m<<p.shift
	}
}

// SetMasked writes the bits of mask of a field; value and mask are big-endian and as long as the field, a nil mask is
// all bits.
func (k *Key) SetMasked(f openflow.Field, value, mask []byte) {
	hi, lo := wide(value)
	mhi, mlo := ^uint64(0), ^uint64(0)
	if mask != nil {
		mhi, mlo = wide(mask)
	}
	p := places[f]
	if p.bits > 64 {
		k[p.word] = k[p.word]&^mhi | hi&mhi
		k[p.word+1] = k[p.word+1]&^mlo | lo&mlo
		return
	}
	k.SetUint(f, k.Uint(f)&^mlo|lo&mlo)
}

// Bits is n (1 to 64) bits of a field from bit offset on.
func (k *Key) Bits(f openflow.Field, offset, n uint16) uint64 {
	p := places[f]
	if p.bits <= 64 {
		return k.Uint(f) >> offset & ones(uint8(n))
	}
	hi, lo := k[p.word], k[p.word+1]
	switch {
	case offset >= 64:
		lo = hi >> (offset - 64)
	case offset > 0:
		lo = lo>>offset | hi<<(64-offset)
	}
	return lo & ones(uint8(n))
}

// SetBits writes n (1 to 64) bits of a field from bit offset on.
func (k *Key) SetBits(f openflow.Field, offset, n uint16, v uint64) {
	p := places[f]
	m := ones(uint8(n))
	v &= m
	if p.bits <= 64 {
		k.SetUint(f, k.Uint(f)&^(m<<offset)|v<<offset)
		return
	}
	hi, lo := &k[p.word], &k[p.word+1]
	if offset >= 64 {
		*hi = *hi&^(m<<(offset-64)) | v<<(offset-64)
		return
	}
	*lo = *lo&^(m<<offset) | v<<offset
	if over := int(offset) + int(n) - 64; over > 0 {
		m, v = ones(uint8(over)), v>>(64-offset)
		*hi = *hi&^m | v
	}
}

// SetMetadata makes the metadata fields those of another key.
func (k *Key) SetMetadata(from *Key) { copy(k[:metadataWords], from[:metadataWords]) }

// SameHeader reports whether two keys have the same fields of the frame, metadata aside.
func (k *Key) SameHeader(other *Key) bool {
	return [Words - metadataWords]uint64(k[metadataWords:]) == [Words - metadataWords]uint64(other[metadataWords:])
}

// Match makes the value and the mask of a match. Fields that are not Known are left out.
func Match(m openflow.Match) (value, mask Key) {
	for _, f := range m {
		all := f.Mask
		if all == nil {
			all = allOnes[:len(f.Value)]
		}
		mask.SetMasked(f.Field, all, nil)
		value.SetMasked(f.Field, f.Value, nil)
	}
	for i := range value {
		value[i] &= mask[i]
	}
	return value, mask
}

var allOnes = [16]byte{
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
}

func ones(bits uint8) uint64 {
	if bits >= 64 {
		return ^uint64(0)
	}
	return 1<<bits - 1
}

// wide is a big-endian number of up to 16 bytes.
func wide(b []byte) (hi, lo uint64) {
	var w [16]byte
	if len(b) > len(w) {
		b = b[len(b)-len(w):]
	}
	copy(w[len(w)-len(b):], b)
	return binary.BigEndian.Uint64(w[:8]), binary.BigEndian.Uint64(w[8:])
}
