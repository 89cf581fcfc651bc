// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"bytes"
	"math/bits"

	"github.com/ovskit/ovskit/openflow"
)

// Options says where in a key the options of a tunnel stand that a switch's TLV table maps to fields (ovs-fields(7),
// "Tunnel Metadata"). Its zero value maps none. Keys belong to the table that they were made with.
type Options struct {
	maps [optionFields]openflow.TLVMap
	// mapped has a bit for each field that is mapped.
	mapped uint64
	// owner of each block of four bytes: the number of a field and 1 more, 0 for none.
	owner [optionWords * 2]uint8
}

const optionFields = 64

// Add maps an option, whose length must be a multiple of 4, and may be 0: then it counts only that the option is there. It
// fails where the field or the option is mapped, or there is no room left.
func (o *Options) Add(m openflow.TLVMap) bool {
	if m.Index >= optionFields || m.Length%4 != 0 || o.mapped>>m.Index&1 != 0 {
		return false
	}
	if _, ok := o.Field(m.Class, m.Type); ok {
		return false
	}
	next, need := o.owner, int(m.Length)/4
	for i := range next {
		if next[i] == 0 && need > 0 {
			next[i] = uint8(m.Index) + 1
			need--
		}
	}
	if need > 0 {
		return false
	}
	o.owner, o.maps[m.Index] = next, m
	o.mapped |= 1 << m.Index
	return true
}

// Remove takes the mapping of a field away.
func (o *Options) Remove(f openflow.Field) {
	i := optionIndex(f)
	o.maps[i] = openflow.TLVMap{}
	o.mapped &^= 1 << i
	for b := range o.owner {
		if o.owner[b] == uint8(i)+1 {
			o.owner[b] = 0
		}
	}
}

// Field is the one that an option is mapped to.
func (o *Options) Field(class uint16, typ uint8) (openflow.Field, bool) {
	for i, m := range o.maps {
		if o.mapped>>i&1 != 0 && m.Class == class && m.Type == typ {
			return openflow.FieldTunMetadata0 + openflow.Field(i), true
		}
	}
	return 0, false
}

// IsOption reports whether a field is the option of a tunnel.
func IsOption(f openflow.Field) bool {
	return openflow.FieldTunMetadata0 <= f && f <= openflow.FieldTunMetadata63
}

// Mapped reports whether an option is mapped to a field.
func (o *Options) Mapped(f openflow.Field) bool { return o.mapped>>optionIndex(f)&1 != 0 }

// Map is the option that a field is mapped to.
func (o *Options) Map(f openflow.Field) openflow.TLVMap { return o.maps[optionIndex(f)] }

// Maps are all that are mapped, in the order of the fields.
func (o *Options) Maps() (list []openflow.TLVMap) {
	for i, m := range o.maps {
		if o.mapped>>i&1 != 0 {
			list = append(list, m)
		}
	}
	return list
}

func optionIndex(f openflow.Field) int { return int(f - openflow.FieldTunMetadata0) }

// Present reports whether the key has the option of a field; in a mask, whether it is looked at.
func (k *Key) Present(f openflow.Field) bool { return k[wordPresent]>>optionIndex(f)&1 != 0 }

// Value is the option of a field in a key, as many bytes as it is mapped with.
func (o *Options) Value(k *Key, f openflow.Field) []byte {
	var v []byte
	for b, owner := range o.owner {
		if owner == uint8(optionIndex(f))+1 {
			word := uint32(k[wordOptions+b/2] >> (32 * (1 - b%2)))
			v = append(v, byte(word>>24), byte(word>>16), byte(word>>8), byte(word))
		}
	}
	return v
}

// Set gives a key the option of a field. A value that is shorter has zeros before it; of a longer one the last bytes count.
func (o *Options) Set(k *Key, f openflow.Field, value []byte) {
	n := int(o.Map(f).Length)
	v := make([]byte, n)
	value = value[max(len(value)-n, 0):]
	copy(v[n-len(value):], value)
	for b, owner := range o.owner {
		if owner == uint8(optionIndex(f))+1 {
			shift := 32 * (1 - b%2)
			word := uint64(v[0])<<24 | uint64(v[1])<<16 | uint64(v[2])<<8 | uint64(v[3])
			k[wordOptions+b/2] = k[wordOptions+b/2]&^(0xffffffff<<shift) | word<<shift
			v = v[4:]
		}
	}
	if o.Mapped(f) {
		k[wordPresent] |= 1 << optionIndex(f)
	}
}

// Bits is Key.Bits for any field, be it an option.
func (o *Options) Bits(k *Key, f openflow.Field, offset, n uint16) (v uint64) {
	if !IsOption(f) {
		return k.Bits(f, offset, n)
	}
	b := o.Value(k, f)
	for i := int(n) - 1; i >= 0; i-- {
		v <<= 1
		if bit := int(offset) + i; bit < 8*len(b) {
			v |= uint64(b[len(b)-1-bit/8] >> (bit % 8) & 1)
		}
	}
	return v
}

// SetBits is Key.SetBits for any field. An option that a key has not got it gives it, with zeros in its other bits.
func (o *Options) SetBits(k *Key, f openflow.Field, offset, n uint16, v uint64) {
	if !IsOption(f) {
		k.SetBits(f, offset, n, v)
		return
	}
	b := o.Value(k, f)
	for i := range int(n) {
		bit := int(offset) + i
		if bit >= 8*len(b) {
			break
		}
		at := &b[len(b)-1-bit/8]
		*at = *at&^(1<<(bit%8)) | byte(v>>i&1)<<(bit%8)
	}
	o.Set(k, f, b)
}

// Write is Key.SetMasked for any field. The mask of an option is as long as the value; bytes before them are zero, and where
// the mask is nil they are written as well.
func (o *Options) Write(k *Key, f openflow.Field, value, mask []byte) {
	if !IsOption(f) {
		k.SetMasked(f, value, mask)
		return
	}
	if mask == nil {
		o.Set(k, f, value)
		return
	}
	b := o.Value(k, f)
	for i := 1; i <= min(len(b), len(value)); i++ {
		m := mask[len(mask)-i]
		b[len(b)-i] = b[len(b)-i]&^m | value[len(value)-i]&m
	}
	o.Set(k, f, b)
}

// Whole is a mask of a whole option.
func Whole() []byte { return bytes.Repeat([]byte{0xff}, openflow.FieldTunMetadata0.Bytes()) }

// Clear takes the option of a field from a key.
func (o *Options) Clear(k *Key, f openflow.Field) {
	o.Set(k, f, nil)
	k[wordPresent] &^= 1 << optionIndex(f)
}

// Match adds a match's conditions on options to its value and its mask.
func (o *Options) Match(m openflow.Match, value, mask *Key) {
	for _, c := range m {
		if !IsOption(c.Field) {
			continue
		}
		all := c.Mask
		if all == nil {
			all = Whole()
			o.Set(value, c.Field, c.Value)
			o.Set(mask, c.Field, all)
			continue
		}
		v := append([]byte(nil), c.Value...)
		for i := range v {
			v[i] &= all[i]
		}
		o.Set(value, c.Field, v)
		o.Set(mask, c.Field, all)
	}
}

// OptionsOf are the fields whose options a key has, in order.
func OptionsOf(k *Key) (fields []openflow.Field) {
	for rest := k[wordPresent]; rest != 0; rest &= rest - 1 {
		fields = append(fields, openflow.FieldTunMetadata0+openflow.Field(bits.TrailingZeros64(rest)))
	}
	return fields
}
