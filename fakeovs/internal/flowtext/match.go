// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"bytes"
	"fmt"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// FormatMatch writes the fields of value that mask has bits of, as ovs-ofctl(8) writes a match and ofproto/trace the
// megaflow: "recirc_id=0,eth,tcp,in_port=1,nw_frag=no". Names, which may be nil, are those of the ports.
func FormatMatch(value, mask *packet.Key, names *openflow.Names) string {
	return Notation{Names: names}.Match(value, mask)
}

// Notation is what the notation of OpenFlow depends on.
type Notation struct {
	// Names are those of the ports, nil for numbers.
	Names *openflow.Names
	// Options are the options of tunnels that are fields, nil for none.
	Options *packet.Options
}

// Match is FormatMatch in this notation.
func (n Notation) Match(value, mask *packet.Key) string {
	names := n.Names
	var t text
	p := pair{value, mask}
	t.metadata(p, names)
	ethType := t.packetType(p)
	typed, protocolled := t.protocol(p, ethType)
	for r := range openflow.Field(16) {
		t.hexes(fmt.Sprintf("reg%d", r), openflow.FieldReg0+r, p)
	}
	t.tunnel(p)
	t.options(p, n.Options)
	t.hexes("metadata", openflow.FieldMetadata, p)
	if mask.Has(openflow.FieldInPort) {
		t.add("in_port=%s,", names.Port(uint32(value.Uint(openflow.FieldInPort))))
	}
	t.tags(p)
	t.mac("dl_src", openflow.FieldEthSrc, p)
	t.mac("dl_dst", openflow.FieldEthDst, p)
	if !typed && mask.Has(openflow.FieldEthType) {
		t.add("dl_type=0x%04x,", ethType)
	}
	t.network(p, ethType, protocolled)
	t.labels(p)
	t.fragment(p)
	t.transport(p, ethType)
	t.chomp()
	return t.String()
}

// metadata is what comes before the packet's protocol.
func (t *text) metadata(p pair, names *openflow.Names) {
	t.hexes("pkt_mark", openflow.FieldPktMark, p)
	t.hexes("recirc_id", openflow.FieldRecircID, p)
	t.hexes("dp_hash", openflow.FieldDPHash, p)
	if v, m := p.uint(openflow.FieldConjID); m != 0 {
		t.add("conj_id=%d,", v)
	}
	if v, m := p.uint(packet.SKBPriority); m != 0 {
		t.add("skb_priority=%s,", hex(v))
	}
	if v, m := p.uint(openflow.FieldActsetOutput); m != 0 {
		t.add("actset_output=%s,", names.Port(uint32(v)))
	}
	if v, m := p.uint(openflow.FieldCTState); m != 0 {
		t.add("ct_state=%s,", maskedFlags(ctStates, v&0xff, m&0xff, 0xff))
	}
	t.number("ct_zone", openflow.FieldCTZone, p, "%d", "0x%x/0x%x")
	t.hexes("ct_mark", openflow.FieldCTMark, p)
	t.wide("ct_label", openflow.FieldCTLabel, p)
	t.ipv4("ct_nw_src", openflow.FieldCTNwSrc, p)
	t.ipv6("ct_ipv6_src", openflow.FieldCTIPv6Src, p)
	t.ipv4("ct_nw_dst", openflow.FieldCTNwDst, p)
	t.ipv6("ct_ipv6_dst", openflow.FieldCTIPv6Dst, p)
	if v, m := p.uint(openflow.FieldCTNwProto); m != 0 {
		t.add("ct_nw_proto=%d,", v)
		t.number("ct_tp_src", openflow.FieldCTTpSrc, p, "%d", "0x%x/0x%x")
		t.number("ct_tp_dst", openflow.FieldCTTpDst, p, "%d", "0x%x/0x%x")
	}
}

// wide writes a number of 128 bits in hexadecimal.
func (t *text) wide(name string, f openflow.Field, p pair) {
	mhi, mlo := p.mask.Words128(f)
	if mhi|mlo == 0 {
		return
	}
	t.add("%s=%s", name, wide(p.value.Words128(f)))
	if mhi&mlo != ^uint64(0) {
		t.add("/%s", wide(mhi, mlo))
	}
	t.add(",")
}

func wide(hi, lo uint64) string {
	if hi == 0 {
		return hex(lo)
	}
	return fmt.Sprintf("0x%x%016x", hi, lo)
}

// packetType writes the packet's type, unless it is that of Ethernet frames and the match is not a megaflow, and gives
// the Ethernet type by which the rest is to be read.
func (t *text) packetType(p pair) (ethType uint64) {
	ethType = p.value.Uint(openflow.FieldEthType)
	v, m := p.uint(openflow.FieldPacketType)
	ethernet := v == 0 && p.mask.Full(openflow.FieldPacketType)
	if m == 0 || ethernet && !p.mask.Has(openflow.FieldRecircID) {
		return ethType
	}
	if ethernet {
		t.add("eth,")
		return ethType
	}
	half := func(v, m uint64) string {
		switch v, m = v&0xffff, m&0xffff; {
		case m == 0:
			return "*"
		case v > 9 && m == 0xffff:
			return fmt.Sprintf("%#x", v)
		case v > 9:
			return fmt.Sprintf("%#x/%#x", v, m)
		case m == 0xffff:
			return fmt.Sprint(v)
		}
		return fmt.Sprintf("%d/%#x", v, m)
	}
	t.add("packet_type=(%s,%s),", half(v>>16, m>>16), half(v, m))
	if v>>16 == 1 {
		ethType = v & 0xffff
	}
	return ethType
}

// protocol writes the name of the packet's protocol and says whether that stands for its Ethernet type and for its
// protocol of IP.
func (t *text) protocol(p pair, ethType uint64) (typed, protocolled bool) {
	if !p.mask.Has(openflow.FieldEthType) {
		return false, false
	}
	switch ethType {
	case openflow.EthTypeIPv4:
		name, ok := "ip", false
		if v, m := p.uint(openflow.FieldIPProto); m != 0 {
			if name, ok = ipv4Protocols[v]; !ok {
				name = "ip"
			}
		}
		t.add("%s,", name)
		return true, ok
	case openflow.EthTypeIPv6:
		name, ok := "ipv6", false
		if v, m := p.uint(openflow.FieldIPProto); m != 0 {
			if name, ok = ipv6Protocols[v]; !ok {
				name = "ipv6"
			}
		}
		t.add("%s,", name)
		return true, ok
	}
	name, typed := ethTypes[ethType]
	if typed {
		t.add("%s,", name)
	}
	return typed, false
}

var (
	ipv4Protocols = map[uint64]string{
		openflow.IPProtoICMP: "icmp", openflow.IPProtoTCP: "tcp", openflow.IPProtoUDP: "udp", openflow.IPProtoSCTP: "sctp",
	}
	ipv6Protocols = map[uint64]string{
		openflow.IPProtoICMPv6: "icmp6", openflow.IPProtoTCP: "tcp6", openflow.IPProtoUDP: "udp6", openflow.IPProtoSCTP: "sctp6",
	}
	ethTypes = map[uint64]string{
		openflow.EthTypeARP: "arp", openflow.EthTypeRARP: "rarp", openflow.EthTypeMPLS: "mpls", openflow.EthTypeMPLSMulticast: "mplsm",
	}
)

func (t *text) tunnel(p pair) {
	t.hexes("tun_id", openflow.FieldTunID, p)
	t.ipv4("tun_src", openflow.FieldTunSrc, p)
	t.ipv4("tun_dst", openflow.FieldTunDst, p)
	t.ipv6("tun_ipv6_src", openflow.FieldTunIPv6Src, p)
	t.ipv6("tun_ipv6_dst", openflow.FieldTunIPv6Dst, p)
	t.number("tun_gbp_id", openflow.FieldTunGBPID, p, "%d", "0x%x/0x%x")
	show := func(name string, f openflow.Field, hexadecimal bool) {
		switch v, m := p.uint(f); {
		case m == 0:
		case hexadecimal:
			t.add("%s=%s,", name, hex(v))
		default:
			t.add("%s=%d,", name, v)
		}
	}
	show("tun_gbp_flags", openflow.FieldTunGBPFlags, true)
	if v, m := p.uint(packet.TunToS); m != 0 {
		t.add("tun_tos=%x,", v)
	}
	show("tun_ttl", packet.TunTTL, false)
	show("tun_erspan_ver", openflow.FieldTunERSPANVersion, false)
	switch p.value.Uint(openflow.FieldTunERSPANVersion) {
	case 1:
		show("tun_erspan_idx", openflow.FieldTunERSPANIndex, true)
	case 2:
		show("tun_erspan_dir", openflow.FieldTunERSPANDir, false)
		show("tun_erspan_hwid", openflow.FieldTunERSPANHWID, true)
	}
	show("gtpu_flags", openflow.FieldTunGTPUFlags, true)
	show("gtpu_msgtype", openflow.FieldTunGTPUMsgType, false)
	if v, m := p.uint(packet.TunFlags); m != 0 {
		t.add("tun_flags=%s,", maskedFlags(tunFlags, v, m, 0xf))
	}
}

// options writes the options of a tunnel that are looked at: their names alone where it counts only that they are there,
// and NP where they must not be.
func (t *text) options(p pair, o *packet.Options) {
	if o == nil {
		return
	}
	for _, f := range packet.OptionsOf(p.mask) {
		t.add("%v", f)
		switch m := o.Value(p.mask, f); {
		case !p.value.Present(f):
			t.add("=NP")
		case len(bytes.Trim(m, "\x00")) > 0:
			t.add("=%s", hexBytes(o.Value(p.value, f)))
			if len(bytes.Trim(m, "\xff")) > 0 {
				t.add("/%s", hexBytes(m))
			}
		}
		t.add(",")
	}
}

// hexBytes is a number of any length in hexadecimal; 0 has no prefix.
func hexBytes(b []byte) string {
	b = bytes.TrimLeft(b, "\x00")
	if len(b) == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x%x", b[0], b[1:])
}

// tags writes the VLAN tags, the outer one first.
func (t *text) tags(p pair) {
	const present, vid, pcp = 0x1000, 0xfff, 0xe000
	for i, f := range [...]openflow.Field{openflow.FieldVLANTCI, packet.InnerVLANTCI} {
		v, m := p.uint(f)
		if m == 0 {
			return
		}
		n := ""
		if i > 0 {
			n = fmt.Sprint(i)
		}
		whole := func(bits uint64) bool { return m&bits == 0 || m&bits == bits }
		switch {
		case m&v&present != 0 && whole(vid) && whole(pcp) && m&(vid|pcp) != 0:
			if m&vid != 0 {
				t.add("dl_vlan%s=%d,", n, v&vid)
			}
			if m&pcp != 0 {
				t.add("dl_vlan_pcp%s=%d,", n, v>>13)
			}
		case m == 0xffff:
			t.add("vlan_tci%s=0x%04x,", n, v)
		default:
			t.add("vlan_tci%s=0x%04x/0x%04x,", n, v, m)
		}
	}
}
