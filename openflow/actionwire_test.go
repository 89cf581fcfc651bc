// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// unhex reads bytes that are written with spaces between them; "nx" and a length stand for the beginning of an action of
// Nicira's.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	bare := strings.ReplaceAll(regexp.MustCompile("nx (.{4})").ReplaceAllString(text, "ffff ${1} 00002320"), " ", "")
	b, err := hex.DecodeString(bare)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return b
}

// modOf is a flow-mod whose flow has actions of these bytes.
func modOf(t testing.TB, v of.Version, actions []byte) []byte {
	t.Helper()
	raw := of.RawAction{Bytes: append(bytes.Clone(actions), make([]byte, max(0, 8-len(actions)))...)}
	length := raw.Bytes[2:4]
	kept := bytes.Clone(length)
	length[0], length[1] = byte(len(raw.Bytes)>>8), byte(len(raw.Bytes))
	b, err := of.Encode(v, of.Add(of.Flow{Instructions: apply(raw)}), 1)
	if err != nil {
		t.Fatal(err)
	}
	copy(b[len(b)-len(raw.Bytes)+2:], kept)
	return b
}

func decodeMod(t testing.TB, v of.Version, actions []byte) (of.FlowMod, error) {
	t.Helper()
	m, _, err := of.Decode(modOf(t, v, actions))
	if err != nil {
		return of.FlowMod{}, err
	}
	return m.(of.FlowMod), nil
}

// TestDecodeActionForms reads forms of actions that this package does not write.
func TestDecodeActionForms(t *testing.T) {
	for _, tc := range []struct {
		v         of.Version
		wire      string
		want      string // "" if it stays raw
		rewritten string // "" if it is written back as it was
	}{
		{of.Version13, "0001 0008 0009 0000", "set_field:4105->vlan_vid", "0019 0010 80000c02 1009 000000000000"},
		{of.Version13, "0002 0008 06 000000", "set_field:6->vlan_pcp", "0019 0010 80000e01 06 00000000000000"},
		{of.Version13, "0003 0010 001122334455 000000000000", "set_field:00:11:22:33:44:55->eth_src",
			"0019 0010 80000806 001122334455 0000"},
		{of.Version13, "0004 0010 102030405060 000000000000", "set_field:10:20:30:40:50:60->eth_dst",
			"0019 0010 80000606 102030405060 0000"},
		{of.Version13, "0005 0008 01020304", "set_field:1.2.3.4->ip_src", "0019 0010 80001604 01020304 00000000"},
		{of.Version13, "0006 0008 c0a80001", "set_field:192.168.0.1->ip_dst", "0019 0010 80001804 c0a80001 00000000"},
		{of.Version13, "0007 0008 30 000000", "set_field:12->ip_dscp", "0019 0010 80001001 0c 00000000000000"},
		{of.Version13, "0008 0008 02 000000", "set_field:2->nw_ecn", "0019 0010 80001201 02 00000000000000"},
		{of.Version13, "000d 0008 00000063", "set_field:99->mpls_label", "0019 0010 80004404 00000063 00000000"},
		{of.Version13, "000e 0008 03 000000", "set_field:3->mpls_tc", "0019 0010 80004601 03 00000000000000"},
		{of.Version13, "000f 0008 0a 000000", "set_field:10->mpls_ttl", "0019 0010 00013c01 0a 00000000000000"},
		{of.Version13, "0017 0008 0a 000000", "set_field:10->nw_ttl", "0019 0010 00013a01 0a 00000000000000"},
		{of.Version15, "nx 0010 0002 0000 12345678", "set_field:0x12345678->tun_id", "0019 0010 80004c08 0000000012345678"},
		{of.Version13, "nx 0018 0009 000000000000 c426384d49c53d60", "set_field:0xc426384d49c53d60->tun_id",
			"0019 0010 80004c08 c426384d49c53d60"},
		{of.Version13, "nx 0010 0001 0005 00000000", "resubmit:5", "nx 0010 000e 0005 ff 000000"},
		{of.Version14, "ffff 0020 4f4e4600 0c80 0000 0010 0000 0000 0000 00000002 00000802 00000000",
			"move:NXM_OF_IN_PORT[]->NXM_OF_VLAN_TCI[]", "nx 0018 0006 0010 0000 0000 00000002 00000802"},
		{of.Version15, "001c 0018 0010 0000 0000 0000 00000002 00000802 00000000", "move:NXM_OF_IN_PORT[]->NXM_OF_VLAN_TCI[]", ""},
		{of.Version13, "nx 0018 0020 0145 ffff 00010204 000000000000", "output:NXM_NX_REG1[5..10]",
			"nx 0018 000f 0145 00010204 ffff 000000000000"},
		{of.Version13, "nx 0050 002d 0000 0000 8000 0000000000000000 0000 02 00 0000 0000 00000000 0000 0000 " +
			"000c 00000802 0000 00000802 0000 0030 00000406 0000 00000206 0000 1010 00000002 0000 00000000",
			"learn(table=2,NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])",
			"nx 0048 0010 0000 0000 8000 0000000000000000 0000 02 00 0000 0000 " +
				"000c 00000802 0000 00000802 0000 0030 00000406 0000 00000206 0000 1010 00000002 0000 00000000"},
		// What is not known, or of another version, or has more in it than is known.
		{of.Version13, "0009 0008 0050 0000", "", ""},
		{of.Version13, "000b 0008 00000000", "", ""},
		{of.Version13, "001d 0008 00000005", "", ""},
		{of.Version13, "001c 0018 0010 0000 0000 0000 00000002 00000802 00000000", "", ""},
		{of.Version13, "nx 0010 0012 000000000000", "", ""},
		{of.Version15, "nx 0018 0007 000f 00000802 000000000000f009", "", ""},
		{of.Version13, "nx 0018 0007 000f 0001fe02 000000000000f009", "", ""},
		{of.Version13, "nx 0018 0025 000000000000 0009 0008 00000000", "", ""},
		{of.Version13, "nx 0018 0023 0004 00000000 0000 ff 000000 0000", "", ""},
		{of.Version13, "nx 0010 002e 0008 00000000", "", ""},
		{of.Version13, "nx 0018 002e 0000 0001894f 0009 0108 00000000", "", ""},
		{of.Version13, "nx 0018 002f 0000 0000fffe 0004 0105 01000000", "", ""},
		{of.Version13, "nx 0020 0010 0000 0000 0000 0000000000000000 0008 02 00 0000 0000", "", ""},
		{of.Version13, "nx 0010 0015 0000 00000000", "", ""},
		{of.Version13, "nx 0020 0026 0001 00000000 00000000 00000000 0000 000000000000", "", ""},
		{of.Version13, "nx 0018 0007 001f 80000004 0000000001020304", "", ""},
		{of.Version13, "ffff 0010 12345678 0001 000000000000", "", ""},
		{of.Version13,
			"nx 0048 0023 0001 00000000 0000 ff 000000 0000 nx 0020 0024 0000 0001 0004 00000000000000000000ffff 01020304 nx " +
				"0010 002b 000000000000",
			"ct(commit,exec(raw(ffff002000002320002400000001000400000000000000000000ffff01020304),ct_clear))", ""},
	} {
		wire := unhex(t, tc.wire)
		mod, err := decodeMod(t, tc.v, wire)
		if err != nil {
			t.Errorf("%v: %s: %v", tc.v, tc.wire, err)
			continue
		}
		text := tc.want
		if text == "" {
			text = of.RawAction{Bytes: wire}.String()
		}
		if got := mod.Instructions.String(); got != text {
			t.Errorf("%v: %s is read as\n%s, want\n%s", tc.v, tc.wire, got, text)
		}
		want := wire
		if tc.rewritten != "" {
			want = unhex(t, tc.rewritten)
		}
		if got := encodeActions(t, tc.v, mod.Apply...); !bytes.Equal(got, want) {
			t.Errorf("%v: %s is written back as\n% x, want\n% x", tc.v, tc.wire, got, want)
		}
	}
}

// TestDecodeActionsRefuses expects the code that a switch answers.
func TestDecodeActionsRefuses(t *testing.T) {
	for _, tc := range []struct {
		v    of.Version
		name string
		wire string
		want of.ErrorCode
	}{
		{of.Version13, "group length", "0016 0010 00000001 0000000000000000", of.ErrBadActionLen},
		{of.Version13, "push_vlan", "0011 0008 0800 0000", of.ErrBadActionArgument},
		{of.Version13, "push_mpls", "0013 0008 8100 0000", of.ErrBadActionArgument},
		{of.Version13, "set_vlan_vid", "0001 0008 1009 0000", of.ErrBadActionArgument},
		{of.Version13, "set_vlan_pcp", "0002 0008 08 000000", of.ErrBadActionArgument},
		{of.Version13, "set_nw_tos", "0007 0008 31 000000", of.ErrBadActionArgument},
		{of.Version13, "set_dl_src", "0003 0008 00112233", of.ErrBadActionLen},
		{of.Version13, "masked set_field of a field without masks", "nx 0010 0021 00013b02 010f", of.ErrBadSetMask},
		{of.Version13, "set_field of in_port", "0019 0010 80000004 01020304 00000000", of.ErrBadSetArgument},
		{of.Version15, "meter 0", "001d 0008 00000000", of.ErrInvalidMeter},
		{of.Version13, "output_trunc", "nx 0010 0027 0001 0000000d", of.ErrBadActionArgument},
		{of.Version13, "output_reg", "nx 0018 000f 07c1 00010204 ffff 000000000000", of.ErrBadSetLen},
		{of.Version13, "controller property", "nx 0018 0025 000000000000 0000 0005 04 000000", of.ErrBadActionLen},
		{of.Version13, "controller property without end", "nx 0018 0025 000000000000 0003 0020 04 000000", of.ErrBadActionLen},
		{of.Version13, "controller property without header", "nx 0018 0025 000000000000 0003 0003 04 000000", of.ErrBadActionLen},
		{of.Version13, "dec_ttl ids", "nx 0010 0015 0001 00000000", of.ErrBadActionLen},
		{of.Version13, "push", "nx 0018 001b 0001 00010004 0020 000000000000", of.ErrBadSetLen},
		{of.Version13, "pop of nothing", "nx 0018 001c 0000 00010004 0000 000000000000", of.ErrBadSetLen},
		{of.Version13, "conjunction of one clause", "nx 0010 0022 00 01 00000001", of.ErrBadConjunction},
		{of.Version13, "conjunction clause", "nx 0010 0022 02 02 00000001", of.ErrBadConjunction},
		{of.Version13, "multipath links", "nx 0020 000a 0000 0032 0000 0000 0004 00000000 0000 0001 00010004", of.ErrBadActionArgument},
		{of.Version13, "multipath fields", "nx 0020 000a 0009 0032 0000 0000 0000 00000000 0000 001f 00010004",
			of.ErrBadActionArgument},
		{of.Version13, "bundle members", "nx 0020 000c 0001 0000 0000 00000002 0002 0000 00000000 00000000", of.ErrBadActionLen},
		{of.Version13, "bundle algorithm", "nx 0020 000c 0002 0000 0000 00000002 0000 0000 00000000 00000000", of.ErrBadActionArgument},
		{of.Version13, "bundle_load into 8 bits", "nx 0020 000d 0001 0000 0000 00000002 0000 0007 00010004 00000000",
			of.ErrBadActionArgument},
		{of.Version13, "sample of none", "nx 0018 001d 0000 00000001 00000001 00000001", of.ErrBadActionArgument},
		{of.Version13, "sample direction", "nx 0020 0029 0001 00000000 00000000 00000000 0001 03 0000000000", of.ErrBadActionArgument},
		{of.Version13, "learn table", "nx 0020 0010 0000 0000 0000 0000000000000000 0000 ff 00 0000 0000", of.ErrBadActionArgument},
		{of.Version13, "learn spec cut off", "nx 0028 0010 0000 0000 0000 0000000000000000 0000 01 00 0000 0000 0030 00000406 0000",
			of.ErrBadActionLen},
		{of.Version13, "learn spec target", "nx 0028 0010 0000 0000 0000 0000000000000000 0000 01 00 0000 0000 1810 00000002 0000",
			of.ErrBadActionArgument},
		{of.Version13, "learn output of a number",
			"nx 0028 0010 0000 0000 0000 0000000000000000 0000 01 00 0000 0000 3010 00000002 0000", of.ErrBadActionArgument},
		{of.Version13, "learn spec of too many bits",
			"nx 0028 0010 0000 0000 0000 0000000000000000 0000 01 00 0000 0000 1011 00000002 0000", of.ErrBadSetLen},
		{of.Version13, "short learn", "nx 0018 0010 0000 0000 0000 0000000000000000", of.ErrBadActionLen},
		{of.Version13, "ct force", "nx 0018 0023 0002 00000000 0000 ff 000000 0000", of.ErrBadActionArgument},
		{of.Version13, "ct zone of 8 bits", "nx 0018 0023 0000 00010004 0007 ff 000000 0000", of.ErrBadSetLen},
		{of.Version13, "nat in clone", "nx 0020 002a 000000000000 nx 0010 0024 0000 0001 0000", of.ErrBadActionArgument},
		{of.Version13, "nat to nothing",
			"nx 0030 0023 0001 00000000 0000 ff 000000 0000 nx 0018 0024 0000 0001 0001 00000000 00000000", of.ErrBadActionArgument},
		{of.Version13, "nat backwards", "nx 0048 0023 0001 00000000 0000 ff 000000 0000 nx 0030 0024 0000 0011 000c " +
			"fe80000000000000020c29fffe88a18b fe80000000000000020c29fffe880001", of.ErrBadActionArgument},
		{of.Version13, "encap property", "nx 0018 002e 0000 0001894f 0004 0120 01 000000", of.ErrBadActionLen},
		{of.Version13, "check_pkt_larger", "nx 0018 0031 05dc 0020 00010004 0000000000 00", of.ErrBadSetLen},
		{of.Version13, "short copy_field", "ffff 0008 4f4e4600", of.ErrBadActionLen},
		{of.Version13, "short nicira", "ffff 0008 00002320", of.ErrBadActionLen},
	} {
		mod, err := decodeMod(t, tc.v, unhex(t, tc.wire))
		var refused *of.DecodeError
		if !errors.As(err, &refused) || refused.Code != tc.want {
			t.Errorf("%s: %v, error %v; want %v", tc.name, mod.Instructions, err, tc.want)
		}
	}
}

// TestActionNesting nests actions as deep as they may, and deeper.
func TestActionNesting(t *testing.T) {
	nested := func(depth int) of.Action {
		a := of.Action(of.Output{Port: 1})
		for i := range depth {
			if a = of.Action(of.Clone{Actions: []of.Action{a}}); i%2 == 1 {
				a = of.CT{Commit: true, Exec: []of.Action{a}}
			}
		}
		return a
	}
	for _, tc := range []struct {
		a  of.Action
		ok bool
	}{{nested(43), true}, {nested(44), false}, {nested(400), false}} {
		b, err := of.Encode(of.Version13, of.Add(of.Flow{Instructions: apply(tc.a)}), 1)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := of.Decode(b)
		if tc.ok != (err == nil) || !tc.ok && !errors.Is(err, of.ErrBadActionArgument) {
			t.Errorf("decoded %v, error %v; want that it can be read: %t", m, err, tc.ok)
		}
	}
}

func TestEncodeActionsRefuses(t *testing.T) {
	reg8 := sub(of.FieldReg0, 0, 8)
	for _, tc := range []struct {
		a    of.Action
		want string
	}{
		{of.OutputField{}, "output:"},
		{of.OutputField{Src: of.Whole(of.FieldXXReg0)}, "output:NXM_NX_XXREG0[]): NXM_NX_XXREG0[] is more than 64 bits"},
		{of.OutputTruncated{Port: 1, MaxLen: 13}, "output(port=1,max_len=13)): truncated to 13 bytes"},
		{of.OutputTruncated{Port: 0xff00, MaxLen: 14}, "does not fit into 16 bits"},
		{of.Controller{Userdata: make([]byte, 65535)}, "userdata: longer than"},
		{of.Controller{Userdata: make([]byte, 65525)}, "longer than"},
		{of.PushVLAN{EthType: 0x800}, "push_vlan:0x800): 0x800 is not the Ethernet type of a VLAN tag"},
		{of.PushMPLS{EthType: 0x800}, "push_mpls:0x0800): 0x800 is not the Ethernet type of an MPLS label"},
		{of.DecTTL{Controllers: make([]uint16, 65536)}, "longer than"},
		{of.DecTTL{Controllers: make([]uint16, 32768)}, "longer than"},
		{of.StackPush{Src: sub(of.FieldReg0, 1, 32)}, "push:NXM_NX_REG0[1..32]): reg0 has no 32 bits from bit 1 on"},
		{of.StackPop{}, "pop:"},
		{of.Conjunction{ID: 1, Clause: 1, Clauses: 1}, "clause 1 of 1 does not exist"},
		{of.Conjunction{ID: 1, Clauses: 2}, "clause 0 of 2"},
		{of.Note{Data: make([]byte, 65535)}, "longer than"},
		{of.Multipath{Dst: reg8}, "0 links"},
		{of.Multipath{Dst: reg8, Links: 257}, "257 links do not fit into 8 bits"},
		{of.Multipath{Dst: of.Whole(of.FieldNSHC1), Links: 1}, "nsh_c1 has no header of 32 bits"},
		{of.Multipath{Dst: reg8, Links: 1, Fields: 7}, "fields 7"},
		{of.Multipath{Dst: reg8, Links: 1, Algorithm: 4}, "algorithm 4"},
		{of.Members{Load: &reg8}, "has not the 16 bits of a port"},
		{of.Members{Ports: make([]uint32, 2049)}, "2049 members"},
		{of.Members{Ports: []uint32{0x10000}}, "does not fit into 16 bits"},
		{of.Members{Algorithm: 2}, "algorithm 2"},
		{of.Sample{}, "probability of 0"},
		{of.Sample{Probability: 1, Port: 0xff00}, "does not fit into 16 bits"},
		{of.Sample{Probability: 1, Direction: 3}, "direction"},
		{of.CheckPacketLarger{Dst: reg8}, "is not one bit"},
		{of.Clone{Actions: []of.Action{of.Sample{}}}, "clone: action 0 (sample("},
		{of.Encap{Type: 5}, "packet type 0x5"},
		{of.Encap{NSH: []of.NSHProperty{{MDType: 1}}}, "packet type 0x0 with 1 properties"},
		{of.Encap{Type: of.PacketNSH, NSH: []of.NSHProperty{{MDType: 3}}}, "metadata type 3"},
		{of.Encap{Type: of.PacketNSH, NSH: []of.NSHProperty{{Value: make([]byte, 241)}}}, "option of 241 bytes"},
		{of.DeleteField{}, "field 0 does not exist"},
		{of.Learn{Table: 255}, "table 255"},
		{of.Learn{Result: &reg8}, "result: not one bit"},
		{of.Learn{Specs: []of.LearnSpec{{}}}, "spec 0: "},
		{of.Learn{Specs: []of.LearnSpec{{To: 3}}}, "target 3"},
		{of.Learn{Specs: []of.LearnSpec{of.LearnOutput(of.Subfield{})}}, "output is of a field"},
		{of.Learn{Specs: []of.LearnSpec{of.LearnMatch(reg8, of.Whole(of.FieldReg1))}}, "32 bits do not fit into 8"},
		{of.Learn{Specs: []of.LearnSpec{of.LearnMatchValue(sub(of.FieldReg0, 0, 5), 32)}}, "not a value of 5 bits"},
		{of.Learn{Specs: []of.LearnSpec{of.LearnLoad(of.Whole(of.FieldNSHC1), of.Whole(of.FieldReg1))}},
			"nsh_c1 has no header of 32 bits"},
		{of.CT{Commit: true, NAT: &of.NAT{Type: of.NATSource, Hash: true, Random: true}}, "by hash and at random"},
		{of.CT{Commit: true, NAT: &of.NAT{Type: of.NATSource, AddrMin: ip("0.0.0.0")}}, "NAT to 0.0.0.0"},
	} {
		_, err := of.Encode(of.Version14, of.Add(of.Flow{Instructions: apply(tc.a)}), 1)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%.200v: error %.300v, want %q", tc.a, err, tc.want)
		}
	}
	part := apply(of.SetField{MatchField: of.UintMasked(of.FieldIPTTL, 1, 1)})
	_, err := of.Encode(of.Version15, of.Add(of.Flow{Instructions: part}), 1)
	if err == nil || !strings.Contains(err.Error(), "write a part of nw_ttl") {
		t.Errorf("%v: error %v", part, err)
	}
}
