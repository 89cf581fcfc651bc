// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

// sub is the bits of a field from offset on.
func sub(f of.Field, offset, bits uint16) of.Subfield {
	return of.Subfield{Field: f, Offset: offset, Bits: bits}
}

func ptr[T any](v T) *T { return &v }

func set(mf of.MatchField) of.Action { return of.SetField{MatchField: mf} }

// The matches that actions ask for.
var (
	matchIP   = of.Match{of.EthType(of.EthTypeIPv4)}
	matchIPv6 = of.Match{of.EthType(of.EthTypeIPv6)}
	matchTCP  = of.Match{of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoTCP)}
	matchUDP  = of.Match{of.EthType(of.EthTypeIPv4), of.IPProto(of.IPProtoUDP)}
	matchMPLS = of.Match{of.EthType(of.EthTypeMPLS)}
	matchNSH  = of.Match{of.EthType(of.EthTypeNSH)}
	matchVLAN = of.Match{of.UintMasked(of.FieldVLANTCI, 0x1000, 0x1000)}
	matchCT   = of.Match{of.EthType(of.EthTypeIPv4), of.CTState(of.CTTracked|of.CTEstablished, 0)}
)

// everyAction has each action, with its variants.
var everyAction = []struct {
	action of.Action
	// text is the action as ovs-ofctl writes it.
	text string
	// match is what a flow with the action has to match.
	match of.Match
}{
	{of.Output{Port: 1}, "output:1", nil},
	{of.Output{Port: of.PortInPort}, "IN_PORT", nil},
	{of.Output{Port: of.PortNormal}, "NORMAL", nil},
	{of.Output{Port: of.PortController, MaxLen: 128}, "CONTROLLER:128", nil},
	{of.OutputField{Src: sub(of.FieldReg0, 0, 16), MaxLen: of.WholePacket}, "output:NXM_NX_REG0[0..15]", nil},
	{of.OutputField{Src: of.Whole(of.FieldReg1)}, "output:NXM_NX_REG1[]", nil},
	{of.OutputTruncated{Port: 2, MaxLen: 100}, "output(port=2,max_len=100)", nil},
	{of.OutputTruncated{Port: of.PortLocal, MaxLen: 14}, "output(port=LOCAL,max_len=14)", nil},
	{of.Controller{Reason: of.PacketInAction, MaxLen: 77}, "CONTROLLER:77", nil},
	{of.Controller{Reason: of.PacketInInvalidTTL, MaxLen: of.WholePacket}, "controller(reason=invalid_ttl)", nil},
	{of.Controller{MaxLen: 64, ID: 3}, "controller(reason=no_match,max_len=64,id=3)", nil},
	{of.Controller{Reason: 5, MaxLen: 128, ID: 9, Userdata: []byte{1, 2, 0xfe}, Pause: true},
		"controller(reason=packet_out,max_len=128,id=9,userdata=01.02.fe,pause)", nil},
	{of.Controller{Reason: of.PacketInAction, MaxLen: of.WholePacket, Pause: true}, "controller(pause)", nil},
	{of.Controller{Reason: of.PacketInAction, MaxLen: of.WholePacket, Userdata: make([]byte, 12)},
		"controller(userdata=00.00.00.00.00.00.00.00.00.00.00.00)", nil},
	{of.Controller{Reason: of.PacketInAction, MaxLen: of.WholePacket, Meter: 6}, "controller(meter_id=6)", nil},
	{of.OutputGroup{ID: 7}, "group:7", nil},
	{of.SetQueue{ID: 5}, "set_queue:5", nil},
	{of.PopQueue{}, "pop_queue", nil},
	{of.Resubmit{InPort: 4, Table: of.CurrentTable}, "resubmit:4", nil},
	{of.Resubmit{InPort: of.PortInPort, Table: 5}, "resubmit(,5)", nil},
	{of.Resubmit{InPort: of.PortLocal, Table: 5}, "resubmit(LOCAL,5)", nil},
	{of.Resubmit{InPort: of.PortInPort, Table: 5, CT: true}, "resubmit(,5,ct)", matchCT},
	{set(of.Reg(0, 9)), "set_field:0x9->reg0", nil},
	{set(of.RegMasked(3, 0x10, 0xf0)), "set_field:0x10/0xf0->reg3", nil},
	{set(of.EthSrc(mac("0a:00:00:00:00:01"))), "set_field:0a:00:00:00:00:01->eth_src", nil},
	{set(of.UintMasked(of.FieldEthDst, 0x0a0000000000, 0xff0000000000)), "set_field:0a:00:00:00:00:00/ff:00:00:00:00:00->eth_dst",
		nil},
	{set(of.Uint(of.FieldIPTTL, 64)), "set_field:64->nw_ttl", matchIP},
	{of.Move{Src: of.Whole(of.FieldEthSrc), Dst: of.Whole(of.FieldEthDst)}, "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]", nil},
	{of.Move{Src: sub(of.FieldReg0, 4, 8), Dst: sub(of.FieldReg15, 24, 8)}, "move:NXM_NX_REG0[4..11]->NXM_NX_REG15[24..31]", nil},
	{of.Move{Src: sub(of.FieldMetadata, 63, 1), Dst: sub(of.FieldReg2, 0, 1)}, "move:OXM_OF_METADATA[63]->NXM_NX_REG2[0]", nil},
	{set(of.InPort(0)), "set_field:0->in_port", nil},
	{set(of.Uint(of.FieldVLANVID, 0x1005)), "set_field:4101->vlan_vid", matchVLAN},
	{set(of.Uint(of.FieldVLANPCP, 3)), "set_field:3->vlan_pcp", matchVLAN},
	{set(of.Uint(of.FieldMPLSLabel, 99)), "set_field:99->mpls_label", matchMPLS},
	{set(of.Uint(of.FieldMPLSTTL, 9)), "set_field:9->mpls_ttl", matchMPLS},
	{set(of.Uint(of.FieldTunID, 0x123456789)), "set_field:0x123456789->tun_id", nil},
	{set(of.UintMasked(of.FieldTunDst, 0x0a000000, 0xff000000)), "set_field:10.0.0.0/8->tun_dst", nil},
	{set(of.UintMasked(of.FieldXReg3, 1, 1<<40|1)), "set_field:0x1/0x10000000001->xreg3", nil},
	{set(of.MatchField{Field: of.FieldIPv6Src, Value: ip("fe80::1").AsSlice()}), "set_field:fe80::1->ipv6_src", matchIPv6},
	{set(of.Uint(of.FieldIPDSCP, 10)), "set_field:10->ip_dscp", matchIP},
	{set(of.Uint(of.FieldNSHSPI, 0x1234)), "set_field:0x1234->nsh_spi", matchNSH},
	{set(of.MatchField{Field: of.FieldTunMetadata0, Value: []byte{1, 2, 3, 4}}), "set_field:0x1020304->tun_metadata0", nil},
	{of.Move{Src: of.Whole(of.FieldInPort16), Dst: sub(of.FieldReg1, 16, 16)}, "move:NXM_OF_IN_PORT[]->NXM_NX_REG1[16..31]", nil},
	{of.Move{Src: of.Whole(of.FieldNSHC1), Dst: of.Whole(of.FieldNSHC4)}, "move:NXOXM_NSH_C1[]->NXOXM_NSH_C4[]", matchNSH},
	{of.Move{Src: of.Whole(of.FieldReg0), Dst: sub(of.FieldTunMetadata0, 0, 32)},
		"move:NXM_NX_REG0[]->NXM_NX_TUN_METADATA0[0..31]", nil},
	{of.OutputField{Src: sub(of.FieldTunMetadata0, 0, 16)}, "output:NXM_NX_TUN_METADATA0[0..15]", nil},
	{of.StackPop{Dst: sub(of.FieldTunMetadata0, 8, 8)}, "pop:NXM_NX_TUN_METADATA0[8..15]", nil},
	{set(of.MatchField{Field: of.FieldTunMetadata0, Value: []byte{3, 4, 0, 0}, Mask: []byte{0xff, 0xff, 0, 0}}),
		"set_field:0x3040000/0xffff0000->tun_metadata0", nil},
	{of.Move{Src: of.Whole(of.FieldTunID), Dst: of.Whole(of.FieldXReg0)}, "move:NXM_NX_TUN_ID[]->OXM_OF_PKT_REG0[]", nil},
	{of.Move{Src: of.Whole(of.FieldIPv6Src), Dst: of.Whole(of.FieldXXReg1)}, "move:NXM_NX_IPV6_SRC[]->NXM_NX_XXREG1[]", matchIPv6},
	{of.OutputField{Src: of.Whole(of.FieldNSHC1), MaxLen: of.WholePacket}, "output:NXOXM_NSH_C1[]", matchNSH},
	{of.StackPush{Src: of.Whole(of.FieldNSHC2)}, "push:NXOXM_NSH_C2[]", matchNSH},
	{of.CheckPacketLarger{Length: 99, Dst: sub(of.FieldNSHC2, 3, 1)}, "check_pkt_larger(99)->NXOXM_NSH_C2[3]", nil},
	{of.DeleteField{Field: of.FieldTunMetadata0}, "delete_field:tun_metadata0", nil},
	{of.Learn{Table: 3, Priority: 0x8000, Specs: []of.LearnSpec{
		of.LearnMatchValue(of.Whole(of.FieldInPort16), 99),
		of.LearnMatchValue(of.Whole(of.FieldEthType), 0x86dd),
		{To: of.LearnToMatch, Dst: of.Whole(of.FieldIPv6Dst), Value: ip("fe80::9").AsSlice()},
		of.LearnMatch(of.Whole(of.FieldIPv6Src), of.Whole(of.FieldIPv6Dst)),
		of.LearnLoad(of.Whole(of.FieldInPort16), sub(of.FieldReg1, 16, 16)),
		of.LearnOutput(of.Whole(of.FieldInPort16)),
	}}, "learn(table=3,in_port=99,eth_type=0x86dd,ipv6_dst=fe80::9,NXM_NX_IPV6_SRC[]=NXM_NX_IPV6_DST[]," +
		"load:NXM_OF_IN_PORT[]->NXM_NX_REG1[16..31],output:NXM_OF_IN_PORT[])", matchIPv6},
	{of.PushVLAN{EthType: of.EthTypeVLAN}, "push_vlan:0x8100", nil},
	{of.PushVLAN{EthType: of.EthTypeServiceVLAN}, "push_vlan:0x88a8", nil},
	{of.PopVLAN{}, "pop_vlan", matchVLAN},
	{of.PushMPLS{EthType: of.EthTypeMPLS}, "push_mpls:0x8847", nil},
	{of.PushMPLS{EthType: of.EthTypeMPLSMulticast}, "push_mpls:0x8848", nil},
	{of.PopMPLS{EthType: of.EthTypeIPv4}, "pop_mpls:0x0800", matchMPLS},
	{of.DecMPLSTTL{}, "dec_mpls_ttl", matchMPLS},
	{of.DecTTL{}, "dec_ttl", matchIP},
	{of.DecTTL{Controllers: []uint16{0}}, "dec_ttl(0)", matchIP},
	{of.DecTTL{Controllers: []uint16{1, 2, 3, 4, 500}}, "dec_ttl(1,2,3,4,500)", matchIPv6},
	{of.CT{}, "ct()", matchIP},
	{of.CT{Commit: true, Force: true, Zone: 4, Resume: true, Table: 3}, "ct(commit,force,table=3,zone=4)", matchIP},
	{of.CT{Commit: true, ZoneFrom: ptr(sub(of.FieldReg2, 16, 16)), ALG: of.ALGFTP}, "ct(commit,zone=NXM_NX_REG2[16..31],alg=ftp)",
		matchTCP},
	{of.CT{Commit: true, ALG: of.ALGTFTP}, "ct(commit,alg=tftp)", matchUDP},
	{of.CT{Commit: true, Exec: []of.Action{set(of.Uint(of.FieldCTMark, 5)), set(of.UintMasked(of.FieldCTLabel, 1, 3))}},
		"ct(commit,exec(set_field:0x5->ct_mark,set_field:0x1/0x3->ct_label))", matchIP},
	{of.CT{Commit: true, Exec: []of.Action{of.Move{Src: of.Whole(of.FieldReg0), Dst: of.Whole(of.FieldCTMark)}}},
		"ct(commit,exec(move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]))", matchIP},
	{of.CT{NAT: &of.NAT{}}, "ct(nat)", matchIP},
	{nat(of.NAT{Type: of.NATSource}), "ct(commit,nat(src))", matchIP},
	{nat(of.NAT{Type: of.NATDestination, AddrMin: ip("10.0.0.1"), PortMin: 80}), "ct(commit,nat(dst=10.0.0.1:80))", matchIP},
	{nat(of.NAT{Type: of.NATSource, AddrMin: ip("10.0.0.1"), AddrMax: ip("10.0.0.9"), PortMin: 80, PortMax: 90, Persistent: true,
		Hash: true}),
		"ct(commit,nat(src=10.0.0.1-10.0.0.9:80-90,persistent,hash))", matchIP},
	{nat(of.NAT{Type: of.NATSource, AddrMin: ip("fe80::1"), Random: true}), "ct(commit,nat(src=fe80::1,random))", matchIPv6},
	{nat(of.NAT{Type: of.NATSource, AddrMin: ip("fe80::1"), AddrMax: ip("fe80::9")}), "ct(commit,nat(src=fe80::1-fe80::9))",
		matchIPv6},
	{nat(of.NAT{Type: of.NATDestination, AddrMin: ip("fe80::1"), AddrMax: ip("fe80::9"), PortMin: 80, PortMax: 90}),
		"ct(commit,nat(dst=[fe80::1]-[fe80::9]:80-90))", matchIPv6},
	{of.CT{Commit: true, Exec: []of.Action{set(of.Uint(of.FieldCTMark, 5)), of.NAT{Type: of.NATSource}}},
		"ct(commit,exec(set_field:0x5->ct_mark,nat(src)))", matchIP},
	{of.CTClear{}, "ct_clear", nil},
	{of.Learn{Table: 1, Priority: 0x8000, HardTimeout: 60, Specs: []of.LearnSpec{
		of.LearnMatch(sub(of.FieldVLANTCI, 0, 12), sub(of.FieldVLANTCI, 0, 12)),
		of.LearnMatch(of.Whole(of.FieldEthDst), of.Whole(of.FieldEthSrc)),
		of.LearnOutput(sub(of.FieldReg0, 0, 16)),
	}}, "learn(table=1,hard_timeout=60,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_NX_REG0[0..15])", nil},
	{of.Learn{Table: 2, Priority: 9, IdleTimeout: 1, HardTimeout: 2, FinIdleTimeout: 3, FinHardTimeout: 4, Cookie: 0xabc,
		SendRemoved: true, DeleteLearned: true, Limit: 5, Result: ptr(sub(of.FieldReg7, 8, 1)), Specs: []of.LearnSpec{
			of.LearnMatchValue(of.Whole(of.FieldEthType), 0x800),
			of.LearnMatchValue(of.Whole(of.FieldIPProto), 6),
			of.LearnMatchValue(sub(of.FieldReg1, 3, 5), 0x1f),
			of.LearnMatch(of.Whole(of.FieldTCPDst), of.Whole(of.FieldTCPSrc)),
			of.LearnLoadValue(0x123456, sub(of.FieldReg2, 8, 24)),
			of.LearnLoad(of.Whole(of.FieldReg3), sub(of.FieldMetadata, 16, 32)),
		}}, "learn(table=2,idle_timeout=1,hard_timeout=2,fin_idle_timeout=3,fin_hard_timeout=4,priority=9,send_flow_rem," +
		"delete_learned,cookie=0xabc,limit=5,result_dst=NXM_NX_REG7[8],eth_type=0x800,nw_proto=6,NXM_NX_REG1[3..7]=0x1f," +
		"NXM_OF_TCP_DST[]=NXM_OF_TCP_SRC[],load:0x123456->NXM_NX_REG2[8..31],load:NXM_NX_REG3[]->OXM_OF_METADATA[16..47])", matchTCP},
	{of.Learn{Limit: 1}, "learn(table=0,priority=0,limit=1)", nil},
	{of.Learn{Specs: []of.LearnSpec{of.LearnLoadValue(0, of.Whole(of.FieldCTLabel))}},
		"learn(table=0,priority=0,load:0->NXM_NX_CT_LABEL[])", nil},
	{of.Conjunction{ID: 1234, Clause: 1, Clauses: 2}, "conjunction(1234,1/2)", nil},
	{of.Conjunction{ID: 1, Clause: 64, Clauses: 64}, "conjunction(1,64/64)", nil},
	{of.Note{Data: []byte{0x11, 0xe9, 0x9a, 0xad, 0x67, 0xf3}}, "note:11.e9.9a.ad.67.f3", nil},
	{of.Note{Data: make([]byte, 14)}, "note:00.00.00.00.00.00.00.00.00.00.00.00.00.00", nil},
	{of.Multipath{Basis: 50, Links: 1, Dst: of.Whole(of.FieldReg0)}, "multipath(eth_src,50,modulo_n,1,0,NXM_NX_REG0[])", nil},
	{of.Multipath{Fields: of.HashSymmetricL3L4UDP, Algorithm: of.MultipathIterHash, Links: 65536, Arg: 70000,
		Dst: sub(of.FieldReg4, 5, 16)},
		"multipath(symmetric_l3l4+udp,0,iter_hash,65536,70000,NXM_NX_REG4[5..20])", nil},
	{of.Members{Basis: 3, Algorithm: of.MembersHRW, Ports: []uint32{4, 8}}, "bundle(eth_src,3,hrw,ofport,members:4,8)", nil},
	{of.Members{Fields: of.HashIPSrc, Ports: []uint32{1, of.PortLocal, 3, 4, 5}, Load: ptr(sub(of.FieldReg0, 16, 16))},
		"bundle_load(nw_src,0,active_backup,ofport,NXM_NX_REG0[16..31],members:1,LOCAL,3,4,5)", nil},
	{of.Members{Fields: of.HashSymmetricL3}, "bundle(symmetric_l3,0,active_backup,ofport,members:)", nil},
	{of.StackPush{Src: sub(of.FieldReg2, 5, 10)}, "push:NXM_NX_REG2[5..14]", nil},
	{of.StackPush{Src: of.Whole(of.FieldCTLabel)}, "push:NXM_NX_CT_LABEL[]", nil},
	{of.StackPop{Dst: of.Whole(of.FieldEthDst)}, "pop:NXM_OF_ETH_DST[]", nil},
	{of.FinTimeout{IdleTimeout: 10, HardTimeout: 20}, "fin_timeout(idle_timeout=10,hard_timeout=20)", matchTCP},
	{of.FinTimeout{}, "fin_timeout()", matchTCP},
	{of.Sample{Probability: 12345, CollectorSet: 23456, ObsDomain: 34567, ObsPoint: 45678},
		"sample(probability=12345,collector_set_id=23456,obs_domain_id=34567,obs_point_id=45678)", nil},
	{of.Sample{Probability: 1, Port: 56789},
		"sample(probability=1,collector_set_id=0,obs_domain_id=0,obs_point_id=0,sampling_port=56789)", nil},
	{of.Sample{Probability: 65535, CollectorSet: 1, Port: 2, Direction: of.SampleEgress},
		"sample(probability=65535,collector_set_id=1,obs_domain_id=0,obs_point_id=0,sampling_port=2,egress)", nil},
	{of.Sample{Probability: 65535, CollectorSet: 1, Direction: of.SampleIngress},
		"sample(probability=65535,collector_set_id=1,obs_domain_id=0,obs_point_id=0,ingress)", nil},
	{of.CheckPacketLarger{Length: 1500, Dst: sub(of.FieldReg0, 12, 1)}, "check_pkt_larger(1500)->NXM_NX_REG0[12]", nil},
	{of.Clone{}, "clone(drop)", nil},
	{of.Clone{Actions: []of.Action{set(of.Reg(1, 2)), of.Clone{Actions: []of.Action{of.Output{Port: 2}}}, of.Output{Port: 1}}},
		"clone(set_field:0x2->reg1,clone(output:2),output:1)", nil},
	{of.Exit{}, "exit", nil},
	{of.Encap{}, "encap(ethernet)", nil},
	{of.Encap{Type: of.PacketMPLS}, "encap(mpls)", nil},
	{of.Encap{Type: of.PacketMPLSMulticast}, "encap(mpls_mc)", nil},
	{of.Encap{Type: of.PacketNSH, NSH: []of.NSHProperty{{MDType: 1}}}, "encap(nsh(md_type=1))", nil},
	{of.Encap{Type: of.PacketNSH, NSH: []of.NSHProperty{{MDType: 2}, {Class: 0x1000, Type: 10, Value: []byte{0x12, 0x34, 0x56}},
		{Class: 0x2000, Type: 20, Value: []byte("0123456789")}}},
		"encap(nsh(md_type=2,tlv(0x1000,10,0x123456),tlv(0x2000,20,0x30313233343536373839)))", nil},
	{of.Decap{}, "decap()", nil},
	{of.Decap{Type: ptr(of.PacketEthernet)}, "decap(packet_type(ns=0,type=0))", matchNSH},
	{of.Decap{Type: ptr(of.PacketMPLS)}, "decap(packet_type(ns=1,type=0x8847))", nil},
	{of.DecNSHTTL{}, "dec_nsh_ttl", matchNSH},
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func nat(n of.NAT) of.Action { return of.CT{Commit: true, NAT: &n} }

// encodeActions is the actions alone as they go over the wire.
func encodeActions(t testing.TB, v of.Version, actions ...of.Action) []byte {
	t.Helper()
	b, err := of.Encode(v, of.PacketOut{Actions: actions}, 1)
	if err != nil {
		t.Fatal(err)
	}
	empty, err := of.Encode(v, of.PacketOut{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return b[len(empty):]
}

func TestActionText(t *testing.T) {
	for _, tc := range everyAction {
		if got := tc.action.String(); got != tc.text {
			t.Errorf("%#v:\ngot  %s\nwant %s", tc.action, got, tc.text)
		}
	}
}

func TestActionRoundTrip(t *testing.T) {
	for _, v := range versions {
		for _, tc := range everyAction {
			mod := of.Add(of.Flow{Instructions: apply(tc.action)})
			b, err := of.Encode(v, mod, 1)
			if err != nil {
				t.Errorf("%v: %s: %v", v, tc.text, err)
				continue
			}
			m, _, err := of.Decode(b)
			if err != nil {
				t.Errorf("%v: %s: %v", v, tc.text, err)
				continue
			}
			got := m.(of.FlowMod)
			if diff := cmp.Diff(mod.Apply, got.Apply, cmpOptions); diff != "" {
				t.Errorf("%v: %s (-want +got):\n%s", v, tc.text, diff)
			}
			if fmt.Sprintf("%T", got.Apply[0]) != fmt.Sprintf("%T", tc.action) {
				t.Errorf("%v: %s is read as a %T", v, tc.text, got.Apply[0])
			}
			if !got.Instructions.Equal(mod.Instructions) {
				t.Errorf("%v: %s is not equal to what it is read as: %v", v, tc.text, got.Instructions)
			}
			if again, err := of.Encode(v, got, 1); err != nil || !bytes.Equal(again, b) {
				t.Errorf("%v: %s: encoded again, error %v\n% x, first\n% x", v, tc.text, err, again, b)
			}
		}
	}
}

// TestActionsDiffer has Equal tell all actions apart that do different things.
func TestActionsDiffer(t *testing.T) {
	t.Parallel()
	for i, a := range everyAction {
		for j, b := range everyAction {
			if got := apply(a.action).Equal(apply(b.action)); got != (i == j) {
				t.Errorf("%s and %s: equal is %t", a.text, b.text, got)
			}
		}
	}
}

// TestActionsOffline has ovs-ofctl read the bytes of each action in each version and say what they mean. It says as well
// where it would have written other bytes.
func TestActionsOffline(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	for _, v := range versions {
		var lines strings.Builder
		for _, tc := range everyAction {
			lines.WriteString(hex.EncodeToString(encodeActions(t, v, tc.action)) + "\n")
		}
		out := run(t, lines.String(), "ovs-ofctl", "parse-actions", v.String())
		answers := strings.Split(strings.TrimSuffix(out, "\n\n"), "\n\n")
		if len(answers) != len(everyAction) {
			t.Fatalf("%v: %d answers to %d actions:\n%s", v, len(answers), len(everyAction), out)
		}
		for i, tc := range everyAction {
			if want := "actions=" + tc.text; answers[i] != want {
				t.Errorf("%v: % x\ngot  %s\nwant %s", v, encodeActions(t, v, tc.action), answers[i], want)
			}
		}
	}
}

func TestMeterAmongActions(t *testing.T) {
	mod := of.Add(of.Flow{Instructions: apply(of.CTClear{}, of.Meter{ID: 3})})
	for _, v := range []of.Version{of.Version13, of.Version14} {
		if _, err := of.Encode(v, mod, 1); err == nil || !strings.Contains(err.Error(), v.String()+" has no meter among actions") {
			t.Errorf("%v: error %v", v, err)
		}
	}
	b, err := of.Encode(of.Version15, mod, 1)
	if err != nil {
		t.Fatal(err)
	}
	if m, _, err := of.Decode(b); err != nil || !m.(of.FlowMod).Instructions.Equal(mod.Instructions) {
		t.Errorf("decoded %v, error %v", m, err)
	}
}
