// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
)

const realPorts = 4

// realSwitch is a bridge br0 of Open vSwitch with dummy ports p1 to p4, whose numbers are 1 to 4.
type realSwitch struct {
	t      testing.TB
	ctx    context.Context
	ovs    *ovsproc.OVS
	socket string
}

func startReal(t testing.TB) *realSwitch {
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	r := &realSwitch{t: t, ctx: ctx, ovs: ovs}
	args := []string{"init", "--", "set", "open", ".", "other_config:vlan-limit=2"}
	ovsproctest.Vsctl(ctx, t, ovs, append(args, ovsproctest.DummyBridge("br0", realPorts)...)...)
	var err error
	if r.socket, err = unixctl.Socket(ovs.Dir(), "ovs-vswitchd"); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *realSwitch) run(name string, args ...string) string {
	r.t.Helper()
	out, err := exec.CommandContext(r.ctx, name, args...).CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (r *realSwitch) appctl(method string, args ...string) string {
	r.t.Helper()
	out, err := unixctl.Call(r.ctx, r.socket, method, args...)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, strings.Join(args, " "), err)
	}
	return out
}

func (r *realSwitch) program(flows ...string) {
	r.t.Helper()
	cmd := exec.CommandContext(r.ctx, "ovs-ofctl", "-O", "OpenFlow15", "replace-flows", r.ovs.Management("br0"), "-")
	cmd.Stdin = strings.NewReader(strings.Join(flows, "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("ovs-ofctl replace-flows: %v\n%s", err, out)
	}
}

// looking are flows that look at some bits of many fields.
var looking = []string{
	"in_port=1 actions=2",
	"in_port=2,priority=9,tcp,nw_dst=10.0.0.0/8,tp_dst=0x100/0xff00 actions=1",
	"in_port=2,priority=8,tcp,tcp_flags=+syn-ack actions=1",
	"in_port=2,priority=8,tcp6,tcp_flags=+syn+fin actions=1",
	"in_port=2,priority=7,udp,tp_src=53 actions=1",
	"in_port=2,priority=7,icmp,icmp_type=8 actions=1",
	"in_port=2,priority=7,icmp6,icmp_type=135,nd_target=::/1 actions=1",
	"in_port=2,priority=7,icmp6,icmp_type=136,nd_tll=00:00:00:00:00:00/01:00:00:00:00:00 actions=1",
	"in_port=2,priority=7,ipv6,ipv6_label=0/0xff,nw_tos=8 actions=1",
	"in_port=2,priority=7,arp,arp_op=1,arp_sha=00:00:00:00:00:00/01:00:00:00:00:00 actions=1",
	"in_port=2,priority=7,mpls,mpls_label=3,mpls_bos=1 actions=1",
	"in_port=2,priority=7,dl_type=0x894f,nsh_mdtype=1,nsh_c2=1/1 actions=1",
	"in_port=2,priority=6,vlan_tci=0x1000/0x1000,vlan_tci=0x1003/0x1003 actions=1",
	"in_port=2,priority=6,ip,nw_frag=later actions=1",
	"in_port=3,ip,actions=multipath(symmetric_l4,0,modulo_n,4,0,NXM_NX_REG0[]),move:NXM_OF_IP_SRC[3..9]->NXM_NX_REG1[0..6],1",
	"in_port=3,ipv6,actions=move:NXM_NX_IPV6_DST[3..99]->NXM_NX_XXREG1[0..96],move:NXM_NX_IP_TTL[]->NXM_NX_REG2[0..7],1",
	"in_port=3,priority=1,actions=move:NXM_OF_ETH_SRC[3..9]->NXM_NX_REG1[0..6],move:NXM_OF_VLAN_TCI[0..11]->NXM_NX_REG3[0..11],1",
	"in_port=4,ip,actions=set_field:1->ip_ecn,set_field:3->nw_ttl,move:NXM_OF_ETH_DST[]->NXM_OF_ETH_SRC[],1",
	"in_port=4,icmp6,icmp_type=135,icmp_code=0,actions=move:NXM_NX_ND_TARGET[]->NXM_NX_XXREG0[],move:NXM_NX_ND_SLL[]->NXM_OF_ETH_DST[],1",
	"in_port=4,priority=1,dl_vlan=3,actions=pop_vlan,1",
	"in_port=4,priority=0,actions=push_vlan:0x88a8,set_field:4099->vlan_vid,1",
}

// TestODPAsOpenVSwitch: flows of a datapath that random frames lead to are read and written again as they were.
func TestODPAsOpenVSwitch(t *testing.T) {
	r := startReal(t)
	r.program(looking...)
	m := maker{rand.New(rand.NewPCG(3, 4))}
	const frames = 1200
	for range frames / 20 {
		args := []string{fmt.Sprintf("p%d", m.IntN(realPorts)+1)}
		for range 20 {
			f := m.frame()
			if len(f) < 14 {
				f = append(f, make([]byte, 14)...)
			}
			args = append(args, hex.EncodeToString(f))
		}
		r.appctl("netdev-dummy/receive", args...)
	}
	r.appctl("revalidator/pause")
	for _, verbose := range []bool{false, true} {
		var args []string
		if verbose {
			args = []string{"-m"}
		}
		lines := strings.Split(strings.TrimSpace(r.appctl("dpctl/dump-flows", args...)), "\n")
		if len(lines) < frames/10 {
			t.Errorf("the datapath has %d flows, want more", len(lines))
		}
		bad, read := 0, 0
		for _, line := range lines {
			want, _, ok := strings.Cut(line, ", packets:")
			if _, rest, has := strings.Cut(want, ", "); has && verbose {
				want = rest // behind the UFID
			}
			if strings.HasPrefix(want, "flow-dump") {
				continue
			}
			want = strings.Replace(want, ",tcp_flags(0/0)", "", 1) // which says that there were some
			readable, can := readable(want)
			if !can {
				continue
			}
			read++
			o := flowtext.ODP{Verbose: verbose, VLANs: packet.MaxVLANs, Port: portName(verbose)}
			value, mask, err := o.Parse(readable, portNumbers)
			if !ok || err != nil {
				t.Errorf("flow %s: %v", line, err)
				continue
			}
			if got := o.Format(&value, &mask); got != want {
				t.Errorf("flow of the datapath:\ngot  %s\nwant %s", got, want)
				if bad++; bad > 10 {
					t.FailNow()
				}
			}
		}
		if read < len(lines)/2 {
			t.Errorf("only %d of %d flows could be read", read, len(lines))
		}
	}
}

// readable makes a text that reads as the flow of a datapath out of one that Open vSwitch writes, where it can: it reads
// a frame without Ethernet addresses as another type of packet, a tag that is not there, or cut off, as the end of the frame, no
// frames of IEEE 802.2 and no TTL of NSH.
func readable(flow string) (string, bool) {
	if !strings.Contains(flow, "eth(") {
		flow = strings.Replace(flow, "packet_type(ns=0,id=0)", "packet_type(ns=0,id=0),eth()", 1)
	}
	flow = strings.Replace(flow, "eth_type(0/0xffff)", "", 1)
	return flow, strings.Count(flow, "encap(") == strings.Count(flow, "vlan(") && !strings.Contains(flow, "nsh(") &&
		!strings.Contains(flow, "cfi=0") && !strings.Contains(flow, "bad key length")
}

var portNumbers = map[string]uint32{"br0": 100, "p1": 1, "p2": 2, "p3": 3, "p4": 4}

func portName(named bool) func(uint32) string {
	if !named {
		return nil
	}
	return func(no uint32) string {
		for name, n := range portNumbers {
			if n == no {
				return name
			}
		}
		return fmt.Sprint(no)
	}
}

// TestTraceAsOpenVSwitch: ofproto/trace says the same of a datapath's flow and of the megaflow.
func TestTraceAsOpenVSwitch(t *testing.T) {
	r := startReal(t)
	r.program(looking...)
	m := maker{rand.New(rand.NewPCG(5, 6))}
	compared := 0
	for range 300 {
		frame := m.frame()
		var p packet.Packet
		p.Init(frame, openflow.PacketEthernet, packet.MaxVLANs)
		k := p.Key
		k.SetUint(openflow.FieldInPort, uint64(m.IntN(realPorts)+1))
		k.SetUint(openflow.FieldPktMark, m.Uint64()%2)
		k.SetUint(packet.SKBPriority, m.Uint64()%2)
		flow := flowtext.ODP{VLANs: packet.MaxVLANs, Verbose: true}.Format(&k, nil)
		if strings.Contains(flow, "nsh(") || strings.Contains(flow, "bad key length") {
			continue // Open vSwitch cannot read what it writes
		}
		read, _, err := flowtext.ODP{VLANs: packet.MaxVLANs}.Parse(flow, nil)
		if err != nil {
			t.Errorf("flow of a datapath %s: %v", flow, err)
			continue
		}
		out, err := unixctl.Call(r.ctx, r.socket, "ofproto/trace", flow)
		if err != nil {
			t.Errorf("ofproto/trace %s: %v", flow, err)
			continue
		}
		want, _, _ := strings.Cut(strings.TrimPrefix(out, "Flow: "), "\n")
		if got := flowtext.FormatFlow(&read, nil); got != want {
			t.Errorf("flow %s:\ngot  %s\nwant %s", flow, got, want)
		}
		_, mega, ok := strings.Cut(out, "\nMegaflow: ")
		if mega, _, _ = strings.Cut(mega, "\n"); !ok {
			t.Errorf("ofproto/trace %s has no megaflow:\n%s", flow, out)
			continue
		}
		match, err := openflow.ParseMatch(strings.Replace(mega, ",eth,", ",", 1), nil)
		if err != nil {
			continue // since no flow of OpenFlow matches what the datapath does
		}
		value, mask := packet.Match(match)
		mask.Mask(openflow.FieldPacketType)
		for name, f := range map[string]openflow.Field{"icmp_type=0x": openflow.FieldTCPSrc, "icmp_code=0x": openflow.FieldTCPDst} {
			if strings.Contains(mega, name) {
				mask.SetUint(f, 0xff) // which a flow of OpenFlow takes for all
			}
		}
		if got := flowtext.FormatMatch(&value, &mask, nil); got != mega {
			t.Errorf("megaflow of %s:\ngot  %s\nwant %s", flow, got, mega)
		}
		compared++
	}
	if compared < 100 {
		t.Errorf("only %d megaflows were compared", compared)
	}
}

// TestParseFlowAsOpenVSwitch: ofproto/trace reads a flow of a bridge the same, and refuses it with the same words.
func TestParseFlowAsOpenVSwitch(t *testing.T) {
	r := startReal(t)
	names := &openflow.Names{Ports: map[uint32]string{1: "p1", 2: "p2", 3: "p3", 4: "p4", openflow.PortLocal: "br0"}}
	texts := append([]string{}, flowTexts...)
	m := maker{rand.New(rand.NewPCG(7, 8))}
	for range 200 {
		var words []string
		for range m.IntN(5) + 1 {
			words = append(words, strings.Split(flowTexts[m.IntN(len(flowTexts))], ",")...)
		}
		m.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		texts = append(texts, strings.Join(words[:min(len(words), m.IntN(6)+1)], ","))
	}
	good := 0
	for _, text := range texts {
		if strings.Trim(text, ", ") == "" {
			continue // which is the flow of a datapath
		}
		k, err := flowtext.ParseFlow(text, names)
		got := flowtext.FormatFlow(&k, nil)
		if err != nil {
			got = "Bad openflow flow syntax: " + err.Error()
		} else {
			good++
		}
		out, err := unixctl.Call(r.ctx, r.socket, "ofproto/trace", "br0", text)
		want, _, _ := strings.Cut(strings.TrimPrefix(out, "Flow: "), "\n")
		if err != nil {
			_, want, _ = strings.Cut(err.Error(), ".ctl: ")
		}
		if got != want {
			t.Errorf("flow %q:\ngot  %s\nwant %s", text, got, want)
		}
	}
	if good < len(flowTexts)/3 {
		t.Errorf("only %d flows of %d are right", good, len(texts))
	}
}

var flowTexts = []string{
	"in_port=1", "in_port=p2,tcp", "in_port=LOCAL", "in_port=65534", "in_port=br0", "in_port=none", "in_port=any",
	"in_port=nobody",
	"in_port=4294967294", "in_port=65281", "in_port=70000", "in_port=-1", "in_port=0x1", "in_port=\"p3\"", "in_port_oxm=5",
	"in_port_oxm=x",
	"in_port=1,in_port=2", "in_port=1 , tcp\tnw_src=1.2.3.4",
	"tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=5,tcp_dst=80", "tcp,tcp_src=1,tcp_flags=syn|ack", "tcp,tcp_flags=+syn-ack",
	"tcp,tcp_flags=0x12", "tcp,tcp_flags=0x2/0x2", "tcp,tcp_flags=bogus", "tcp,tcp_flags=+bogus", "tcp,tcp_flags=0x1000",
	"tcp,tcp_flags=2/0xffff", "tcp,tcp_flags=+syn+syn", "tcp,tcp_flags=+synack", "tcp,tcp_flags=syn,tcp_flags=ack",
	"udp,tp_src=5", "udp,udp_src=5,udp_dst=0x35", "udp,udp_src=70000", "udp,udp_src=", "udp,udp_src=5/0xffff",
	"udp,udp_src=5/0xff",
	"udp,udp_src=x", "udp,udp_src=5x", "udp,udp_src=*", "udp6,udp_dst=53,ipv6_src=::1,ipv6_dst=2001:db8::1/128", "sctp,sctp_src=7",
	"icmp,icmp_type=8,icmp_code=0", "icmp6,icmp_type=8", "icmp6,icmpv6_type=135,nd_target=fe80::1,nd_sll=00:00:00:00:00:01",
	"icmp6,icmpv6_type=136,icmpv6_code=0,nd_tll=00:00:00:00:00:01,nd_sll=00:00:00:00:00:02", "icmp6,icmpv6_type=135,nd_reserved=5",
	"arp,arp_op=1,arp_spa=1.1.1.1,arp_tpa=2.2.2.2,arp_sha=00:01:02:03:04:05,arp_tha=0a:0b:0c:0d:0e:0f", "rarp,arp_op=300",
	"arp,nw_proto=1",
	"dl_src=00:11:22:33:44:55,dl_dst=ff:ff:ff:ff:ff:ff", "dl_src=00:11:22:33:44", "dl_src=00:11:22:33:44:55/ff:ff:ff:ff:ff:ff",
	"dl_src=00:11:22:33:44:55/ff:00:00:00:00:00", "eth_src=1:2:3:4:5:6", "eth_src=00:11:22:33:44:55x",
	"dl_type=0x800,nw_proto=6,tcp_dst=80", "dl_type=0x86dd,ipv6_label=0x12345", "dl_type=0x86dd,ipv6_label=0x123456",
	"dl_type=70000",
	"dl_vlan=5", "dl_vlan=5,dl_vlan_pcp=3", "dl_vlan_pcp=2", "dl_vlan=0xffff", "dl_vlan=4096", "vlan_tci=0x1005",
	"vlan_vid=0x1005,vlan_pcp=2",
	"vlan_pcp=2", "vlan_tci=0x1005/0x1fff", "dl_vlan=5,vlan_vid=5", "dl_vlan_pcp=9", "vlan_vid=5",
	"mpls,mpls_label=100,mpls_tc=3,mpls_bos=1,mpls_ttl=5", "mplsm,mpls_label=5", "mpls_label=5", "mpls,mpls_label=0x100000",
	"ip,nw_tos=0x21", "ip,ip_dscp=8", "ip,nw_ecn=3", "ip,nw_ttl=64", "ip,nw_frag=later", "ip,nw_frag=yes", "ip,nw_frag=bad",
	"ip,ip_frag=FIRST",
	"nw_src=1.2.3.4", "ip,nw_src=1.2.3", "ip,nw_src=1.2.3.4/32", "ip,nw_src=1.2.3.4/24", "ip,nw_src=1.2.3.4/33",
	"ip,nw_src=1.2.3.4x",
	"ip,nw_src=1.2.3.4/255.255.255.255", "ip,nw_src=1.2.3.4/255.0.0.0", "ip,nw_src=1.2.3.4/x", "ipv6,ipv6_src=::1/64",
	"ipv6,ipv6_src=x",
	"ipv6,ipv6_src=::1/129", "ipv6,ipv6_src=::1/ffff::", "ipv6,ipv6_src=::1.2.3.4", "ipv6,ipv6_src=::ffff:1.2.3.4",
	"ip,tcp", "tcp,udp", "tcp,nw_proto=6", "nw_proto=6", "ip4", "ip6", "ipv4",
	"reg0=5,reg15=0xffffffff", "reg0=0x100000000", "xreg0=5", "xxreg1=0x123456789abcdef0123456789", "metadata=0x1234",
	"metadata=-1",
	"tun_id=5,tun_src=1.1.1.1,tun_dst=2.2.2.2", "tun_ttl=5", "tun_tos=9", "tun_flags=oam", "tun_flags=df",
	"tun_gbp_id=5,tun_gbp_flags=3",
	"tun_dst=1.1.1.1,tun_flags=oam", "tun_ipv6_dst=::1,tun_id=3",
	"pkt_mark=7", "skb_priority=3", "ct_state=trk|est", "ct_state=+trk", "ct_state=0x21", "ct_state=bogus",
	"ct_mark=5,ct_zone=3,ct_label=0x55",
	"ip,ct_state=est|trk,ct_nw_proto=6,ct_nw_src=1.1.1.1,ct_nw_dst=1.1.1.2,ct_tp_src=5,ct_tp_dst=6", "ct_nw_src=1.1.1.1",
	"packet_type=(1,0x800),nw_src=1.2.3.4", "packet_type=(0,0)", "packet_type=5", "packet_type=(1,x)",
	"packet_type=(1,0x800),dl_src=00:00:00:00:00:01",
	"dl_type=0x894f,nsh_flags=2,nsh_ttl=63,nsh_mdtype=1,nsh_np=3,nsh_spi=0x123456,nsh_si=255,nsh_c1=1,nsh_c4=0x44",
	"conj_id=3", "recirc_id=4", "dp_hash=5", "actset_output=3", "bogus=5", "bogus", "NXM_OF_ETH_SRC=5", "priority=5", "tcp=5",
	"in_port",
	"reg1(5)", "reg1:5", "reg1=(5)", "reg1=5(6", "in_port=1,nw_src",
}
