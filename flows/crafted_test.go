// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
)

// An endpoint is neither a server of DHCP nor a router, also to one that it could talk to.
func TestNoServerOfDHCPNorRouterInside(t *testing.T) {
	eachFamily(t, func(t *testing.T, l *lab) {
		server, client := uint16(67), uint16(68)
		if l.web2.addr.Is6() {
			server, client = 547, 546
		}
		for _, to := range []*station{l.web3, l.host} {
			l.send(l.web2, packet("udp", l.web2, to, server, client))
		}
		types, at := []byte{5, 9}, 34 // redirect, router advertisement
		if l.web2.addr.Is6() {
			types, at = []byte{133, 134, 137, 143}, 54
		}
		for _, to := range []*station{l.web3, l.host} {
			for _, typ := range types {
				b := packet("ping", l.web2, to, 1, 0).bytes(t)
				b[at] = typ
				l.raw(l.web2, b, nil)
			}
		}
	})
}

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

// The host is not reached by packets for its loopback addresses, from wherever.
func TestLoopbackIsNotReached(t *testing.T) {
	l := newLab(t)
	l.dual()
	for _, dst := range []string{"127.0.0.1:8080", "127.1.2.3:22", "[::1]:8080"} {
		to := addrPort(dst)
		for _, from := range []*station{l.router, l.web2} {
			src := from.addr
			if to.Addr().Is4() {
				src = from.addr4
			}
			f := packet("tcp", from, l.host, 4000, 1).with(func(f *frame) { f.src, f.dst = netip.AddrPortFrom(src, 4000), to })
			l.send(from, f)
		}
	}
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

// fragments cuts an IPv4 packet in two: what comes before the byte cut of its content, and what comes after back bytes before.
func fragments(b []byte, cut, back int) (first, second []byte) {
	first = slices.Clone(b[:34+cut])
	second = append(slices.Clone(b[:34]), b[34+cut-back:]...)
	fragment(first, 0, true)
	fragment(second, cut-back, false)
	return first, second
}

// Neither small nor overlapping fragments get past the tracking of connections, in whichever order. They would bring
// something else to the receiver, who puts them together, than what the rules saw.
func TestFragmentsDoNotEvadeRules(t *testing.T) {
	for _, c := range []struct {
		name      string
		cut, back int
		passes    bool
	}{{"tiny", 8, 0, false}, {"overlapping", 1208, 1200, false}, {"overlapping in part", 1208, 8, false}, {"proper", 1208, 0, true}} {
		for _, reverse := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%t", c.name, reverse), func(t *testing.T) {
				l := newLab(t)
				deny := flows.Rule{
					Name: "no-80", To: endpoints("web3"), Deny: true, Services: []flows.Service{{Proto: flows.UDP, FirstPort: 80}},
				}
				send := func() (out []fakeovs.Emitted) {
					f := packet("udp", l.web2, l.web3, 1000, 80)
					f.payload = make([]byte, 2000)
					first, second := fragments(f.bytes(t), c.cut, c.back)
					both := [][]byte{first, second}
					if reverse {
						slices.Reverse(both)
					}
					for _, b := range both {
						out = append(out, l.ovs.Bridge("br0").Inject(l.web2.port, b).Outputs()...)
					}
					return out
				}
				l.mustSet(deny)
				if out := send(); len(out) != 0 {
					t.Errorf("denied: got %d frames out, want none", len(out))
				}
				l.send(l.web2, packet("udp", l.web2, l.web3, 1000, 80)) // nor has it opened the way for others
				deny.Services[0].Proto = flows.TCP
				l.mustSet(deny)
				want := 0
				if c.passes {
					want = 2
				}
				if out := send(); len(out) != want {
					t.Errorf("not denied: got %d frames out, want %d", len(out), want)
				}
			})
		}
	}
}
