// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// A Key has its words in the order in which a look-up may stop at each of them (ovs-vswitchd's staged look-up): the
// metadata, the link layer, the network layer, and then the ports of the transport layer.
const (
	// Words is how many 64-bit words a Key has.
	Words = transportEnd + tlvWords
	// metadataEnd, linkEnd, networkEnd and transportEnd are where the layers end. What follows is the tunnel's options.
	metadataEnd  = 26
	linkEnd      = 31
	networkEnd   = 49
	transportEnd = 50
	tlvWords     = 32
)

// Key is the fields of a packet and its metadata, and also the values or the mask of a match. Fields of protocols that
// exclude one another share their place as they do in Open vSwitch, such as the TCP, UDP and ICMP ones, as do fields that
// are parts of one another, such as the registers and the parts of the VLAN tag.
type Key [Words]uint64

// place is where a field stands in a Key: bits bits of a word, shift bits from its low end. A field of 128 bits
// fills the word and the next one.
type place struct {
	word, shift, bits uint8
}

// places is indexed by openflow.Field. A field without bits is not known here.
var places = [256]place{
	openflow.FieldTunID:            {0, 0, 64},
	openflow.FieldTunSrc:           {1, 32, 32},
	openflow.FieldTunDst:           {1, 0, 32},
	openflow.FieldTunIPv6Src:       {2, 0, 128},
	openflow.FieldTunIPv6Dst:       {4, 0, 128},
	openflow.FieldTunGBPID:         {6, 48, 16},
	openflow.FieldTunGBPFlags:      {6, 40, 8},
	openflow.FieldTunGTPUFlags:     {6, 32, 8},
	openflow.FieldTunGTPUMsgType:   {6, 24, 8},
	openflow.FieldTunFlags:         {6, 8, 1},
	openflow.FieldTunERSPANVersion: {7, 56, 4},
	openflow.FieldTunERSPANDir:     {7, 48, 1},
	openflow.FieldTunERSPANHWID:    {7, 40, 6},
	openflow.FieldTunERSPANIndex:   {7, 0, 20},
	openflow.FieldMetadata:         {9, 0, 64},
	openflow.FieldReg0:             {10, 32, 32},
	openflow.FieldReg1:             {10, 0, 32},
	openflow.FieldReg2:             {11, 32, 32},
	openflow.FieldReg3:             {11, 0, 32},
	openflow.FieldReg4:             {12, 32, 32},
	openflow.FieldReg5:             {12, 0, 32},
	openflow.FieldReg6:             {13, 32, 32},
	openflow.FieldReg7:             {13, 0, 32},
	openflow.FieldReg8:             {14, 32, 32},
	openflow.FieldReg9:             {14, 0, 32},
	openflow.FieldReg10:            {15, 32, 32},
	openflow.FieldReg11:            {15, 0, 32},
	openflow.FieldReg12:            {16, 32, 32},
	openflow.FieldReg13:            {16, 0, 32},
	openflow.FieldReg14:            {17, 32, 32},
	openflow.FieldReg15:            {17, 0, 32},
	openflow.FieldXReg0:            {10, 0, 64},
	openflow.FieldXReg1:            {11, 0, 64},
	openflow.FieldXReg2:            {12, 0, 64},
	openflow.FieldXReg3:            {13, 0, 64},
	openflow.FieldXReg4:            {14, 0, 64},
	openflow.FieldXReg5:            {15, 0, 64},
	openflow.FieldXReg6:            {16, 0, 64},
	openflow.FieldXReg7:            {17, 0, 64},
	openflow.FieldXXReg0:           {10, 0, 128},
	openflow.FieldXXReg1:           {12, 0, 128},
	openflow.FieldXXReg2:           {14, 0, 128},
	openflow.FieldXXReg3:           {16, 0, 128},
	openflow.FieldInPort:           {18, 32, 32},
	openflow.FieldInPort16:         {18, 32, 16},
	openflow.FieldActsetOutput:     {18, 0, 32},
	openflow.FieldCTState:          {19, 32, 32},
	openflow.FieldCTNwProto:        {19, 16, 8},
	openflow.FieldCTZone:           {19, 0, 16},
	openflow.FieldCTMark:           {20, 32, 32},
	openflow.FieldCTTpSrc:          {20, 16, 16},
	openflow.FieldCTTpDst:          {20, 0, 16},
	openflow.FieldCTLabel:          {21, 0, 128},
	openflow.FieldPktMark:          {23, 32, 32},
	openflow.FieldDPHash:           {24, 32, 32},
	openflow.FieldRecircID:         {24, 0, 32},
	openflow.FieldConjID:           {25, 32, 32},
	openflow.FieldPacketType:       {25, 0, 32},
	openflow.FieldEthDst:           {26, 16, 48},
	openflow.FieldEthType:          {26, 0, 16},
	openflow.FieldEthSrc:           {27, 16, 48},
	openflow.FieldVLANTCI:          {27, 0, 16},
	openflow.FieldVLANVID:          {27, 0, 13},
	openflow.FieldVLANPCP:          {27, 13, 3},
	openflow.FieldMPLSLabel:        {29, 44, 20},
	openflow.FieldMPLSTC:           {29, 41, 3},
	openflow.FieldMPLSBOS:          {29, 40, 1},
	openflow.FieldMPLSTTL:          {29, 32, 8},
	openflow.FieldIPv4Src:          {31, 32, 32},
	openflow.FieldIPv4Dst:          {31, 0, 32},
	openflow.FieldARPSPA:           {31, 32, 32},
	openflow.FieldARPTPA:           {31, 0, 32},
	openflow.FieldCTNwSrc:          {32, 32, 32},
	openflow.FieldCTNwDst:          {32, 0, 32},
	openflow.FieldIPv6Src:          {33, 0, 128},
	openflow.FieldIPv6Dst:          {35, 0, 128},
	openflow.FieldCTIPv6Src:        {37, 0, 128},
	openflow.FieldCTIPv6Dst:        {39, 0, 128},
	openflow.FieldIPv6Label:        {41, 32, 20},
	openflow.FieldIPFrag:           {41, 24, 2},
	openflow.FieldIPToS:            {41, 16, 8},
	openflow.FieldIPDSCP:           {41, 18, 6},
	openflow.FieldIPECN:            {41, 16, 2},
	openflow.FieldIPTTL:            {41, 8, 8},
	openflow.FieldIPProto:          {41, 0, 8},
	openflow.FieldARPOp:            {41, 0, 8}, // Open vSwitch has room for one byte
	openflow.FieldNDTarget:         {42, 0, 128},
	openflow.FieldARPSHA:           {44, 16, 48},
	openflow.FieldNDSLL:            {44, 16, 48},
	openflow.FieldTCPFlags:         {44, 0, 12},
	openflow.FieldNDOptionsType:    {44, 8, 8},
	openflow.FieldARPTHA:           {45, 16, 48},
	openflow.FieldNDTLL:            {45, 16, 48},
	openflow.FieldNSHFlags:         {46, 56, 8},
	openflow.FieldNSHTTL:           {46, 48, 6},
	openflow.FieldNSHMDType:        {46, 40, 8},
	openflow.FieldNSHNP:            {46, 32, 8},
	openflow.FieldNSHSPI:           {46, 8, 24},
	openflow.FieldNSHSI:            {46, 0, 8},
	openflow.FieldNSHC1:            {47, 32, 32},
	openflow.FieldNSHC2:            {47, 0, 32},
	openflow.FieldNSHC3:            {48, 32, 32},
	openflow.FieldNSHC4:            {48, 0, 32},
	openflow.FieldTCPSrc:           {49, 48, 16},
	openflow.FieldTCPDst:           {49, 32, 16},
	openflow.FieldUDPSrc:           {49, 48, 16},
	openflow.FieldUDPDst:           {49, 32, 16},
	openflow.FieldSCTPSrc:          {49, 48, 16},
	openflow.FieldSCTPDst:          {49, 32, 16},
	openflow.FieldICMPv4Type:       {49, 48, 8},
	openflow.FieldICMPv4Code:       {49, 32, 8},
	openflow.FieldICMPv6Type:       {49, 48, 8},
	openflow.FieldICMPv6Code:       {49, 32, 8},
	openflow.FieldNDReserved:       {49, 0, 32},
}

// Known reports whether Parse fills the field in, or the switch does that keeps the packet's metadata.
func Known(f openflow.Field) bool { return places[f].bits != 0 && !unfilled[f] }

// unfilled are the fields that have a place but that nothing gives a value yet.
var unfilled = func() (u [256]bool) {
	for _, r := range [][2]openflow.Field{
		{openflow.FieldPacketType, openflow.FieldPacketType}, {openflow.FieldActsetOutput, openflow.FieldActsetOutput},
		{openflow.FieldDPHash, openflow.FieldTunMetadata63}, {openflow.FieldPktMark, openflow.FieldPktMark},
		{openflow.FieldCTNwProto, openflow.FieldCTTpDst}, {openflow.FieldMPLSLabel, openflow.FieldMPLSTTL},
		{openflow.FieldIPToS, openflow.FieldIPToS}, {openflow.FieldIPv6Src, openflow.FieldIPv6Dst},
		{openflow.FieldNDTarget, openflow.FieldNDTLL}, {openflow.FieldNSHFlags, openflow.FieldNSHC4},
	} {
		for f := r[0]; f <= r[1]; f++ {
			u[f] = true
		}
	}
	return u
}()

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
func (k *Key) SetMetadata(from *Key) { copy(k[:metadataEnd], from[:metadataEnd]) }

// SameHeader reports whether two keys have the same fields of the frame, metadata aside.
func (k *Key) SameHeader(other *Key) bool {
	return [Words - metadataEnd]uint64(k[metadataEnd:]) == [Words - metadataEnd]uint64(other[metadataEnd:])
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
