// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/openflow"
)

// TestComposeAsOpenVSwitch: ovs-ofctl(8) makes the same frame of a flow.
func TestComposeAsOpenVSwitch(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	composed := 0
	for i, text := range append(flowTexts, composeTexts...) {
		k, err := flowtext.ParseFlow(text, nil)
		if err != nil {
			continue
		}
		args := []string{"compose-packet", text}
		payload := packet.Filler(64)
		if i%2 == 0 {
			payload = []byte{1, 2, 3}
			args = append(args, "010203")
		}
		// It fails where the frame does not have all that the flow says.
		out, _ := exec.CommandContext(t.Context(), "ovs-ofctl", args...).Output()
		if len(out) == 0 {
			t.Errorf("ovs-ofctl compose-packet %s says nothing", text)
			continue
		}
		if got := hexDump(packet.Compose(&k, payload)); got != string(out) {
			t.Errorf("frame of %q:\ngot\n%swant\n%s", text, got, out)
		}
		composed++
	}
	if composed < 80 {
		t.Errorf("only %d frames were made", composed)
	}
}

var composeTexts = []string{
	"tcp,dl_vlan=5,nw_src=1.2.3.4,nw_dst=4.3.2.1,nw_ttl=64,tcp_src=1,tcp_dst=2,tcp_flags=ack",
	"tcp6,ipv6_src=::1,ipv6_dst=::2,nw_ttl=64,tcp_src=1,tcp_dst=2,tcp_flags=psh|ack,nw_tos=0x20,nw_ecn=1,ipv6_label=0xabcde",
	"udp,nw_src=1.2.3.4,nw_dst=4.3.2.1,udp_src=1,udp_dst=2", "udp,nw_frag=first,udp_src=5,udp_dst=6", "udp,nw_frag=later",
	"udp6,ipv6_src=::1,ipv6_dst=::2,udp_src=1,udp_dst=2", "icmp,icmp_type=8,icmp_code=0,nw_src=1.2.3.4", "icmp,icmp_type=0",
	"icmp,icmp_type=3,icmp_code=1",
	"icmp6,icmpv6_type=128,ipv6_src=::1", "icmp6,icmpv6_type=129", "icmp6,icmpv6_type=1,icmpv6_code=4",
	"icmp6,icmpv6_type=136,icmpv6_code=0,nd_target=fe80::1,nd_tll=00:00:00:00:00:01", "ip,nw_proto=2", "ip,nw_proto=99",
	"ipv6,nw_proto=44",
	"sctp,sctp_src=5,sctp_dst=7", "sctp6,sctp_src=5", "arp,arp_op=2,arp_sha=00:01:02:03:04:05,arp_tpa=1.2.3.4",
	"arp,arp_op=3,arp_tpa=1.2.3.4",
	"mpls,mpls_label=5,mpls_ttl=64", "mpls,mpls_label=5,mpls_bos=1,dl_vlan=7", "vlan_tci=0x1005,dl_type=0x1234", "dl_type=0x5ff",
	"dl_type=0x88cc,dl_dst=01:80:c2:00:00:0e",
}

// hexDump is how ovs-ofctl(8) writes bytes.
func hexDump(b []byte) string {
	var s strings.Builder
	for off := 0; off < len(b); off += 16 {
		line := b[off:min(off+16, len(b))]
		s.WriteString(hex.EncodeToString([]byte{byte(off >> 24), byte(off >> 16), byte(off >> 8), byte(off)}) + " ")
		for i := range line {
			sep := " "
			if i == 8 {
				sep = "-"
			}
			s.WriteString(sep + hex.EncodeToString(line[i:i+1]))
		}
		s.WriteString("\n")
	}
	return s.String()
}

// TestReceiveAsOpenVSwitch: a dummy port receives the same frames of datapaths' flows, of every kind and length.
func TestReceiveAsOpenVSwitch(t *testing.T) {
	r := startReal(t)
	r.program("in_port=1 actions=2")
	file := filepath.Join(t.TempDir(), "out.pcap")
	r.run("ovs-vsctl", "--db="+r.ovs.DatabaseEndpoint(), "set", "interface", "p2", "options:tx_pcap="+file)
	m := maker{rand.New(rand.NewPCG(9, 10))}
	var want [][]byte
	for range 150 {
		var p packet.Packet
		p.Init(m.frame(), openflow.PacketEthernet, packet.MaxVLANs)
		k := p.Key
		k.SetUint(openflow.FieldInPort, 1)
		o := flowtext.ODP{VLANs: packet.MaxVLANs, Verbose: true}
		text := o.Format(&k, nil)
		k, _, err := o.Parse(text, nil)
		if err != nil {
			continue
		}
		args := []string{"p1", text}
		size := 0
		if m.one(2) {
			size = 60 + m.IntN(100)
			args = append(args, "--len", strconv.Itoa(size))
		}
		frame := packet.Compose(&k, packet.Filler(64))
		if size > 0 {
			frame = packet.Compose(&k, nil)
			if len(frame) > size {
				continue
			}
			frame = packet.Expand(frame, &k, size)
		}
		r.appctl("netdev-dummy/receive", args...)
		want = append(want, frame)
	}
	r.appctl("netdev-dummy/receive", "p1", "in_port(1),eth(),eth_type(0xfffe)") // the last one
	last := make([]byte, 14)
	last[12], last[13] = 0xff, 0xfe
	want = append(want, last)
	got := (&capture{r: r, file: file}).next(t, len(want))
	for i := range want {
		if d := hex.EncodeToString(got[i]); d != hex.EncodeToString(want[i]) {
			t.Errorf("frame %d:\ngot  %x\nwant %s", i, want[i], d)
		}
	}
}

// framesOf are the whole frames of a capture file.
func framesOf(b []byte) (frames [][]byte) {
	for b = b[min(24, len(b)):]; len(b) >= 16; {
		n := int(binary.NativeEndian.Uint32(b[8:]))
		if len(b) < 16+n {
			break
		}
		frames = append(frames, b[16:16+n])
		b = b[16+n:]
	}
	return frames
}
