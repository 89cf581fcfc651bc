// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// The subtypes of Nicira's actions that Open vSwitch 3.1 takes over OpenFlow 1.3 and later. OpenFlow 1.5 has no place for
// three of them: its own actions do the same.
const (
	nxResubmit        = 1
	nxSetTunnel       = 2
	nxPopQueue        = 5
	nxRegMove         = 6 // up to OpenFlow 1.4
	nxRegLoad         = 7 // up to OpenFlow 1.4
	nxNote            = 8
	nxSetTunnel64     = 9
	nxMultipath       = 10
	nxBundle          = 12
	nxBundleLoad      = 13
	nxResubmitTable   = 14
	nxOutputReg       = 15
	nxLearn           = 16
	nxExit            = 17
	nxFinTimeout      = 19
	nxController      = 20
	nxDecTTLIDs       = 21
	nxStackPush       = 27
	nxStackPop        = 28
	nxSample          = 29
	nxOutputReg2      = 32
	nxRegLoad2        = 33 // up to OpenFlow 1.4
	nxConjunction     = 34
	nxCT              = 35
	nxNAT             = 36
	nxController2     = 37
	nxSample2         = 38
	nxOutputTrunc     = 39
	nxSample3         = 41
	nxClone           = 42
	nxCTClear         = 43
	nxResubmitTableCT = 44
	nxLearn2          = 45
	nxEncap           = 46
	nxDecap           = 47
	nxDecNSHTTL       = 48
	nxCheckPktLarger  = 49
	nxDeleteField     = 50
)

// decodeNicira reads an action of Nicira's, of which r is behind the experimenter.
func decodeNicira(b []byte, r *reader, v Version, depth int) (Action, error) {
	subtype := r.u16()
	switch subtype {
	case nxResubmit:
		return sized(b, 16, Resubmit{InPort: port32(r.u16()), Table: CurrentTable})
	case nxResubmitTable, nxResubmitTableCT:
		return sized(b, 16, Resubmit{InPort: port32(r.u16()), Table: r.u8(), CT: subtype == nxResubmitTableCT})
	case nxSetTunnel:
		r.skip(2)
		return sized(b, 16, setNumber(FieldTunID, uint64(r.u32())))
	case nxSetTunnel64:
		r.skip(6)
		return sized(b, 24, setNumber(FieldTunID, r.u64()))
	case nxPopQueue:
		return sized(b, 16, PopQueue{})
	case nxRegMove:
		if v < Version15 {
			return decodeMove(b, r, 0)
		}
	case nxRegLoad:
		if v < Version15 {
			return decodeRegLoad(b, r)
		}
	case nxRegLoad2:
		if v < Version15 {
			return decodeSetField(b, r, true)
		}
	case nxNote:
		return Note{Data: r.rest()}, nil
	case nxMultipath:
		return decodeMultipath(b, r)
	case nxBundle, nxBundleLoad:
		return decodeMembers(b, r, subtype == nxBundleLoad)
	case nxOutputReg, nxOutputReg2:
		return decodeOutputField(b, r, subtype == nxOutputReg2)
	case nxOutputTrunc:
		return decodeOutputTruncated(b, r)
	case nxLearn, nxLearn2:
		return decodeLearn(b, r, subtype == nxLearn2)
	case nxExit:
		return sized(b, 16, Exit{})
	case nxFinTimeout:
		return sized(b, 16, FinTimeout{IdleTimeout: r.u16(), HardTimeout: r.u16()})
	case nxController:
		return decodeController(b, r)
	case nxController2:
		return decodeController2(b, r)
	case nxDecTTLIDs:
		return decodeDecTTLIDs(b, r)
	case nxStackPush, nxStackPop:
		return decodeStack(b, r, subtype == nxStackPush)
	case nxSample, nxSample2, nxSample3:
		return decodeSample(b, r, subtype)
	case nxConjunction:
		return decodeConjunction(b, r)
	case nxCT:
		return decodeCT(b, r, v, depth)
	case nxNAT:
		return nil, malformed(ErrBadActionArgument, "nat outside of ct")
	case nxClone:
		return decodeClone(r, v, depth)
	case nxCTClear:
		return sized(b, 16, CTClear{})
	case nxEncap:
		return decodeEncap(b, r)
	case nxDecap:
		return decodeDecap(b, r)
	case nxDecNSHTTL:
		return sized(b, 16, DecNSHTTL{})
	case nxCheckPktLarger:
		return decodeCheckPacketLarger(b, r)
	case nxDeleteField:
		return decodeDeleteField(b, r)
	}
	return RawAction{b}, nil
}

// niciraSubtype is the subtype of an action of Nicira's, -1 of another.
func niciraSubtype(action []byte) int {
	r := &reader{b: action}
	if typ := r.u16(); typ != actionExperimenter || len(action) < 10 {
		return -1
	}
	r.skip(2)
	if r.u32() != experimenterNicira {
		return -1
	}
	return int(r.u16())
}
