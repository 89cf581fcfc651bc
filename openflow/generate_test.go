// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"encoding/binary"
	"net/netip"

	"pgregory.net/rapid"

	of "github.com/ovskit/ovskit/openflow"
)

// genBytes draws a value, and often a mask, for a field. Value bits lie within the mask.
func genBytes(t *rapid.T, f of.Field, maskable bool) of.MatchField {
	n := f.Bytes()
	mf := of.MatchField{Field: f, Value: rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "value")}
	if spare := n*8 - f.Bits(); spare > 0 {
		mf.Value[0] &= 0xff >> spare
	}
	if maskable && rapid.Bool().Draw(t, "masked") {
		mf.Mask = rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "mask")
		for i := range mf.Value {
			mf.Value[i] &= mf.Mask[i]
		}
	}
	return mf
}

// genMatch draws a match whose prerequisites are met.
func genMatch(t *rapid.T) of.Match {
	var m of.Match
	some := func(maskable bool, fields ...of.Field) {
		for _, f := range fields {
			if rapid.IntRange(0, 3).Draw(t, "use "+f.String()) == 0 {
				m = append(m, genBytes(t, f, maskable))
			}
		}
	}
	if rapid.Bool().Draw(t, "in_port") {
		m = append(m, of.InPort(rapid.Uint32Range(1, 0xfeff).Draw(t, "port")))
	}
	some(true, of.FieldReg0, of.FieldReg5, of.FieldReg15, of.FieldMetadata, of.FieldEthDst, of.FieldEthSrc,
		of.FieldCTMark, of.FieldCTLabel)
	some(false, of.FieldCTZone)
	if rapid.Bool().Draw(t, "ct_state") {
		// A switch refuses to commit what is known to be invalid.
		set := of.CTFlags(rapid.Uint32Range(0, 0xff).Draw(t, "set")) &^ of.CTInvalid
		m = append(m, of.CTState(set, of.CTFlags(rapid.Uint32Range(0, 0xff).Draw(t, "clear"))&^set))
	}
	switch rapid.IntRange(0, 5).Draw(t, "protocol") {
	case 0:
		m = append(m, of.EthType(of.EthTypeARP), of.ARPOp(uint16(rapid.IntRange(1, 2).Draw(t, "op"))))
		some(true, of.FieldARPSPA, of.FieldARPTPA, of.FieldARPSHA, of.FieldARPTHA)
	case 1:
		m = append(m, of.EthType(of.EthTypeIPv4))
		some(true, of.FieldIPv4Src, of.FieldIPv4Dst)
		some(false, of.FieldIPTTL)
	case 2:
		m = append(m, of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoTCP))
		some(true, of.FieldIPv4Src, of.FieldIPv4Dst, of.FieldTCPSrc, of.FieldTCPDst, of.FieldTCPFlags)
	case 3:
		m = append(m, of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoUDP))
		some(true, of.FieldUDPSrc, of.FieldUDPDst)
	case 4:
		m = append(m, of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoICMP))
		some(false, of.FieldICMPv4Type, of.FieldICMPv4Code)
	}
	if len(m) > 1 {
		m = rapid.Permutation(m).Draw(t, "order")
	}
	return m
}

// genAction draws an action that a switch accepts in a flow for TCP.
func genAction(t *rapid.T) of.Action {
	switch rapid.IntRange(0, 9).Draw(t, "action") {
	case 0:
		return of.Output{Port: rapid.SampledFrom([]uint32{1, 7, of.PortLocal, of.PortInPort, of.PortNormal, of.PortFlood}).Draw(t, "port")}
	case 1:
		return of.Output{Port: of.PortController, MaxLen: rapid.Uint16().Draw(t, "max_len")}
	case 2:
		return of.Move{
			Src: of.Subfield{Field: of.FieldIPv4Src, Offset: 3, Bits: 16},
			Dst: of.Subfield{Field: of.FieldReg7, Offset: 16, Bits: 16},
		}
	case 3:
		return of.Resubmit{
			InPort: rapid.SampledFrom([]uint32{of.PortInPort, 5, of.PortLocal}).Draw(t, "port"),
			Table:  uint8(rapid.IntRange(1, 250).Draw(t, "table")),
		}
	case 4:
		return of.DecTTL{}
	case 5:
		return of.CTClear{}
	case 6:
		return of.SetField{MatchField: of.InPort(rapid.Uint32Range(0, 0xfeff).Draw(t, "port"))}
	case 7:
		return genCT(t)
	}
	f := rapid.SampledFrom([]of.Field{of.FieldReg0, of.FieldReg9, of.FieldMetadata, of.FieldEthSrc, of.FieldEthDst,
		of.FieldIPv4Src, of.FieldIPv4Dst, of.FieldTCPSrc, of.FieldTCPDst, of.FieldIPTTL}).Draw(t, "field")
	return genSet(t, f)
}

// genSet draws a set-field that sets at least one bit.
func genSet(t *rapid.T, f of.Field) of.SetField {
	mf := genBytes(t, f, true)
	if mf.Mask != nil {
		mf.Mask[0] |= 1
	}
	return of.SetField{MatchField: mf}
}

func genCT(t *rapid.T) of.CT {
	ct := of.CT{Commit: rapid.Bool().Draw(t, "commit")}
	if rapid.Bool().Draw(t, "zone from") {
		ct.ZoneFrom = &of.Subfield{Field: of.FieldReg3, Offset: uint16(rapid.IntRange(0, 16).Draw(t, "offset")), Bits: 16}
	} else {
		ct.Zone = rapid.Uint16().Draw(t, "zone")
	}
	if rapid.Bool().Draw(t, "resume") {
		ct.Resume, ct.Table = true, uint8(rapid.IntRange(0, 253).Draw(t, "table"))
	}
	if !ct.Commit {
		if rapid.Bool().Draw(t, "nat") {
			ct.NAT = &of.NAT{}
		}
		return ct
	}
	ct.Force = rapid.Bool().Draw(t, "force")
	if rapid.Bool().Draw(t, "exec") {
		ct.Exec = append(ct.Exec, genSet(t, of.FieldCTMark), genSet(t, of.FieldCTLabel))
	}
	if !rapid.Bool().Draw(t, "nat") {
		return ct
	}
	addr := func(lo, hi uint32) (netip.Addr, uint32) {
		v := rapid.Uint32Range(lo, hi).Draw(t, "address")
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, v))), v
	}
	n := &of.NAT{Type: rapid.SampledFrom([]of.NATType{of.NATSource, of.NATDestination}).Draw(t, "type")}
	low, v := addr(1, 1<<32-2)
	n.AddrMin = low
	if rapid.Bool().Draw(t, "range") {
		n.AddrMax, _ = addr(v+1, 1<<32-1)
	}
	if rapid.Bool().Draw(t, "ports") {
		n.PortMin = rapid.Uint16Range(1, 65534).Draw(t, "first port")
		if rapid.Bool().Draw(t, "port range") {
			n.PortMax = rapid.Uint16Range(n.PortMin+1, 65535).Draw(t, "last port")
		}
	}
	n.Persistent = rapid.Bool().Draw(t, "persistent")
	switch rapid.IntRange(0, 2).Draw(t, "choice") {
	case 1:
		n.Hash = true
	case 2:
		n.Random = true
	}
	ct.NAT = n
	return ct
}

// genFlow draws a flow that a switch accepts. Its actions need TCP over IPv4, which its match then asks for.
func genFlow(t *rapid.T) of.Flow {
	f := of.Flow{
		Table: uint8(rapid.IntRange(0, 20).Draw(t, "table")), Priority: rapid.Uint16().Draw(t, "priority"),
		Cookie: rapid.Uint64().Draw(t, "cookie"), IdleTimeout: rapid.SampledFrom([]uint16{0, 300, 65535}).Draw(t, "idle"),
		HardTimeout: rapid.SampledFrom([]uint16{0, 300, 65535}).Draw(t, "hard"),
		Flags:       of.FlowFlags(rapid.SampledFrom([]of.FlowFlags{0, of.FlowSendRemoved, of.FlowNoByteCounts}).Draw(t, "flags")),
		Match:       genMatch(t),
	}
	if proto, ok := f.Match.Get(of.FieldIPProto); ok && proto.Value[0] == of.IPProtoTCP {
		f.Apply = rapid.SliceOfN(rapid.Custom(genAction), 0, 6).Draw(t, "apply")
		if rapid.Bool().Draw(t, "write") {
			f.ClearActions = rapid.Bool().Draw(t, "clear")
			f.Write = []of.Action{genSet(t, of.FieldEthDst), of.Output{Port: 3}}
		}
	}
	if rapid.Bool().Draw(t, "metadata") {
		f.MetadataMask = rapid.Uint64Min(1).Draw(t, "mask")
		f.Metadata = rapid.Uint64().Draw(t, "value") & f.MetadataMask
	}
	if rapid.Bool().Draw(t, "goto") {
		f.Goto = uint8(rapid.IntRange(int(f.Table)+1, 250).Draw(t, "goto table"))
	}
	return f
}
