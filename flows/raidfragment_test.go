// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/flows"
)

// header is an extension header of IPv6: its number, and its bytes, of which the first two are filled in.
type header struct {
	number byte
	bytes  []byte
}

// optionsHeader has so many bytes, with an option that has the tag and is to be passed over (RFC 8200, 4.2).
func optionsHeader(number byte, size int) func(tag []byte) header {
	return func(tag []byte) header {
		b := make([]byte, size)
		b[2], b[3] = 0x1e, byte(size-4) // an option for experiments (RFC 4727)
		copy(b[4:], tag)
		return header{number, b}
	}
}

// routingHeader names the next station of a packet (RFC 8200, 4.4).
func routingHeader(typ byte, next netip.Addr) func([]byte) header {
	return func([]byte) header {
		return header{43, slices.Concat([]byte{0, 0, typ, 1, 0, 0, 0, 0}, next.AsSlice())}
	}
}

// authentication is a header of RFC 4302 that says nothing.
func authentication([]byte) header { return header{51, make([]byte, 16)} }

// fragmentHeader is of the fragment at offset bytes.
func fragmentHeader(offset int, more bool) func(tag []byte) header {
	return func(tag []byte) header {
		b := make([]byte, 8)
		binary.BigEndian.PutUint16(b[2:], uint16(offset))
		if more {
			b[3] |= 1
		}
		copy(b[4:], tag)
		return header{44, b}
	}
}

const (
	hopByHop           = 0
	destinationOptions = 60
)

// extended puts headers between the IPv6 header of a frame and what it carries.
func extended(f frame, headers ...func(tag []byte) header) crafted {
	return func(t *testing.T, tag []byte) []byte {
		b := unpadded(f.wire(t, tag))
		var chain []byte
		next := b[20]
		for i := len(headers) - 1; i >= 0; i-- {
			h := headers[i](tag)
			h.bytes[0] = next
			switch h.number {
			case 44:
			case 51:
				h.bytes[1] = byte(len(h.bytes)/4 - 2)
			default:
				h.bytes[1] = byte(len(h.bytes)/8 - 1)
			}
			next, chain = h.number, append(h.bytes, chain...)
		}
		b = slices.Concat(b[:54], chain, b[54:])
		b[20] = next
		binary.BigEndian.PutUint16(b[18:], uint16(len(b)-54))
		return b
	}
}

// cutTo is the fragment of an extended packet up to its byte number size of what follows the IPv6 header.
func (c crafted) cutTo(size int) crafted {
	return func(t *testing.T, tag []byte) []byte {
		b := c(t, tag)[:54+size]
		binary.BigEndian.PutUint16(b[18:], uint16(size))
		return b
	}
}

// What an endpoint must not say it cannot hide behind extension headers and in fragments of IPv6 either.
func attackByHeaders(r *raid) {
	m, web1 := r.mallory.at(1), r.web1.at(1)
	legal := packet("udp", m, web1, 4000, 4001)
	for name, headers := range map[string][]func([]byte) header{
		"hop-by-hop options":      {optionsHeader(hopByHop, 16)},
		"destination options":     {optionsHeader(destinationOptions, 16)},
		"all options":             {optionsHeader(hopByHop, 8), optionsHeader(destinationOptions, 64), optionsHeader(destinationOptions, 16)},
		"an atomic fragment":      {fragmentHeader(0, false)},
		"nested atomic fragments": {fragmentHeader(0, false), fragmentHeader(0, false)},
		"options in a fragment":   {fragmentHeader(0, false), optionsHeader(destinationOptions, 24)},
		"a source route":          {routingHeader(0, web1.addr)},
		"a mobile's route":        {routingHeader(2, web1.addr)},
		"authentication":          {authentication},
	} {
		r.add("legal behind "+name, r.mallory, reaches(r.web1), extended(legal, headers...))
		for what, f := range map[string]frame{
			"advertisement":          ndMessage(m, web1, 136, 0x20, r.gateway("web").addr, 2, m.mac),
			"router advertisement":   ndMessage(m, web1, 134, 0, r.gateway("web").addr, 1, m.mac),
			"redirect":               ndMessage(m, web1, 137, 0, r.gateway("web").addr, 2, m.mac),
			"answer of DHCP":         packet("udp", m, web1, 547, 546),
			"spoofed":                legal.with(func(f *frame) { f.src = netip.AddrPortFrom(r.db0.at(1).addr, 4000) }),
			"to the host":            packet("udp", m, r.by(r.host.at(1).addr), 4000, 53),
			"to another network":     packet("udp", m, r.by(r.db0.at(1).addr), 4000, 4001),
			"to the host's loopback": packet("udp", m, r.by(netip.IPv6Loopback()), 4000, 53),
		} {
			r.add(what+" behind "+name, r.mallory, nobody(), extended(f, headers...))
		}
	}
	for what, f := range map[string]frame{
		"advertisement":  ndMessage(m, web1, 136, 0x20, r.gateway("web").addr, 2, m.mac),
		"answer of DHCP": packet("udp", m, web1, 547, 546),
		"datagram":       legal,
	} {
		first := extended(f, fragmentHeader(0, true), optionsHeader(destinationOptions, 24))
		for _, size := range []int{16, 24, 32, 36} {
			r.add(fmt.Sprintf("%s cut to %d bytes", what, size), r.mallory, nobody(), first.cutTo(size))
		}
	}
	r.add("hop-by-hop options that are not there", r.mallory, nobody(), crafted(func(t *testing.T, tag []byte) []byte {
		b := legal.wire(t, tag)
		b[20] = 0
		return b
	}))
}

// piece is a fragment of a datagram: some of its bytes.
type piece struct {
	from, to int
	more     bool
}

// inPieces cuts a datagram of size bytes, tagged throughout, into fragments.
func (r *raid) inPieces(f frame, size int, pieces []piece) (frames []wire) {
	f.payload = bytes.Repeat(tag(r.tags), size/4)
	for _, p := range pieces {
		frames = append(frames, crafted(func(t *testing.T, tag []byte) []byte {
			b := f.bytes(t)
			if r.v6() {
				next := b[20]
				h := fragmentHeader(p.from, p.more)(tag)
				h.bytes[0] = next
				b = slices.Concat(b[:54], h.bytes, b[54:][p.from:min(p.to, len(b)-54)])
				b[20] = 44
				binary.BigEndian.PutUint16(b[18:], uint16(len(b)-54))
				return b
			}
			copy(b[18:], tag[2:]) // the identification
			b = slices.Concat(b[:34], b[34:][p.from:min(p.to, len(b)-34)])
			fragment(b, p.from, p.more)
			return b
		}))
	}
	return frames
}

const (
	datagram = 1440    // bytes of a datagram that is cut
	all      = 1 << 16 // to the end of it
)

// fragmented are ways to cut a datagram, in the order in which the fragments are sent. Those that are proper make up a datagram.
var fragmented = []struct {
	name   string
	pieces []piece
	proper bool
}{
	{"in two", []piece{{0, 1256, true}, {1256, all, false}}, true},
	{"tiny", []piece{{0, 8, true}, {8, all, false}}, false},
	{"tiny, last first", []piece{{8, all, false}, {0, 8, true}}, false},
	{"overlapping", []piece{{0, 1256, true}, {8, all, false}}, false},
	{"overlapping in part", []piece{{0, 1256, true}, {1248, all, false}}, false},
	{"overlapping, last first", []piece{{1248, all, false}, {0, 1256, true}}, false},
	{"the first twice, and longer", []piece{{0, 1256, true}, {0, 1264, true}, {1256, all, false}}, true},
	{"a first alone", []piece{{0, 1256, true}}, false},
	{"a last alone", []piece{{1256, all, false}}, false},
	{"without an end", []piece{{0, 1256, true}, {1256, 1400, true}}, false},
}

// Nor in fragments that have all of its headers.
func attackByWholeHeaders(r *raid) {
	m, web1 := r.mallory.at(r.family), r.web1.at(r.family)
	client, types := uint16(68), []byte{5, 9}
	if r.v6() {
		client, types = 546, []byte{130, 134, 135, 136, 137}
	}
	for _, c := range fragmented {
		inside := nobody()
		if c.proper {
			inside = reaches(r.web1)
		}
		r.add("datagram, "+c.name, r.mallory, inside, r.inPieces(packet("udp", m, web1, 4000, 4001), datagram, c.pieces)...)
		r.add("ping, "+c.name, r.mallory, inside, r.inPieces(packet("ping", m, web1, 4000, 0), datagram, c.pieces)...)
		r.add("DHCP, "+c.name, r.mallory, nobody(), r.inPieces(packet("udp", m, web1, client-1, client), datagram, c.pieces)...)
		for _, typ := range types {
			f := packet("icmp", m, web1, 0, 0)
			f.icmpType = typ
			r.add(fmt.Sprintf("ICMP %d, %s", typ, c.name), r.mallory, nobody(), r.inPieces(f, datagram, c.pieces)...)
		}
	}
}

// Fragments do not get past rules, nor into ports that are not published. A rule that denies a port denies all fragments,
// and one that denies something else, those that do not make up a datagram.
func attackByFragments(r *raid) {
	m, web1, o := r.mallory.at(r.family), r.web1.at(r.family), r.outside.at(r.family)
	published := r.published(r.web1, r.family, r.web1.publish)
	for _, denied := range []flows.Proto{flows.UDP, flows.TCP} {
		deny := flows.Rule{Name: "no-80", To: endpoints("web1"), Deny: true, Services: []flows.Service{{Proto: denied, FirstPort: 80}}}
		r.set(r.t, deny)
		for _, c := range fragmented {
			inside := nobody()
			if c.proper && denied == flows.TCP {
				inside = reaches(r.web1)
			}
			r.add("inside, "+c.name, r.mallory, inside, r.inPieces(packet("udp", m, web1, 4000, 80), datagram, c.pieces)...)
			in := packet("udp", o, r.byNIC(published.Addr()), 4000, published.Port())
			in.dst = netip.AddrPortFrom(web1.addr, 80)
			r.add("from outside, "+c.name, r.outside, r.fromOutside(in.dst), r.inPieces(in, datagram, c.pieces)...)
		}
		r.run()
	}
	if err := r.sw.Delete(r.ctx, flows.Rule{Name: "no-80"}); err != nil {
		r.t.Fatal(err)
	}
	r.settle(r.t)
}
