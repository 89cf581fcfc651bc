// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/internal/unixctl"
)

// TestParseODPAsOpenVSwitch: ofproto/trace reads a datapath's flow the same, and refuses it with the same words.
func TestParseODPAsOpenVSwitch(t *testing.T) {
	r := startReal(t)
	r.program("actions=2")
	r.run("ovs-vsctl", "--db="+r.ovs.DatabaseEndpoint(),
		"add-port", "br0", "vxlan", "--", "set", "interface", "vxlan", "type=vxlan", "options:remote_ip=flow", "options:key=flow",
		"options:exts=gbp", "ofport_request=5", "--",
		"add-port", "br0", "erspan", "--", "set", "interface", "erspan", "type=erspan", "options:remote_ip=flow", "options:key=flow",
		"options:erspan_ver=flow", "ofport_request=6", "--",
		"add-port", "br0", "gtpu", "--", "set", "interface", "gtpu", "type=gtpu", "options:remote_ip=flow", "options:key=flow",
		"ofport_request=7", "--",
		"add-port", "br0", "vxlan6", "--", "set", "interface", "vxlan6", "type=vxlan", "options:remote_ip=flow", "options:key=flow",
		"options:dst_port=4790", "ofport_request=8")
	ports := map[string]uint32{"vxlan_sys_4789": 5, "erspan_sys": 6, "gtpu_sys_2152": 7, "vxlan_sys_4790": 8}
	for name, no := range portNumbers {
		ports[name] = no
	}
	for _, text := range odpTexts {
		k, _, err := flowtext.ODP{VLANs: 2}.Parse(text, ports)
		got := flowtext.FormatFlow(&k, nil)
		if err != nil {
			got = err.Error()
			if errors.As(err, new(*flowtext.SyntaxError)) {
				got += " (or the bridge name was omitted)"
			}
		}
		out, err := unixctl.Call(r.ctx, r.socket, "ofproto/trace", text)
		want, _, _ := strings.Cut(strings.TrimPrefix(out, "Flow: "), "\n")
		if err != nil {
			_, want, _ = strings.Cut(err.Error(), ".ctl: ")
		}
		if got != want {
			t.Errorf("flow %q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

var odpTexts = []string{
	"in_port(1),eth(src=50:54:00:00:00:09,dst=50:54:00:00:00:0a),eth_type(0x0800),ipv4(src=10.0.0.2,dst=10.0.0.1,proto=6,tos=0,ttl=64,frag=no),tcp(src=8,dst=10),tcp_flags(syn)",
	"in_port(p1),eth()", "in_port(nobody)", "in_port(1", "in_port(1,2)", "in_port()", "in_port(1),bogus(2)",
	"in_port(1),eth(src=1:2:3:4:5)",
	"in_port(1),eth(src=50:54:00:00:00:09,dst=50:54:00:00:00:0a,),eth_type(0x1234)", "in_port(1) eth(dst=50:54:00:00:00:0a)",
	"in_port(1),eth(),eth_type(0x0800),ipv4(frag=first),tcp(src=1,dst=2)",
	"in_port(1),eth(),eth_type(0x0800),ipv4(proto=6,frag=bad)",
	"in_port(1),eth(),eth_type(0x0800),ipv4(src=1.2.3.4/255.0.0.0,proto=17,tos=0xff,ttl=256,frag=later),udp(src=1,dst=2)",
	"in_port(1),eth(),eth_type(0x0800),ipv4(proto=1),icmp(type=8,code=1)",
	"in_port(1),eth(),eth_type(0x86dd),ipv6(proto=1),icmp(type=8,code=1)",
	"in_port(1),eth(),eth_type(0x86dd),ipv6(src=::1,dst=::2/::ff,label=0xfffff,proto=58,tclass=1,hlimit=2,frag=no),icmpv6(type=135,code=0),nd(target=::5,sll=00:00:00:00:00:01,tll=00:00:00:00:00:02)",
	"in_port(1),eth(),eth_type(0x86dd),ipv6(proto=58),icmpv6(type=128,code=0),nd(target=::5)",
	"in_port(1),eth(),eth_type(0x86dd),ipv6(label=0x100000)",
	"in_port(1),eth(),eth_type(0x86dd),ipv6(proto=58),icmpv6(type=135,code=0),nd(target=::5),nd_ext(nd_reserved=5,nd_options_type=1)",
	"in_port(1),eth(),eth_type(0x86dd),ipv6(proto=44,frag=later)",
	"in_port(1),eth(),eth_type(0x86dd),ipv6(proto=132),sctp(src=5,dst=6)",
	"in_port(1),eth(),eth_type(0x0806),arp(sip=1.1.1.1,tip=2.2.2.2,op=1,sha=00:00:00:00:00:01,tha=00:00:00:00:00:02)",
	"in_port(1),eth(),eth_type(0x0806),arp(op=256)", "in_port(1),eth(),eth_type(0x0806)",
	"in_port(1),eth(),eth_type(0x8100),vlan(vid=5,pcp=3),encap(eth_type(0x0800),ipv4(proto=6),tcp(src=5,dst=6))",
	"in_port(1),eth(),eth_type(0x8100),vlan(vid=5),encap(eth_type(0x8100),vlan(vid=6),encap(eth_type(0x0800),ipv4(proto=6)))",
	"in_port(1),eth(),eth_type(0x8100),vlan(vid=5,cfi=0),encap(eth_type(0x0800),ipv4(proto=6))",
	"in_port(1),eth(),eth_type(0x8100),vlan(vid=4096)",
	"in_port(1),eth(),eth_type(0x8100),vlan(vid=0,pcp=0,cfi=0),encap()", "in_port(1),eth(),eth_type(0x8100),vlan(vid=5)",
	"in_port(1),eth(),eth_type(0x8100),vlan(vid=5,pcp=8),encap()", "in_port(1),eth(),eth_type(0x8100),vlan(vid=5),encap(",
	"in_port(1),eth(),vlan(vid=5),encap()",
	"in_port(1),eth(),eth_type(0x8847),mpls(label=100,tc=3,ttl=64,bos=1)",
	"in_port(1),eth(),eth_type(0x8847),mpls(label=100,tc=3,ttl=64,bos=0,label=5,bos=1)",
	"in_port(1),eth(),eth_type(0x8847),mpls(label=100,bos=1,label=5,bos=1)",
	"in_port(1),eth(),eth_type(0x8847),mpls(label=1048576)",
	"in_port(1),eth(),eth_type(0x8847),mpls(label=1,label=2,label=3,label=4)", "in_port(1),eth(),mpls(label=1,bos=1)",
	"in_port(1),eth(),eth_type(0x0005)", "in_port(1),in_port(2)", "in_port(1),eth(),eth()",
	"eth_type(0x0800),ipv4(proto=6),in_port(1)",
	"in_port(1),packet_type(ns=1,id=0x800),eth_type(0x0800),ipv4(src=1.2.3.4)",
	"in_port(1),packet_type(ns=1,id=0x894f),eth_type(0x894f),nsh(flags=1,mdtype=1,np=3,spi=5,si=6,c1=1,c2=2,c3=3,c4=4)",
	"in_port(1),eth(),eth_type(0x894f),nsh(mdtype=2,np=1)", "in_port(1),eth(),eth_type(0x894f),nsh(mdtype=2,c1=1)",
	"in_port(1),eth(),eth_type(0x894f),nsh(ttl=5)",
	"recirc_id(0),dp_hash(5),skb_priority(0x6),skb_mark(7),in_port(1),eth()", "in_port(1),ct_state(+trk+est),eth()",
	"in_port(1),ct_state(trk|est),ct_zone(5),ct_mark(0x6),ct_label(0x123456789abcdef00),eth()",
	"in_port(1),ct_state(0x21/0xff),eth()", "in_port(1),ct_state(bogus),eth()", "in_port(1),ct_state(0x100),eth()",
	"in_port(1),ct_label(0x1/),eth()",
	"in_port(1),ct_state(0x2a),ct_tuple4(src=1.1.1.1,dst=2.2.2.2,proto=6,tp_src=5,tp_dst=6),eth(),eth_type(0x0800),ipv4(proto=6),tcp(src=6,dst=5)",
	"in_port(1),ct_state(est|trk),ct_tuple6(src=::1,dst=::2,proto=17,tp_src=5,tp_dst=6),eth(),eth_type(0x86dd),ipv6(proto=17),udp(src=6,dst=5)",
	"in_port(vxlan_sys_4789),tunnel(tun_id=0x5,src=1.1.1.1,dst=2.2.2.2,tos=0x3,ttl=64,flags(df|key)),eth()",
	"in_port(1),tunnel(dst=2.2.2.2),eth()",
	"in_port(vxlan_sys_4790),tunnel(tun_id=5,ipv6_src=::1,ipv6_dst=::2,ttl=64,tp_src=5,tp_dst=6,flags(csum|oam)),eth()",
	"in_port(vxlan_sys_4789),tunnel(dst=2.2.2.2,ttl=1,vxlan(gbp(id=5,flags=0x8))),eth()",
	"in_port(erspan_sys),tunnel(dst=2.2.2.2,ttl=1,erspan(ver=1,idx=0x7)),eth()",
	"in_port(erspan_sys),tunnel(dst=2.2.2.2,ttl=1,erspan(ver=2,dir=1,hwid=0x4)),eth()",
	"in_port(gtpu_sys_2152),tunnel(dst=2.2.2.2,ttl=1,gtpu(flags=0x30,msgtype=255)),packet_type(ns=1,id=0x800),eth_type(0x0800),ipv4(proto=6)",
	"in_port(1),tunnel(dst=2.2.2.2,ttl=1,flags(bogus)),eth()", "in_port(1),tunnel(src=1.1.1.1,ttl=1),eth()",
	"ufid:01234567-89ab-cdef-0123-456789abcdef, in_port(1),eth()", "ufid:0123,in_port(1)",
	"in_port(1),eth(),eth_type(0x0800),ipv4(proto=6),tcp(src=1,dst=2),tcp_flags(0x12)",
	"in_port(1),eth(),eth_type(0x0800),ipv4(proto=6),tcp(src=1,dst=2),tcp_flags(syn|bogus)",
	"in_port(0x1),eth()", "in_port(01),eth()",
}
