// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// The actions that set one field: those that OpenFlow 1.2 has deprecated, which Open vSwitch still reads in all
// versions, and Nicira's for the tunnel. They are read as the SetField that a switch takes them for. Those of the
// transport's ports (9 and 10) stay raw: which field they set depends on the flow's match.
const (
	actionSetVLANVID   = 1
	actionSetVLANPCP   = 2
	actionSetEthSrc    = 3
	actionSetEthDst    = 4
	actionSetIPv4Src   = 5
	actionSetIPv4Dst   = 6
	actionSetIPDSCP    = 7
	actionSetIPECN     = 8
	actionSetMPLSLabel = 13
	actionSetMPLSTC    = 14
	actionSetMPLSTTL   = 15
	actionSetTTL       = 23
)

// vlanPresent is the bit of vlan_vid that says that there is a tag.
const vlanPresent = 0x1000

// decodeSet reads an action that sets one field.
func decodeSet(b []byte, r *reader, typ uint16) (Action, error) {
	switch typ {
	case actionSetVLANVID:
		return setNumber(b, 8, classBasic, 6, 12, r.u16, vlanPresent)
	case actionSetVLANPCP:
		return setNumber(b, 8, classBasic, 7, 3, r.u8, 0)
	case actionSetEthSrc:
		return sized(b, 16, SetField{MatchField{Field: FieldEthSrc, Value: r.bytes(6)}})
	case actionSetEthDst:
		return sized(b, 16, SetField{MatchField{Field: FieldEthDst, Value: r.bytes(6)}})
	case actionSetIPv4Src:
		return sized(b, 8, SetField{MatchField{Field: FieldIPv4Src, Value: r.bytes(4)}})
	case actionSetIPv4Dst:
		return sized(b, 8, SetField{MatchField{Field: FieldIPv4Dst, Value: r.bytes(4)}})
	case actionSetIPDSCP:
		tos := r.u8()
		if tos&3 != 0 {
			return nil, malformed(ErrBadActionArgument, "set_nw_tos action with %#x", tos)
		}
		return setNumber(b, 8, classBasic, 8, 6, func() uint8 { return tos >> 2 }, 0)
	case actionSetIPECN:
		return setNumber(b, 8, classBasic, 9, 2, r.u8, 0)
	case actionSetMPLSLabel:
		return setNumber(b, 8, classBasic, 34, 20, r.u32, 0)
	case actionSetMPLSTC:
		return setNumber(b, 8, classBasic, 35, 3, r.u8, 0)
	case actionSetMPLSTTL:
		return setNumber(b, 8, classNXM1, 30, 8, r.u8, 0)
	case actionSetTTL:
		return sized(b, 8, SetField{Uint(FieldIPTTL, uint64(r.u8()))})
	}
	return RawAction{b}, nil
}

// setNumber reads a number for the field of a header and sets further bits.
func setNumber[N uint8 | uint16 | uint32 | uint64](b []byte, length int, class uint16, number uint8, bits int, read func() N, further N) (Action, error) {
	f, ok := fieldByHeader(class, number)
	if !ok {
		return RawAction{b}, nil
	}
	n := read()
	if uint64(n)>>bits != 0 {
		return nil, malformed(ErrBadActionArgument, "%v is set to %#x", f, n)
	}
	return sized(b, length, SetField{Uint(f, uint64(n|further))})
}
