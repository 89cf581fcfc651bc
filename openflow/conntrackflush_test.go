// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

// TestCTFlushIsThatOfOfctl encodes what ovs-ofctl sends, byte for byte.
func TestCTFlushIsThatOfOfctl(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	zone, addr := uint16(0xfedc), netip.MustParseAddr
	for _, tc := range []struct {
		args []string
		want of.CTFilter
	}{
		{nil, of.CTFilter{}},
		{[]string{"zone=65244"}, of.CTFilter{Zone: &zone}},
		{[]string{"zone=65244", "ct_nw_src=10.1.1.1,ct_nw_proto=17,ct_tp_src=2", "ct_nw_src=10.1.1.2,ct_tp_dst=3"}, of.CTFilter{Zone: &zone,
			Proto: 17, Orig: of.CTTuple{Src: addr("10.1.1.1"), SrcPort: 2}, Reply: of.CTTuple{Src: addr("10.1.1.2"), DstPort: 3}}},
		{[]string{"", "ct_ipv6_dst=fd00::1"}, of.CTFilter{Reply: of.CTTuple{Dst: addr("fd00::1")}}},
		{[]string{"ct_nw_src=10.1.1.1,ct_nw_proto=1,icmp_type=8,icmp_id=7,icmp_code=1"}, of.CTFilter{Proto: 1,
			Orig: of.CTTuple{Src: addr("10.1.1.1"), ICMPID: 7, ICMPType: 8, ICMPCode: 1}}},
		{[]string{"ct_nw_src=10.1.1.1,ct_nw_dst=10.1.1.2,ct_nw_proto=132"}, of.CTFilter{Proto: 132,
			Orig: of.CTTuple{Src: addr("10.1.1.1"), Dst: addr("10.1.1.2")}}},
	} {
		sent := make(chan []byte, 1)
		endpoint := serveUnix(t, func(p *peer) {
			p.write(of.Hello{Version: of.Version13, Bitmap: 1 << of.Version13}, 1)
			for {
				switch m, xid, b := p.readFrame(); m.(type) {
				case of.CTFlush:
					sent <- b
				case of.BarrierRequest:
					p.write(of.BarrierReply{}, xid)
				case nil:
					return
				}
			}
		})
		ofctl(t, of.Version13, append([]string{"ct-flush", endpoint}, tc.args...)...)
		b := <-sent
		m, xid, err := of.Decode(b)
		if diff := cmp.Diff(of.CTFlush{CTFilter: tc.want}, m, cmpOptions); diff != "" || err != nil {
			t.Errorf("%v: error %v (-want +got):\n%s", tc.args, err, diff)
		}
		again, err := of.Encode(of.Version13, m, xid)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%v: encoded\n%sovs-ofctl sends\n%s, error %v", tc.args, dump(again), dump(b), err)
		}
	}
}

// TestRealFlushConnections tracks connections, and forgets some of them.
func TestRealFlushConnections(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
	zone, addr := uint16(7), netip.MustParseAddr
	ofctl(t, of.Version13, "add-flow", ovs.Management("br0"), "udp,in_port=1 actions=ct(commit,zone=7),ct(commit,zone=8)")
	track := func() {
		for _, port := range []int{1001, 1002, 1003} {
			appctl(t, ovs, "netdev-dummy/receive", "p1", udp(port, 53))
		}
	}
	all := []string{"sport=1001,dport=53),zone=7", "sport=1001,dport=53),zone=8", "sport=1002,dport=53),zone=7",
		"sport=1002,dport=53),zone=8", "sport=1003,dport=53),zone=7", "sport=1003,dport=53),zone=8"}
	tracked := func() (left []int) {
		out := strings.ReplaceAll(appctl(t, ovs, "dpctl/dump-conntrack"), "sport=53", "")
		for i, connection := range all {
			orig, zone, _ := strings.Cut(connection, "),")
			for line := range strings.Lines(out) {
				if strings.Contains(line, orig) && strings.Contains(line, zone) {
					left = append(left, i)
				}
			}
		}
		return left
	}
	for _, tc := range []struct {
		name   string
		filter of.CTFilter
		left   []int
	}{
		{"zone", of.CTFilter{Zone: &zone}, []int{1, 3, 5}},
		{"port", of.CTFilter{Proto: of.IPProtoUDP, Orig: of.CTTuple{Src: addr("10.0.0.1"), SrcPort: 1002}}, []int{0, 1, 4, 5}},
		{"port and zone", of.CTFilter{Zone: &zone, Proto: of.IPProtoUDP, Reply: of.CTTuple{DstPort: 1003}}, []int{0, 1, 2, 3, 5}},
		{"other address", of.CTFilter{Orig: of.CTTuple{Src: addr("10.0.0.9")}}, []int{0, 1, 2, 3, 4, 5}},
		{"five-tuple", of.CTFilter{Zone: &zone, Proto: of.IPProtoUDP, Orig: of.CTTuple{Src: addr("10.0.0.1"), Dst: addr("10.0.0.2"),
			SrcPort: 1001, DstPort: 53}}, []int{1, 2, 3, 4, 5}},
		{"all", of.CTFilter{}, nil},
	} {
		if err := c.FlushConnections(ctx, of.CTFilter{}); err != nil {
			t.Fatal(err)
		}
		track()
		if got := tracked(); len(got) != len(all) {
			t.Fatalf("%s: %d connections are tracked, want %d:\n%s", tc.name, len(got), len(all), appctl(t, ovs, "dpctl/dump-conntrack"))
		}
		if err := c.FlushConnections(ctx, tc.filter); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if diff := cmp.Diff(tc.left, tracked()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	for _, filter := range []of.CTFilter{
		{Orig: of.CTTuple{SrcPort: 3}},
		{Proto: of.IPProtoICMP, Orig: of.CTTuple{DstPort: 3}},
		{Proto: of.IPProtoTCP, Reply: of.CTTuple{ICMPType: 3}},
		{Orig: of.CTTuple{Src: addr("10.0.0.1")}, Reply: of.CTTuple{Src: addr("::1")}},
	} {
		if err := c.FlushConnections(ctx, filter); err == nil {
			t.Errorf("%+v is expressed", filter)
		}
	}

	// Several at once: one that cannot be expressed does not keep the others from being applied.
	track()
	err := c.FlushConnections(ctx, of.CTFilter{Zone: &zone}, of.CTFilter{Orig: of.CTTuple{SrcPort: 3}},
		of.CTFilter{Proto: of.IPProtoUDP, Orig: of.CTTuple{SrcPort: 1002}})
	var refused *of.RequestError
	if !errors.As(err, &refused) || refused.Index != 1 {
		t.Errorf("several: got error %v, want one for the filter at 1", err)
	}
	if diff := cmp.Diff([]int{1, 5}, tracked()); diff != "" {
		t.Errorf("several (-want +got):\n%s", diff)
	}
}
