// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

// raw puts bytes into the switch at a station's port; they must come out unchanged at to's, or nowhere if to is nil.
func (l *lab) raw(from *station, frame []byte, to *station) {
	l.t.Helper()
	in := l.ovs.Bridge("br0").Inject(from.port, slices.Clone(frame))
	out := in.Outputs()
	if to == nil && len(out) == 0 || to != nil && len(out) == 1 && out[0].Port == to.port && slices.Equal(out[0].Frame, frame) {
		return
	}
	l.t.Errorf("%s sends %x\ngot %v\ntrace:\n%s", from.name, frame, out, in.Trace())
}

func TestSourcesThatAreNotOutside(t *testing.T) {
	l := newLab(t)
	for _, src := range []string{"192.0.2.1:4000", "127.0.0.1:4000", "224.0.0.1:4000", "255.255.255.255:4000", "10.1.0.1:4000", "10.1.0.3:4000"} {
		l.send(l.router, packet("tcp", l.router, l.host, 4000, 8080).with(func(f *frame) { f.src = addrPort(src) }))
	}
}

// Only what was sent to the host is translated; the rest its own stack looks at, and drops.
func TestFramesToOtherMACsAreNotTranslated(t *testing.T) {
	l := newLab(t)
	f := packet("tcp", l.router, l.host, 4000, 8080).with(func(f *frame) { f.to = broadcast })
	l.send(l.router, f, delivery{l.host, f})
}

// tagged puts an 802.1Q tag into a frame.
func tagged(frame []byte, vlan uint16) []byte {
	return slices.Concat(frame[:12], []byte{0x81, 0}, binary.BigEndian.AppendUint16(nil, vlan), frame[12:])
}

func TestVLANTags(t *testing.T) {
	l := newLab(t)
	for _, vlan := range []uint16{0, 100} {
		l.raw(l.web2, tagged(packet("udp", l.web2, l.web3, 1, 2).bytes(t), vlan), nil)
		l.raw(l.web2, tagged(packet("udp", l.web2, l.host, 1, 2).bytes(t), vlan), nil)
		// The host's own VLANs pass by.
		l.raw(l.router, tagged(packet("tcp", l.router, l.host, 1, 8080).bytes(t), vlan), l.host)
		l.raw(l.host, tagged(packet("tcp", l.host, l.web2, 1, 80).bytes(t), vlan), l.router)
	}
}

// When the source ports of the address are used up, what cannot be translated must not leave as it is.
func TestMasqueradeThatFailsDropsThePacket(t *testing.T) {
	l := newLab(t)
	seen, dropped := map[uint32]bool{}, 0
	br := l.ovs.Bridge("br0")
	for _, s := range []*station{l.web2, l.web3} {
		b := frame{
			from: l.host.mac, to: l.router.mac, proto: "udp", ttl: 63,
			src: netip.AddrPortFrom(s.addr, 1), dst: netip.AddrPortFrom(l.far, 53),
		}.bytes(t)
		clear(b[40:42]) // no UDP checksum, since the port changes below
		for p := firstReserved; p <= lastReserved; p++ {
			binary.BigEndian.PutUint16(b[34:], uint16(p))
			out := br.Inject(openflow.PortLocal, b).Outputs()
			if len(out) == 0 {
				if dropped++; dropped == 10 {
					return
				}
				continue
			}
			src := binary.BigEndian.Uint32(out[0].Frame[26:])
			port := uint32(binary.BigEndian.Uint16(out[0].Frame[34:]))
			if a := l.host.addr.As4(); src != binary.BigEndian.Uint32(a[:]) {
				t.Fatalf("packet %d of %s left with source %#x, want the host's", p, s.name, src)
			}
			if seen[port] {
				t.Fatalf("packet %d of %s left with source port %d, which is taken", p, s.name, port)
			}
			seen[port] = true
		}
	}
	t.Error("more connections left by one address than it has ports")
}

// When the gateway's source ports towards a publisher are used up, nobody reaches it by its published port as somebody else
// than the gateway.
func TestHairpinThatFailsDropsThePacket(t *testing.T) {
	l := newLab(t)
	l.mustSet(l.endpoint(l.web2, "web", dns))
	gateway, dropped := l.gateway(l.web).As4(), 0
	br := l.ovs.Bridge("br0")
	for _, s := range []*station{l.web3, l.db2} {
		b := packet("udp", s, l.host, 1, 53).bytes(t)
		clear(b[40:42]) // no UDP checksum, since the port changes below
		for p := firstReserved; p <= lastReserved; p++ {
			binary.BigEndian.PutUint16(b[34:], uint16(p))
			out := br.Inject(s.port, b).Outputs()
			if len(out) == 0 {
				if dropped++; dropped == 10 {
					return
				}
				continue
			}
			if src := out[0].Frame[26:30]; out[0].Port != l.web2.port || !slices.Equal(src, gateway[:]) {
				t.Fatalf("packet %d of %s came out at port %d with source %v, want web2's and the gateway's", p, s.name, out[0].Port, src)
			}
		}
	}
	t.Error("more connections reached web2 by the gateway's address than it has ports")
}

// The first datagram of a connection may be lost if it comes in fragments, since only the first of them has ports. The
// connection must not.
func TestFragmentsDoNotTakeAPublishedPort(t *testing.T) {
	l := newLab(t)
	l.mustSet(l.endpoint(l.web2, "web", flows.PortMapping{Proto: flows.UDP, HostPort: 5353, Port: 53}))
	whole := packet("udp", l.router, l.host, 4000, 5353)
	b := whole.bytes(t)
	first, later := slices.Clone(b[:14+20+8]), slices.Clone(b[:14+20])
	later = append(later, make([]byte, 16)...)
	fragment(first, 0, true)
	fragment(later, 8, false)
	l.ovs.Bridge("br0").Inject(l.router.port, later)
	l.ovs.Bridge("br0").Inject(l.router.port, first)
	l.send(l.router, whole, delivery{l.web2, whole.with(func(f *frame) {
		f.from, f.to, f.ttl, f.dst = l.host.mac, l.web2.mac, 63, netip.AddrPortFrom(l.web2.addr, 53)
	})})
}

// Ports from firstReserved to lastReserved are translated to ports of the same range, which is soon used up.
const firstReserved, lastReserved = 600, 1023

// fragment makes an IPv4 frame a fragment at offset bytes.
func fragment(frame []byte, offset int, more bool) {
	ip := frame[14:34]
	binary.BigEndian.PutUint16(ip[2:], uint16(len(frame)-14))
	flags := uint16(offset / 8)
	if more {
		flags |= 0x2000
	}
	binary.BigEndian.PutUint16(ip[6:], flags)
	binary.BigEndian.PutUint16(ip[10:], 0)
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	sum = sum>>16 + sum&0xffff
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum+sum>>16))
}
