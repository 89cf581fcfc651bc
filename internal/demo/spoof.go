// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
)

// discard is the port that frames made by hand go to (RFC 863).
const discard = 9

// stranger is nobody's address.
var stranger = net.HardwareAddr{0x02, 0x00, 0x5e, 0x00, 0x53, 0x01}

// spoofing wants what web0 sends in another's name not to arrive.
func (v *view) spoofing() []probe {
	name := func(what string, to *machine) string {
		return fmt.Sprintf("spoofed %s web0 -> %s (%s)", what, to.Name(), v.in.name)
	}
	by := claimBy(v.web0.addr)
	return []probe{
		v.dropped(name("MAC", v.web1), v.web0, v.web1, func(hop net.HardwareAddr, mark []byte) []byte {
			return udpFrame(stranger, hop, v.discard(v.web0), v.discard(v.web1), mark)
		}),
		v.dropped(name("IP", v.web1), v.web0, v.web1, func(hop net.HardwareAddr, mark []byte) []byte {
			return udpFrame(v.web0.MAC(), hop, v.discard(v.db0), v.discard(v.web1), mark)
		}),
		v.dropped(name("IP", v.host), v.web0, v.host, func(hop net.HardwareAddr, mark []byte) []byte {
			return udpFrame(v.web0.MAC(), hop, v.discard(v.web1), netip.AddrPortFrom(v.web0.gateway, discard), mark)
		}),
		v.dropped(name(by, v.web1), v.web0, v.web1, func(net.HardwareAddr, []byte) []byte {
			return announce(v.web0.MAC(), v.web0.addr, v.web0.gateway)
		}),
		v.dropped(name(by, v.host), v.web0, v.host, func(net.HardwareAddr, []byte) []byte {
			return announce(v.web0.MAC(), v.web0.addr, v.web1.addr)
		}),
	}
}

func (v *view) discard(m *machine) netip.AddrPort { return netip.AddrPortFrom(m.addr, discard) }

// dropped wants a frame that from sends not to arrive at to. What forge makes carries the mark, or makes a claim;
// hop is the Ethernet address that leads to the victim.
//
// An honest frame is sent after it the same way, and another one when that has arrived: when the second is there, a
// switch that forwards each sender's frames in order would have delivered the first. A switch that takes the frames of
// one batch out of order does so within that batch only, which the second honest frame cannot be in.
func (v *view) dropped(name string, from, to *machine, forge func(hop net.HardwareAddr, mark []byte) []byte) probe {
	return probe{name, dropped, func(ctx context.Context) string {
		ctx, cancel := context.WithTimeout(ctx, v.within)
		defer cancel()
		target := to.addr
		if to == v.host {
			target = from.gateway
		}
		hop, err := resolve(ctx, from, from.addr, target)
		if err != nil {
			return fmt.Sprintf("error: nobody says where %s is: %v", target, err)
		}
		capture, err := to.Capture(ctx)
		if err != nil {
			return verdict(err)
		}
		defer capture.Close()

		mark := question(32)
		spoofed := forge(hop, mark)
		lie, lies := parseClaim(spoofed)
		if err := from.SendFrames(spoofed); err != nil {
			return verdict(err)
		}
		got := dropped
		for range 2 {
			honest := question(32)
			frame := udpFrame(from.MAC(), hop, v.discard(from), netip.AddrPortFrom(target, discard), honest)
			if err := from.SendFrames(frame); err != nil {
				return verdict(err)
			}
			err := find(ctx, capture, func(frame []byte) bool {
				c, ok := parseClaim(frame)
				if bytes.Contains(frame, mark) || lies && ok && c.says(lie) {
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
