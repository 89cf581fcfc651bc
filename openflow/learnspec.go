// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
)

// LearnSpec is a part of the flow that a Learn adds: a condition or an action. LearnMatch and its neighbours make them.
type LearnSpec struct {
	To LearnTarget
	// Dst is what is matched or written, with LearnToOutput none.
	Dst Subfield
	// Src is where the value comes from in the packet that is learned from. Without a field, Value is it.
	Src Subfield
	// Value is a big-endian number in as many bytes as the bits of Dst need.
	Value []byte
}

// LearnTarget is what a LearnSpec makes.
type LearnTarget uint8

// The targets: a condition on a field, an action that writes one, one that sends the packet.
const (
	LearnToMatch LearnTarget = iota
	LearnToLoad
	LearnToOutput
)

// LearnMatch has the new flow match the value that the packet has in src in dst. Both are equally wide.
func LearnMatch(dst, src Subfield) LearnSpec { return LearnSpec{To: LearnToMatch, Dst: dst, Src: src} }

// LearnMatchValue has the new flow match a number of at most 64 bits in dst.
func LearnMatchValue(dst Subfield, value uint64) LearnSpec {
	return LearnSpec{To: LearnToMatch, Dst: dst, Value: numberBytes(value, dst.Bits)}
}

// LearnLoad has the new flow write the value that the packet has in src to dst. Both are equally wide.
func LearnLoad(src, dst Subfield) LearnSpec { return LearnSpec{To: LearnToLoad, Dst: dst, Src: src} }

// LearnLoadValue has the new flow write a number of at most 64 bits to dst.
func LearnLoadValue(value uint64, dst Subfield) LearnSpec {
	return LearnSpec{To: LearnToLoad, Dst: dst, Value: numberBytes(value, dst.Bits)}
}

// LearnOutput has the new flow send its packets out of the port whose number the packet has in src.
func LearnOutput(src Subfield) LearnSpec { return LearnSpec{To: LearnToOutput, Src: src} }

// numberBytes is a number in as many bytes as so many bits need.
func numberBytes(value uint64, bits uint16) []byte {
	b := make([]byte, (int(bits)+7)/8)
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte(value)
		value >>= 8
	}
	return b
}

func (s LearnSpec) immediate() bool { return s.Src == (Subfield{}) }

// String is the spec in the words of ovs-actions(7).
func (s LearnSpec) String() string { return s.text(nil) }

func (s LearnSpec) text(names *Names) string {
	dst, src := s.Dst.String(), s.Src.String()
	switch {
	case s.To == LearnToOutput:
		return "output:" + src
	case s.To == LearnToLoad && s.immediate():
		return "load:" + hexString(s.Value) + "->" + dst
	case s.To == LearnToLoad:
		return "load:" + src + "->" + dst
	case !s.immediate():
		if src == dst {
			return dst
		}
		return dst + "=" + src
	case s.Dst == Whole(s.Dst.Field):
		value := append(make([]byte, max(0, s.Dst.Field.Bytes()-len(s.Value))), s.Value...)
		return s.Dst.Field.actionName() + "=" + MatchField{Field: s.Dst.Field, Value: value}.valueText(names)
	}
	return dst + "=" + hexString(s.Value)
}

// The bits of a spec's header.
const (
	learnBits      = 0x3ff
	learnTarget    = 11
	learnImmediate = 1 << 13
)

func (s LearnSpec) append(b []byte) ([]byte, error) {
	bits, header := s.Dst.Bits, uint16(s.To)<<learnTarget
	switch {
	case s.To > LearnToOutput:
		return b, fmt.Errorf("target %d does not exist", s.To)
	case s.To == LearnToOutput && (s.immediate() || s.Dst != (Subfield{})):
		return b, errors.New("output is of a field, and to none")
	case s.To == LearnToOutput:
		bits = s.Src.Bits
	case !s.immediate() && s.Src.Bits != s.Dst.Bits:
		return b, fmt.Errorf("%d bits do not fit into %d", s.Src.Bits, s.Dst.Bits)
	}
	if bits > learnBits {
		return b, fmt.Errorf("%d bits are more than %d", bits, learnBits)
	}
	if s.immediate() {
		n := (int(bits) + 7) / 8
		if len(s.Value) != n || bits%8 != 0 && s.Value[0]>>(bits%8) != 0 {
			return b, fmt.Errorf("%#x is not a value of %d bits in %d bytes", s.Value, bits, n)
		}
		b = be.AppendUint16(b, header|learnImmediate|bits)
		b = append(pad(b, n%2), s.Value...)
	} else {
		var err error
		if b, err = s.Src.appendPlace(be.AppendUint16(b, header|bits)); err != nil {
			return b, err
		}
	}
	if s.To == LearnToOutput {
		return b, nil
	}
	return s.Dst.appendPlace(b)
}

// appendPlace appends the header of the field and the offset.
func (s Subfield) appendPlace(b []byte) ([]byte, error) {
	if err := s.check(); err != nil {
		return b, err
	}
	b, err := appendNXM32(b, s.Field)
	return be.AppendUint16(b, s.Offset), err
}

// decodeLearnSpec reads what follows a spec's header. It reports whether the fields are known.
func decodeLearnSpec(r *reader, header uint16) (s LearnSpec, known bool, err error) {
	bits := header & learnBits
	s.To = LearnTarget(header >> learnTarget & 3)
	immediate := header&learnImmediate != 0
	if s.To > LearnToOutput || s.To == LearnToOutput && immediate || bits == 0 {
		return s, false, malformed(ErrBadActionArgument, "learn spec %#x", header)
	}
	known = header&(1<<10|1<<14|1<<15) == 0
	if immediate {
		n := (int(bits) + 7) / 8
		if n%2 == 1 {
			known = r.u8() == 0 && known
		}
		s.Value = r.bytes(n)
		known = known && !r.short && (bits%8 == 0 || s.Value[0]>>(bits%8) == 0)
	} else {
		s.Src = Subfield{Field: decodeHeader(r), Offset: r.u16(), Bits: bits}
	}
	if s.To != LearnToOutput {
		s.Dst = Subfield{Field: decodeHeader(r), Offset: r.u16(), Bits: bits}
	}
	if r.short {
		return s, false, malformed(ErrBadActionLen, "learn spec %#x is cut off", header)
	}
	for _, place := range [2]Subfield{s.Src, s.Dst} {
		switch {
		case place == Subfield{}:
		case place.Field == FieldUnknown:
			known = false
		case !place.fits():
			return s, false, place.misfit("learn spec")
		}
	}
	return s, known, nil
}
