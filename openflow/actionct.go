// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
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
	// Exec runs in the context of the connection (set ct_mark, ct_label); only with Commit. A NAT that stands among them
	// is one that does not come first.
	Exec []Action
	// ALG is the port of the protocol whose related connections the tracker looks out for: ALGFTP, ALGTFTP; 0 is none.
	ALG uint16
}

// The protocols whose related connections Open vSwitch finds, by their ports.
const (
	ALGFTP  = 21
	ALGTFTP = 69
)

// String is the action in the words of ovs-actions(7).
func (a CT) String() string { return a.text(nil) }

func (a CT) text(names *Names) string {
	var list args
	list.add(a.Commit, "commit")
	list.add(a.Force, "force")
	list.add(a.Resume, "table=%s", names.table(a.Table))
	switch {
	case a.ZoneFrom != nil:
		list.add(true, "zone=%v", *a.ZoneFrom)
	case a.Zone != 0:
		list.add(true, "zone=%d", a.Zone)
	}
	if a.NAT != nil {
		list.add(true, "%v", *a.NAT)
	}
	list.add(len(a.Exec) > 0, "exec(%s)", listText(a.Exec, names))
	switch a.ALG {
	case 0:
	case ALGFTP:
		list.add(true, "alg=ftp")
	case ALGTFTP:
		list.add(true, "alg=tftp")
	default:
		list.add(true, "alg=%d", a.ALG)
	}
	return list.of("ct")
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
		if a.ZoneFrom.Bits != 16 {
			return b, fmt.Errorf("zone: %d bits are not a zone", a.ZoneFrom.Bits)
		}
		var err error
		if b, err = appendNXM32(b, a.ZoneFrom.Field); err == nil {
			b, err = a.ZoneFrom.appendRange(b)
		}
		if err != nil {
			return b, fmt.Errorf("zone: %w", err)
		}
	} else {
		b = be.AppendUint16(pad(b, 4), a.Zone)
	}
	table := uint8(ctNoTable)
	if a.Resume {
		if table = a.Table; table == ctNoTable {
			return b, fmt.Errorf("table %d cannot be resumed in", table)
		}
	}
	b = be.AppendUint16(pad(append(b, table), 3), a.ALG)
	var err error
	if a.NAT != nil {
		if b, err = a.NAT.appendTo(b, v); err != nil {
			return b, err
		}
	}
	if b, err = appendActions(b, v, a.Exec); err != nil {
		return b, fmt.Errorf("exec: %w", err)
	}
	return putLength(b, start, 2)
}

// decodeCT reads a ct action; one with flags of a later time stays raw.
func decodeCT(b []byte, r *reader, v Version, depth int) (Action, error) {
	flags := r.u16()
	zoneHeader := &reader{b: r.bytes(4)}
	zone := &reader{b: r.bytes(2)}
	table := r.u8()
	r.skip(3)
	a := CT{Commit: flags&ctCommit != 0, Force: flags&ctForce != 0, ALG: r.u16()}
	switch {
	case r.short:
		return nil, malformed(ErrBadActionLen, "ct action of %d bytes", len(b))
	case a.Force && !a.Commit:
		return nil, malformed(ErrBadActionArgument, "ct with force and without commit")
	case flags&^(ctCommit|ctForce) != 0:
		return RawAction{b}, nil
	}
	if be.Uint32(zoneHeader.b) == 0 {
		a.Zone = zone.u16()
	} else {
		from := decodeRange(zone)
		if from.Field = decodeHeader(zoneHeader); from.Field == FieldUnknown {
			return RawAction{b}, nil
		}
		if from.Bits != 16 || !from.fits() {
			return nil, from.misfit("ct zone")
		}
		a.ZoneFrom = &from
	}
	if table != ctNoTable {
		a.Resume, a.Table = true, table
	}
	inner := r.rest()
	if depth >= maxNesting && len(inner) > 0 {
		return nil, malformed(ErrBadActionArgument, "actions in more than %d others", maxNesting)
	}
	for first := true; len(inner) > 0; first = false {
		raw, rest, err := cutAction(inner)
		if err != nil {
			return nil, err
		}
		inner = rest
		var exec Action
		switch niciraSubtype(raw) {
		case nxCT:
			return nil, malformed(ErrBadActionArgument, "ct inside ct")
		case nxNAT:
			var nat *NAT
			switch nat, err = decodeNAT(raw); {
			case err != nil:
			case nat == nil:
				exec = RawAction{raw}
			case first:
				a.NAT = nat
				continue
			default:
				exec = *nat
			}
		default:
			exec, err = decodeAction(raw, v, depth+1)
		}
		if err != nil {
			return nil, err
		}
		a.Exec = append(a.Exec, exec)
	}
	return a, nil
}

// CTClear forgets the packet's connection state (ovs-actions(7), "The ct_clear action").
type CTClear struct{}

// String is the action in the words of ovs-actions(7).
func (CTClear) String() string { return "ct_clear" }

func (CTClear) appendTo(b []byte, _ Version) ([]byte, error) {
	return appendBare(b, nxCTClear), nil
}
