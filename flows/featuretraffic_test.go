// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
	"github.com/ovskit/ovskit/openflow"
)

// dhcp is a message of DHCP from or to a client.
func dhcp(t *testing.T, kind layers.DHCPMsgType, xid uint32, client *member) []byte {
	t.Helper()
	m := &layers.DHCPv4{
		Operation: layers.DHCPOpRequest, HardwareType: layers.LinkTypeEthernet, HardwareLen: 6, Xid: xid,
		ClientHWAddr: client.MAC(), Options: layers.DHCPOptions{layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(kind)})},
	}
	if kind == layers.DHCPMsgTypeOffer || kind == layers.DHCPMsgTypeAck {
		m.Operation, m.YourClientIP = layers.DHCPOpReply, client.addr4.AsSlice()
	}
	b := gopacket.NewSerializeBuffer()
	if err := m.SerializeTo(b, gopacket.SerializeOptions{FixLengths: true}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readDHCP reads such a message; nil if it is none.
func readDHCP(b []byte) *layers.DHCPv4 {
	m := &layers.DHCPv4{}
	if m.DecodeFromBytes(b, gopacket.NilDecodeFeedback) != nil {
		return nil
	}
	return m
}

func kindOf(m *layers.DHCPv4) layers.DHCPMsgType {
	for _, o := range m.Options {
		if o.Type == layers.DHCPOptMessageType && len(o.Data) == 1 {
			return layers.DHCPMsgType(o.Data[0])
		}
	}
	return layers.DHCPMsgTypeUnspecified
}

// An endpoint that may gets a lease from a server on the host, and renews it, in a network that is cut off from the host else.
// One that may not is not heard, and nobody hears a server that is an endpoint.
func TestDHCPTraffic(t *testing.T) {
	onDualSites(t, testbed.Options{}, func(s *dual) {
		server := s.udp(s.host, netip.MustParseAddrPort("0.0.0.0:67"))
		other := s.udp(s.host, netip.AddrPortFrom(s.web.Gateways[0].Addr(), 69))
		may := s.w0.endpoint
		may.DHCP = true
		s.set(may)
		toAll := func(from *member, xid uint32) frame {
			f := packet("udp", from.in(false), s.host.in(false), 68, 67)
			f.to, f.src, f.dst = broadcast, addrPort("0.0.0.0:68"), addrPort("255.255.255.255:67")
			f.payload = dhcp(s.t, layers.DHCPMsgTypeDiscover, xid, from)
			return f
		}
		// hear is a message to the server that has come by the bridge, which must be this one. The userspace datapath leaves it
		// to the kernel as well what has no source address, at the endpoint's own device: a server that is not bound to the
		// bridge's device hears that.
		byBridge := s.listen(s.host)
		hear := func(kind layers.DHCPMsgType, xid uint32) net.Addr {
			s.t.Helper()
			f, _ := byBridge.until(func(f []byte) bool {
				return len(f) > 42 && f[12] == 8 && f[13] == 0 && f[23] == 17 && f[36] == 0 && f[37] == 67
			}, never)
			if m := readDHCP(f[42:]); m == nil || m.Xid != xid || kindOf(m) != kind {
				s.t.Fatalf("the server is sent %+v, want a %s with transaction %d", m, kind, xid)
			}
			for {
				text, from := s.receive(server)
				if m := readDHCP([]byte(text)); m != nil && m.Xid == xid {
					return from
				}
			}
		}
		client := s.udp(s.w0, netip.AddrPortFrom(s.w0.addr4, 68))
		answer := func(kind layers.DHCPMsgType, xid uint32) {
			s.t.Helper()
			at := net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.w0.addr4, 68))
			if _, err := server.WriteTo(dhcp(s.t, kind, xid, s.w0), at); err != nil {
				s.t.Fatal(err)
			}
			text, _ := s.receive(client)
			m := readDHCP([]byte(text))
			if m == nil || m.Xid != xid || kindOf(m) != kind || !m.YourClientIP.Equal(s.w0.addr4.AsSlice()) {
				s.t.Fatalf("the client hears %+v, want its %s", m, kind)
			}
		}

		s.say(s.w1, toAll(s.w1, 1)) // may not
		s.fence(s.w1)
		inside := s.listen(s.w1)
		rogue := udpFrame(s.w0.in(false), s.w1.in(false), 67, 68, "offer")
		s.say(s.w0, rogue)
		s.say(s.w0, rogue.with(func(f *frame) { f.to, f.dst = broadcast, addrPort("255.255.255.255:68") }))
		s.say(s.w0, udpFrame(s.w0.in(false), s.w1.in(false), 68, 69, "not DHCP"))
		if _, got := inside.until(carrying("not DHCP"), carrying("offer")); len(got) != 0 {
			s.t.Errorf("a server that is an endpoint is heard: %x", got)
		}

		s.say(s.w0, toAll(s.w0, 2))
		hear(layers.DHCPMsgTypeDiscover, 2)
		answer(layers.DHCPMsgTypeOffer, 2)
		s.say(s.w0, udpFrame(s.w0.in(false), &station{mac: s.host.MAC(), addr: s.web.Gateways[0].Addr()}, 68, 69, "not DHCP"))
		renew := net.UDPAddrFromAddrPort(netip.AddrPortFrom(s.web.Gateways[0].Addr(), 67))
		if _, err := client.WriteTo(dhcp(s.t, layers.DHCPMsgTypeRequest, 3, s.w0), renew); err != nil {
			s.t.Fatal(err)
		}
		if from := hear(layers.DHCPMsgTypeRequest, 3); from.String() != netip.AddrPortFrom(s.w0.addr4, 68).String() {
			s.t.Errorf("the server is asked by %s", from)
		}
		answer(layers.DHCPMsgTypeAck, 3)
		// To another port of the host nothing has come before. Access is another endpoint's: what the datapath has decided of
		// web0's packets it looks at again only by and by.
		s.web.Host = flows.ToHost
		s.set(s.web)
		s.say(s.w2, udpFrame(s.w2.in(false), &station{mac: s.host.MAC(), addr: s.web.Gateways[0].Addr()}, 70, 69, "now"))
		if text, _ := s.receive(other); text != "now" {
			s.t.Errorf("the host's other port hears %q first", text)
		}
	})
}

// What an endpoint sends and what it is sent is copied, each frame once, as the endpoint sees it.
func TestMirrorTraffic(t *testing.T) {
	onDualSites(t, testbed.Options{}, func(s *dual) {
		// The port of web2, once it is nobody's.
		if err := s.sw.Delete(s.ctx, s.w2.endpoint); err != nil {
			s.t.Fatal(err)
		}
		mirrored := s.w0.endpoint
		mirrored.MirrorTo = s.w2.endpoint.Port
		mirrored.Publish = []flows.PortMapping{{Proto: flows.UDP, HostPort: 5353, Port: 53}}
		s.set(mirrored)
		copies := s.listen(s.w2)
		s.each(func(v6 bool, name string) {
			inside := s.udp(s.w0, netip.AddrPortFrom(s.w0.addr(v6), 53))
			for _, from := range []*member{s.w1, s.outside} {
				to := netip.AddrPortFrom(s.w0.addr(v6), 53)
				if from == s.outside {
					to = netip.AddrPortFrom(s.host.addr(v6), 5353)
				}
				c, err := from.DialUDP(s.ctx, netip.AddrPort{}, to)
				if err != nil {
					s.t.Fatal(err)
				}
				s.t.Cleanup(func() { c.Close() })
				deadline, _ := s.ctx.Deadline()
				c.SetDeadline(deadline)
				ask, reply := "ask by "+from.Name()+name, "reply to "+from.Name()+name
				if _, err := c.Write([]byte(ask)); err != nil {
					s.t.Fatal(err)
				}
				_, at := s.receive(inside)
				if _, err := inside.WriteTo([]byte(reply), at); err != nil {
					s.t.Fatal(err)
				}
				b := make([]byte, 100)
				if n, err := c.Read(b); err != nil || string(b[:n]) != reply {
					s.t.Fatalf("%s gets %q, %v", from.Name(), b[:n], err)
				}
				// What others say to each other is not copied.
				s.say(s.w1, udpFrame(s.w1.in(v6), s.d0.in(v6), 1, 2, ask))
				s.fence(s.w1)
				end := "end of " + from.Name() + name
				s.say(s.w0, udpFrame(s.w0.in(v6), s.w1.in(v6), 1, 2, end))
				_, got := copies.until(carrying(end), func(f []byte) bool { return carrying(ask)(f) || carrying(reply)(f) })
				if len(got) != 2 || !carrying(ask)(got[0]) || !carrying(reply)(got[1]) {
					s.t.Fatalf("%s, %s: got %d copies of a question and its answer: %x", name, from.Name(), len(got), got)
				}
				// The endpoint sees itself at its own address, and its answer is copied as it has sent it.
				p := gopacket.NewPacket(got[0], layers.LayerTypeEthernet, gopacket.Default)
				q := gopacket.NewPacket(got[1], layers.LayerTypeEthernet, gopacket.Default)
				own := s.w0.addr(v6).String()
				if p.NetworkLayer().NetworkFlow().Dst().String() != own || q.NetworkLayer().NetworkFlow().Src().String() != own {
					s.t.Errorf("%s, %s: got copies %s and %s", name, from.Name(), p, q)
				}
			}
		})
	})
}

// What is for many reaches all others of its network once, and nobody else.
func TestMulticastTraffic(t *testing.T) {
	onDualSites(t, testbed.Options{}, func(s *dual) {
		s.web.Multicast = true
		s.set(s.web)
		all := []*member{s.w0, s.w1, s.w2, s.d0, s.host, s.outside}
		ears := map[*member]*ear{}
		for _, p := range all {
			ears[p] = s.listen(p)
		}
		sockets := s.udp(s.w1, netip.MustParseAddrPort("0.0.0.0:137"))
		toMany := []struct {
			to  string
			mac string
		}{
			{"224.0.0.251:5353", "01:00:5e:00:00:fb"}, {"239.1.2.3:5000", "01:00:5e:01:02:03"}, {"10.77.1.255:137", "ff:ff:ff:ff:ff:ff"},
			{"255.255.255.255:137", "ff:ff:ff:ff:ff:ff"}, {"[ff02::fb]:5353", "33:33:00:00:00:fb"}, {"[ff05::1:3]:547", "33:33:00:01:00:03"},
		}
		for i, m := range toMany {
			dst := addrPort(m.to)
			v6 := dst.Addr().Is6()
			mac, err := net.ParseMAC(m.mac)
			if err != nil {
				s.t.Fatal(err)
			}
			for _, from := range []*member{s.w0, s.d0} {
				text := fmt.Sprintf("to many %d from %s", i, from.Name())
				f := udpFrame(from.in(v6), s.w1.in(v6), dst.Port(), dst.Port(), text)
				s.say(from, f.with(func(f *frame) { f.to, f.dst = mac, dst }))
				s.fence(from)
			}
		}
		for range 2 { // the kernel's own socket hears broadcasts
			if text, from := s.receive(sockets); text != "to many 2 from web0" && text != "to many 3 from web0" {
				s.t.Errorf("web1's socket hears %q of %s", text, from)
			}
		}
		// By way of a last frame to each it is known that nothing more is to come.
		s.web.Host, s.db.Host = flows.ToHost|flows.FromHost, flows.FromHost
		s.set(s.web, s.db)
		for _, p := range all {
			from := s.w0
			switch p {
			case s.w0, s.d0:
				from = s.host
			}
			to := p.in(false)
			if p == s.outside { // by the host, as its packets are
				from, to = s.host, s.outside.in(false)
			}
			end := "end at " + p.Name()
			s.say(from, udpFrame(from.in(false), to, 7, 7, end))
			_, got := ears[p].until(carrying(end), carrying("to many"))
			want := 0
			if p == s.w1 || p == s.w2 {
				want = len(toMany)
			}
			seen := map[string]bool{}
			for _, f := range got {
				text := string(f[len(f)-len("to many 0 from web0"):])
				if text[len(text)-4:] != "web0" {
					s.t.Errorf("%s hears %q", p.Name(), text)
				}
				seen[text] = true
			}
			if len(got) != want || len(seen) != want {
				s.t.Errorf("%s hears %d frames for many, %v, want %d", p.Name(), len(got), seen, want)
			}
		}
	})
}

// A port of SCTP is published as the same port, which the userspace datapath can do as well.
func TestSCTPTraffic(t *testing.T) {
	onDualSites(t, testbed.Options{}, func(s *dual) {
		e := s.w0.endpoint
		e.Publish = []flows.PortMapping{{Proto: flows.SCTP, HostPort: 5000, Port: 5000}}
		s.set(e)
		s.each(func(v6 bool, name string) {
			inside, outside := s.listen(s.w0), s.listen(s.outside)
			sctp := func(src, dst netip.AddrPort) func([]byte) bool {
				return func(f []byte) bool {
					p := gopacket.NewPacket(f, layers.LayerTypeEthernet, gopacket.Default)
					m, _ := p.Layer(layers.LayerTypeSCTP).(*layers.SCTP)
					if m == nil {
						return false
					}
					at := p.NetworkLayer().NetworkFlow()
					return at.Src().String() == src.Addr().String() && at.Dst().String() == dst.Addr().String() &&
						m.SrcPort == layers.SCTPPort(src.Port()) && m.DstPort == layers.SCTPPort(dst.Port())
				}
			}
			ask := packet("sctp", s.outside.in(v6), s.host.in(v6), 6000, 5000)
			own := netip.AddrPortFrom(s.w0.addr(v6), 5000)
			// Another port is the host's. Ports count for the first packet alone of what goes between two addresses.
			beyond := s.outside.in(v6)
			if beyond.addr = testbed.BeyondAddr; v6 {
				beyond.addr = testbed.BeyondAddr6
			}
			s.say(s.outside, packet("sctp", beyond, s.host.in(v6), 6000, 5001))
			s.say(s.outside, ask)
			if _, got := inside.until(sctp(ask.src, own), sctp(netip.AddrPortFrom(beyond.addr, 6000), netip.AddrPortFrom(own.Addr(), 5001))); len(got) != 0 {
				s.t.Errorf("%s: another port reaches the endpoint: %x", name, got)
			}
			answer := packet("sctp", s.w0.in(v6), s.outside.in(v6), 5000, 6000).with(func(f *frame) { f.to = s.host.MAC() })
			s.say(s.w0, answer)
			outside.until(sctp(ask.dst, ask.src), never)
		})
	})
}

// What exceeds an endpoint's limit is dropped, and nobody else's packets are.
func TestLimitTraffic(t *testing.T) {
	onDualSites(t, testbed.Options{}, func(s *dual) {
		e := s.w0.endpoint
		e.Limit = &flows.Limit{Kbps: 8, BurstKbits: 80}
		s.set(e)
		const packets, size = 50, 1000 // all at once: what a device of the switch holds
		send := func(from, to *member, text string) {
			f := udpFrame(from.in(false), to.in(false), 1, 2, text+string(make([]byte, size-42-len(text)))).bytes(s.t)
			if err := from.SendFrames(slices.Repeat([][]byte{f}, packets)...); err != nil {
				s.t.Fatal(err)
			}
		}
		free, limited := s.listen(s.w0), s.listen(s.w1)
		begin := time.Now()
		send(s.w0, s.w1, "limited")
		send(s.w1, s.w0, "free")
		s.say(s.w1, udpFrame(s.w1.in(false), s.w0.in(false), 1, 2, "end of free"))
		if _, got := free.until(carrying("end of free"), carrying("free")); len(got) != packets {
			s.t.Errorf("without a limit %d of %d packets arrive", len(got), packets)
		}
		// Once the meter has seen as many packets what it let through is on its way.
		conn, err := s.client.Conn(s.ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		var m openflow.MeterStats
		for m.Packets < packets {
			all, err := conn.MeterStats(s.ctx, e.Port)
			if err != nil {
				s.t.Fatal(err)
			}
			m = all[0]
		}
		most := (80 + 8*time.Since(begin).Seconds()) * 1000 / 8 / size
		s.say(s.w2, udpFrame(s.w2.in(false), s.w1.in(false), 1, 2, "end of limited"))
		_, got := limited.until(carrying("end of limited"), carrying("limited"))
		if len(got) == 0 || float64(len(got)) > most+1 || m.Bands[0].Packets == 0 {
			s.t.Errorf("%d of %d packets arrive, want some and at most %.1f; the meter has dropped %d", len(got), packets, most, m.Bands[0].Packets)
		}
	})
}
