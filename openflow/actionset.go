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
	actionSetIPToS     = 7
	actionSetIPECN     = 8
	actionSetMPLSLabel = 13
	actionSetMPLSTC    = 14
	actionSetMPLSTTL   = 15
	actionSetTTL       = 23
)

// decodeSet reads an action that sets one field.
func decodeSet(b []byte, r *reader, typ uint16) (Action, error) {
	switch typ {
	case actionSetVLANVID:
		vid := r.u16()
		if vid >= vlanPresent {
			return nil, malformed(ErrBadActionArgument, "set_vlan_vid action with %#x", vid)
		}
		return sized(b, 8, setNumber(FieldVLANVID, uint64(vid|vlanPresent)))
	case actionSetVLANPCP:
		return setPart(b, FieldVLANPCP, uint64(r.u8()))
	case actionSetEthSrc:
		return sized(b, 16, SetField{MatchField{Field: FieldEthSrc, Value: r.bytes(6)}})
	case actionSetEthDst:
		return sized(b, 16, SetField{MatchField{Field: FieldEthDst, Value: r.bytes(6)}})
	case actionSetIPv4Src:
		return sized(b, 8, setNumber(FieldIPv4Src, uint64(r.u32())))
	case actionSetIPv4Dst:
		return sized(b, 8, setNumber(FieldIPv4Dst, uint64(r.u32())))
	case actionSetIPToS:
		tos := r.u8()
		if tos&3 != 0 {
			return nil, malformed(ErrBadActionArgument, "set_nw_tos action with %#x", tos)
		}
		return setPart(b, FieldIPDSCP, uint64(tos>>2))
	case actionSetIPECN:
		return setPart(b, FieldIPECN, uint64(r.u8()))
	case actionSetMPLSLabel:
		return setPart(b, FieldMPLSLabel, uint64(r.u32()))
	case actionSetMPLSTC:
		return setPart(b, FieldMPLSTC, uint64(r.u8()))
	case actionSetMPLSTTL:
		return setPart(b, FieldMPLSTTL, uint64(r.u8()))
	case actionSetTTL:
		return setPart(b, FieldIPTTL, uint64(r.u8()))
	}
	return RawAction{b}, nil
}

func setNumber(f Field, n uint64) SetField { return SetField{Uint(f, n)} }

// setPart is the action of 8 bytes that sets a field to a number, of which it may not have the bits.
func setPart(b []byte, f Field, n uint64) (Action, error) {
	if n>>f.Bits() != 0 {
		return nil, malformed(ErrBadActionArgument, "%v is set to %#x", f, n)
	}
	return sized(b, 8, setNumber(f, n))
}
