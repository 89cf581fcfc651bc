// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// step is an action of a datapath and what does the same to a packet.
type step struct {
	text string
	do   func(*packet.Packet)
}

// set is an action that sets fields; context are the attributes without which they mean nothing.
func set(t *testing.T, context, fields string, do func(p *packet.Packet, value, mask *packet.Key)) step {
	value, mask, err := flowtext.ParseODP(context+","+fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	return step{"set(" + fields + ")", func(p *packet.Packet) { do(p, &value, &mask) }}
}

// TestActionsAsOpenVSwitch: the actions of a datapath change random frames to the same bytes as Open vSwitch's, and leave
// a key that is the one of the bytes.
func TestActionsAsOpenVSwitch(t *testing.T) {
	ipv4 := func(k *packet.Key) bool {
		return k.Uint(openflow.FieldEthType) == 0x800 && k.Has(openflow.FieldIPv4Src)
	}
	ipv6 := func(k *packet.Key) bool {
		return k.Uint(openflow.FieldEthType) == 0x86dd && k.Uint(openflow.FieldIPTTL) != 0
	}
	all := func(*packet.Key) bool { return true }
	is := func(proto, version uint64) func(k *packet.Key) bool {
		return func(k *packet.Key) bool {
			return k.Uint(openflow.FieldIPProto) == proto && (version != 6 && ipv4(k) || version != 4 && ipv6(k)) &&
				k.Uint(openflow.FieldIPFrag)&2 == 0 && k.Uint(openflow.FieldTCPSrc)|k.Uint(openflow.FieldTCPDst) != 0
		}
	}
	ofType := func(typ uint64) func(k *packet.Key) bool {
		return func(k *packet.Key) bool {
			return k.Uint(openflow.FieldEthType) == typ && k.Has(openflow.FieldARPSHA) && k.Has(openflow.FieldARPOp)
		}
	}
	in := func(address, v, m string) string { return fmt.Sprintf("%s=%s/%s", address, v, m) }
	const tcp, udp, sctp, icmp, icmp6 = 6, 17, 132, 1, 58
	setEth := func(p *packet.Packet, v, m *packet.Key) { p.SetEthernet(v, m) }
	setIPv4 := func(p *packet.Packet, v, m *packet.Key) { p.SetIPv4(v, m) }
	setIPv6 := func(p *packet.Packet, v, m *packet.Key) { p.SetIPv6(v, m) }
	setTransport := func(p *packet.Packet, v, m *packet.Key) { p.SetTransport(v, m) }
	setICMP := func(p *packet.Packet, v, m *packet.Key) { p.SetICMP(v, m) }
	setND := func(p *packet.Packet, v, m *packet.Key) { p.SetND(v, m) }
	setARP := func(p *packet.Packet, v, m *packet.Key) { p.SetARP(v, m) }
	pushVLAN := func(text string, typ, tci uint16) step {
		return step{"push_vlan(" + text + ")", func(p *packet.Packet) { p.PushVLAN(typ, tci) }}
	}
	popVLAN := step{"pop_vlan", (*packet.Packet).PopVLAN}
	pushMPLS := func(typ uint16, lse uint32) step {
		return step{fmt.Sprintf("of:push_mpls:0x%x,set_mpls_label:%d,set_mpls_tc:%d,set_mpls_ttl:%d", typ, lse>>12, lse>>9&7, lse&0xff),
			func(p *packet.Packet) { p.PushMPLS(typ, lse) }}
	}
	popMPLS := func(typ uint16) step {
		return step{fmt.Sprintf("of:pop_mpls:0x%x", typ), func(p *packet.Packet) { p.PopMPLS(typ) }}
	}
	// bottom is of label stacks whose bottom is the n-th entry.
	bottom := func(n int) func(k *packet.Key) bool {
		return func(k *packet.Key) bool {
			first, second := k.Uint(packet.MPLSLSE), k.Uint(packet.MPLSLSE1)
			return k.Uint(openflow.FieldEthType)&^0xf == 0x8840 &&
				(n == 1 && first&0x100 != 0 || n == 2 && first&0x100 == 0 && second&0x100 != 0)
		}
	}
	type1 := func(k *packet.Key) bool {
		return k.Uint(openflow.FieldEthType) == 0x894f && k.Uint(openflow.FieldNSHMDType) == 1
	}
	setNDExtensions := func(p *packet.Packet, v, m *packet.Key) { p.SetNDExtensions(v, m) }
	nd := "eth_type(0x86dd),ipv6(proto=58),icmpv6(type=135,code=0)"
	neighbour := func(k *packet.Key) bool { return ipv6(k) && k.IsND() && k.Has(openflow.FieldNDTarget) }
	withOption := func(k *packet.Key) bool { return neighbour(k) && k.Has(openflow.FieldNDOptionsType) }
	nsh := func(typ, c1 uint64, metadata []byte) func(*packet.Packet) {
		var k packet.Key
		k.SetUint(openflow.FieldNSHFlags, 1)
		k.SetUint(openflow.FieldNSHTTL, 3)
		k.SetUint(openflow.FieldNSHMDType, typ)
		k.SetUint(openflow.FieldNSHSPI, 0x123456)
		k.SetUint(openflow.FieldNSHSI, 0xfe)
		k.SetUint(openflow.FieldNSHC1, c1)
		k.SetUint(openflow.FieldNSHC4, c1)
		return func(p *packet.Packet) { p.PushNSH(&k, metadata) }
	}
	r := startReal(t)
	r.program("actions=drop")
	r.appctl("revalidator/pause")
	tx := &capture{r: r, file: filepath.Join(t.TempDir(), "out.pcap")}
	r.run("ovs-vsctl", "--db="+r.ovs.DatabaseEndpoint(), "set", "interface", "p2", "options:tx_pcap="+tx.file)
	m := maker{rand.New(rand.NewPCG(11, 12))}
	for _, c := range []struct {
		name  string
		fits  func(*packet.Key) bool
		steps []step
	}{
		{"Ethernet", all, []step{set(t, "in_port(1)", "eth(src=01:02:03:04:05:06,dst=0a:00:00:00:00:0b/ff:00:00:00:00:ff)", setEth)}},
		{"IPv4", ipv4, []step{set(t, "eth_type(0x0800)", "ipv4(src=1.2.3.4,dst=5.6.7.8,tos=0xb8,ttl=9)", setIPv4)}},
		{"IPv4 in part", ipv4, []step{set(t, "eth_type(0x0800)", "ipv4("+in("src", "1.0.0.4", "255.0.0.255")+",tos=0x3/0x3)", setIPv4)}},
		{"IPv4 to zero", ipv4, []step{set(t, "eth_type(0x0800)", "ipv4(src=255.255.255.255,dst=0.0.0.0)", setIPv4)}},
		{"IPv6", ipv6, []step{set(t, "eth_type(0x86dd)",
			"ipv6(src=2001:db8::1,dst=2001:db8::2,label=0x12345,tclass=0x7,hlimit=5)", setIPv6)}},
		{"IPv6 in part", ipv6, []step{set(t, "eth_type(0x86dd)",
			"ipv6("+in("dst", "::5", "::ffff")+",label=0x3/0x3,tclass=0x8/0xc)", setIPv6)}},
		{"TCP", is(tcp, 0), []step{set(t, "eth_type(0x0800),ipv4(proto=6)", "tcp(src=80,dst=0)", setTransport)}},
		{"UDP", is(udp, 0), []step{set(t, "eth_type(0x0800),ipv4(proto=17)", "udp(src=80,dst=3/0xf)", setTransport)}},
		{"SCTP", is(sctp, 0), []step{set(t, "eth_type(0x0800),ipv4(proto=132)", "sctp(src=80,dst=81)", setTransport)}},
		{"ICMP", is(icmp, 4), []step{set(t, "eth_type(0x0800),ipv4(proto=1)", "icmp(type=3,code=7)", setICMP)}},
		{"ICMPv6", is(icmp6, 6), []step{set(t, "eth_type(0x86dd),ipv6(proto=58)", "icmpv6(type=3,code=7)", setICMP)}},
		{"ND", neighbour, []step{set(t, nd, "nd(target=fe80::5,sll=00:00:00:00:00:05,tll=00:00:00:00:00:06)", setND)}},
		{"ND in part", neighbour, []step{set(t, nd, "nd("+in("sll", "00:00:00:00:00:05", "00:00:00:00:00:0f")+")", setND)}},
		{"ARP", ofType(0x806), []step{set(t, "eth_type(0x0806)",
			"arp(sip=1.1.1.1,tip=2.2.2.2,op=2,sha=00:00:00:00:00:05,tha=00:00:00:00:00:06)", setARP)}},
		{"ARP in part", ofType(0x806), []step{set(t, "eth_type(0x0806)", "arp("+in("sip", "1.0.0.0", "255.0.0.0")+")", setARP)}},
		{"VLAN", all, []step{pushVLAN("vid=5,pcp=3", 0x8100, 0x7005)}},
		{"two VLANs", all, []step{pushVLAN("vid=5,pcp=3", 0x8100, 0x7005), pushVLAN("tpid=0x88a8,vid=6,pcp=0", 0x88a8, 0x1006)}},
		{"a VLAN and back", all, []step{pushVLAN("vid=5,pcp=3", 0x8100, 0x7005), popVLAN}},
		{"no VLAN", all, []step{popVLAN}},
		{"IP in a VLAN", ipv4, []step{pushVLAN("vid=5,pcp=3", 0x8100, 0x7005),
			set(t, "eth_type(0x0800)", "ipv4(src=1.2.3.4,ttl=9)", setIPv4), popVLAN}},
		{"ND extensions", withOption, []step{set(t, nd, "nd_ext(nd_reserved=0x80000000,nd_options_type=2)", setNDExtensions)}},
		{"cut", all, []step{{"trunc(20)", func(p *packet.Packet) { p.Truncate(20) }}}},
		{"NSH on and off", all, []step{{"push_nsh(flags=1,ttl=3,mdtype=1,np=3,spi=0x123456,si=254,c1=0x5,c2=0x0,c3=0x0,c4=0x5)", nsh(1, 5, nil)},
			{"pop_nsh()", func(p *packet.Packet) { p.PopNSH() }}}},
		{"NSH with options on and off", all, []step{{"push_nsh(flags=1,ttl=3,mdtype=2,np=3,spi=0x123456,si=254,md2=0x0102030405060708)",
			nsh(2, 0, []byte{1, 2, 3, 4, 5, 6, 7, 8})}, {"pop_nsh()", func(p *packet.Packet) { p.PopNSH() }}}},

		// ovs-appctl(8) does not read the rest, so that flows of OpenFlow have to do.
		{"MPLS", ipv4, []step{pushMPLS(0x8847, 100<<12|3<<9|1<<8|64)}},
		{"MPLS on MPLS", bottom(1), []step{pushMPLS(0x8848, 100<<12|3<<9|64)}},
		{"label", bottom(2), []step{{"of:set_mpls_label:7,set_mpls_tc:1,set_mpls_ttl:2", func(p *packet.Packet) {
			var k packet.Key
			k.SetUint(packet.MPLSLSE, 7<<12|1<<9|2)
			m := packet.Key{}
			m.SetUint(packet.MPLSLSE, 0xfffffeff)
			p.SetMPLS(&k, &m)
		}}}},
		{"MPLS off", bottom(1), []step{popMPLS(0x800)}},
		{"two MPLS off", bottom(2), []step{popMPLS(0x8847), popMPLS(0x86dd)}},
		{"Ethernet off and on", ipv4, []step{{"of:decap(),encap(ethernet)", func(p *packet.Packet) {
			p.PopEthernet()
			p.PushEthernet([6]byte{}, [6]byte{})
		}}}},
		{"NSH", all, []step{{"of:encap(nsh(md_type=1)),set_field:1->nsh_flags,set_field:3->nsh_ttl,set_field:0x123456->nsh_spi," +
			"set_field:254->nsh_si,set_field:5->nsh_c1,set_field:5->nsh_c4,encap(ethernet)", func(p *packet.Packet) {
			nsh(1, 5, nil)(p)
			p.PushEthernet([6]byte{}, [6]byte{})
		}}}},
		{"NSH of IP", ipv6, []step{{"of:decap(),encap(nsh(md_type=1)),set_field:1->nsh_flags,set_field:3->nsh_ttl," +
			"set_field:0x123456->nsh_spi,set_field:254->nsh_si,set_field:5->nsh_c1,set_field:5->nsh_c4,encap(ethernet)", func(p *packet.Packet) {
			p.PopEthernet()
			nsh(1, 5, nil)(p)
			p.PushEthernet([6]byte{}, [6]byte{})
		}}}},
		{"NSH changed", type1, []step{{"of:set_field:1->nsh_flags,set_field:3->nsh_ttl,set_field:0x123456->nsh_spi," +
			"set_field:5/0xf->nsh_c2", func(p *packet.Packet) {
			var k, m packet.Key
			k.SetUint(openflow.FieldNSHFlags, 1)
			k.SetUint(openflow.FieldNSHTTL, 3)
			k.SetUint(openflow.FieldNSHSPI, 0x123456)
			k.SetUint(openflow.FieldNSHC2, 5)
			m.Mask(openflow.FieldNSHFlags, openflow.FieldNSHTTL, openflow.FieldNSHSPI)
			m.SetUint(openflow.FieldNSHC2, 0xf)
			p.SetNSH(&k, &m)
		}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			actions := ""
			for _, s := range c.steps {
				actions += s.text + ","
			}
			r.appctl("dpctl/del-flows")
			if strings.HasPrefix(actions, "of:") {
				var flows []string
				for _, match := range matches(c.name) {
					flows = append(flows, "in_port=1"+match+" actions="+strings.ReplaceAll(actions, "of:", "")+"2")
				}
				r.program(flows...)
			} else {
				r.appctl("dpctl/add-flow", "recirc_id(0),in_port(1),eth(),eth_type(0x1234/0)", actions+"2")
			}
			var sent, want [][]byte
			for len(sent) < 30 {
				frame := m.frame()
				var p packet.Packet
				p.Init(append([]byte(nil), frame...), openflow.PacketEthernet, packet.MaxVLANs)
				if len(frame) < 14 || p.Key.Has(openflow.FieldVLANTCI) || p.Key.Uint(openflow.FieldEthType)>>8 == 0x81 ||
					p.Key.Uint(openflow.FieldEthType) == 0x88a8 || !c.fits(&p.Key) {
					continue
				}
				for _, s := range c.steps {
					s.do(&p)
				}
				again := packet.Packet{}
				again.Init(p.Bytes(), p.Type(), packet.MaxVLANs)
				if again.Key != p.Key && c.name != "cut" {
					t.Errorf("%s of %x: key %s, that of the bytes is %s", actions, frame, flowtext.FormatFlow(&p.Key, nil),
						flowtext.FormatFlow(&again.Key, nil))
				}
				sent, want = append(sent, frame), append(want, p.Bytes())
			}
			args := []string{"p1"}
			for _, f := range sent {
				args = append(args, hex.EncodeToString(f))
			}
			r.appctl("netdev-dummy/receive", args...)
			for i, got := range tx.next(t, len(want)) {
				if hex.EncodeToString(got) != hex.EncodeToString(want[i]) {
					t.Fatalf("%s of\n%x:\ngot\n%x want\n%x", actions, sent[i], want[i], got)
				}
			}
		})
	}
}

// matches are the conditions without which OpenFlow refuses the actions of a case.
func matches(name string) []string {
	switch name {
	case "label", "MPLS off", "two MPLS off", "MPLS on MPLS":
		return []string{",mpls", ",mplsm"}
	case "NSH changed":
		return []string{",dl_type=0x894f"}
	}
	return []string{""}
}

// capture is what a port sends.
type capture struct {
	r    *realSwitch
	file string
	seen int
}

// next waits for n frames.
func (c *capture) next(t *testing.T, n int) [][]byte {
	t.Helper()
	for {
		if err := c.r.ctx.Err(); err != nil {
			t.Fatalf("%d frames did not come out: %v", n, err)
		}
		c.r.appctl("version") // fails where the switch has died
		b, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if all := framesOf(b); len(all) >= c.seen+n {
			c.seen += n
			return all[c.seen-n : c.seen]
		}
	}
}
