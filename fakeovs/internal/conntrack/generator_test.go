// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// generator makes ways and packets in a small world, so that they meet.
type generator struct {
	*rand.Rand
	ways []way
	// seen are packets that came out, which are answered, quoted and repeated.
	seen []*packet.Packet
	// seq is the next sequence number of an end of a TCP connection.
	seq map[[2]netip.AddrPort]uint32
	id  uint32
	// waiting are fragments to be sent.
	waiting [][]byte
}

const zoneCount = 2

func newGenerator(seed uint64) *generator {
	g := &generator{
		Rand: rand.New(rand.NewPCG(seed, 7)), seq: make(map[[2]netip.AddrPort]uint32), id: uint32(seed<<8) & 0xffff,
	}
	nat := g.chance(70)
	for range 5 {
		v6 := g.chance(35)
		w := way{g.step(v6, nat)}
		if g.chance(30) {
			w = append(w, g.step(v6, nat))
		}
		g.ways = append(g.ways, w)
	}
	g.ways = append(g.ways, way{step{}})
	return g
}

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func host(v6 bool, n int) netip.Addr {
	if v6 {
		a := netip.MustParseAddr("fd00::").As16()
		a[15] = byte(n)
		return netip.AddrFrom16(a)
	}
	if n == 3 {
		n = 203 // a longer text
	}
	return netip.AddrFrom4([4]byte{10, 0, 0, byte(n)})
}

func (g *generator) step(v6, nat bool) step {
	r := conntrack.Request{Zone: uint16(g.IntN(zoneCount)), Commit: g.chance(70)}
	if r.Commit {
		r.Force = g.chance(8)
		if g.chance(25) {
			r.MarkMask = pick[uint32](g, 0xffffffff, 0xff00, 0xf)
			r.Mark = g.Uint32() & r.MarkMask
		}
		if g.chance(15) {
			r.LabelMask = [2]uint64{pick[uint64](g, 0, 0xff<<32), pick[uint64](g, 0xff, 1<<63)}
			r.Label = [2]uint64{g.Uint64() & r.LabelMask[0], g.Uint64() & r.LabelMask[1]}
		}
	}
	if g.chance(30) {
		r.ALG = pick[uint16](g, openflow.ALGFTP, openflow.ALGFTP, openflow.ALGTFTP)
	}
	if nat && g.chance(60) {
		r.NAT = &openflow.NAT{}
		if r.Commit && g.chance(75) {
			r.NAT.Type = pick(g, openflow.NATSource, openflow.NATDestination)
			r.NAT.AddrMin = host(v6, pick(g, 1, 2, 3, 9, 9, 9, 254))
			if g.chance(40) {
				r.NAT.PortMin = pick[uint16](g, 80, 2000, 1000, 21)
			} else if g.chance(10) {
				r.NAT.AddrMin = netip.Addr{}
			}
		}
	}
	return step{v6: v6, r: r}
}

// frame makes the next frame to come in.
func (g *generator) frame() []byte {
	if len(g.waiting) > 0 && g.chance(80) {
		f := g.waiting[0]
		g.waiting = g.waiting[1:]
		return f
	}
	to := g.IntN(len(g.ways))
	v6 := g.ways[to][0].v6
	src, dst := host(v6, 1+g.IntN(3)), host(v6, 1+g.IntN(3))
	if src == dst && g.chance(90) {
		dst = host(v6, 4)
	}
	s, d := netip.AddrPortFrom(src, pick[uint16](g, 1000, 1001, 500, 2000)), netip.AddrPortFrom(dst, pick[uint16](g, 80, 21, 69, 2000))
	if p := g.recall(v6); p != nil && g.chance(65) {
		if a, b, ok := ends(p); ok {
			if s, d = a, b; g.chance(65) {
				s, d = b, a
			}
		}
	}
	proto, l4 := g.transport(s, d, v6)
	src, dst = s.Addr(), d.Addr()
	if len(l4) > 1000 {
		g.divide(uint64(to), src, dst, proto, l4)
		return g.frame()
	}
	l3 := network(src, dst, proto, l4, nil)
	if g.chance(4) {
		l3 = extend(l3)
	}
	if g.chance(4) { // broken
		switch g.IntN(3) {
		case 0:
			l3[g.IntN(len(l3))] ^= 1 << g.IntN(8)
		case 1:
			l3 = l3[:max(1, len(l3)-1-g.IntN(30))]
		default:
			n := min(len(l4), 1+g.IntN(len(l4)+1))
			l3 = network(src, dst, proto, l4[:n], nil)
		}
	}
	f := frameOf(uint64(to), v6, l3)
	if g.chance(10) {
		f = append(f, make([]byte, 1+g.IntN(20))...) // padding
	}
	return f
}

// recall is a packet that came out before.
func (g *generator) recall(v6 bool) *packet.Packet {
	for range 5 {
		if len(g.seen) == 0 {
			return nil
		}
		if p := g.seen[g.IntN(len(g.seen))]; p.IPv6() == v6 && p.Network() != nil {
			return p
		}
	}
	return nil
}

// ends are the addresses and ports of a packet.
func ends(p *packet.Packet) (src, dst netip.AddrPort, ok bool) {
	l3, l4 := p.Network(), p.Transport()
	proto := p.Key.Uint(openflow.FieldIPProto)
	if len(l4) < 8 || proto != 6 && proto != 17 || p.Fragment() {
		return src, dst, false
	}
	a, b := netip.Addr{}, netip.Addr{}
	if p.IPv6() {
		a, b = netip.AddrFrom16([16]byte(l3[8:])), netip.AddrFrom16([16]byte(l3[24:]))
	} else {
		a, b = netip.AddrFrom4([4]byte(l3[12:])), netip.AddrFrom4([4]byte(l3[16:]))
	}
	return netip.AddrPortFrom(a, be.Uint16(l4)), netip.AddrPortFrom(b, be.Uint16(l4[2:])), true
}

func (g *generator) transport(s, d netip.AddrPort, v6 bool) (proto uint8, l4 []byte) {
	src, dst := s.Addr(), d.Addr()
	payload := []byte(pick(g, "", "x", "payload"))
	if g.chance(6) {
		payload = make([]byte, 1100+g.IntN(3000))
		for i := range payload {
			payload[i] = byte(i / 7)
		}
	}
	switch n := g.IntN(20); {
	case n < 9:
		return 6, g.tcp(s, d, v6, string(payload))
	case n < 13:
		return 17, udpHeader(s, d, payload)
	case n < 15:
		typ := pick[uint8](g, 8, 8, 0, 13, 14, 15, 16, 42)
		if v6 {
			typ = pick[uint8](g, 128, 128, 129, 135)
		}
		return icmpOf(src), icmpHeader(src, dst, typ, pick[uint8](g, 0, 0, 0, 0, 1), uint32(1+g.IntN(2))<<16|1, payload)
	case n < 19:
		p := g.recall(v6)
		if p == nil {
			return 132, payload
		}
		return icmpOf(src), g.icmpError(p, &dst, v6)
	}
	// Open vSwitch takes 1 and 58 for ICMP whatever the version of IP, and looks at the first byte.
	return pick[uint8](g, 132, 47, 1, 58), append([]byte{pick[byte](g, 8, 128, 1)}, payload...)
}

// icmpError quotes a packet to the one who sent it, mostly.
func (g *generator) icmpError(p *packet.Packet, dst *netip.Addr, v6 bool) []byte {
	quoted := append([]byte(nil), p.Network()...)
	header := len(quoted) - len(p.Transport())
	if n := header + pick(g, 8, 8, 20, 28, 100, 4); n < len(quoted) {
		quoted = quoted[:n]
	}
	typ := pick[uint8](g, 3, 3, 11, 12, 4, 5)
	if v6 {
		typ = pick[uint8](g, 1, 2, 3, 4)
	}
	return icmpHeader(host(v6, 5), *dst, typ, 1, pick[uint32](g, 0, 1400), quoted)
}

func (g *generator) tcp(s, d netip.AddrPort, v6 bool, payload string) []byte {
	own, other := [2]netip.AddrPort{s, d}, [2]netip.AddrPort{d, s}
	x := segment{
		flags: pick(g, "S", "S", "SA", "SA", "A", "A", "A", "A", "PA", "FA", "FA", "R", "RA", "F", "", "SF"), scale: -1,
		window: pick[uint16](g, 8192, 8192, 100, 0, 65535),
	}
	x.seq, x.ack = g.seq[own], g.seq[other]
	if strings.Contains(x.flags, "S") {
		if g.chance(50) {
			x.scale = pick(g, 0, 2, 7, 14, 15)
		}
		payload = ""
	}
	if x.flags == "S" {
		x.ack = 0
	}
	if g.chance(12) {
		x.seq += pick[uint32](g, 1, 100, 10000, 70000, 1<<31, 1<<32-1, 1<<32-50000, 1<<32-200000)
	}
	if g.chance(8) {
		x.ack += pick[uint32](g, 1, 100, 10000, 70000, 1<<31, 1<<32-1, 1<<32-50000, 1<<32-200000)
	}
	if x.flags != "S" && (s.Port() == 21 || d.Port() == 21) && g.chance(60) {
		payload = g.command(v6)
		x.flags = "PA"
	}
	x.payload = payload
	if g.chance(85) {
		g.seq[own] = x.seq + uint32(len(payload)) + uint32(strings.Count(x.flags, "S")+strings.Count(x.flags, "F"))
	}
	return tcpHeader(s, d, x)
}

// command is a message of an FTP control connection.
func (g *generator) command(v6 bool) string {
	addr := host(v6, pick(g, 1, 2, 3, 9, 4, 254))
	if g.chance(10) {
		return pick(g, "USER anonymous\r\n", "PORT\r\n", "PORT 10,0,0,1\r\n", "227 x\r\n", "PORT 10,0,0,1,256,1\r\n",
			"EPRT |1|10.0.0.1|1|\r\n", "EPRT |2|fd00::1|\r\n", "229 Extended Passive (|||70000|)\r\n", "PORT 10,0,0,1,3,232",
			"227 10,0,0,2,1", "port 10,0,0,1,0003,01\r\n", "EPRT |2|zz|80|\r\n", "229 Extended Passive 5\r\n",
			"227 ok (10,0,0,2,7,208).\x00\r\n", "EPRT |22|fd00::1|80|\r\n")
	}
	port := pick(g, 1000, 1001, 2000, 80)
	switch {
	case v6 && g.chance(50):
		return fmt.Sprintf("EPRT |2|%s|%d|\r\n", addr, port)
	case v6:
		return fmt.Sprintf("229 Entering Extended Passive Mode (|||%d|)\r\n", port)
	}
	list := fmt.Sprintf("%s,%d,%d", strings.ReplaceAll(addr.String(), ".", ","), port>>8, port&0xff)
	if g.chance(50) {
		return "PORT " + list + "\r\n"
	}
	return "227 Entering Passive Mode (" + list + ").\r\n"
}

// divide makes fragments to be sent, mostly all of them and in order.
func (g *generator) divide(to uint64, src, dst netip.Addr, proto uint8, l4 []byte) {
	size := pick(g, 1240, 1240, 1448, 1000)
	g.id++
	for off := 0; off < len(l4); off += size {
		n := min(size, len(l4)-off)
		if g.chance(5) {
			n = min(n, max(8, n&^15/2))
		}
		l3 := network(src, dst, proto, l4[off:off+n], &fragmentOf{id: g.id, offset: off, more: off+n < len(l4)})
		if g.chance(3) {
			l3 = extend(l3)
		}
		f := frameOf(to, src.Is6(), l3)
		if !g.chance(6) {
			g.waiting = append(g.waiting, f)
		}
		// In which order the fragments of a packet come to a second pass depends on Open vSwitch's cache of flows.
		if len(g.ways[to]) == 1 && g.chance(6) {
			g.waiting = append(g.waiting, f)
		}
	}
	if g.chance(30) {
		g.Shuffle(len(g.waiting), func(i, j int) { g.waiting[i], g.waiting[j] = g.waiting[j], g.waiting[i] })
	}
}
