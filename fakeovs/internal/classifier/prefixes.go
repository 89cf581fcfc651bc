// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package classifier

import (
	"math/bits"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// trie is the prefixes of the rules of a classifier in one field.
type trie struct {
	field openflow.Field
	word  uint8
	shift uint8
	bits  int
	root  *node
}

// fields are those that there can be tries of, each with its first word, its place in there, and its bits. They are what
// the column prefixes of the table Flow_Table can have.
var fields = map[openflow.Field]trie{
	openflow.FieldTunID:      {word: 0, bits: 64},
	openflow.FieldTunSrc:     {word: 1, shift: 32, bits: 32},
	openflow.FieldTunDst:     {word: 1, bits: 32},
	openflow.FieldTunIPv6Src: {word: 2, bits: 128},
	openflow.FieldTunIPv6Dst: {word: 4, bits: 128},
	openflow.FieldIPv4Src:    {word: 31, shift: 32, bits: 32},
	openflow.FieldIPv4Dst:    {word: 31, bits: 32},
	openflow.FieldIPv6Src:    {word: 33, bits: 128},
	openflow.FieldIPv6Dst:    {word: 35, bits: 128},
	openflow.FieldCTNwSrc:    {word: 32, shift: 32, bits: 32},
	openflow.FieldCTNwDst:    {word: 32, bits: 32},
	openflow.FieldCTIPv6Src:  {word: 37, bits: 128},
	openflow.FieldCTIPv6Dst:  {word: 39, bits: 128},
}

// Prefixes are the fields that Open vSwitch keeps tries of unless the database says otherwise.
func Prefixes() []openflow.Field {
	return []openflow.Field{openflow.FieldIPv4Dst, openflow.FieldIPv4Src}
}

// HasTries reports whether there can be a trie of a field.
func HasTries(f openflow.Field) bool {
	_, ok := fields[f]
	return ok
}

// value is the field of a key.
func (t *trie) value(k *packet.Key) prefix {
	switch t.bits {
	case 32:
		return prefix{uint32(k[t.word] >> t.shift)}
	case 64:
		return prefix{uint32(k[t.word] >> 32), uint32(k[t.word])}
	}
	return prefix{uint32(k[t.word] >> 32), uint32(k[t.word]), uint32(k[t.word+1] >> 32), uint32(k[t.word+1])}
}

// length is that of the prefix that a mask lets through of the field, 0 if that is none.
func (t *trie) length(mask *packet.Key) int {
	v := t.value(mask)
	n, ended := 0, false
	for _, w := range v[:t.bits/32] {
		ones := bits.LeadingZeros32(^w)
		if ended && w != 0 || w<<ones != 0 {
			return 0
		}
		n += ones
		ended = ended || ones < 32
	}
	return n
}

// look adds the first n bits of the field to those that were looked at; looked reports whether they have been.
func (t *trie) look(wc *packet.Key, n int) {
	for i := 0; i < t.bits && n > 0; i, n = i+32, n-32 {
		t.part(wc, i, highBits(n), true)
	}
}

func (t *trie) looked(wc *packet.Key, n int) bool {
	for i := 0; i < t.bits && n > 0; i, n = i+32, n-32 {
		if want := highBits(n); t.part(wc, i, 0, false)&want != want {
			return false
		}
	}
	return true
}

// part is 32 bits of the field in a key from some bit on, to which it adds others.
func (t *trie) part(k *packet.Key, from int, more uint32, add bool) uint32 {
	w, shift := &k[t.word], t.shift
	if t.bits > 32 {
		w = &k[int(t.word)+from/64]
		shift = uint8(32 - from%64)
	}
	if add {
		*w |= uint64(more) << shift
	}
	return uint32(*w >> shift)
}

// has reports whether the packet has the field: others may share its place.
func (t *trie) has(k *packet.Key) bool {
	switch ethType := k.Uint(openflow.FieldEthType); t.field {
	case openflow.FieldIPv4Src, openflow.FieldIPv4Dst:
		return ethType == openflow.EthTypeIPv4
	case openflow.FieldIPv6Src, openflow.FieldIPv6Dst:
		return ethType == openflow.EthTypeIPv6
	case openflow.FieldCTNwSrc, openflow.FieldCTNwDst:
		return ethType == openflow.EthTypeIPv4 && validConnection(k)
	case openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst:
		return ethType == openflow.EthTypeIPv6 && validConnection(k)
	}
	return true
}

func validConnection(k *packet.Key) bool {
	state := openflow.CTFlags(k.Uint(openflow.FieldCTState))
	const valid = openflow.CTNew | openflow.CTEstablished | openflow.CTRelated | openflow.CTReply |
		openflow.CTSrcNAT | openflow.CTDstNAT
	return state&valid != 0 || state&openflow.CTTracked != 0 && state&openflow.CTInvalid == 0
}

// trieLookup is what a trie says of a packet, once somebody has asked.
type trieLookup struct {
	trie    *trie
	done    bool
	lengths prefix
	depends int
}

func (l *trieLookup) do(k *packet.Key) {
	if l.done {
		return
	}
	l.done = true
	if !l.trie.has(k) {
		l.lengths = prefix{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}
		return
	}
	v := l.trie.value(k)
	l.lengths, l.depends = lookup(l.trie.root, &v, l.trie.bits)
}
