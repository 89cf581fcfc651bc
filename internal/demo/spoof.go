// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// discard is the port that frames made by hand go to (RFC 863).
const discard = 9

// stranger is nobody's address.
var stranger = net.HardwareAddr{0x02, 0x00, 0x5e, 0x00, 0x53, 0x01}

// spoofing wants what web0 sends in another's name not to arrive.
func (s *scenario) spoofing() []probe {
	return []probe{
		s.dropped("spoofed MAC web0 -> web1", s.web0, s.web1, func(hop net.HardwareAddr, mark []byte) []byte {
			return udpFrame(stranger, hop, s.discard(s.web0), s.discard(s.web1), mark)
		}),
		s.dropped("spoofed IP web0 -> web1", s.web0, s.web1, func(hop net.HardwareAddr, mark []byte) []byte {
			return udpFrame(s.web0.MAC(), hop, s.discard(s.db0), s.discard(s.web1), mark)
		}),
		s.dropped("spoofed IP web0 -> host", s.web0, s.host, func(hop net.HardwareAddr, mark []byte) []byte {
			return udpFrame(s.web0.MAC(), hop, s.discard(s.web1), netip.AddrPortFrom(s.web0.gateway, discard), mark)
		}),
		s.dropped("spoofed ARP web0 -> web1", s.web0, s.web1, func(net.HardwareAddr, []byte) []byte {
			return s.claim(s.web0.gateway)
		}),
		s.dropped("spoofed ARP web0 -> host", s.web0, s.host, func(net.HardwareAddr, []byte) []byte {
			return s.claim(s.web1.addr)
		}),
	}
}

func (s *scenario) discard(m *machine) netip.AddrPort { return netip.AddrPortFrom(m.addr, discard) }

// claim is web0's word to everybody that the address is its own.
func (s *scenario) claim(a netip.Addr) []byte {
	mac := s.web0.MAC()
	return arpPacket{op: header.ARPReply, senderMAC: mac, senderIP: a, targetMAC: broadcast, targetIP: a}.frame(mac, broadcast)
}

// dropped wants a frame that from sends not to arrive at to. What forge makes carries the mark, or is an ARP packet;
// hop is the Ethernet address that leads to the victim.
//
// An honest frame is sent after it the same way, and another one when that has arrived: when the second is there, a
// switch that forwards each sender's frames in order would have delivered the first. A switch that takes the frames of
// one batch out of order does so within that batch only, which the second honest frame cannot be in.
func (s *scenario) dropped(name string, from, to *machine, forge func(hop net.HardwareAddr, mark []byte) []byte) probe {
	return probe{name, dropped, func(ctx context.Context) string {
		ctx, cancel := context.WithTimeout(ctx, s.within)
		defer cancel()
		target := to.addr
		if to == s.host {
			target = from.gateway
		}
		hop, err := resolve(ctx, from, target)
		if err != nil {
			return fmt.Sprintf("error: no ARP reply for %s: %v", target, err)
		}
		capture, err := to.Capture(ctx)
		if err != nil {
			return verdict(err)
		}
		defer capture.Close()

		mark := question(32)
		spoofed := forge(hop, mark)
		claim, isARP := parseARP(spoofed)
		if err := from.SendFrame(spoofed); err != nil {
			return verdict(err)
		}
		got := dropped
		for range 2 {
			honest := question(32)
			frame := udpFrame(from.MAC(), hop, s.discard(from), netip.AddrPortFrom(target, discard), honest)
			if err := from.SendFrame(frame); err != nil {
				return verdict(err)
			}
			err := find(ctx, capture, func(frame []byte) bool {
				arp, ok := parseARP(frame)
				if bytes.Contains(frame, mark) || isARP && ok && arp.says(claim) {
					got = "delivered"
				}
				return bytes.Contains(frame, honest)
			})
			if err != nil {
				return "error: the honest frame after it did not arrive: " + err.Error()
			}
		}
		return got
	}}
}

// says tells whether a says the same of its sender as b.
func (a arpPacket) says(b arpPacket) bool {
	return a.senderIP == b.senderIP && bytes.Equal(a.senderMAC, b.senderMAC)
}

// resolve asks by ARP for the Ethernet address of a neighbour.
func resolve(ctx context.Context, from *machine, target netip.Addr) (net.HardwareAddr, error) {
	capture, err := from.Capture(ctx)
	if err != nil {
		return nil, err
	}
	defer capture.Close()
	request := arpPacket{
		op:        header.ARPRequest,
		senderMAC: from.MAC(), senderIP: from.addr,
		targetMAC: make(net.HardwareAddr, 6), targetIP: target,
	}
	if err := from.SendFrame(request.frame(from.MAC(), broadcast)); err != nil {
		return nil, err
	}
	var mac net.HardwareAddr
	err = find(ctx, capture, func(frame []byte) bool {
		a, ok := parseARP(frame)
		if !ok || a.op != header.ARPReply || a.senderIP != target {
			return false
		}
		mac = a.senderMAC
		return true
	})
	return mac, err
}
