// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// given is what an object is compiled to: flows that tell of conjunctions, by what they match, and a flow, a group and a
// meter of its own.
func given(n uint32, clauses ...uint32) output {
	own := of.Flow{Table: 9, Match: of.Match{of.Reg(0, n)}, Instructions: of.Instructions{Goto: 10}}
	out := output{
		flows:  []entry{{own.Key(), own}},
		groups: []of.Group{{ID: n}},
		meters: []of.MeterConfig{{ID: n}},
	}
	for _, c := range clauses {
		f := of.Flow{Table: 8, Match: of.Match{of.Reg(1, c)}, Instructions: of.Instructions{
			Apply: []of.Action{of.Conjunction{ID: n, Clause: 1, Clauses: 2}},
		}}
		out.flows = append(out.flows, entry{f.Key(), f})
	}
	return out
}

// Objects share flows that tell of conjunctions, and have groups and meters: whatever the changes, the book holds what all
// of them are compiled to, and each change says what it makes different.
func TestBookJoinsClauses(t *testing.T) {
	a, b, c := ref{kindEndpoint, "a"}, ref{kindEndpoint, "b"}, ref{kindEndpoint, "c"}
	book := newBook()
	held := newItems() // what a switch holds to which the changes are sent
	declared := map[ref]output{}
	for i, step := range []map[ref]output{
		{a: given(1, 1, 2)},
		{b: given(2, 2, 3)},
		{c: given(3, 2), a: given(1, 1)},
		{b: {}},
		{a: given(4, 2), c: given(1, 1, 2)}, // they change places
		{a: {}, c: {}},
	} {
		e := book.edit(step)
		book.apply(e)
		held.apply(e)
		maps.Copy(declared, step)
		want := map[string][]string{}
		for _, r := range slices.SortedFunc(maps.Keys(declared), ref.compare) {
			for _, f := range declared[r].flows {
				for _, action := range f.flow.Apply {
					want[f.key] = append(want[f.key], action.String())
				}
				if len(f.flow.Apply) == 0 {
					want[f.key] = []string{"next"}
				}
			}
		}
		for _, conditions := range want {
			slices.Sort(conditions) // by their numbers, whoever they are of
		}
		got := map[string][]string{}
		for key, f := range held.flows {
			for _, action := range f.Apply {
				got[key] = append(got[key], action.String())
			}
			if len(f.Apply) == 0 {
				got[key] = []string{"next"}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
		if len(book.flows) != len(held.flows) || len(held.groups) != len(held.meters) {
			t.Errorf("step %d: the book has %d flows, the switch %d flows, %d groups and %d meters", i,
				len(book.flows), len(held.flows), len(held.groups), len(held.meters))
		}
	}
	if n := len(held.flows) + len(held.groups) + len(book.objects) + len(book.clauses); n != 0 {
		t.Errorf("%d things are left when nothing is declared: %+v", n, book)
	}
}

func TestPace(t *testing.T) {
	var p pace
	now := time.Unix(0, 0)
	var pauses []time.Duration
	for range 12 {
		p.failed(now)
		pauses = append(pauses, p.pause)
		now = p.next
	}
	if !slices.IsSorted(pauses) || pauses[0] != minPause || pauses[11] != maxPause {
		t.Errorf("with drift after drift the pauses are %v, want them to grow from %v to %v", pauses, minPause, maxPause)
	}
	p.failed(now.Add(11 * maxPause))
	if p.pause != minPause {
		t.Errorf("after a quiet time the pause is %v, want %v", p.pause, minPause)
	}
}

// What goes with its zone costs nothing more, nor does each of many ports.
func TestBounded(t *testing.T) {
	addr := netip.MustParseAddr("10.1.0.2")
	at := func(port uint16) lapse {
		return lapse{claim: claim{zone: 1, proto: TCP, at: netip.AddrPortFrom(hostAddr, port), to: netip.AddrPortFrom(addr, port)}}
	}
	zone, other := lapse{claim: claim{zone: 3}}, lapse{claim: claim{zone: 2, addr: addr}}
	all := []lapse{zone, {claim: claim{zone: 3, addr: addr}}, other}
	for p := range uint16(maxPorts + 1) {
		all = append(all, at(1+p))
	}
	got := bounded(all)
	if want := []lapse{zone, other, at(0)}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// What is forgotten again spares the connections of what stands by then: a range gives way to single ports, or a port to a
// range; the host goes on to have the address that others shared.
func TestForgettingSparesWhatStands(t *testing.T) {
	addr := netip.MustParseAddr("10.1.0.2")
	published := func(first, count uint16) claim {
		return claim{zone: 1, proto: TCP, at: netip.AddrPortFrom(hostAddr, first), to: netip.AddrPortFrom(addr, first), ports: count}
	}
	shared := claim{zone: 1, addr: hostAddr, shared: true}
	r := ref{kindEndpoint, "web"}
	for _, c := range []struct {
		name   string
		before []claim
		after  []claim
		again  bool
	}{
		{"a range becomes another", []claim{published(1, 100)}, []claim{published(50, 100)}, false},
		{"a range becomes a port", []claim{published(1, 100)}, []claim{published(50, 0)}, false},
		{"a port becomes a range", []claim{published(50, 0)}, []claim{published(1, 100)}, false},
		{"a port becomes another", []claim{published(50, 0)}, []claim{published(51, 0)}, true},
		{"a range goes", []claim{published(1, 100)}, nil, true},
		{"the host's address is not shared", []claim{shared}, nil, false},
		{"a spare address is not shared", []claim{{zone: 1, addr: addr, shared: true}}, nil, true},
	} {
		s := &Switch{state: newState(Options{}.env()), book: newBook()}
		s.state.host = &Host{Addrs: []netip.Prefix{netip.PrefixFrom(hostAddr, 24)}}
		s.book.objects[r] = output{claims: c.before}
		e := edit{objects: map[ref]output{r: {claims: c.after}}}
		var gone []lapse
		for _, l := range s.outdated(e, nil) {
			if !l.come {
				gone = append(gone, l)
			}
		}
		if len(gone) != 1 || gone[0].once == c.again {
			t.Errorf("%s: got %+v, want one, to be forgotten again: %v", c.name, gone, c.again)
		}
		if c.before[0].shared {
			continue
		}
		// The same by two changes.
		old := lapse{claim: c.before[0]}
		s.settling = []settling{{passes: 1, lapses: []lapse{old}, again: []lapse{old}}, {lapses: []lapse{old}}}
		s.renewed(e)
		if got := s.settling[0]; len(got.lapses) != len(got.again) || (len(got.again) == 1) != c.again {
			t.Errorf("%s, later: got %+v, want %v", c.name, got, c.again)
		}
		if got := s.settling[1].lapses; len(got) != 1 || got[0].once == c.again {
			t.Errorf("%s, before the first pass: got %+v, want one, to be forgotten again: %v", c.name, got, c.again)
		}
	}
}
