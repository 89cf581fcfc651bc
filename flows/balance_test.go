// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	of "github.com/ovskit/ovskit/openflow"
)

// An endpoint that comes to share a port has its own flows and the port's group compiled again, and nothing else. The others
// keep their numbers in the group.
func TestBackendComesAndGoes(t *testing.T) {
	s := newState(env{natZone: 1})
	objects := []Object{testHost, testUp, testWeb, testDB, endpoint(testDB, 9)}
	for i := range byte(20) {
		objects = append(objects, endpoint(testWeb, 10+i, shared(80, ByClientIP), PortMapping{Proto: UDP, HostPort: 90, Port: 90, Balance: ByConnection}))
	}
	if err := s.set(objects[:len(objects)-1], kept{}); err != nil {
		t.Fatal(err)
	}
	b := newBook()
	b.apply(b.edit(s.outputs()))
	s.commit()
	group := s.balanced["tcp/80 of IPv4"].group
	before := b.groups[uint32(group)]

	last := objects[len(objects)-1].(Endpoint)
	if err := s.set([]Object{last}, kept{}); err != nil {
		t.Fatal(err)
	}
	out := s.outputs()
	got := slices.SortedFunc(maps.Keys(out), ref.compare)
	want := []ref{last.ref(), {kindBalanced, "tcp/80 of IPv4"}, {kindBalanced, "udp/90 of IPv4"}}
	if !slices.Equal(got, want) {
		t.Errorf("one endpoint more: got %v compiled again, want %v", got, want)
	}
	b.apply(b.edit(out))
	s.commit()
	after := b.groups[uint32(group)]
	numbers := func(g *of.Group) map[uint32]string {
		all := map[uint32]string{}
		for _, b := range g.Buckets {
			all[b.ID] = fmt.Sprint(b.Actions)
		}
		return all
	}
	added := numbers(after)
	for id, actions := range numbers(before) {
		if added[id] != actions {
			t.Errorf("bucket %d: got %q, want %q as before", id, added[id], actions)
		}
		delete(added, id)
	}
	if len(before.Buckets) != 19 || len(added) != 1 {
		t.Errorf("got %d buckets, and %v more, want 19 and one more", len(before.Buckets), added)
	}

	if err := s.remove([]Object{last}); err != nil {
		t.Fatal(err)
	}
	b.apply(b.edit(s.outputs()))
	s.commit()
	if d := cmp.Diff(before.String(), b.groups[uint32(group)].String()); d != "" {
		t.Errorf("after the endpoint is gone the group differs (-before +after):\n%s", d)
	}
	if err := s.remove(objects[4:]); err != nil {
		t.Fatal(err)
	}
	b.apply(b.edit(s.outputs()))
	if len(b.groups) != 0 || len(s.groups) != 0 || len(s.balanced) != 0 {
		t.Errorf("without endpoints: got groups %v, numbers %v of %v, want none", b.groups, s.groups, s.balanced)
	}
}

// Each group has another number, and keeps it when the program starts again, in whatever order the endpoints are declared.
func TestGroupNumbers(t *testing.T) {
	e := endpoint(testWeb, 2)
	for port := range uint16(2000) {
		e.Publish = append(e.Publish, shared(1+port, ByClientIP))
	}
	first := newState(env{natZone: 1})
	if err := first.set([]Object{testHost, testUp, testWeb, e}, kept{}); err != nil {
		t.Fatal(err)
	}
	if len(first.groups) != 2000 {
		t.Errorf("got %d numbers of groups, want 2000", len(first.groups))
	}
	moved := 0
	for name, p := range first.balanced {
		h := fnv.New32a()
		h.Write([]byte(name))
		if p.group < firstGroup {
			t.Errorf("%s: got group %d, want one from %d on", name, p.group, firstGroup)
		} else if uint32(p.group-firstGroup) != h.Sum32()%firstGroup {
			moved++
		}
	}
	if moved == 0 {
		t.Error("no two ports wanted the same number, which tests little")
	}
	before := chosenBefore(first.items().flows)
	slices.Reverse(e.Publish)
	again := newState(env{natZone: 1})
	if err := again.set([]Object{testHost, testUp, testWeb, e}, before); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(first.groups, again.groups) {
		t.Error("numbers differ after a restart")
	}
	// A network gets none of them, be it declared before its turn or after.
	small := newState(env{natZone: firstGroup - 3})
	var networks []Object
	for i := range byte(100) {
		networks = append(networks, gateways(named(testDB, fmt.Sprint("n", i)), netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 50, i, 1}), 24).String()))
	}
	if err := errors.Join(small.set([]Object{testHost, testUp, testWeb, e}, kept{}), small.set(networks, kept{})); err != nil {
		t.Fatal(err)
	}
	for id, name := range small.zones {
		if small.groups[id] != "" {
			t.Errorf("network %q and the published port %s have the number %d", name, small.groups[id], id)
		}
	}
}

// Two endpoints whose names have the same hash have different buckets.
func TestBucketNumbersDiffer(t *testing.T) {
	byHash := map[uint32]string{}
	for i := 0; ; i++ {
		name := fmt.Sprint("web", i)
		h := fnv.New32a()
		h.Write([]byte(name))
		if other, found := byHash[h.Sum32()]; found {
			ids := bucketNumbers([]backend{{endpoint: other}, {endpoint: name}, {endpoint: "x"}}, 1)
			if ids[0] == ids[1] || ids[2] == ids[1] {
				t.Errorf("%s and %s have the numbers %d", other, name, ids)
			}
			return
		}
		byHash[h.Sum32()] = name
	}
}

// By connection, Open vSwitch gives values of the datapath's hash to buckets in their order: as many values as there are
// buckets, or the next power of two, at least 16. Of up to 51 endpoints, none has a fifth more than another.
func TestCopies(t *testing.T) {
	for n := 1; n <= maxBackends; n++ {
		values := 16
		for values < n*copies(n) {
			values *= 2
		}
		if least, most := values/n, (values+n-1)/n; values > 256 || n <= 51 && 5*most > 6*least {
			t.Errorf("%d endpoints with %d buckets each: one has %d of %d values and another %d", n, copies(n), least, values, most)
		}
	}
}

func TestTooManyBackends(t *testing.T) {
	objects := manyEndpoints(maxBackends+1, 0)
	for i, o := range objects {
		if e, ok := o.(Endpoint); ok {
			e.Publish = []PortMapping{shared(80, ByConnection)}
			objects[i] = e
		}
	}
	s := newState(env{natZone: 1})
	if err := s.set(objects[:len(objects)-1], kept{}); err != nil {
		t.Fatal(err)
	}
	s.commit()
	if err := s.set(objects[len(objects)-1:], kept{}); !errors.Is(err, ErrConflict) {
		t.Errorf("one more than %d: got error %v, want %v", maxBackends, err, ErrConflict)
	}
	for _, g := range s.items().groups {
		if _, err := of.Encode(of.Version15, of.GroupMod{Group: *g}, 1); err != nil || len(g.Buckets) != maxBackends {
			t.Errorf("the group of %d endpoints has %d buckets, error %v", maxBackends, len(g.Buckets), err)
		}
	}
}
