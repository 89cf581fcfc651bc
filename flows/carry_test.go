// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows/internal/oracle"
	"github.com/ovskit/ovskit/openflow"
)

// arrival is where a frame got to: an endpoint by name, or a kind of party of the oracle, Nobody if it was dropped.
type arrival struct {
	to    string
	frame frame
	way   []*fakeovs.Injection
}

// account is the switch's account of a frame's way.
func account(way []*fakeovs.Injection) string {
	var b strings.Builder
	for _, i := range way {
		b.WriteString(i.Trace())
	}
	return b.String()
}

// aside is a prefix of each family that the host reaches by another NIC.
var aside = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8:a::/48")}

// carry puts a frame into the switch, and what comes out at the host's port into it again if the host forwards it.
func (a *arena) carry(in uint32, f frame) (arrival, error) {
	b := f.bytes(a.t)
	var way []*fakeovs.Injection
	for range 4 {
		i := a.br.Inject(in, b)
		if i.Err() != nil {
			return arrival{}, i.Err()
		}
		way = append(way, i)
		out, err := a.withoutCopies(in, i.Outputs())
		if err != nil {
			return arrival{}, fmt.Errorf("%w\n%s", err, account(way))
		}
		if len(out) == 0 {
			return arrival{way: way}, nil
		}
		if len(out) > 1 {
			return arrival{}, fmt.Errorf("%d frames came out\n%s", len(out), account(way))
		}
		b = out[0].Frame
		got, err := parse(b)
		if err != nil {
			return arrival{}, fmt.Errorf("%x came out: %w\n%s", b, err, account(way))
		}
		if want := got.bytes(a.t); !bytes.Equal(b, want) {
			return arrival{}, fmt.Errorf("%x came out, want %x\n%s", b, want, account(way))
		}
		if out[0].Port != openflow.PortLocal {
			to, err := a.at(out[0].Port, got)
			return arrival{to, got, way}, err
		}
		var onward bool
		if b, onward = a.forward(b, got); !onward {
			to := oracle.TheHost
			if !a.isLocal(got.dst.Addr()) {
				to = oracle.Outside
			}
			return arrival{to, got, way}, nil
		}
		if b == nil {
			return arrival{way: way}, nil
		}
		in = openflow.PortLocal
	}
	return arrival{}, fmt.Errorf("the host and the switch send it to each other\n%s", account(way))
}

// withoutCopies takes away the copies of a mirrored endpoint's frames, which have to be there: of what came in, and of what goes
// out to one.
func (a *arena) withoutCopies(in uint32, all []fakeovs.Emitted) (out []fakeovs.Emitted, err error) {
	mirrored := func(port uint32) bool {
		for name, p := range a.ports {
			if p == port {
				return a.world.Endpoints[name].Mirrored
			}
		}
		return false
	}
	want, got := 0, 0
	if mirrored(in) {
		want++
	}
	for _, o := range all {
		if o.Port == a.mirror {
			got++
			continue
		}
		out = append(out, o)
		if mirrored(o.Port) {
			want++
		}
	}
	if got != want {
		err = fmt.Errorf("got %d copies, want %d", got, want)
	}
	return out, err
}

// at is who is at a port, if the frame is for its MAC.
func (a *arena) at(port uint32, f frame) (string, error) {
	to, mac := oracle.Outside, arenaRouter
	for name, p := range a.ports {
		if p == port {
			to, mac = name, a.macs[name]
		}
	}
	if !slices.Equal(f.to, mac) {
		return "", fmt.Errorf("%s came out at port %d for a MAC that is not %s's", f, port, to)
	}
	return to, nil
}

// forward is what the host makes of a frame that is not for itself, nil if it drops it; onward is whether that goes into the
// bridge again.
func (a *arena) forward(b []byte, f frame) (out []byte, onward bool) {
	dst := f.dst.Addr()
	if a.isLocal(dst) || isAside(dst) {
		return b, false
	}
	to, inBridge := a.nextHop(dst)
	if !inBridge {
		return b, false
	}
	if to == nil || f.ttl == 1 {
		return nil, true
	}
	b = slices.Clone(b)
	copy(b, to)
	copy(b[6:], arenaHost)
	if dst.Is6() {
		b[21]--
		return b, true
	}
	b[22]--
	clear(b[24:26])
	binary.BigEndian.PutUint16(b[24:], sum(b[14:34]))
	return b, true
}

// sum is the Internet checksum (RFC 1071) of an even number of bytes.
func sum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	s = s>>16 + s&0xffff
	return ^uint16(s + s>>16)
}

// nextHop is the MAC to which the host sends what is for an address, and whether that is by the bridge. There is none where
// nobody answers.
func (a *arena) nextHop(dst netip.Addr) (net.HardwareAddr, bool) {
	for _, n := range a.world.Networks {
		for _, g := range n.Gateways {
			if g.Contains(dst) {
				return a.macOf(dst), true
			}
		}
	}
	for _, addrs := range a.world.Spare {
		if slices.Contains(addrs, dst) {
			return append(arenaHost[:5:5], arenaHost[5]^1), true
		}
	}
	return arenaRouter, a.world.HasUplink
}

// macOf is the MAC of the endpoint that has an address, nil if none has.
func (a *arena) macOf(addr netip.Addr) net.HardwareAddr {
	for name, e := range a.world.Endpoints {
		if slices.Contains(e.Addrs, addr) {
			return a.macs[name]
		}
	}
	return nil
}

// put is how a party sends a packet: the port of the bridge and the MACs. There is none if it does not come to the bridge.
func (a *arena) put(from string, f frame) (uint32, frame, bool) {
	dst := f.dst.Addr()
	f.ttl = 64
	switch from {
	case oracle.Outside:
		f.from, f.to = arenaRouter, arenaHost
		return a.uplink, f, a.world.HasUplink
	case oracle.TheHost, oracle.Forwarded:
		to, inBridge := a.nextHop(dst)
		inBridge = inBridge && !a.isLocal(dst) && !isAside(dst)
		if to == nil {
			to = arenaRouter // nobody answers; a crafted frame
		}
		f.from, f.to = arenaHost, to
		return openflow.PortLocal, f, inBridge
	}
	f.from, f.to = a.macs[from], arenaHost
	for _, g := range a.world.Networks[a.world.Endpoints[from].Network].Gateways {
		if to := a.macOf(dst); to != nil && g.Contains(dst) {
			f.to = to
		}
	}
	return a.ports[from], f, true
}

// parse is the packet in a frame of the kinds that the tests send.
func parse(b []byte) (frame, error) {
	f := frame{to: net.HardwareAddr(b[:6]), from: net.HardwareAddr(b[6:12])}
	var proto byte
	var src, dst netip.Addr
	var l4 []byte
	switch ip := b[14:]; {
	case b[12] == 8 && b[13] == 0 && len(ip) >= 28 && ip[0] == 0x45:
		proto, f.ttl, l4 = ip[9], ip[8], ip[20:]
		src, dst = netip.AddrFrom4([4]byte(ip[12:])), netip.AddrFrom4([4]byte(ip[16:]))
	case b[12] == 0x86 && b[13] == 0xdd && len(ip) >= 48:
		proto, f.ttl, l4 = ip[6], ip[7], ip[40:]
		src, dst = netip.AddrFrom16([16]byte(ip[8:])), netip.AddrFrom16([16]byte(ip[24:]))
	default:
		return f, fmt.Errorf("neither IPv4 without options nor IPv6")
	}
	from, to := binary.BigEndian.Uint16(l4), binary.BigEndian.Uint16(l4[2:])
	switch proto {
	case 6:
		f.proto, f.flags = "tcp", map[byte]string{2: "S", 0x12: "SA", 0x10: "A"}[l4[13]]
	case 17:
		f.proto = "udp"
	case 132:
		f.proto = "sctp"
	case 1, 58:
		id := binary.BigEndian.Uint16(l4[4:])
		f.proto, from, to = "ping", id, 0
		if l4[0] == 0 || l4[0] == 129 {
			f.proto, from, to = "pong", 0, id
		}
	default:
		return f, fmt.Errorf("protocol %d", proto)
	}
	f.src, f.dst = netip.AddrPortFrom(src, from), netip.AddrPortFrom(dst, to)
	return f, nil
}

func isAside(x netip.Addr) bool {
	return slices.ContainsFunc(aside, func(p netip.Prefix) bool { return p.Contains(x) })
}
