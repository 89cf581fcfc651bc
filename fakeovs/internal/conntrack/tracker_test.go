// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

const (
	isNew    = openflow.CTNew | openflow.CTTracked
	isEst    = openflow.CTEstablished | openflow.CTTracked
	isReply  = openflow.CTEstablished | openflow.CTReply | openflow.CTTracked
	isInv    = openflow.CTInvalid | openflow.CTTracked
	snat     = openflow.CTSrcNAT
	dnat     = openflow.CTDstNAT
	testZone = 7
)

var (
	client = netip.MustParseAddr("10.0.0.1")
	server = netip.MustParseAddr("10.0.0.2")
	public = netip.MustParseAddr("192.0.2.1")
)

func station(a netip.AddrPort) frametest.Host {
	return frametest.Host{MAC: make(net.HardwareAddr, 6), IP: a.Addr()}
}

func udp(src, dst netip.AddrPort) *packet.Packet {
	return packet.Parse(frametest.UDP(station(src), station(dst), src.Port(), dst.Port(), "x"))
}

func tcp(src, dst netip.AddrPort, flags string, seq, ack uint32, payload string) *packet.Packet {
	s := frametest.Segment{Flags: flags, Seq: seq, Ack: ack, Window: 4096}
	return packet.Parse(frametest.TCP(station(src), station(dst), src.Port(), dst.Port(), s, payload))
}

func port(a netip.Addr, p uint16) netip.AddrPort { return netip.AddrPortFrom(a, p) }

// bed is a tracker with a clock.
type bed struct {
	*conntrack.Tracker
	t   *testing.T
	now time.Time
}

func newBed(t *testing.T, limit int) *bed {
	b := &bed{t: t, now: time.Unix(1000, 0)}
	b.Tracker = conntrack.New(func() time.Time { return b.now }, limit)
	return b
}

// pass sends a fresh packet through the tracker and checks its state.
func (b *bed) pass(what string, p *packet.Packet, r conntrack.Request, want openflow.CTFlags) conntrack.Meta {
	b.t.Helper()
	r.Zone = testZone
	var m conntrack.Meta
	b.Track(p, &m, &r)
	if m.State != want {
		b.t.Errorf("%s: got %v, want %v", what, openflow.Uint(openflow.FieldCTState, uint64(m.State)),
			openflow.Uint(openflow.FieldCTState, uint64(want)))
	}
	return m
}

func wantAddrs(t *testing.T, what string, p *packet.Packet, src, dst netip.AddrPort) {
	t.Helper()
	k := packet.Parse(p.Bytes()).Key
	addr := func(f openflow.Field) netip.Addr {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(k.Uint(f)))
		return netip.AddrFrom4(b)
	}
	gotSrc := port(addr(openflow.FieldIPv4Src), uint16(k.Uint(openflow.FieldTCPSrc)))
	gotDst := port(addr(openflow.FieldIPv4Dst), uint16(k.Uint(openflow.FieldTCPDst)))
	if gotSrc != src || gotDst != dst {
		t.Errorf("%s: got %v to %v, want %v to %v", what, gotSrc, gotDst, src, dst)
	}
	if !packet.Parse(p.Bytes()).TransportValid() {
		t.Errorf("%s: the transport checksum is wrong", what)
	}
}

var (
	look   = conntrack.Request{}
	commit = conntrack.Request{Commit: true}
)

func TestTCPConnection(t *testing.T) {
	b := newBed(t, 0)
	c, s := port(client, 1000), port(server, 80)
	b.pass("SYN that nobody commits", tcp(c, s, "S", 100, 0, ""), look, isNew)
	b.pass("SYN-ACK of no connection", tcp(s, c, "SA", 500, 101, ""), look, isInv)
	b.pass("SYN", tcp(c, s, "S", 100, 0, ""), commit, isNew)
	b.pass("SYN again", tcp(c, s, "S", 100, 0, ""), look, isNew)
	b.pass("SYN-ACK", tcp(s, c, "SA", 500, 101, ""), look, isReply)
	b.pass("ACK", tcp(c, s, "A", 101, 501, ""), look, isEst)
	b.pass("data", tcp(c, s, "A", 101, 501, "hello"), look, isEst)
	b.pass("data far out of the window", tcp(c, s, "A", 1<<30, 501, "hello"), look, isInv)
	b.pass("reset far out of the window", tcp(s, c, "R", 1<<30, 0, ""), look, isInv)
	b.now = b.now.Add(23 * time.Hour)
	b.pass("data a day later", tcp(s, c, "A", 501, 106, "hello"), look, isReply)
	b.pass("FIN", tcp(c, s, "FA", 106, 506, ""), look, isEst)
	b.pass("FIN of the server", tcp(s, c, "FA", 506, 107, ""), look, isReply)
	b.pass("last ACK", tcp(c, s, "A", 107, 507, ""), look, isEst)
	b.pass("SYN with the same ports", tcp(c, s, "S", 9000, 0, ""), commit, isNew)
	b.pass("SYN-ACK of the new connection", tcp(s, c, "SA", 700, 9001, ""), look, isReply)
	b.pass("reset", tcp(s, c, "RA", 701, 9001, ""), look, isReply)
	b.now = b.now.Add(31 * time.Second)
	b.pass("ACK after the end", tcp(c, s, "A", 9001, 701, ""), look, isNew)
	b.pass("no flags at all", tcp(c, s, "", 9001, 0, ""), look, isInv)
}

func TestPickUpMidway(t *testing.T) {
	b := newBed(t, 0)
	c, s := port(client, 1000), port(server, 80)
	b.pass("data", tcp(c, s, "A", 100, 50, "hello"), commit, isNew)
	b.pass("answer", tcp(s, c, "A", 50, 105, "hello"), look, isReply)
	b.pass("more", tcp(c, s, "A", 105, 55, ""), look, isEst)
}

func TestUDPNeedsAnAnswer(t *testing.T) {
	b := newBed(t, 0)
	c, s := port(client, 1000), port(server, 53)
	b.pass("first", udp(c, s), commit, isNew)
	b.pass("second", udp(c, s), look, isNew)
	b.pass("answer", udp(s, c), look, isReply)
	b.pass("third", udp(c, s), look, isEst)
	b.now = b.now.Add(30 * time.Second)
	b.pass("after the timeout", udp(s, c), look, isNew)
	if b.pass("bad checksum", func() *packet.Packet {
		p := udp(c, s)
		p.Transport()[8]++
		return p
	}(), look, isInv); b.Len() != 1 {
		t.Errorf("connections: got %d, want the expired one", b.Len())
	}
}

func TestTranslation(t *testing.T) {
	b := newBed(t, 0)
	existing := conntrack.Request{NAT: &openflow.NAT{}}
	toPublic := conntrack.Request{Commit: true, NAT: &openflow.NAT{Type: openflow.NATSource, AddrMin: public}}
	c, s := port(client, 1000), port(server, 53)

	p := udp(c, s)
	b.pass("first", p, toPublic, isNew|snat)
	wantAddrs(t, "first", p, port(public, 1000), s)

	// Another client with the same port gets the next one.
	p = udp(port(netip.MustParseAddr("10.0.0.3"), 1000), s)
	b.pass("same port", p, toPublic, isNew|snat)
	wantAddrs(t, "same port", p, port(public, 1001), s)

	p = udp(s, port(public, 1000))
	b.pass("answer", p, existing, isReply|dnat)
	wantAddrs(t, "answer", p, s, c)

	p = udp(c, s)
	b.pass("commit again", p, conntrack.Request{Commit: true, NAT: &openflow.NAT{
		Type: openflow.NATSource, AddrMin: netip.MustParseAddr("192.0.2.99"),
	}}, isEst|snat)
	wantAddrs(t, "commit again", p, port(public, 1000), s)

	// The server cannot be reached, says a router, and quotes the translated packet.
	eth, ip := frametest.IPLayers(station(port(netip.MustParseAddr("198.51.100.1"), 0)), station(port(public, 0)), layers.IPProtocolICMPv4)
	p = packet.Parse(frametest.Serialise(eth, ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 1)},
		gopacket.Payload(udp(port(public, 1000), s).Network())))
	b.pass("error", p, existing, openflow.CTRelated|openflow.CTReply|openflow.CTTracked|dnat)
	in, ok := packet.Parse(p.Bytes()).Inner()
	if !ok || netip.AddrFrom4([4]byte(in.Network()[12:16])) != client || !packet.Parse(p.Bytes()).TransportValid() {
		t.Errorf("the error does not quote what the client sent: %x", p.Bytes())
	}
}

func TestPublishedPort(t *testing.T) {
	b := newBed(t, 0)
	publish := conntrack.Request{Commit: true, NAT: &openflow.NAT{Type: openflow.NATDestination, AddrMin: server, PortMin: 80}}
	for i, want := range []uint16{1000, 1001} { // two public ports, the same server
		p := udp(port(client, 1000), port(public, 8080+uint16(i)))
		b.pass("request", p, publish, isNew|dnat)
		wantAddrs(t, "request", p, port(client, want), port(server, 80))
	}
	p := udp(port(server, 80), port(client, 1001))
	b.pass("answer", p, conntrack.Request{NAT: &openflow.NAT{}}, isReply|snat)
	wantAddrs(t, "answer", p, port(public, 8081), port(client, 1000))
}

func TestMarksAndZones(t *testing.T) {
	b := newBed(t, 0)
	c, s := port(client, 1000), port(server, 53)
	b.pass("commit", udp(c, s), conntrack.Request{
		Commit: true, Mark: 0x12, MarkMask: 0xff, Label: [2]uint64{1, 2}, LabelMask: [2]uint64{^uint64(0), ^uint64(0)},
	}, isNew)
	m := b.pass("answer", udp(s, c), look, isReply)
	if m.Mark != 0x12 || m.Label != [2]uint64{1, 2} {
		t.Errorf("mark and label of the answer: got %#x and %v, want 0x12 and [1 2]", m.Mark, m.Label)
	}
	p, r := udp(s, c), conntrack.Request{Zone: testZone + 1}
	b.Track(p, &m, &r)
	if m.State != isNew || m.Mark != 0 {
		t.Errorf("the answer in another zone: got %#x with mark %#x, want %#x without", m.State, m.Mark, isNew)
	}
}

func TestFullTable(t *testing.T) {
	b := newBed(t, 100)
	for i := range 1000 {
		b.pass("datagram", udp(port(client, uint16(1000+i)), port(server, 53)), commit, isNew)
	}
	if got := b.Len(); got != 100 {
		t.Errorf("connections: got %d, want 100", got)
	}
	b.pass("answer to one that found no room", udp(port(server, 53), port(client, 1999)), look, isNew)
	b.now = b.now.Add(time.Hour)
	b.pass("later", udp(port(client, 1999), port(server, 53)), commit, isNew)
	b.pass("answer", udp(port(server, 53), port(client, 1999)), look, isReply)
	if got := b.Len(); got != 1 {
		t.Errorf("connections after all have expired: got %d, want 1", got)
	}
	b.Flush()
	b.pass("after a flush", udp(port(server, 53), port(client, 1999)), look, isNew)
}
