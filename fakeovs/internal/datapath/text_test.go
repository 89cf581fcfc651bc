// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package datapath_test

import (
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// set writes fields, each with a value and a mask of its bits, or a whole header.
func set(h datapath.Header, whole bool, fields map[openflow.Field][2]uint64) datapath.Set {
	s := datapath.Set{Header: h, Whole: whole, Value: new(packet.Key), Mask: new(packet.Key)}
	for f, v := range fields {
		s.Value.SetUint(f, v[0])
		s.Mask.SetUint(f, v[1])
	}
	return s
}

// TestText: actions are in the words in which Open vSwitch writes and reads them.
func TestText(t *testing.T) {
	const all = ^uint64(0)
	output := func(no uint32) []datapath.Action { return []datapath.Action{datapath.Output{Port: no}} }
	for _, c := range []struct {
		action datapath.Action
		want   string
	}{
		{datapath.Output{Port: 7}, "7"},
		{datapath.Truncate{MaxLen: 100}, "trunc(100)"},
		{datapath.Meter{ID: 3}, "meter(3)"},
		{datapath.Recirculate{ID: 31}, "recirc(0x1f)"},
		{datapath.Hash{Basis: 5}, "hash(l4(5))"},
		{datapath.Hash{Symmetric: true}, "hash(sym_l4(0))"},
		{datapath.PushVLAN{EthType: 0x8100, TCI: 0x100c}, "push_vlan(vid=12,pcp=0)"},
		{datapath.PushVLAN{EthType: 0x8100, TCI: 0xa00d}, "push_vlan(vid=13,pcp=5,cfi=0)"},
		{datapath.PushVLAN{EthType: 0x9100, TCI: 0xb00d}, "push_vlan(tpid=0x9100,vid=13,pcp=5)"},
		{datapath.PopVLAN{}, "pop_vlan"},
		{datapath.PushEthernet{Src: 0x000102030405, Dst: 0x101112131415}, "push_eth(src=00:01:02:03:04:05,dst=10:11:12:13:14:15)"},
		{datapath.PopEthernet{}, "pop_eth"},
		{datapath.PushMPLS{EthType: 0x8847, Entry: 20<<12 | 5<<9 | 1<<8 | 64}, "push_mpls(label=20,tc=5,ttl=64,bos=1,eth_type=0x8847)"},
		{datapath.AddMPLS{EthType: 0x8848, Entry: 64}, "add_mpls(label=0,tc=0,ttl=64,bos=0,eth_type=0x8848)"},
		{datapath.PopMPLS{EthType: 0x800}, "pop_mpls(eth_type=0x800)"},
		{datapath.PushNSH{TTL: 63, MDType: 1, NextProtocol: 3, Path: 0x1234ff, Context: [4]uint32{0x11223344}},
			"push_nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x1234,si=255,c1=0x11223344,c2=0x0,c3=0x0,c4=0x0)"},
		{datapath.PushNSH{MDType: 2, Options: []byte{0x10, 0, 0x40, 1}}, "push_nsh(flags=0,ttl=0,mdtype=2,np=0,spi=0x0,si=0,md2=0x10004001)"},
		{datapath.PushNSH{MDType: 2}, "push_nsh(flags=0,ttl=0,mdtype=2,np=0,spi=0x0,si=0,md2=0)"},
		{datapath.PopNSH{}, "pop_nsh()"},
		{datapath.Clone{Actions: output(1)}, "clone(1)"},
		{datapath.Clone{}, "clone(drop)"},
		{datapath.Sample{Probability: 1<<32 - 1, Actions: output(1)}, "sample(sample=100.0%,actions(1))"},
		{datapath.CheckLength{Length: 200, Greater: output(4), LessOrEqual: output(5)}, "check_pkt_len(size=200,gt(4),le(5))"},
		{datapath.CheckLength{Length: 200, LessOrEqual: output(5)}, "check_pkt_len(size=200,gt(drop),le(5))"},
		{datapath.Track{}, "ct"},
		{datapath.Track{Commit: true, Zone: 5}, "ct(commit,zone=5)"},
		{datapath.Track{Force: true, Mark: 0xa0, MarkMask: 0xff, Helper: "ftp", Timeout: "ovs_tp_1"},
			"ct(force_commit,mark=0xa0/0xff,helper=ftp,timeout=ovs_tp_1)"},
		{datapath.Track{Commit: true, Label: [2]uint64{1, 2}, LabelMask: [2]uint64{all, all}}, "ct(commit,label=0x10000000000000002)"},
		{datapath.Track{Commit: true, Label: [2]uint64{0, 2}, LabelMask: [2]uint64{0, 3}}, "ct(commit,label=0x2/0x3)"},
		{datapath.Track{Commit: true, NAT: &openflow.NAT{Type: openflow.NATSource, AddrMin: netip.MustParseAddr("10.0.0.1")}},
			"ct(commit,nat(src=10.0.0.1))"},
		{datapath.Forget{}, "ct_clear"},
		{datapath.Drop{}, "drop"},
		{datapath.Userspace{Reason: 1, Recirculate: 1, Cookie: 0xa, MaxLen: 65535, DontSend: true},
			"userspace(pid=0,controller(reason=1,dont_send=1,continuation=0,recirc_id=1,rule_cookie=0xa,controller_id=0,max_len=65535))"},
		{datapath.SetTunnel{Text: "dst=1.1.1.1,ttl=64,flags(df)"}, "set(tunnel(dst=1.1.1.1,ttl=64,flags(df)))"},
		{set(datapath.Priority, true, map[openflow.Field][2]uint64{packet.SKBPriority: {0x10, all}}), "set(skb_priority(0x10))"},
		{set(datapath.Mark, false, map[openflow.Field][2]uint64{openflow.FieldPktMark: {1, 0xf}}), "set(skb_mark(0x1/0xf))"},
		{set(datapath.Ethernet, true, map[openflow.Field][2]uint64{openflow.FieldEthSrc: {1, all}, openflow.FieldEthDst: {2, all}}),
			"set(eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02))"},
		{set(datapath.IPv4, false, map[openflow.Field][2]uint64{openflow.FieldIPv4Src: {0x23080200, 0xffffff00}}),
			"set(ipv4(src=35.8.2.0/255.255.255.0))"},
		{set(datapath.IPv4, false, map[openflow.Field][2]uint64{openflow.FieldIPTTL: {128, all}}), "set(ipv4(ttl=128))"},
		{set(datapath.TCP, false, map[openflow.Field][2]uint64{openflow.FieldTCPDst: {8080, all}}), "set(tcp(dst=8080))"},
		{set(datapath.UDP, false, map[openflow.Field][2]uint64{openflow.FieldUDPSrc: {0x5000, 0xff00}, openflow.FieldUDPDst: {6632, all}}),
			"set(udp(src=20480/0xff00,dst=6632))"},
		{set(datapath.ICMP, true, map[openflow.Field][2]uint64{openflow.FieldICMPv4Type: {1, all}, openflow.FieldICMPv4Code: {2, all}}),
			"set(icmp(type=1,code=2))"},
	} {
		if got := datapath.Text([]datapath.Action{c.action}, nil); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// TestTextOfLists: actions stand in their order, and ports may have names, also within actions.
func TestTextOfLists(t *testing.T) {
	name := func(no uint32) string { return "p" + string(rune('0'+no)) }
	list := []datapath.Action{
		datapath.Output{Port: 1}, datapath.Clone{Actions: []datapath.Action{datapath.PopVLAN{}, datapath.Output{Port: 2}}}, datapath.Output{Port: 3},
	}
	if got, want := datapath.Text(list, name), "p1,clone(pop_vlan,p2),p3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := datapath.Text(nil, name); got != "drop" {
		t.Errorf("no actions: got %s, want drop", got)
	}
}
