// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// checkInstructions refuses instructions that a switch refuses in a flow with this table and match.
func checkInstructions(f *openflow.Flow) error {
	var known protocols
	for _, mf := range f.Match {
		known.note(mf)
	}
	if err := checkActions(f.Apply, known); err != nil {
		return err
	}
	if err := checkActionSet(f.Write); err != nil {
		return err
	}
	if err := checkActions(f.Write, known); err != nil {
		return err
	}
	if f.Goto != 0 && f.Goto <= f.Table || f.Goto == openflow.AllTables {
		return openflow.ErrBadInstructionTable
	}
	return nil
}

// checkActions refuses actions that a switch refuses for packets of these protocols, and those that this one cannot do.
func checkActions(actions []openflow.Action, known protocols) error {
	for _, a := range actions {
		if err := checkAction(a, &known); err != nil {
			return err
		}
	}
	return nil
}

// checkAction checks one action, and notes what it does to the protocols of the packet.
func checkAction(a openflow.Action, known *protocols) error {
	switch a := a.(type) {
	case openflow.Output:
		if !validPort(a.Port) || a.Port == openflow.PortAny ||
			a.Port >= openflow.PortMax && a.Port < openflow.PortInPort {
			return openflow.ErrBadOutPort
		}
	case openflow.OutputField:
		return checkSubfield(a.Src, known)
	case openflow.Controller:
		if a.Pause || a.Meter != 0 {
			return unsupported(openflow.ErrBadActionType, "%v", a)
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
	case openflow.PushVLAN:
		if known.tagged || a.EthType != 0 && a.EthType != openflow.EthTypeVLAN {
			return unsupported(openflow.ErrBadActionType, "%v, but for a first tag of 802.1Q", a)
		}
		known.tagged = true
	case openflow.SetVLANVID, openflow.SetVLANPCP:
		return checkOldVLAN(a, known)
	case openflow.SetTransport:
		if !known.ip() || known.later || a.Proto != openflow.IPProtoTCP && a.Proto != openflow.IPProtoUDP &&
			a.Proto != openflow.IPProtoSCTP {
			return openflow.ErrMatchInconsistent
		}
	case openflow.EnqueueTo:
		if a.Port >= maxPort && a.Port != openflow.PortInPort && a.Port != openflow.PortLocal {
			return openflow.ErrBadOutPort
		}
	case openflow.PopVLAN:
		if !known.tagged {
			return openflow.ErrMatchInconsistent
		}
		known.tagged = false
	case openflow.Resubmit:
		if !validPort(a.InPort) {
			return openflow.ErrBadOutPort
		}
		if a.CT {
			return unsupported(openflow.ErrBadActionType, "%v", a)
		}
	case openflow.DecTTL:
		if !known.ip() {
			return openflow.ErrMatchInconsistent
		}
	case openflow.CT:
		return checkCT(&a, known)
	case openflow.CTClear, openflow.Exit, openflow.Note:
	case openflow.NAT:
		return openflow.ErrBadSetArgument
	case openflow.OutputGroup:
	case openflow.RawAction:
		return checkRaw(a)
	default:
		return unsupported(openflow.ErrBadActionType, "%v", a)
	}
	return nil
}

// actionExperimenter is the type of an experimenter's action.
const actionExperimenter = 0xffff

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

func checkSet(a openflow.SetField, known *protocols) error {
	switch {
	case a.Field == openflow.FieldUnknown:
		return openflow.ErrBadSetType
	case !packet.Known(a.Field):
		return unsupported(openflow.ErrBadSetType, "%v", a)
	case len(a.Value) != a.Field.Bytes() || a.Mask != nil && len(a.Mask) != len(a.Value):
		return openflow.ErrBadSetLen
	case !a.Field.Writable() || !valid(a.Field, a.Value):
		return openflow.ErrBadSetArgument
	case !known.have(a.Field) || a.Field == openflow.FieldVLANVID && !known.tagged:
		return openflow.ErrMatchInconsistent
	}
	if a.Field == openflow.FieldVLANTCI {
		known.tagged = binary.BigEndian.Uint16(a.Value)&tciPresent != 0
	}
	return nil
}

func checkSubfield(s openflow.Subfield, known *protocols) error {
	switch {
	case s.Field == openflow.FieldUnknown:
		return openflow.ErrBadSetType
	case !packet.Known(s.Field):
		return unsupported(openflow.ErrBadSetType, "%v in an action", s)
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
	if !a.Dst.Field.Writable() || a.Src.Bits != a.Dst.Bits {
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
	case a.ALG != 0:
		return unsupported(openflow.ErrBadActionType, "%v", a)
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
		if err := checkSubfield(*a.ZoneFrom, known); err != nil {
			return err
		}
	}
	for _, e := range a.Exec {
		if err := checkExec(e, known); err != nil {
			return err
		}
	}
	return nil
}

// checkExec refuses what may not be done in the context of a connection.
func checkExec(a openflow.Action, known *protocols) error {
	switch a := a.(type) {
	case openflow.SetField:
		if connection(a.Field) {
			return checkSet(a, known)
		}
	case openflow.Move:
		if connection(a.Dst.Field) {
			return checkMove(a, known)
		}
	case openflow.NAT:
		return unsupported(openflow.ErrBadActionType, "%v that does not come first in a ct action", a)
	case openflow.RawAction:
		return checkRaw(a)
	}
	return openflow.ErrBadActionArgument
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

// checkOldVLAN checks an action that sets a part of the VLAN tag, which one that pushes a tag can do to any packet.
func checkOldVLAN(a openflow.Action, known *protocols) error {
	push := false
	switch a := a.(type) {
	case openflow.SetVLANVID:
		push = a.Push
	case openflow.SetVLANPCP:
		push = a.Push
	}
	if !push && !known.tagged {
		return openflow.ErrMatchInconsistent
	}
	known.tagged = true
	return nil
}
