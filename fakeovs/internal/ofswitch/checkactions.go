// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// The experimenter's action header and Nicira's identifier.
const (
	actionExperimenter = 0xffff
	niciraID           = 0x00002320
)

// checkInstructions refuses instructions that a switch refuses in a flow with this table and match.
func checkInstructions(f *openflow.Flow) error {
	var known protocols
	for _, mf := range f.Match {
		known.note(mf)
	}
	if f.Meter != 0 {
		return openflow.ErrInvalidMeter
	}
	if err := checkActions(f.Apply, &known); err != nil {
		return err
	}
	if err := checkActions(f.Write, &known); err != nil {
		return err
	}
	if f.Goto != 0 && f.Goto <= f.Table || f.Goto == openflow.AllTables {
		return openflow.ErrBadInstructionTable
	}
	return nil
}

// checkActions refuses actions that a switch refuses for packets of these protocols.
func checkActions(actions []openflow.Action, known *protocols) error {
	for _, a := range actions {
		if err := checkAction(a, known); err != nil {
			return err
		}
	}
	return nil
}

func checkAction(a openflow.Action, known *protocols) error {
	switch a := a.(type) {
	case openflow.Output:
		if !validPort(a.Port) || a.Port == openflow.PortAny ||
			a.Port >= openflow.PortMax && a.Port < openflow.PortInPort {
			return openflow.ErrBadOutPort
		}
	case openflow.SetField:
		if connection(a.Field) {
			return openflow.ErrBadSetArgument
		}
		return checkSet(a, known)
	case openflow.Move:
		if connection(a.Dst.Field) {
			return openflow.ErrBadSetArgument
		}
		return checkMove(a, known)
	case openflow.Resubmit:
		if !validPort(a.InPort) {
			return openflow.ErrBadOutPort
		}
	case openflow.DecTTL:
		if !known.ip() {
			return openflow.ErrMatchInconsistent
		}
	case openflow.CT:
		return checkCT(&a, known)
	case openflow.CTClear:
	case openflow.RawAction:
		return checkRaw(a)
	default:
		return openflow.ErrBadActionType
	}
	return nil
}

// checkRaw says why an action is refused that is not implemented.
func checkRaw(a openflow.RawAction) error {
	if len(a.Bytes) < 8 || binary.BigEndian.Uint16(a.Bytes) != actionExperimenter {
		return openflow.ErrBadActionType
	}
	if binary.BigEndian.Uint32(a.Bytes[4:]) == niciraID {
		return openflow.ErrBadActionExperimenterType
	}
	return openflow.ErrBadActionExperimenter
}

// connection reports whether a field belongs to the connection, so that only the exec of a ct action can set it.
func connection(f openflow.Field) bool {
	return f == openflow.FieldCTMark || f == openflow.FieldCTLabel
}

func writable(f openflow.Field) bool {
	switch f {
	case openflow.FieldCTState, openflow.FieldCTZone, openflow.FieldEthType, openflow.FieldIPProto,
		openflow.FieldTCPFlags:
		return false
	}
	return true
}

func checkSet(a openflow.SetField, known *protocols) error {
	switch {
	case !packet.Known(a.Field):
		return openflow.ErrBadSetType
	case len(a.Value) != a.Field.Bytes() || a.Mask != nil && len(a.Mask) != len(a.Value):
		return openflow.ErrBadSetLen
	case !writable(a.Field) || !valid(a.Field, a.Value):
		return openflow.ErrBadSetArgument
	case !known.have(a.Field):
		return openflow.ErrMatchInconsistent
	}
	return nil
}

func checkSubfield(s openflow.Subfield, known *protocols) error {
	switch {
	case !packet.Known(s.Field):
		return openflow.ErrBadSetType
	case s.Bits == 0 || int(s.Offset)+int(s.Bits) > s.Field.Bits():
		return openflow.ErrBadSetLen
	case !known.have(s.Field):
		return openflow.ErrMatchInconsistent
	}
	return nil
}

func checkMove(a openflow.Move, known *protocols) error {
	if err := checkSubfield(a.Src, known); err != nil {
		return err
	}
	if err := checkSubfield(a.Dst, known); err != nil {
		return err
	}
	if !writable(a.Dst.Field) || a.Src.Bits != a.Dst.Bits {
		return openflow.ErrBadSetArgument
	}
	return nil
}

func checkCT(a *openflow.CT, known *protocols) error {
	switch {
	case a.Force && !a.Commit, !a.Commit && len(a.Exec) > 0:
		return openflow.ErrBadActionArgument
	case !a.Commit && a.NAT != nil && a.NAT.Type != openflow.NATExisting:
		return openflow.ErrBadActionArgument
	case !known.ip(), a.Commit && known.ctInvalid:
		return openflow.ErrMatchInconsistent
	}
	if a.NAT != nil {
		if err := checkNAT(a.NAT); err != nil {
			return err
		}
	}
	if a.ZoneFrom != nil {
		if a.ZoneFrom.Bits != 16 {
			return openflow.ErrBadSetLen
		}
		return checkSubfield(*a.ZoneFrom, known)
	}
	for _, e := range a.Exec {
		var err error
		switch e := e.(type) {
		case openflow.SetField:
			if !connection(e.Field) {
				return openflow.ErrBadActionArgument
			}
			err = checkSet(e, known)
		case openflow.Move:
			if !connection(e.Dst.Field) {
				return openflow.ErrBadActionArgument
			}
			err = checkMove(e, known)
		default:
			return openflow.ErrBadActionArgument
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkNAT(n *openflow.NAT) error {
	switch {
	case n.AddrMin.IsValid() && n.AddrMin.IsUnspecified(),
		!n.AddrMin.IsValid() && (n.AddrMax.IsValid() || n.PortMin != 0),
		n.AddrMax.IsValid() && (n.AddrMax.BitLen() != n.AddrMin.BitLen() || n.AddrMax.Less(n.AddrMin)),
		n.PortMin == 0 && n.PortMax != 0,
		n.PortMax != 0 && n.PortMax < n.PortMin,
		n.Hash && n.Random:
		return openflow.ErrBadActionArgument
	}
	return nil
}
