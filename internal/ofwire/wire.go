// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofwire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	of13 "github.com/contiv/libOpenflow/openflow13"
	"github.com/contiv/libOpenflow/util"
)

// ErrTooLong is why something cannot be encoded that does not fit into a 16-bit length.
var ErrTooLong = errors.New("longer than 65535 bytes")

// Field is the header of an OXM field without a mask: class, number in the class, and length of the value in bytes.
type Field struct {
	Class  uint16
	Number uint8
	Bytes  uint8
}

// TLV is a field with a value and, unless it is nil, a mask of the same length.
type TLV struct {
	Field
	Value, Mask []byte
}

// marshal encodes m. The length that libOpenflow says is checked against what it wrote, and what it panics with
// becomes an error.
func marshal(m util.Message) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			b, err = nil, fmt.Errorf("encode %T: %v", m, p)
		}
	}()
	b, err = m.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", m, err)
	}
	if len(b) < 4 || len(b) > math.MaxUint16 || int(binary.BigEndian.Uint16(b[2:])) != len(b) {
		return nil, fmt.Errorf("encode %T: its %d bytes do not have the length they claim", m, len(b))
	}
	return b, nil
}

// bytesMessage is bytes that are encoded already, as a part of something else.
type bytesMessage []byte

func (b bytesMessage) Len() uint16                    { return uint16(len(b)) }
func (b bytesMessage) MarshalBinary() ([]byte, error) { return b, nil }
func (b bytesMessage) UnmarshalBinary([]byte) error   { return errors.ErrUnsupported }

// bytesAction is an action that is encoded already.
type bytesAction struct{ bytesMessage }

func (bytesAction) Header() *of13.ActionHeader { return nil }

// header is the field as actions name it.
func (f Field) header() *of13.MatchField {
	return &of13.MatchField{Class: f.Class, Field: f.Number, Length: f.Bytes}
}

// matchField is the field with its value, for a match or a set-field action.
func (t TLV) matchField() *of13.MatchField {
	m := t.header()
	m.Value = bytesMessage(t.Value)
	if t.Mask != nil {
		m.HasMask = true
		m.Length *= 2
		m.Mask = bytesMessage(t.Mask)
	}
	return m
}

// total is the sum of lengths, or ErrTooLong. libOpenflow adds lengths in 16 bits and does not notice an overflow.
func total(n int, parts ...[]byte) (int, error) {
	for _, p := range parts {
		n += len(p)
	}
	if n > math.MaxUint16 {
		return n, ErrTooLong
	}
	return n, nil
}
