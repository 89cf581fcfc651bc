// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import "github.com/ovskit/ovskit/openflow"

// Layer is a part of a packet's key that a look-up may stop behind.
type Layer uint8

// The layers, from the outermost one on.
const (
	LayerMetadata Layer = iota
	LayerLink
	LayerNetwork
	LayerTransport
	Layers
)

// stages are the words of the layers, first and end.
var stages = [Layers][2]int{
	LayerMetadata:  {0, MetadataEnd},
	LayerLink:      {MetadataEnd, LinkEnd},
	LayerNetwork:   {LinkEnd, networkEnd},
	LayerTransport: {networkEnd, HeaderEnd},
}

// LayerOf is the layer that word w of a key belongs to. The options of tunnels are metadata.
func LayerOf(w int) Layer {
	for l, s := range stages {
		if s[0] <= w && w < s[1] {
			return Layer(l)
		}
	}
	return LayerMetadata
}

// SetMetadata makes the metadata fields those of another key, except for the original tuple of a connection, which
// belongs to the network layer.
func (k *Key) SetMetadata(from *Key) {
	copy(k[:MetadataEnd], from[:MetadataEnd])
	copy(k[HeaderEnd:], from[HeaderEnd:])
}

// And keeps the bits that mask has.
func (k *Key) And(mask *Key) {
	for i := range k {
		k[i] &= mask[i]
	}
}

// Or adds the bits that other has.
func (k *Key) Or(other *Key) {
	for i := range k {
		k[i] |= other[i]
	}
}

// Merge takes the bits of mask from value and keeps the others.
func (k *Key) Merge(value, mask *Key) {
	for i := range k {
		k[i] = k[i]&^mask[i] | value[i]&mask[i]
	}
}

// Mask sets all bits of fields, as a mask that they are compared by has them.
func (k *Key) Mask(fields ...openflow.Field) {
	for _, f := range fields {
		p := places[f]
		if p.bits > 64 {
			k[p.word], k[p.word+1] = ^uint64(0), ^uint64(0)
			continue
		}
		k[p.word] |= ones(p.bits) << p.shift
	}
}

// Has reports whether any bit of a field is set.
func (k *Key) Has(f openflow.Field) bool {
	p := places[f]
	if p.bits > 64 {
		return k[p.word]|k[p.word+1] != 0
	}
	return k[p.word]>>p.shift&ones(p.bits) != 0
}

// Full reports whether all bits of a field are set.
func (k *Key) Full(f openflow.Field) bool {
	p := places[f]
	if p.bits > 64 {
		return k[p.word]&k[p.word+1] == ^uint64(0)
	}
	return k[p.word]>>p.shift&ones(p.bits) == ones(p.bits)
}

// Words128 are the two halves of a field of 128 bits.
func (k *Key) Words128(f openflow.Field) (hi, lo uint64) {
	w := places[f].word
	return k[w], k[w+1]
}

// SetWords128 sets the two halves of a field of 128 bits.
func (k *Key) SetWords128(f openflow.Field, hi, lo uint64) {
	w := places[f].word
	k[w], k[w+1] = hi, lo
}
