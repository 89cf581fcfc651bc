// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// raid is a series of attacks at a site in one family: frames with a tag each, by which they are known wherever they
// arrive, whatever has become of them on the way.
type raid struct {
	*attackSite
	t       *testing.T
	family  int
	first   int // the tag of the first attack
	attacks []attack
}

// attack is some frames with those whom they reach. The sender is not looked at: what comes back to it are answers.
type attack struct {
	name    string
	from    *party
	reaches []*party
	frames  [][]byte
}

// inBothFamilies runs a test with a raid of each family.
func (s *attackSite) inBothFamilies(t *testing.T, test func(r *raid)) {
	for family, name := range []string{"IPv4", "IPv6"} {
		t.Run(name, func(t *testing.T) { test(&raid{attackSite: s, t: t, family: family, first: s.tags}) })
	}
}

func (r *raid) v6() bool { return r.family == 1 }

// gateway is the host as a member of a network.
func (r *raid) gateway(network string) *station {
	return &station{name: "gateway", mac: r.Bridge().MAC, addr: attackedNetworks[network][r.family].Addr()}
}

// by is a station at an address, reached by way of the host: from inside by the bridge's own port, from outside by the NIC.
func (r *raid) by(addr netip.Addr) *station    { return &station{mac: r.Bridge().MAC, addr: addr} }
func (r *raid) byNIC(addr netip.Addr) *station { return &station{mac: r.nic, addr: addr} }

// wire is something that goes over the wire with a tag.
type wire interface {
	wire(t *testing.T, tag []byte) []byte
}

// wire puts the tag where the frame has its payload, or behind what it has.
func (f frame) wire(t *testing.T, tag []byte) []byte {
	if f.payload == nil {
		f.payload = tag
	}
	b := f.bytes(t)
	if !bytes.Contains(b, tag) {
		b = append(b, tag...)
	}
	return b
}

// crafted is a wire that makes its bytes itself.
type crafted func(t *testing.T, tag []byte) []byte

func (c crafted) wire(t *testing.T, tag []byte) []byte { return c(t, tag) }

// changed is a wire with a change to its bytes.
func changed(w wire, change func(b []byte) []byte) wire {
	return crafted(func(t *testing.T, tag []byte) []byte { return change(w.wire(t, tag)) })
}

// tagMark begins every tag.
var tagMark = []byte{0xa7, 0x5e}

// tag is the tag of attack number n at a site.
func tag(n int) []byte { return binary.BigEndian.AppendUint16(slices.Clone(tagMark), uint16(n)) }

func nobody() []*party               { return nil }
func reaches(who ...*party) []*party { return who }

// add adds an attack to the raid.
func (r *raid) add(name string, from *party, reaches []*party, frames ...wire) {
	r.t.Helper()
	a := attack{name: name, from: from, reaches: reaches}
	has := false
	for _, f := range frames {
		b := f.wire(r.t, tag(r.tags))
		has = has || bytes.Contains(b, tag(r.tags))
		a.frames = append(a.frames, b)
	}
	if !has {
		r.t.Fatalf("%s: no tag in %x", name, a.frames)
	}
	r.tags++
	r.attacks = append(r.attacks, a)
}

// run makes the attacks and looks whom they have reached. That a frame has not arrived is known when frames have that were
// sent later on the same way: the legal ones that begin and end a raid. There are two of those at the end, the second sent
// when the first has arrived: a switch may change the order of frames that it finds in a queue together.
func (r *raid) run() {
	r.t.Helper()
	seen := r.mark("begin")
	var (
		from    *party
		pending [][]byte
	)
	send := func() {
		if len(pending) == 0 {
			return
		}
		if err := from.SendFrames(pending...); err != nil {
			r.t.Fatal(err)
		}
		pending = nil
	}
	collect := func(round string) {
		send()
		for p, frames := range r.mark(round) {
			seen[p] = append(seen[p], frames...)
		}
	}
	for n, a := range r.attacks {
		if n%atOnce == atOnce-1 {
			collect(fmt.Sprint("attack ", n))
		}
		if a.from != from {
			send()
			from = a.from
		}
		pending = append(pending, a.frames...)
	}
	collect("middle")
	collect("end")
	r.judge(seen)
	r.attacks, r.first = nil, r.tags
}

// atOnce is how many attacks are made without a pause: a switch's queue of a port holds some hundred frames.
const atOnce = 50

// judge compares who has seen which attack with whom it was to reach.
func (r *raid) judge(seen map[*party][][]byte) {
	r.t.Helper()
	got := make([]map[*party][]byte, len(r.attacks))
	for p, frames := range seen {
		for _, b := range frames {
			for rest := b; ; {
				at := bytes.Index(rest, tagMark)
				if at < 0 || len(rest) < at+len(tagMark)+2 {
					break
				}
				n := int(binary.BigEndian.Uint16(rest[at+len(tagMark):])) - r.first
				if n >= 0 && n < len(got) && p != r.attacks[n].from {
					if got[n] == nil {
						got[n] = map[*party][]byte{}
					}
					got[n][p] = b
				}
				rest = rest[at+len(tagMark):]
			}
		}
	}
	for n, a := range r.attacks {
		for _, p := range r.parties() {
			b, ok := got[n][p]
			switch wanted := slices.Contains(a.reaches, p); {
			case ok && !wanted:
				r.t.Errorf("%s: %s got %x, want nothing", a.name, p.Name(), b)
			case !ok && wanted:
				r.t.Errorf("%s: %s got nothing, want the frame", a.name, p.Name())
			}
		}
	}
}

// mark sends a legal datagram on every way from those that attack, waits until all have arrived, and gives what has
// arrived before.
func (r *raid) mark(round string) map[*party][][]byte {
	r.t.Helper()
	name := func(from *party) string { return fmt.Sprintf("%s of %s in IPv%d", round, from.Name(), 4+2*r.family) }
	want := map[*party][]string{}
	for _, from := range r.parties() {
		attacks := func(a attack) bool { return a.from == from }
		if from == r.host || !slices.ContainsFunc(r.attacks, attacks) {
			continue
		}
		var frames [][]byte
		add := func(to netip.AddrPort, arrives ...*party) {
			f := packet("udp", from.at(r.family), r.by(to.Addr()), 6999, to.Port())
			f.payload = []byte(name(from))
			if from == r.outside {
				f.to = r.nic
			}
			frames = append(frames, f.bytes(r.t))
			for _, p := range arrives {
				want[p] = append(want[p], name(from))
			}
		}
		for _, to := range []*party{r.mallory, r.web1, r.db0} {
			if to != from {
				add(r.published(to, r.family, to.publish), to)
			}
		}
		if from != r.outside {
			add(netip.AddrPortFrom(r.outside.addrs[r.family].Addr(), 9), r.host, r.outside)
		} else if r.onBridge() {
			add(netip.AddrPortFrom(r.host.addrs[r.family].Addr(), 9), r.host)
		}
		if err := from.SendFrames(frames...); err != nil {
			r.t.Fatal(err)
		}
	}
	seen := map[*party][][]byte{}
	for p, names := range want {
		for len(names) > 0 {
			b, err := p.capture.Next(r.ctx)
			if err != nil {
				r.t.Fatalf("%s got none of these: %s: %v", p.Name(), strings.Join(names, ", "), err)
			}
			seen[p] = append(seen[p], b)
			names = slices.DeleteFunc(names, func(name string) bool { return bytes.Contains(b, []byte(name)) })
		}
	}
	return seen
}

// TestAttacks makes attacks of every kind at sites with every way out.
func TestAttacks(t *testing.T) {
	only := func(family int, attack func(r *raid)) func(r *raid) {
		return func(r *raid) {
			if r.family == family {
				attack(r)
			}
		}
	}
	attacks := []struct {
		name string
		make func(r *raid)
	}{
		{"identity", attackByIdentity},
		{"encapsulation", attackByEncapsulation},
		{"ARP", only(0, attackByARP)},
		{"ND", only(1, attackByND)},
		{"router", attackAsRouter},
		{"host", attackHost},
		{"headers", only(1, attackByHeaders)},
		{"headers in fragments", attackByWholeHeaders},
		{"fragments", attackByFragments},
		{"outside", attackFromOutside},
		{"connections", attackConnections},
		{"TCP", attackTCP},
		{"source route", attackBySourceRoute},
		{"loopback", attackLoopback},
	}
	onAttackSites(t, func(t *testing.T, s *attackSite) {
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) {
				s.inBothFamilies(t, func(r *raid) {
					a.make(r)
					r.run()
					r.unharmed()
				})
			})
		}
	})
}
