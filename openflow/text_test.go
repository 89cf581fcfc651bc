// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

func TestFlowText(t *testing.T) {
	want := map[string]string{
		"drop all":       "priority=0 actions=drop",
		"classify":       "cookie=0xc0ffee, priority=200,in_port=3 actions=set_field:0x7->reg0,set_field:0x50/0xf0->reg1,goto_table:1",
		"source guard":   "table=1, priority=100,ip,in_port=3,dl_src=0a:00:00:00:00:02,nw_src=10.1.0.2 actions=write_metadata:0x10/0xf0,goto_table:2",
		"published port": "table=3, idle_timeout=10, hard_timeout=20, send_flow_rem priority=30,ct_state=+new-inv+trk,ct_zone=4,tcp,tp_dst=8080 actions=ct(commit,table=4,zone=4,nat(dst=10.1.0.2:80),exec(set_field:0x5->ct_mark))",
		"masquerade":     "table=5, priority=30,ip,reg2=0x1/0x1,nw_src=10.1.0.0/24 actions=ct(commit,force,zone=NXM_NX_REG3[0..15],nat(src=192.0.2.1-192.0.2.9:1024-65535,random)),output:1",
		"route":          "table=8, priority=1,ip,nw_dst=10.2.0.0/16 actions=set_field:0a:00:00:00:00:09->eth_dst,dec_ttl,set_field:0->in_port,ct_clear,LOCAL,resubmit(,9),resubmit(4,9)",
		"action set":     "table=9, priority=0,metadata=0x1/0x3 actions=clear_actions,write_actions(CONTROLLER:65535)",
	}
	for _, tc := range typical {
		if want, ok := want[tc.name]; ok && tc.mod.Flow.String() != want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.name, tc.mod.Flow, want)
		}
	}
	for _, tc := range []struct {
		got  fmt.Stringer
		want string
	}{
		{of.Match{of.EthType(of.EthTypeIPv6), of.IPProto(of.IPProtoTCP)}, "tcp6"},
		{of.Match{of.EthType(of.EthTypeIPv6), of.IPProto(of.IPProtoICMPv6)}, "icmp6"},
		{of.Match{of.EthType(of.EthTypeIPv6)}, "ipv6"},
		{of.Match{of.EthType(of.EthTypeIPv4), of.IPProto(47)}, "ip,nw_proto=47"},
		{of.Match{of.EthType(0x88cc)}, "dl_type=0x88cc"},
		{of.UintMasked(of.FieldARPSPA, 0x0a000001, 0xff0000ff), "arp_spa=10.0.0.1/255.0.0.255"},
		{of.MatchField{Field: of.FieldReg0, Value: []byte{1}}, "reg0=0x01"},
		{of.UintMasked(of.FieldCTState, 0x100, 0x100), "ct_state=0x100/0x100"},
		{of.MatchField{Field: of.FieldUnknown, Value: []byte{0xab, 0xcd}}, "unknown=0xabcd"},
		{of.Instructions{Meter: 4, Metadata: 1, MetadataMask: ^uint64(0)}, "meter:4,write_metadata:0x1"},
		{of.Resubmit{InPort: 5, Table: of.CurrentTable}, "resubmit:5"},
		{of.CT{}, "ct()"},
		{of.NAT{Type: of.NATDestination, AddrMin: netip.MustParseAddr("fc00::1"), PortMin: 80, Persistent: true}, "nat(dst=[fc00::1]:80,persistent)"},
		{of.Subfield{Field: of.FieldReg1, Offset: 3, Bits: 1}, "NXM_NX_REG1[3]"},
		{of.RawAction{Bytes: []byte{0, 1}}, "raw(0001)"},
		{of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: 1}}, "delete table=1"},
		{of.BundleCommitRequest, "commit request"},
		{of.BundleType(9), "control type 9"},
	} {
		if tc.got.String() != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestErrorNames(t *testing.T) {
	for code, want := range map[of.ErrorCode]string{
		of.ErrOverlap:                                  "OFPFMFC_OVERLAP",
		of.MakeErrorCode(5, 3):                         "OFPFMFC_OVERLAP",
		of.MakeErrorCode(4, 9):                         "OFPBMC_BAD_PREREQ",
		of.MakeErrorCode(6, 8):                         "OFPGMFC_UNKNOWN_GROUP",
		of.MakeErrorCode(5, 99):                        "error type 5 code 99",
		of.ErrBundleMsgFailed:                          "OFPBFC_MSG_FAILED",
		of.MakeExperimenterErrorCode(0x4f4e4600, 2313): "OFPBFC_MSG_FAILED",
		of.MakeExperimenterErrorCode(0x2320, 4):        "NXBRC_MUST_BE_ZERO",
		of.MakeExperimenterErrorCode(0x1234, 4):        "experimenter 0x1234 error 4",
	} {
		if got := code.Error(); got != want {
			t.Errorf("error %d/%d of %#x is %q, want %q", code.Type(), code.Code(), code.Experimenter(), got, want)
		}
	}
	err := error(&of.RequestError{Endpoint: "unix:/br0.mgmt", Request: of.BarrierRequest{}, Err: of.Error{Code: of.ErrBadType}})
	if !errors.Is(err, of.ErrBadType) {
		t.Errorf("%v is not %v", err, of.ErrBadType)
	}
	if got, want := err.Error(), "switch unix:/br0.mgmt: barrier request: OFPBRC_BAD_TYPE"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
