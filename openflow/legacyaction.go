// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
)

// The numbers of actions in OpenFlow 1.0 (OFPAT_). From 5 on to 8 they are one lower in 1.1.
const (
	action10SetVLANVID = 1
	action10SetVLANPCP = 2
	action10StripVLAN  = 3
	action10SetEthSrc  = 4
	action10SetEthDst  = 5
	action10SetIPSrc   = 6
	action10SetIPDst   = 7
	action10SetToS     = 8
	action10SetTpSrc   = 9
	action10SetTpDst   = 10
	action10Enqueue    = 11
)

// Nicira's actions that stand for those that OpenFlow 1.0 lacks.
const (
	nxSetQueue      = 4
	nxDecTTL        = 18
	nxWriteMetadata = 22
	nxPushMPLS      = 23
	nxPopMPLS       = 24
	nxSetMPLSTTL    = 25
	nxDecMPLSTTL    = 26
	nxSetMPLSLabel  = 30
	nxSetMPLSTC     = 31
	nxGroup         = 40
)

// SetVLANVID sets the VLAN of the outer tag (OFPAT_SET_VLAN_VID of OpenFlow 1.0 and 1.1). Later versions have it as a
// SetField of vlan_vid.
type SetVLANVID struct {
	VID uint16
	// Push gives a packet without a tag one first, as OpenFlow 1.0 has it. Later versions say so with a PushVLAN.
	Push bool
}

// SetVLANPCP sets the priority of the outer tag (OFPAT_SET_VLAN_PCP of OpenFlow 1.0 and 1.1). Later versions have it as a
// SetField of vlan_pcp.
type SetVLANPCP struct {
	PCP uint8
	// Push is as in SetVLANVID.
	Push bool
}

// SetTransport sets the source or the destination port of a TCP, UDP or SCTP packet (OFPAT_SET_TP_SRC, OFPAT_SET_TP_DST);
// later versions have a SetField for each protocol.
type SetTransport struct {
	Dst  bool
	Port uint16
	// Proto is the protocol of the flow's packets, which the action itself does not say; 0 is not known.
	Proto uint8
}

// EnqueueTo outputs to a queue of a port (OFPAT_ENQUEUE of OpenFlow 1.0). Later versions have it as SetQueue, Output and
// PopQueue, which Enqueue makes.
type EnqueueTo struct{ Port, Queue uint32 }

// WriteMetadata is the instruction as OpenFlow 1.0 has it, as an action of Nicira's.
type WriteMetadata struct{ Value, Mask uint64 }

func (a SetVLANVID) String() string { return fmt.Sprintf("mod_vlan_vid:%d", a.VID) }
func (a SetVLANPCP) String() string { return fmt.Sprintf("mod_vlan_pcp:%d", a.PCP) }
func (a EnqueueTo) String() string  { return a.text(nil) }
func (a WriteMetadata) String() string {
	s := "write_metadata:" + hexNumber(a.Value)
	if a.Mask != 1<<64-1 {
		s += "/" + hexNumber(a.Mask)
	}
	return s
}

func (a SetTransport) String() string {
	if a.Dst {
		return fmt.Sprintf("mod_tp_dst:%d", a.Port)
	}
	return fmt.Sprintf("mod_tp_src:%d", a.Port)
}

func (a EnqueueTo) text(names *Names) string {
	return fmt.Sprintf("enqueue:%s:%d", names.port(a.Port), a.Queue)
}

func (a SetVLANVID) appendTo(b []byte, v Version) ([]byte, error) {
	if a.VID > vlanIDMask {
		return b, fmt.Errorf("%d is no VLAN", a.VID)
	}
	if v == Version10 {
		return appendSmall(b, action10SetVLANVID, a.VID), nil
	}
	if a.Push {
		b = appendEthType(b, actionPushVLAN, EthTypeVLAN)
	}
	if v == Version11 {
		return appendSmall(b, actionSetVLANVID, a.VID), nil
	}
	return SetField{Uint(FieldVLANVID, uint64(a.VID|vlanPresent))}.appendTo(b, v)
}

func (a SetVLANPCP) appendTo(b []byte, v Version) ([]byte, error) {
	if a.PCP > 7 {
		return b, fmt.Errorf("%d is no priority of a VLAN tag", a.PCP)
	}
	if v == Version10 {
		return appendSmall(b, action10SetVLANPCP, uint16(a.PCP)<<8), nil
	}
	if a.Push {
		b = appendEthType(b, actionPushVLAN, EthTypeVLAN)
	}
	if v == Version11 {
		return appendSmall(b, actionSetVLANPCP, uint16(a.PCP)<<8), nil
	}
	return SetField{Uint(FieldVLANPCP, uint64(a.PCP))}.appendTo(b, v)
}

func (a SetTransport) appendTo(b []byte, v Version) ([]byte, error) {
	if fields := oldTransportFields(a.Proto); v >= Version12 && fields[0] != FieldInvalid && a.Proto != IPProtoICMP {
		return SetField{Uint(fields[bits(a.Dst)], uint64(a.Port))}.appendTo(b, v)
	}
	return appendSmall(b, action10SetTpSrc+uint16(bits(a.Dst)), a.Port), nil
}

func (a EnqueueTo) appendTo(b []byte, v Version) ([]byte, error) {
	if v > Version10 {
		return appendActions(b, v, []Action{SetQueue{ID: a.Queue}, Output{Port: a.Port}, PopQueue{}})
	}
	port, ok := port16(a.Port)
	if !ok {
		return b, errPort16(a.Port)
	}
	b = pad(be.AppendUint16(appendAction(b, action10Enqueue, 16), port), 6)
	return be.AppendUint32(b, a.Queue), nil
}

func (a WriteMetadata) appendTo(b []byte, _ Version) ([]byte, error) {
	b = pad(appendNicira(b, nxWriteMetadata, 32), 6)
	return be.AppendUint64(be.AppendUint64(b, a.Value&a.Mask), a.Mask), nil
}

// appendSmall appends an action with a number of 16 bits, of 8 bytes in all.
func appendSmall(b []byte, typ, n uint16) []byte {
	return pad(be.AppendUint16(appendAction(b, typ, 8), n), 2)
}

// appendLegacyAction appends an action that is another one before OpenFlow 1.2; done is false if it is the same.
func appendLegacyAction(b []byte, v Version, a Action) (out []byte, done bool, err error) {
	if set, ok := a.(SetField); ok && v < Version12 {
		out, err = set.appendLegacy(b, v)
		return out, true, err
	}
	if v > Version10 {
		return b, false, nil
	}
	switch a := a.(type) {
	case Output:
		port, ok := port16(a.Port)
		if !ok {
			return b, true, errPort16(a.Port)
		}
		if a.Port != PortController {
			a.MaxLen = 0
		}
		return be.AppendUint16(be.AppendUint16(appendAction(b, actionOutput, 8), port), a.MaxLen), true, nil
	case PopVLAN:
		return pad(appendAction(b, action10StripVLAN, 8), 4), true, nil
	case PushVLAN:
		return b, true, nil // which the action does that sets the tag
	case SetQueue:
		return be.AppendUint32(pad(appendNicira(b, nxSetQueue, 16), 2), a.ID), true, nil
	case OutputGroup:
		return be.AppendUint32(pad(appendNicira(b, nxGroup, 16), 2), a.ID), true, nil
	case DecTTL:
		if len(a.Controllers) == 0 {
			return pad(appendNicira(b, nxDecTTL, 16), 6), true, nil
		}
	case DecMPLSTTL:
		return pad(appendNicira(b, nxDecMPLSTTL, 16), 6), true, nil
	case PushMPLS:
		return pad(be.AppendUint16(appendNicira(b, nxPushMPLS, 16), a.EthType), 4), true, nil
	case PopMPLS:
		return pad(be.AppendUint16(appendNicira(b, nxPopMPLS, 16), a.EthType), 4), true, nil
	}
	return b, false, nil
}

// appendLegacy appends what writes the field in OpenFlow 1.0 and 1.1, which have no action for every field: Nicira's loads
// do the rest.
func (a SetField) appendLegacy(b []byte, v Version) ([]byte, error) {
	mf, some := a.canonical()
	if !some {
		return b, errors.New("sets no bit")
	}
	if mf.Field == FieldInPort {
		port, ok := port16(uint32(beUint(mf.Value)))
		if !ok || mf.Mask != nil {
			return b, errors.New("in_port is set as a whole, to a port of 16 bits")
		}
		mf = Uint(FieldInPort16, uint64(port))
	}
	if mf.Mask == nil {
		if out, ok := appendOldSet(b, v, mf); ok {
			return out, nil
		}
	}
	if mf.Field == FieldUnknown || mf.Field.isOption() || mf.Field.info().class == classExperimenter {
		start := len(b)
		b, err := appendNXMField(appendNicira(b, nxRegLoad2, 0), mf)
		if err != nil {
			return b, err
		}
		return putLength(padded(b, start), start, 2)
	}
	if mf.Mask == nil {
		mf.Mask = make([]byte, len(mf.Value))
		for i := range mf.Field.Bits() {
			mf.Mask[len(mf.Mask)-1-i/8] |= 1 << (i % 8)
		}
	}
	return appendLoads(b, mf)
}

// appendOldSet appends the action that writes just this field.
func appendOldSet(b []byte, v Version, mf MatchField) ([]byte, bool) {
	n := uint64(0)
	if len(mf.Value) <= 8 {
		n = beUint(mf.Value)
	}
	old := func(typ uint16) uint16 { return typ - uint16(bits(v > Version10)) }
	switch mf.Field {
	case FieldVLANTCI:
		if n&vlanPresent == 0 {
			return pad(appendAction(b, action10StripVLAN+uint16(bits(v > Version10))*(actionPopVLAN-action10StripVLAN), 8), 4), true
		}
		if v > Version10 {
			b = appendEthType(b, actionPushVLAN, EthTypeVLAN)
		}
		b = appendSmall(b, action10SetVLANVID, uint16(n&vlanIDMask))
		return appendSmall(b, action10SetVLANPCP, uint16(n>>13)<<8), true
	case FieldVLANVID:
		return appendSmall(b, action10SetVLANVID, uint16(n&vlanIDMask)), true
	case FieldVLANPCP:
		return appendSmall(b, action10SetVLANPCP, uint16(n)<<8), true
	case FieldEthSrc:
		return pad(append(appendAction(b, old(action10SetEthSrc), 16), mf.Value...), 6), true
	case FieldEthDst:
		return pad(append(appendAction(b, old(action10SetEthDst), 16), mf.Value...), 6), true
	case FieldIPv4Src:
		return append(appendAction(b, old(action10SetIPSrc), 8), mf.Value...), true
	case FieldIPv4Dst:
		return append(appendAction(b, old(action10SetIPDst), 8), mf.Value...), true
	case FieldIPDSCP:
		return appendSmall(b, old(action10SetToS), uint16(n<<2)<<8), true
	case FieldIPECN:
		if v > Version10 {
			return appendSmall(b, actionSetIPECN, uint16(n)<<8), true
		}
	case FieldIPTTL:
		if v > Version10 {
			return appendSmall(b, actionSetTTL, uint16(n)<<8), true
		}
	case FieldTCPSrc, FieldUDPSrc:
		return appendSmall(b, action10SetTpSrc, uint16(n)), true
	case FieldTCPDst, FieldUDPDst:
		return appendSmall(b, action10SetTpDst, uint16(n)), true
	case FieldTunID:
		if n <= 1<<32-1 {
			return be.AppendUint32(pad(appendNicira(b, nxSetTunnel, 16), 2), uint32(n)), true
		}
		return be.AppendUint64(pad(appendNicira(b, nxSetTunnel64, 24), 6), n), true
	}
	return b, false
}

// decodeLegacyAction decodes an action that is another one before OpenFlow 1.3; nil if it is the same.
func decodeLegacyAction(b []byte, v Version) (Action, error) {
	r := &reader{b: b}
	typ := r.u16()
	r.skip(2)
	switch {
	case typ == action10SetTpSrc || typ == action10SetTpDst:
		return sized(b, 8, SetTransport{Dst: typ == action10SetTpDst, Port: r.u16()})
	case v == Version11 && (typ == actionSetVLANVID || typ == actionSetVLANPCP):
		return decodeVLAN(b, r, typ, false)
	case v > Version10:
		return nil, nil
	}
	switch typ {
	case actionOutput:
		a := Output{Port: port32(r.u16()), MaxLen: r.u16()}
		if a.Port != PortController {
			a.MaxLen = 0
		}
		return sized(b, 8, a)
	case action10SetVLANVID, action10SetVLANPCP:
		return decodeVLAN(b, r, typ, true)
	case action10StripVLAN:
		return sized(b, 8, PopVLAN{})
	case action10SetEthSrc:
		return sized(b, 16, SetField{MatchField{Field: FieldEthSrc, Value: r.bytes(6)}})
	case action10SetEthDst:
		return sized(b, 16, SetField{MatchField{Field: FieldEthDst, Value: r.bytes(6)}})
	case action10SetIPSrc:
		return sized(b, 8, setNumber(FieldIPv4Src, uint64(r.u32())))
	case action10SetIPDst:
		return sized(b, 8, setNumber(FieldIPv4Dst, uint64(r.u32())))
	case action10SetToS:
		tos := r.u8()
		if tos&3 != 0 {
			return nil, malformed(ErrBadActionArgument, "set_nw_tos action with %#x", tos)
		}
		return setPart(b, FieldIPDSCP, uint64(tos>>2))
	case action10Enqueue:
		a := EnqueueTo{Port: port32(r.u16())}
		r.skip(6)
		a.Queue = r.u32()
		if a.Port >= PortMax && a.Port != PortInPort && a.Port != PortLocal {
			return nil, malformed(ErrBadOutPort, "enqueue to port %#x", a.Port)
		}
		return sized(b, 16, a)
	case actionExperimenter:
		return decodeNicira10(b, r)
	}
	return nil, malformed(ErrBadActionType, "action of type %d", typ)
}

func decodeVLAN(b []byte, r *reader, typ uint16, push bool) (Action, error) {
	if typ == action10SetVLANVID {
		a := SetVLANVID{VID: r.u16(), Push: push}
		if a.VID > vlanIDMask {
			return nil, malformed(ErrBadActionArgument, "set_vlan_vid action with %#x", a.VID)
		}
		return sized(b, 8, a)
	}
	a := SetVLANPCP{PCP: r.u8(), Push: push}
	if a.PCP > 7 {
		return nil, malformed(ErrBadActionArgument, "set_vlan_pcp action with %#x", a.PCP)
	}
	return sized(b, 8, a)
}

// decodeNicira10 decodes the actions of Nicira's that only OpenFlow 1.0 has; nil if it is none of them.
func decodeNicira10(b []byte, r *reader) (Action, error) {
	if r.u32() != experimenterNicira {
		return nil, nil
	}
	switch r.u16() {
	case nxSetQueue:
		r.skip(2)
		return sized(b, 16, SetQueue{ID: r.u32()})
	case nxDecTTL:
		return sized(b, 16, DecTTL{})
	case nxWriteMetadata:
		zero := r.bytes(6)
		a := WriteMetadata{Value: r.u64(), Mask: r.u64()}
		if !r.short && beUint(zero) != 0 {
			return nil, malformed(ErrMustBeZero, "write_metadata has bits set that must be zero")
		}
		return sized(b, 32, a)
	case nxPushMPLS:
		a := PushMPLS{EthType: r.u16()}
		if a.EthType != EthTypeMPLS && a.EthType != EthTypeMPLSMulticast {
			return nil, malformed(ErrBadActionArgument, "%v", a)
		}
		return sized(b, 16, a)
	case nxPopMPLS:
		return sized(b, 16, PopMPLS{EthType: r.u16()})
	case nxSetMPLSTTL:
		return sized(b, 16, setNumber(FieldMPLSTTL, uint64(r.u8())))
	case nxDecMPLSTTL:
		return sized(b, 16, DecMPLSTTL{})
	case nxSetMPLSLabel:
		r.skip(2)
		return sized(b, 16, setNumber(FieldMPLSLabel, uint64(r.u32()&0xfffff)))
	case nxSetMPLSTC:
		return sized(b, 16, setNumber(FieldMPLSTC, uint64(r.u8()&7)))
	case nxGroup:
		r.skip(2)
		return sized(b, 16, OutputGroup{ID: r.u32()})
	}
	return nil, nil
}

// list is instructions as the one list of actions that OpenFlow 1.0 has. What it has no action for is left out.
func (in Instructions) list() []Action {
	list := in.Apply[:len(in.Apply):len(in.Apply)]
	if in.MetadataMask != 0 {
		list = append(list, WriteMetadata{Value: in.Metadata, Mask: in.MetadataMask})
	}
	if in.Goto != 0 {
		list = append(list, Resubmit{InPort: PortInPort, Table: in.Goto})
	}
	return list
}

// instructionsOf is the opposite of list.
func instructionsOf(list []Action) (in Instructions) {
	for _, a := range list {
		if m, ok := a.(WriteMetadata); ok {
			in.Metadata, in.MetadataMask = m.Value&m.Mask, m.Mask
			continue
		}
		in.Apply = append(in.Apply, a)
	}
	return in
}
