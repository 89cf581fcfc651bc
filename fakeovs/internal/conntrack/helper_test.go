// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// control is a segment of an FTP control connection.
func control(src, dst netip.AddrPort, flags string, seq, ack uint32, payload string) *packet.Packet {
	l4 := tcpHeader(src, dst, segment{flags: flags, seq: seq, ack: ack, window: 8192, scale: -1, payload: payload})
	return packet.Parse(frameOf(0, src.Addr().Is6(), network(src.Addr(), dst.Addr(), 6, l4, nil)))
}

func payloadOf(p *packet.Packet) string {
	l4 := packet.Parse(p.Bytes()).Transport()
	return string(l4[packet.TCPHeaderLen(l4):])
}

// TestActiveFTP has a client behind NAT open a data connection to itself: its address is another one outside, of another
// length, so all that follows is shifted, and the server's connection to it is related and finds the way back.
func TestActiveFTP(t *testing.T) {
	for _, family := range []struct {
		name, command, rewritten string
		v6                       bool
	}{
		{"PORT", "PORT 10,0,0,1,4,1\r\n", "PORT 192,0,2,100,4,1\r\n", false},
		{"EPRT", "EPRT |2|fd00::1|1025|\r\n", "EPRT |2|2001:db8::64|1025|\r\n", true},
	} {
		t.Run(family.name, func(t *testing.T) {
			b := newBed(t, 0)
			outside := netip.MustParseAddr("192.0.2.100")
			if family.v6 {
				outside = netip.MustParseAddr("2001:db8::64")
			}
			c, s := port(host(family.v6, 1), 1000), port(host(family.v6, 2), 21)
			masked := port(outside, 1000)
			out := conntrack.Request{
				Commit: true, NAT: &openflow.NAT{Type: openflow.NATSource, AddrMin: outside}, ALG: openflow.ALGFTP,
				Mark: 7, MarkMask: 0xff,
			}
			in := conntrack.Request{NAT: &openflow.NAT{}, ALG: openflow.ALGFTP}
			b.pass("SYN", control(c, s, "S", 99, 0, ""), out, isNew|snat)
			b.pass("SYN-ACK", control(s, masked, "SA", 499, 100, ""), in, isReply|dnat)
			b.pass("ACK", control(c, s, "A", 100, 500, ""), out, isEst|snat)

			p := control(c, s, "PA", 100, 500, family.command)
			b.pass("command", p, out, isEst|snat)
			if got := payloadOf(p); got != family.rewritten || !packet.Parse(p.Bytes()).TransportValid() {
				t.Errorf("command: got %q in %x, want %q", got, p.Bytes(), family.rewritten)
			}
			grown := uint32(len(family.rewritten) - len(family.command))
			end := 100 + uint32(len(family.command))

			p = control(s, masked, "A", 500, end+grown, "")
			b.pass("answer", p, in, isReply|dnat)
			if got := be.Uint32(p.Transport()[8:]); got != end {
				t.Errorf("acknowledgement of the answer: got %d, want %d", got, end)
			}
			p = control(c, s, "PA", end, 500, "LIST\r\n")
			b.pass("next command", p, out, isEst|snat)
			if got := be.Uint32(p.Transport()[4:]); got != end+grown {
				t.Errorf("sequence number of the next command: got %d, want %d", got, end+grown)
			}

			p = control(port(s.Addr(), 20), port(outside, 1025), "S", 1, 0, "")
			m := b.pass("data connection", p, conntrack.Request{Commit: true, NAT: &openflow.NAT{}},
				isNew|openflow.CTRelated|dnat)
			if m.Mark != 7 || m.Orig.Src != c.Addr() || m.Orig.DstPort != 21 {
				t.Errorf("the data connection has mark %d and tuple %v, want those of the control connection", m.Mark, m.Orig)
			}
			if _, dst, ok := ends(packet.Parse(p.Bytes())); !ok || dst != port(c.Addr(), 1025) {
				t.Errorf("the data connection goes to %v, want %v", dst, c.Addr())
			}
			if got := b.Dump(conntrack.DumpOptions{Verbose: true}); !strings.Contains(got, ",parent=(src="+c.Addr().String()+",") {
				t.Errorf("connections: got\n%swant one with a parent", got)
			}
			b.FlushZone(testZone)
			b.pass("data connection after all is forgotten", p, conntrack.Request{}, isNew)
		})
	}
}

// TestPassiveFTP has a server announce a port; announcements of third parties are invalid.
func TestPassiveFTP(t *testing.T) {
	b := newBed(t, 0)
	c, s := port(client, 1000), port(server, 21)
	r := conntrack.Request{Commit: true, ALG: openflow.ALGFTP}
	b.pass("SYN", control(c, s, "S", 99, 0, ""), r, isNew)
	b.pass("SYN-ACK", control(s, c, "SA", 499, 100, ""), r, isReply)
	b.pass("elsewhere", control(s, c, "PA", 500, 100, "227 ok (10,0,0,9,4,1)\r\n"), r, isReply|openflow.CTInvalid)
	b.pass("port too high", control(s, c, "PA", 500, 100, "227 ok (10,0,0,2,256,1)\r\n"), r, isReply|openflow.CTInvalid)
	b.pass("no more than said so far", tcp(c, port(server, 1025), "S", 1, 0, ""), look, isNew)
	b.pass("announcement", control(s, c, "PA", 500, 100, "227 Entering Passive Mode (10,0,0,2,4,1)\r\n"), r, isReply)
	b.pass("data connection", tcp(port(client, 3333), port(server, 1025), "S", 1, 0, ""), look, isNew|openflow.CTRelated)
	b.pass("of somebody else", tcp(port(public, 3333), port(server, 1025), "S", 1, 0, ""), look, isNew)
}

func TestTFTP(t *testing.T) {
	b := newBed(t, 0)
	b.pass("request", udp(port(client, 1000), port(server, 69)), conntrack.Request{Commit: true, ALG: openflow.ALGTFTP}, isNew)
	b.pass("answer from another port", udp(port(server, 4000), port(client, 1000)), commit, isNew|openflow.CTRelated)
	b.pass("next block", udp(port(client, 1000), port(server, 4000)), look, isReply|openflow.CTRelated)
	want := "udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=69),reply=(src=10.0.0.2,dst=10.0.0.1,sport=69,dport=1000)," +
		"zone=7,timeout=60,helper=tftp\n"
	if got := b.Dump(conntrack.DumpOptions{Stats: true}); !strings.Contains(got, want) {
		t.Errorf("connections: got\n%swant\n%s", got, want)
	}
}
