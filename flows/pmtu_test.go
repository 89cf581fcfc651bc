// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
)

// tooBig is what a router at a station says of a packet that it got: it does not fit into mtu.
func tooBig(t *testing.T, from, to *station, mtu int, got []byte) []byte {
	t.Helper()
	quoted := got[14:]
	quoted = quoted[:min(len(quoted), 500)]
	eth := &layers.Ethernet{SrcMAC: from.mac, DstMAC: to.mac, EthernetType: layers.EthernetTypeIPv4}
	stack := []gopacket.SerializableLayer{eth}
	if from.addr.Is4() {
		ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolICMPv4, SrcIP: from.addr.AsSlice(), DstIP: to.addr.AsSlice()}
		code := layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodeFragmentationNeeded)
		stack = append(stack, ip, &layers.ICMPv4{TypeCode: code, Seq: uint16(mtu)})
	} else {
		eth.EthernetType = layers.EthernetTypeIPv6
		ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolICMPv6, SrcIP: from.addr.AsSlice(), DstIP: to.addr.AsSlice()}
		icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypePacketTooBig, 0)}
		if err := icmp.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		stack = append(stack, ip, icmp)
		quoted = append(binary.BigEndian.AppendUint32(nil, uint32(mtu)), quoted...)
	}
	b := gopacket.NewSerializeBuffer()
	o := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, o, append(stack, gopacket.Payload(quoted))...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// complaint is such a message as it arrives: who says it, and of which packet.
type complaint struct {
	from     netip.Addr
	src, dst netip.AddrPort
	mtu      int
}

// unknown is an MTU that may be any.
const unknown = -1

func readComplaint(f []byte) (c complaint, ok bool) {
	addr := func(b []byte) netip.Addr {
		a, _ := netip.AddrFromSlice(b)
		return a
	}
	ports := func(b []byte) (src, dst uint16) { return binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]) }
	switch {
	case len(f) >= 66 && f[12] == 8 && f[13] == 0 && f[14] == 0x45 && f[23] == 1 && f[34] == 3 && f[35] == 4:
		src, dst := ports(f[62:])
		return complaint{
			addr(f[26:30]), netip.AddrPortFrom(addr(f[54:58]), src), netip.AddrPortFrom(addr(f[58:62]), dst),
			int(binary.BigEndian.Uint16(f[40:])),
		}, true
	case len(f) >= 106 && f[12] == 0x86 && f[13] == 0xdd && f[20] == 58 && f[54] == 2:
		src, dst := ports(f[102:])
		return complaint{
			addr(f[22:38]), netip.AddrPortFrom(addr(f[70:86]), src), netip.AddrPortFrom(addr(f[86:102]), dst),
			int(binary.BigEndian.Uint32(f[58:])),
		}, true
	}
	return c, false
}

// mustComplain waits for such a message at a station.
func (e *ear) mustComplain(what string, want complaint) {
	e.t.Helper()
	f, _ := e.until(func(f []byte) bool { _, ok := readComplaint(f); return ok }, never)
	got, _ := readComplaint(f)
	if want.mtu == unknown {
		got.mtu = unknown
	}
	if got != want {
		e.t.Errorf("%s: is told %+v, want %+v", what, got, want)
	}
}

// mustKnow holds the path's MTU, as the kernel knows it, where a socket is the kernel's.
func (s *dual) mustKnow(what string, c any, want int) {
	s.t.Helper()
	sc, ok := c.(syscall.Conn)
	if s.Kind() == testbed.Fake || !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		s.t.Fatal(err)
	}
	level, option := unix.IPPROTO_IP, unix.IP_MTU
	if c.(net.Conn).RemoteAddr().(*net.UDPAddr).IP.To4() == nil {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_MTU
	}
	got, failed := 0, error(nil)
	if err := raw.Control(func(fd uintptr) { got, failed = unix.GetsockoptInt(int(fd), level, option) }); err != nil || failed != nil {
		s.t.Fatal(err, failed)
	}
	if got != want && want != unknown {
		s.t.Errorf("%s: the kernel knows the path's MTU as %d, want %d", what, got, want)
	}
}

func udpAddr(a net.Addr) netip.AddrPort {
	at := a.(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// Who sends what is too big for the way is told, in words of its own addresses, by whichever router of either side: what it
// sends goes on in smaller packets then.
func TestPathMTU(t *testing.T) {
	const narrow, narrower = 1400, 1300
	onDualSites(t, testbed.Options{MTU: narrow}, func(s *dual) {
		e := s.w0.endpoint
		e.Publish = []flows.PortMapping{{Proto: flows.UDP, HostPort: 5353, Port: 53}}
		s.set(e)
		s.each(func(v6 bool, name string) {
			beyond, gateway := testbed.BeyondAddr, s.web.Gateways[0].Addr()
			if v6 {
				beyond, gateway = testbed.BeyondAddr6, s.web.Gateways[1].Addr()
			}
			w0, host, outside := s.w0.in(v6), s.host.in(v6), s.outside.in(v6)
			inside, away := s.listen(s.w0), s.listen(s.outside)
			dial := func(from *member, to netip.AddrPort) net.Conn {
				c, err := from.DialUDP(s.ctx, netip.AddrPort{}, to)
				if err != nil {
					s.t.Fatal(err)
				}
				s.t.Cleanup(func() { c.Close() })
				deadline, _ := s.ctx.Deadline()
				c.SetDeadline(deadline)
				return c
			}
			write := func(c net.Conn, text string, size int) {
				b := make([]byte, size)
				copy(b, text)
				_, err := c.Write(b)
				if errors.Is(err, unix.EMSGSIZE) { // what it was told of what it has sent before
					_, err = c.Write(b)
				}
				if err != nil {
					s.t.Fatal(err)
				}
			}
			// Open vSwitch in user space damages the MTU in what it translates of ICMPv6 about UDP, and the fake as well.
			translated := func(mtu int) int {
				if v6 {
					return unknown
				}
				return mtu
			}
			far := netip.AddrPortFrom(beyond, 9)
			s.udp(s.outside, far)
			out := dial(s.w0, far)
			own := udpAddr(out.LocalAddr())

			// The host's link outside is narrow: the host itself says so.
			big := udpFrame(w0, &station{mac: host.mac, addr: beyond}, own.Port(), far.Port(), string(make([]byte, 1400))).bytes(s.t)
			if !v6 { // do not fragment
				big[20] |= 0x40
				clear(big[24:26])
				binary.BigEndian.PutUint16(big[24:], sum(big[14:34]))
			}
			if err := s.w0.SendFrames(big); err != nil {
				s.t.Fatal(err)
			}
			inside.mustComplain(name+": an endpoint of the host", complaint{gateway, own, far, narrow})
			s.mustKnow(name+": an endpoint of the host", out, narrow)

			// Somewhere beyond it is narrower.
			write(out, "outwards "+name, 1340)
			f, _ := away.until(carrying("outwards "+name), never)
			if err := s.outside.SendFrames(tooBig(s.t, outside, host, narrower, f)); err != nil {
				s.t.Fatal(err)
			}
			inside.mustComplain(name+": an endpoint of a router", complaint{outside.addr, own, far, translated(narrower)})
			s.mustKnow(name+": an endpoint of a router", out, translated(narrower))

			// It is the same with TCP.
			l, err := s.outside.ListenTCP(s.ctx, netip.AddrPortFrom(beyond, 80))
			if err != nil {
				s.t.Fatal(err)
			}
			s.t.Cleanup(func() { l.Close() })
			stream, err := s.w0.DialTCP(s.ctx, netip.AddrPort{}, netip.AddrPortFrom(beyond, 80))
			if err != nil {
				s.t.Fatal(err)
			}
			s.t.Cleanup(func() { stream.Close() })
			if _, err := stream.Write([]byte("segment " + name)); err != nil {
				s.t.Fatal(err)
			}
			f, _ = away.until(carrying("segment "+name), never)
			if err := s.outside.SendFrames(tooBig(s.t, outside, host, narrower, f)); err != nil {
				s.t.Fatal(err)
			}
			connected := netip.MustParseAddrPort(stream.LocalAddr().String())
			inside.mustComplain(name+": an endpoint's stream", complaint{outside.addr, connected, netip.AddrPortFrom(beyond, 80), narrower})

			// And behind the endpoint, which is a router of its own.
			published := netip.AddrPortFrom(host.addr, 5353)
			server := s.udp(s.w0, netip.AddrPortFrom(w0.addr, 53))
			in := dial(s.outside, published)
			write(in, "inwards "+name, 1340)
			f, _ = inside.until(carrying("inwards "+name), never)
			if err := s.w0.SendFrames(tooBig(s.t, w0, &station{mac: host.mac, addr: outside.addr}, narrower, f)); err != nil {
				s.t.Fatal(err)
			}
			away.mustComplain(name+": the outside of a router", complaint{host.addr, udpAddr(in.LocalAddr()), published, translated(narrower)})
			s.mustKnow(name+": the outside of a router", in, translated(narrower))
			if _, from := s.receive(server); s.Kind() == testbed.Real {
				// The answer is too big for the host's link as well. Once its kernel is told the endpoint sends it in parts.
				answer := make([]byte, 1390)
				if _, err := server.WriteTo(answer, from); err != nil {
					s.t.Fatal(err)
				}
				inside.mustComplain(name+": who answers", complaint{gateway, netip.AddrPortFrom(w0.addr, 53), udpAddr(from), narrow})
				if _, err := server.WriteTo(answer, from); err != nil {
					s.t.Fatal(err)
				}
				n, err := in.Read(make([]byte, 2000))
				if errors.Is(err, unix.EMSGSIZE) {
					n, err = in.Read(make([]byte, 2000))
				}
				if err != nil || n != len(answer) {
					s.t.Errorf("%s: the outside gets an answer of %d bytes, %v, want %d", name, n, err, len(answer))
				}
			}
		})
	})
}
