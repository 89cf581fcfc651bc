// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// packetText is a packet in words, as the scripts of TestTrafficAsReal have it:
//
//	tcp 10.1.1.1:1000 10.1.1.2:80 SA seq=1 data="..."
//
// A UDP packet has no flags, ICMP no ports, and ip with proto=N is any other. Further options are ack, ws (the window
// scale), type, code and id of ICMP, vlan, svlan, ttl, len (of a payload that is made up), mtu (it is cut into fragments),
// ipid (their identification), order (which of them, from 1) and broken (whose checksum is wrong).
type packetText struct {
	proto    string
	src, dst netip.AddrPort
	flags    string
	options  map[string]string
}

func parsePacket(text string) (p packetText, err error) {
	words := quotedWords(text)
	if len(words) < 3 {
		return p, fmt.Errorf("packet %q: too short", text)
	}
	p = packetText{proto: words[0], options: map[string]string{}}
	for i, a := range []*netip.AddrPort{&p.src, &p.dst} {
		if *a, err = netip.ParseAddrPort(words[1+i]); err != nil {
			addr, err := netip.ParseAddr(words[1+i])
			if err != nil {
				return p, err
			}
			*a = netip.AddrPortFrom(addr, 0)
		}
	}
	return p, p.parseOptions(words[3:])
}

// parseOptions reads the flags and options.
func (p *packetText) parseOptions(words []string) (err error) {
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			p.flags = w
			continue
		}
		if strings.HasPrefix(value, `"`) {
			if value, err = strconv.Unquote(value); err != nil {
				return err
			}
		}
		p.options[key] = value
	}
	return nil
}

// quotedWords splits a text at spaces, but not at those in quotes.
func quotedWords(text string) []string {
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
}

func (p *packetText) number(key string, otherwise uint64) uint64 {
	if n, err := strconv.ParseUint(p.options[key], 0, 32); err == nil {
		return n
	}
	return otherwise
}

// payload is what the packet carries.
func (p *packetText) payload() gopacket.Payload {
	b := []byte(p.options["data"])
	for i := range p.number("len", 0) {
		b = append(b, byte(i))
	}
	return b
}

// stationMAC are the addresses of a host and of the router behind which all others are.
var stationMAC, routerMAC = net.HardwareAddr{0x50, 0x54, 0, 0, 0, 1}, net.HardwareAddr{0x50, 0x54, 0, 0, 0, 2}

// frames makes the packet, or its fragments.
func (p *packetText) frames() [][]byte {
	return p.between(stationMAC, routerMAC)
}

func (p *packetText) between(src, dst net.HardwareAddr) [][]byte {
	proto, l4 := p.transport()
	body := append(l4, p.payload())
	ipid := uint16(p.number("ipid", 0))
	if p.src.Addr().Is6() {
		ip := &layers.IPv6{
			Version: 6, HopLimit: uint8(p.number("ttl", 64)), NextHeader: proto,
			SrcIP: p.src.Addr().AsSlice(), DstIP: p.dst.Addr().AsSlice(),
		}
		for _, l := range l4 {
			checksummed(l, ip)
		}
		packet := serialised(append([]gopacket.SerializableLayer{ip}, body...)...)
		return p.framed(src, dst, layers.EthernetTypeIPv6, p.cut(true, packet, uint32(ipid)))
	}
	ip := &layers.IPv4{
		Version: 4, TTL: uint8(p.number("ttl", 64)), Protocol: proto, Id: ipid,
		SrcIP: p.src.Addr().AsSlice(), DstIP: p.dst.Addr().AsSlice(),
	}
	for _, l := range l4 {
		checksummed(l, ip)
	}
	packet := serialised(append([]gopacket.SerializableLayer{ip}, body...)...)
	return p.framed(src, dst, layers.EthernetTypeIPv4, p.cut(false, packet, 0))
}

// checksummed lets a transport header have the checksum with the addresses.
func checksummed(l gopacket.SerializableLayer, ip gopacket.NetworkLayer) {
	if l, ok := l.(interface {
		SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
	}); ok {
		_ = l.SetNetworkLayerForChecksum(ip)
	}
}

// transport is the number of the protocol and its headers.
func (p *packetText) transport() (layers.IPProtocol, []gopacket.SerializableLayer) {
	code, id := uint8(p.number("code", 0)), uint16(p.number("id", 1))
	switch {
	case p.proto == "tcp":
		return layers.IPProtocolTCP, []gopacket.SerializableLayer{p.segment()}
	case p.proto == "udp":
		return layers.IPProtocolUDP, []gopacket.SerializableLayer{
			&layers.UDP{SrcPort: layers.UDPPort(p.src.Port()), DstPort: layers.UDPPort(p.dst.Port())},
		}
	case p.proto == "sctp":
		return layers.IPProtocolSCTP, []gopacket.SerializableLayer{
			&layers.SCTP{SrcPort: layers.SCTPPort(p.src.Port()), DstPort: layers.SCTPPort(p.dst.Port()), VerificationTag: 7},
		}
	case p.proto == "icmp" && p.src.Addr().Is6():
		t := layers.CreateICMPv6TypeCode(uint8(p.number("type", layers.ICMPv6TypeEchoRequest)), code)
		list := []gopacket.SerializableLayer{&layers.ICMPv6{TypeCode: t}}
		if t.Type() == layers.ICMPv6TypeEchoRequest || t.Type() == layers.ICMPv6TypeEchoReply {
			return layers.IPProtocolICMPv6, append(list, &layers.ICMPv6Echo{Identifier: id, SeqNumber: 1})
		}
		return layers.IPProtocolICMPv6, append(list, gopacket.Payload{0, 0, 0, 0})
	case p.proto == "icmp":
		l := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(uint8(p.number("type", layers.ICMPv4TypeEchoRequest)), code)}
		if l.TypeCode.Type() != layers.ICMPv4TypeDestinationUnreachable {
			l.Id, l.Seq = id, 1
		}
		return layers.IPProtocolICMPv4, []gopacket.SerializableLayer{l}
	}
	return layers.IPProtocol(p.number("proto", 112)), nil
}

func (p *packetText) segment() *layers.TCP {
	has := func(flag string) bool { return strings.Contains(p.flags, flag) }
	l := &layers.TCP{
		SrcPort: layers.TCPPort(p.src.Port()), DstPort: layers.TCPPort(p.dst.Port()), Window: 8192,
		Seq: uint32(p.number("seq", 0)), Ack: uint32(p.number("ack", 0)),
		SYN: has("S"), ACK: has("A"), FIN: has("F"), RST: has("R"), PSH: has("P"), URG: has("U"),
	}
	if p.options["ws"] != "" {
		l.Options = []layers.TCPOption{{
			OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{uint8(p.number("ws", 0))},
		}}
	}
	return l
}

func serialised(ls ...gopacket.SerializableLayer) []byte {
	b := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...)
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// cut cuts a packet into the fragments that are asked for.
func (p *packetText) cut(v6 bool, packet []byte, id uint32) (list [][]byte) {
	if at := int(p.number("broken", 0)); at != 0 {
		packet[len(packet)-at] ^= 0xff
	}
	header := 20
	if v6 {
		header = 40
	}
	mtu := int(p.number("mtu", 0))
	if mtu == 0 {
		return [][]byte{packet}
	}
	each := (mtu - header) &^ 7
	if v6 {
		each = (mtu - header - 8) &^ 7
	}
	for from := header; from < len(packet); from += each {
		to := min(from+each, len(packet))
		f := append([]byte(nil), packet[:header]...)
		offset := uint16(from - header)
		if v6 {
			if to < len(packet) {
				offset |= 1
			}
			f = binary.BigEndian.AppendUint16(append(f, f[6], 0), offset)
			f = binary.BigEndian.AppendUint32(f, id)
			f[6] = 44
			f = append(f, packet[from:to]...)
			binary.BigEndian.PutUint16(f[4:], uint16(len(f)-header))
		} else {
			offset >>= 3
			if to < len(packet) {
				offset |= 0x2000
			}
			f = append(f, packet[from:to]...)
			binary.BigEndian.PutUint16(f[2:], uint16(len(f)))
			binary.BigEndian.PutUint16(f[6:], offset)
			binary.BigEndian.PutUint16(f[10:], 0)
			binary.BigEndian.PutUint16(f[10:], gopacket.FoldChecksum(gopacket.ComputeChecksum(f[:header], 0)))
		}
		list = append(list, f)
	}
	if order := p.options["order"]; order != "" {
		var some [][]byte
		for _, n := range strings.Split(order, ",") {
			i, _ := strconv.Atoi(n)
			some = append(some, list[i-1])
		}
		return some
	}
	return list
}

// framed puts Ethernet headers before packets.
func (p *packetText) framed(src, dst net.HardwareAddr, typ layers.EthernetType, packets [][]byte) [][]byte {
	for i, b := range packets {
		eth := &layers.Ethernet{SrcMAC: src, DstMAC: dst, EthernetType: typ}
		ls := []gopacket.SerializableLayer{eth}
		for _, tag := range []struct {
			key string
			typ layers.EthernetType
		}{{"svlan", layers.EthernetTypeQinQ}, {"vlan", layers.EthernetTypeDot1Q}} {
			if p.options[tag.key] == "" {
				continue
			}
			l := &layers.Dot1Q{VLANIdentifier: uint16(p.number(tag.key, 0)), Type: typ}
			if last, ok := ls[len(ls)-1].(*layers.Dot1Q); ok {
				last.Type = tag.typ
			} else {
				eth.EthernetType = tag.typ
			}
			ls = append(ls, l)
		}
		// Without the lengths put right, since that pads.
		buffer := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{}, append(ls, gopacket.Payload(b))...); err != nil {
			panic(err)
		}
		packets[i] = buffer.Bytes()
	}
	return packets
}

// answer makes the packet with which a host answers a frame: it goes back, with the flags and options.
func answer(frame []byte, words []string) (*packetText, error) {
	in := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	p := &packetText{options: map[string]string{}}
	var src, dst netip.Addr
	switch l := in.NetworkLayer().(type) {
	case *layers.IPv4:
		src, _ = netip.AddrFromSlice(l.DstIP)
		dst, _ = netip.AddrFromSlice(l.SrcIP)
	case *layers.IPv6:
		src, _ = netip.AddrFromSlice(l.DstIP)
		dst, _ = netip.AddrFromSlice(l.SrcIP)
	default:
		return nil, fmt.Errorf("answer %x: it is not IP", frame)
	}
	var sport, dport uint16
	set := func(key string, v uint64) { p.options[key] = strconv.FormatUint(v, 10) }
	switch l := in.TransportLayer().(type) {
	case *layers.TCP:
		p.proto, p.flags, sport, dport = "tcp", "A", uint16(l.DstPort), uint16(l.SrcPort)
		end := l.Seq + uint32(len(l.LayerPayload()))
		if l.SYN || l.FIN {
			end++
		}
		set("ack", uint64(end))
		if set("seq", uint64(l.Ack)); l.SYN && !l.ACK {
			set("seq", 5000)
		}
	case *layers.UDP:
		p.proto, sport, dport = "udp", uint16(l.DstPort), uint16(l.SrcPort)
	case *layers.SCTP:
		p.proto, sport, dport = "sctp", uint16(l.DstPort), uint16(l.SrcPort)
	default:
		p.proto = "icmp"
		if l, ok := in.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok {
			set("type", layers.ICMPv4TypeEchoReply)
			set("id", uint64(l.Id))
		} else if l, ok := in.Layer(layers.LayerTypeICMPv6Echo).(*layers.ICMPv6Echo); ok {
			set("type", layers.ICMPv6TypeEchoReply)
			set("id", uint64(l.Identifier))
		} else {
			p.proto = "ip"
			if l, ok := in.NetworkLayer().(*layers.IPv4); ok {
				set("proto", uint64(l.Protocol))
			}
		}
	}
	p.src, p.dst = netip.AddrPortFrom(src, sport), netip.AddrPortFrom(dst, dport)
	return p, p.parseOptions(words)
}

// refusal makes the ICMP error with which a host, or with the option from another one, refuses a frame.
func refusal(frame []byte, words []string) (*packetText, error) {
	p, err := answer(frame, nil)
	if err != nil {
		return nil, err
	}
	in := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	quoted := append(in.NetworkLayer().LayerContents(), in.NetworkLayer().LayerPayload()...)
	p.proto, p.flags, p.options = "icmp", "", map[string]string{"type": "3", "code": "3"}
	most := 28
	if p.src.Addr().Is6() {
		p.options["type"], p.options["code"] = "1", "4"
		most = len(quoted)
	}
	if err := p.parseOptions(words); err != nil {
		return nil, err
	}
	p.options["data"] = string(quoted[:min(len(quoted), int(p.number("quote", uint64(most))))])
	if from, err := netip.ParseAddr(p.options["from"]); err == nil {
		p.src = netip.AddrPortFrom(from, 0)
	}
	return p, nil
}
