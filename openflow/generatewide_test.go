// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

// fieldsAnywhere are fields without prerequisites.
var fieldsAnywhere = []of.Field{of.FieldReg1, of.FieldReg7, of.FieldMetadata, of.FieldPktMark, of.FieldTunID, of.FieldTunSrc,
	of.FieldTunDst, of.FieldTunIPv6Src, of.FieldTunIPv6Dst, of.FieldTunGBPID, of.FieldCTMark, of.FieldCTLabel, of.FieldCTZone,
	of.FieldConjID, of.FieldEthSrc, of.FieldEthDst, of.FieldXReg2, of.FieldXXReg3}

// wideProtocols are protocols, and the fields they bring.
var wideProtocols = []struct {
	match  of.Match
	fields []of.Field
}{
	{nil, nil},
	{of.Match{of.EthType(0x1234)}, nil},
	{of.Match{of.EthType(of.EthTypeARP)}, []of.Field{of.FieldARPSPA, of.FieldARPTPA, of.FieldARPSHA, of.FieldARPTHA}},
	{of.Match{of.EthType(of.EthTypeRARP)}, []of.Field{of.FieldARPSPA, of.FieldARPTHA}},
	{of.Match{of.EthType(of.EthTypeMPLS)}, []of.Field{of.FieldMPLSLabel, of.FieldMPLSTC, of.FieldMPLSBOS, of.FieldMPLSTTL}},
	{of.Match{of.EthType(of.EthTypeNSH)}, []of.Field{of.FieldNSHFlags, of.FieldNSHSPI, of.FieldNSHSI}},
	{of.Match{of.EthType(of.EthTypeIPv4)}, ipFields},
	{of.Match{of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoICMP)}, append(ipFields, of.FieldICMPv4Type, of.FieldICMPv4Code)},
	{of.Match{of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoTCP)}, append(ipFields, of.FieldTCPSrc, of.FieldTCPDst, of.FieldTCPFlags)},
	{of.Match{of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoSCTP)}, append(ipFields, of.FieldSCTPSrc, of.FieldSCTPDst)},
	{of.Match{of.EthType(of.EthTypeIPv6)}, ipv6Fields},
	{of.Match{of.EthType(of.EthTypeIPv6), of.IPProto(of.IPProtoTCP)}, append(ipv6Fields, of.FieldTCPSrc, of.FieldTCPDst, of.FieldTCPFlags)},
	{of.Match{of.EthType(of.EthTypeIPv6), of.IPProto(of.IPProtoUDP)}, append(ipv6Fields, of.FieldUDPSrc, of.FieldUDPDst)},
	{of.Match{of.EthType(of.EthTypeIPv6), of.IPProto(of.IPProtoICMPv6)}, append(ipv6Fields, of.FieldICMPv6Code)},
	{
		of.Match{of.EthType(of.EthTypeIPv6), of.IPProto(of.IPProtoICMPv6), of.ICMPv6Type(of.ICMPv6NeighborSolicit), of.ICMPv6Code(0)},
		append(ipv6Fields, of.FieldNDTarget, of.FieldNDSLL, of.FieldNDReserved),
	},
}

var (
	ipFields   = []of.Field{of.FieldIPv4Src, of.FieldIPv4Dst, of.FieldIPDSCP, of.FieldIPECN, of.FieldIPTTL}
	ipv6Fields = []of.Field{of.FieldIPv6Src, of.FieldIPv6Dst, of.FieldIPv6Label, of.FieldIPDSCP, of.FieldIPECN, of.FieldIPTTL}
)

// genWideFlow draws a flow of any protocol, with the actions that need none.
func genWideFlow(t *rapid.T) of.Flow {
	f := of.Flow{Table: uint8(rapid.IntRange(0, 20).Draw(t, "table")), Priority: rapid.Uint16().Draw(t, "priority"), Cookie: 1}
	some := func(fields ...of.Field) {
		for _, field := range fields {
			if rapid.IntRange(0, 3).Draw(t, "use "+field.String()) == 0 {
				f.Match = append(f.Match, narrow(genBytes(t, field, field.Maskable())))
			}
		}
	}
	some(fieldsAnywhere...)
	switch rapid.IntRange(0, 5).Draw(t, "tag") {
	case 0:
		f.Match = append(f.Match, of.VLANID(rapid.Uint16Range(0, 4095).Draw(t, "VLAN")))
	case 1:
		f.Match = append(f.Match, of.VLANPCP(rapid.Uint8Range(0, 7).Draw(t, "priority")))
	case 2:
		f.Match = append(f.Match, of.UintMasked(of.FieldVLANVID, rapid.Uint64Range(0, 0xfff).Draw(t, "VLAN")|0x1000, rapid.Uint64Range(0, 0xfff).Draw(t, "mask")|0x1000))
	case 3:
		f.Match = append(f.Match, of.Untagged())
	}
	p := rapid.SampledFrom(wideProtocols).Draw(t, "protocol")
	f.Match = append(f.Match, p.match...)
	some(p.fields...)
	f.Apply = rapid.SliceOfN(rapid.Custom(genWideAction), 0, 5).Draw(t, "apply")
	return f
}

// narrow clears the bits that the field has not, and keeps clear of masks that ovs-ofctl cannot read.
func narrow(mf of.MatchField) of.MatchField {
	for bit := mf.Field.Bits(); bit < 8*len(mf.Value); bit++ {
		mf.Value[len(mf.Value)-1-bit/8] &^= 1 << (bit % 8)
		if mf.Mask != nil {
			mf.Mask[len(mf.Value)-1-bit/8] &^= 1 << (bit % 8)
		}
	}
	switch mf.Field {
	case of.FieldIPv6Src, of.FieldIPv6Dst, of.FieldTunIPv6Src, of.FieldTunIPv6Dst, of.FieldNDTarget:
		if mf.Mask != nil {
			mf.Mask[0] |= 0xf0 // ovs-ofctl takes a mask for a prefix length that begins with a decimal digit
		}
	}
	return mf
}

// genWideAction draws an action that needs no protocol.
func genWideAction(t *rapid.T) of.Action {
	part := func(width uint16) of.Subfield {
		return of.Subfield{
			Field: of.FieldReg2 + of.Field(rapid.IntRange(0, 5).Draw(t, "register")), Bits: width,
			Offset: rapid.Uint16Range(0, 32-width).Draw(t, "offset"),
		}
	}
	port := rapid.SampledFrom([]uint32{1, 2, 65279, of.PortLocal, of.PortInPort}).Draw(t, "port")
	switch rapid.IntRange(0, 16).Draw(t, "action") {
	case 0:
		width := rapid.Uint16Range(1, 32).Draw(t, "width")
		return of.Move{Src: part(width), Dst: part(width)}
	case 1:
		return of.StackPush{Src: part(rapid.Uint16Range(1, 32).Draw(t, "width"))}
	case 2:
		return of.StackPop{Dst: part(rapid.Uint16Range(1, 32).Draw(t, "width"))}
	case 3:
		return of.OutputField{Src: part(16), MaxLen: of.WholePacket}
	case 4:
		return of.OutputTruncated{Port: port, MaxLen: rapid.Uint32Range(14, 1<<32-1).Draw(t, "max_len")}
	case 5:
		return of.Controller{Reason: of.PacketInNoMatch, MaxLen: rapid.Uint16().Draw(t, "max_len"), ID: rapid.Uint16().Draw(t, "id"), Userdata: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "userdata")}
	case 6:
		return of.Resubmit{InPort: port, Table: rapid.Uint8Range(0, 254).Draw(t, "table")}
	case 7:
		return genLearn(t, part)
	case 8:
		return of.Multipath{
			Fields: of.HashFields(rapid.IntRange(0, 6).Draw(t, "fields")), Basis: rapid.Uint16().Draw(t, "basis"),
			Algorithm: of.MultipathAlgorithm(rapid.IntRange(0, 3).Draw(t, "algorithm")),
			Links:     rapid.Uint32Range(1, 1<<16).Draw(t, "links"), Arg: rapid.Uint32Range(0, 1<<31-1).Draw(t, "arg"), Dst: part(16),
		}
	case 9:
		return of.Members{Fields: of.HashSymmetricL4, Algorithm: of.MembersHRW, Ports: rapid.SliceOfN(rapid.Uint32Range(1, 0xfeff), 0, 4).Draw(t, "ports")}
	case 10:
		return of.Sample{
			Probability: rapid.Uint16Min(1).Draw(t, "probability"), CollectorSet: rapid.Uint32().Draw(t, "set"),
			ObsPoint: rapid.Uint32().Draw(t, "point"), Port: rapid.SampledFrom([]uint32{0, 1}).Draw(t, "sampled"),
			Direction: of.SampleDirection(rapid.IntRange(0, 2).Draw(t, "direction")),
		}
	case 11:
		return of.Clone{Actions: rapid.SliceOfN(rapid.Custom(genWideAction), 0, 2).Draw(t, "clone")}
	case 12:
		return of.CheckPacketLarger{Length: rapid.Uint16().Draw(t, "length"), Dst: part(1)}
	case 13:
		return of.Note{Data: rapid.SliceOfN(rapid.Byte(), 6, 6).Draw(t, "note")}
	case 14:
		return of.SetQueue{ID: rapid.Uint32().Draw(t, "queue")}
	case 15:
		f := rapid.SampledFrom([]of.Field{of.FieldReg2, of.FieldXReg3, of.FieldXXReg1, of.FieldTunID, of.FieldTunIPv6Dst,
			of.FieldPktMark, of.FieldEthSrc, of.FieldMetadata}).Draw(t, "field")
		return of.SetField{MatchField: narrow(genSet(t, f).MatchField)}
	}
	return of.Output{Port: port}
}

func genLearn(t *rapid.T, part func(uint16) of.Subfield) of.Learn {
	width := rapid.Uint16Range(1, 32).Draw(t, "width")
	number := func() uint64 { return rapid.Uint64Range(0, 1<<width-1).Draw(t, "number") }
	return of.Learn{
		Table: rapid.Uint8Range(0, 254).Draw(t, "table"), Priority: rapid.Uint16().Draw(t, "priority"),
		Cookie: rapid.Uint64().Draw(t, "cookie"), IdleTimeout: rapid.Uint16().Draw(t, "idle"),
		FinHardTimeout: rapid.Uint16().Draw(t, "fin"), DeleteLearned: rapid.Bool().Draw(t, "delete"),
		Limit: rapid.Uint32Range(0, 1<<31-1).Draw(t, "limit"),
		Specs: []of.LearnSpec{
			of.LearnMatch(part(width), part(width)), of.LearnMatchValue(part(width), number()), of.LearnLoad(part(width), part(width)),
			of.LearnLoadValue(number(), part(width)), of.LearnMatch(of.Whole(of.FieldEthDst), of.Whole(of.FieldEthSrc)),
			of.LearnMatchValue(of.Whole(of.FieldEthType), 0x800), of.LearnOutput(of.Whole(of.FieldInPort16)),
		},
	}
}
