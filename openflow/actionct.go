// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strings"
)

// CT sends the packet through the connection tracker (ovs-actions(7), "The ct action").
type CT struct {
	// Commit enters the connection into the zone; Force replaces an entry of the opposite direction.
	Commit, Force bool
	// Zone is the zone, unless ZoneFrom names the 16 bits of a field that hold it.
	Zone     uint16
	ZoneFrom *Subfield
	// Resume makes a copy of the packet go on in Table with its connection state known. Without it only the packet
	// as it goes through the remaining actions sees the translation.
	Resume bool
	Table  uint8
	// NAT translates: nil not at all.
	NAT *NAT
	// Exec runs in the context of the connection (set ct_mark, ct_label); only with Commit.
	Exec []Action
}

// String is the action in the words of ovs-actions(7).
func (a CT) String() string {
	var args []string
	if a.Commit {
		args = append(args, "commit")
	}
	if a.Force {
		args = append(args, "force")
	}
	if a.Resume {
		args = append(args, fmt.Sprintf("table=%d", a.Table))
	}
	switch {
	case a.ZoneFrom != nil:
		args = append(args, "zone="+a.ZoneFrom.String())
	case a.Zone != 0:
		args = append(args, fmt.Sprintf("zone=%d", a.Zone))
	}
	if a.NAT != nil {
		args = append(args, a.NAT.String())
	}
	if len(a.Exec) > 0 {
		args = append(args, "exec("+strings.Join(actionStrings(a.Exec), ",")+")")
	}
	if len(args) == 0 {
		return "ct"
	}
	return "ct(" + strings.Join(args, ",") + ")"
}

const (
	ctCommit  = 1 << 0
	ctForce   = 1 << 1
	ctNoTable = 0xff
)

func (a CT) appendTo(b []byte, v Version) ([]byte, error) {
	start := len(b)
	b = be.AppendUint16(appendNicira(b, nxCT, 0), uint16(bits(a.Commit, a.Force)))
	if a.ZoneFrom != nil {
		err := a.ZoneFrom.check()
		if err == nil && a.ZoneFrom.Bits != 16 {
			err = fmt.Errorf("%d bits are not a zone", a.ZoneFrom.Bits)
		}
		if err == nil {
			b, err = appendFieldHeader(b, a.ZoneFrom.Field)
		}
		if err != nil {
			return b, fmt.Errorf("zone: %w", err)
		}
		b = a.ZoneFrom.appendRange(b)
	} else {
		b = be.AppendUint16(pad(b, 4), a.Zone)
	}
	table := uint8(ctNoTable)
	if a.Resume {
		if table = a.Table; table == ctNoTable {
			return b, fmt.Errorf("table %d cannot be resumed in", table)
		}
	}
	b = pad(append(b, table), 3+2)
	var err error
	if a.NAT != nil {
		if b, err = a.NAT.append(b); err != nil {
			return b, err
		}
	}
	if b, err = appendActions(b, v, a.Exec); err != nil {
		return b, fmt.Errorf("exec: %w", err)
	}
	return putLength(b, start, 2)
}

// decodeCT reads a ct action; one with an application-level gateway or flags of a later time stays raw.
func decodeCT(b []byte, r *reader, v Version) (Action, error) {
	flags := r.u16()
	zoneHeader := reader{b: r.bytes(4)}
	zone, table := r.u16(), r.u8()
	r.skip(3)
	alg := r.u16()
	if r.short {
		return nil, malformed(ErrBadActionLen, "ct action of %d bytes", len(b))
	}
	a := CT{Commit: flags&ctCommit != 0, Force: flags&ctForce != 0}
	if flags&^(ctCommit|ctForce) != 0 || alg != 0 {
		return RawAction{b}, nil
	}
	if be.Uint32(zoneHeader.b) == 0 {
		a.Zone = zone
	} else {
		a.ZoneFrom = &Subfield{Field: decodeHeader(&zoneHeader), Offset: zone >> 6, Bits: zone&0x3f + 1}
		if a.ZoneFrom.Field == FieldUnknown {
			return RawAction{b}, nil
		}
		if a.ZoneFrom.Bits != 16 || !a.ZoneFrom.fits() {
			return nil, malformed(ErrBadSetLen, "ct zone from %v", *a.ZoneFrom)
		}
	}
	if table != ctNoTable {
		a.Resume, a.Table = true, table
	}
	for inner := r.rest(); len(inner) > 0; {
		raw, rest, err := cutAction(inner)
		if err != nil {
			return nil, err
		}
		inner = rest
		switch niciraSubtype(raw) {
		case nxCT:
			return nil, malformed(ErrBadActionArgument, "ct inside ct")
		case nxNAT:
			if a.NAT != nil {
				return nil, malformed(ErrBadActionArgument, "two nat in one ct")
			}
			if a.NAT, err = decodeNAT(raw); err != nil {
				return nil, err
			}
			continue
		}
		exec, err := decodeAction(raw, v)
		if err != nil {
			return nil, err
		}
		a.Exec = append(a.Exec, exec)
	}
	return a, nil
}

// CTClear forgets the packet's connection state.
type CTClear struct{}

// String is the action in the words of ovs-actions(7).
func (CTClear) String() string { return "ct_clear" }

func (CTClear) appendTo(b []byte, _ Version) ([]byte, error) {
	return pad(appendNicira(b, nxCTClear, 16), 6), nil
}
