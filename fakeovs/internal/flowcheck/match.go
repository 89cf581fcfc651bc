// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Match refuses matches that a switch refuses, and those on fields that packets do not have here.
func Match(m openflow.Match, o *packet.Options) error {
	if err := m.Validate(); err != nil {
		return err
	}
	return KnownMatch(m, o)
}

// KnownMatch refuses matches on fields that packets do not have here.
func KnownMatch(m openflow.Match, o *packet.Options) error {
	for _, f := range m {
		switch {
		case f.Field == openflow.FieldUnknown:
			return openflow.ErrBadField
		case packet.IsOption(f.Field):
			if !o.Mapped(f.Field) {
				return openflow.ErrInvalidTLVField
			}
		case !packet.Known(f.Field):
			return Unsupported(openflow.ErrBadField, "a match on %v", f.Field)
		}
	}
	return nil
}

// NotInternal refuses to add flows on fields that only a switch's own flows may match.
func NotInternal(m openflow.Match) error {
	for _, f := range m {
		if f.Field == openflow.FieldDPHash || f.Field == openflow.FieldRecircID {
			return openflow.ErrRequestPermission
		}
	}
	return nil
}

// valid reports whether an action can write a value of the field's length.
func valid(f openflow.Field, value []byte) bool {
	bits := f.Bits()
	switch f {
	case openflow.FieldInPort:
		return validPort(binary.BigEndian.Uint32(value))
	case openflow.FieldVLANVID:
		bits++ // the presence of a tag
	case openflow.FieldARPOp:
		bits = 8 // Open vSwitch knows only those of one byte
	case openflow.FieldTunERSPANIndex, openflow.FieldTunERSPANVersion, openflow.FieldTunERSPANDir, openflow.FieldTunERSPANHWID:
		return true
	}
	for i, b := range value {
		if over := 8*(len(value)-i) - bits; over >= 8 && b != 0 || over > 0 && over < 8 && b>>(8-over) != 0 {
			return false
		}
	}
	return true
}

// MaxPort is the first number above those of ports.
const MaxPort = 0xff00

// validPort reports whether the number is that of a port or a reserved one.
func validPort(no uint32) bool { return no < MaxPort || no >= openflow.PortMax }
