// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// A Key has its words in the order in which a look-up may stop at each of them (ovs-vswitchd's staged look-up): the
// metadata, the link layer, the network layer, and then the transport layer, where Open vSwitch counts ARP's and ND's
// addresses and NSH in. What follows is metadata again, the options of a tunnel.
const (
	// Words is how many 64-bit words a Key has.
	Words = HeaderEnd + 1 + optionWords

	// TunnelWords are those of the tunnel, but for its options, MetadataEnd is what follows the metadata, LinkEnd the link layer,
	// and HeaderEnd the headers.
	TunnelWords = 9
	MetadataEnd = 26
	LinkEnd     = 31
	HeaderEnd   = 51

	networkEnd  = 42
	optionWords = 32
)

// The words that parsing fills.
const (
	wordType      = 25 // the packet type
	wordEthDst    = 26 // and the Ethernet type
	wordEthSrc    = 27 // and the outer TCI
	wordVLAN      = 28 // the TPIDs and the inner TCI
	wordMPLS      = 29
	wordIPv4      = 31
	wordCTIPv4    = 32
	wordIPv6Src   = 33
	wordIPv6Dst   = 35
	wordCTIPv6    = 37
	wordNetwork   = 41 // IPv6's label, the kind of fragment, type of service, TTL, protocol
	wordNDTarget  = 42
	wordSHA       = 44 // and TCP's flags
	wordTHA       = 45
	wordNSH       = 46
	wordTransport = 49
	wordGroup     = 50
	wordPresent   = 51
	wordOptions   = 52
)

// Key is the fields of a packet and its metadata, and also the values or the mask of a match. Fields of protocols that
// exclude one another share their place as they do in Open vSwitch, such as the TCP, UDP and ICMP ones, as do fields that
// are parts of one another, such as the registers and the parts of the VLAN tag.
type Key [Words]uint64

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

func ones(bits uint8) uint64 {
	if bits >= 64 {
		return ^uint64(0)
	}
	return 1<<bits - 1
}

// wide is a big-endian number of up to 16 bytes.
func wide(b []byte) (hi, lo uint64) {
	if len(b) <= 8 {
		for _, c := range b {
			lo = lo<<8 | uint64(c)
		}
		return 0, lo
	}
	var w [16]byte
	if len(b) > len(w) {
		b = b[len(b)-len(w):]
	}
	copy(w[len(w)-len(b):], b)
	return binary.BigEndian.Uint64(w[:8]), binary.BigEndian.Uint64(w[8:])
}
