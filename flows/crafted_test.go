// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/flows"
)

// No flag of TCP lets through a segment that begins no connection which is allowed.
func TestTCPOutOfState(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.web.Isolated, l.web.Host = true, flows.FromHost
		l.mustSet(l.web)
		for i, flags := range []string{"", "S", "A", "SA", "R", "RA", "SR"} {
			segment := func(from, to *station, srcPort, dstPort uint16) frame {
				return packet("tcp", from, to, srcPort+uint16(i), dstPort).with(func(f *frame) { f.flags = flags })
			}
			l.send(l.web2, segment(l.web2, l.web3, 1000, 80))
			l.send(l.web2, segment(l.web2, l.host, 1000, 22))
			l.send(l.web2, segment(l.web2, &station{mac: l.host.mac, addr: l.db2.addr}, 1000, 80))
			l.send(l.router, segment(l.router, &station{mac: l.host.mac, addr: l.web2.addr}, 1000, 80))
			l.send(l.host, segment(&station{mac: l.host.mac, addr: l.far}, l.web2, 1000, 80))
			l.send(l.host, segment(l.host, l.db2, 1000, 80))
			if flags == "SA" || flags == "SR" { // the others may be of a connection from before the switch started
				l.send(l.router, segment(l.router, l.host, 1000, 8080))
			}
		}
	})
}

// sourceRouted is a packet that names stations it is to pass after its destination: by the option of RFC 791, 3.1, or by the
// header of RFC 2460, 4.4.
func sourceRouted(t *testing.T, f frame, next netip.Addr) []byte {
	b := unpadded(f.bytes(t))
	if next.Is4() {
		options := append([]byte{0x83, 7, 4}, append(next.AsSlice(), 0)...)
		b = slices.Concat(b[:34], options, b[34:])
		b[14] = 0x47
		binary.BigEndian.PutUint16(b[16:], uint16(len(b)-14))
		clear(b[24:26])
		binary.BigEndian.PutUint16(b[24:], sum(b[14:42]))
		return b
	}
	header := slices.Concat([]byte{b[20], 2, 0, 1, 0, 0, 0, 0}, next.AsSlice())
	b = slices.Concat(b[:54], header, b[54:])
	b[20] = 43
	binary.BigEndian.PutUint16(b[18:], uint16(len(b)-54))
	return b
}

// A packet that names further stations goes by its destination, and by the next one only once it has that as its destination.
func TestSourceRouted(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		l.web.Isolated, l.web.Host = true, 0
		l.mustSet(l.web)
		for _, next := range []*station{l.web3, l.db2, l.host} {
			ask := packet("udp", l.web2, l.host, 1000, 53)
			l.raw(l.web2, sourceRouted(t, ask, next.addr), nil)
			// From outside it reaches the host, as all does.
			in := sourceRouted(t, packet("udp", l.router, l.host, 1000, 53), next.addr)
			l.raw(l.router, in, l.host)
			if next == l.host {
				continue
			}
			// What a host that goes by it would send on does not arrive, in whoever's name.
			for _, from := range []netip.Addr{l.web2.addr, l.router.addr} {
				onward := packet("udp", &station{mac: l.host.mac, addr: from}, next, 1000, 53)
				l.raw(l.host, sourceRouted(t, onward, l.host.addr), nil)
			}
		}
	})
}

// unpadded is a frame without what fills it up to Ethernet's least length.
func unpadded(b []byte) []byte {
	if b[12] == 8 {
		return b[:14+int(binary.BigEndian.Uint16(b[16:]))]
	}
	return b[:54+int(binary.BigEndian.Uint16(b[18:]))]
}
