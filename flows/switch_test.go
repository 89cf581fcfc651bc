// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/openflow"
)

func TestMain(m *testing.M) {
	killtest.Main(declareAndDie)
	goleak.VerifyTestMain(m)
}

// table is what the switch holds, as sorted text without counters.
func (l *lab) table() []string { return held(l.t, l.conn) }

func (l *lab) packets() (n uint64) {
	l.t.Helper()
	all, err := l.conn.Flows(l.ctx, openflow.FlowFilter{})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, f := range all {
		n += f.Packets
	}
	return n
}

func TestRestartTouchesNothing(t *testing.T) {
	l := newLab(t)
	f := packet("udp", l.web2, l.web3, 1000, 53)
	l.send(l.web2, f, delivery{l.web3, f})
	before, packets := l.table(), l.packets()

	l.restart()
	// In another order, so that numbers are not right by chance.
	objects := l.objects()
	slices.Reverse(objects)
	for _, o := range slices.Backward(objects) {
		l.mustSet(o)
	}
	if _, err := l.sw.Prune(l.ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, l.table()); diff != "" {
		t.Errorf("flows changed (-before +after):\n%s", diff)
	}
	// A flow that is written anew counts from zero.
	if got := l.packets(); got != packets {
		t.Errorf("got %d packets counted after the restart, want still %d: flows were written again", got, packets)
	}
}

func TestRestartKeepsNetworksApart(t *testing.T) {
	l := newLab(t)
	l.restart()
	// The second network is declared first now, while the flows of the first are still there.
	objects := l.objects()
	l.mustSet(objects[0], objects[1], l.dbNet, l.endpoint(l.db2, "db"))
	l.mustSet(objects...)
	f := packet("udp", l.web2, l.web3, 1000, 53)
	l.send(l.web2, f, delivery{l.web3, f})
	l.send(l.web2, packet("udp", l.web2, l.db2, 1000, 53))
}

func TestPrune(t *testing.T) {
	l := newLab(t)
	other := openflow.Flow{Table: 200, Priority: 7, Cookie: 0x1234}
	if err := l.conn.Bundle(l.ctx, openflow.Add(other)); err != nil {
		t.Fatal(err)
	}
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
		t.Fatal(err)
	}
	want := l.table()
	l.mustSet(l.endpoint(l.web3, "web"))

	l.restart()
	l.mustSet(slices.DeleteFunc(l.objects(), func(o flows.Object) bool { return o.String() == `endpoint "web3"` })...)
	if _, err := l.sw.Prune(l.ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, l.table()); diff != "" {
		t.Errorf("after the prune (-want +got):\n%s", diff)
	}
}

// A program that starts again may delete at once what its last run declared.
func TestDeleteAfterRestart(t *testing.T) {
	l := newLab(t)
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
		t.Fatal(err)
	}
	want := l.table()
	l.mustSet(l.endpoint(l.web3, "web"))

	l.restart()
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, l.table()); diff != "" {
		t.Errorf("after the delete (-want +got):\n%s", diff)
	}
}

// What an endpoint was allowed in the last run is not added to what it is allowed now.
func TestChangeAfterRestart(t *testing.T) {
	l := newLab(t)
	l.restart()
	objects := l.objects()
	moved := l.endpoint(l.web3, "web")
	moved.Addrs = []netip.Addr{netip.MustParseAddr("10.1.0.33")}
	l.mustSet(objects[0], objects[1], l.web, moved)
	l.send(l.web3, packet("udp", l.web3, l.web2, 1, 2)) // from its old address
}

func TestCancelledPruneIsForgotten(t *testing.T) {
	l := newLab(t)
	before := l.table()
	l.restart()
	ctx, cancel := context.WithCancel(l.ctx)
	cancel()
	if _, err := l.sw.Prune(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want %v", err, context.Canceled)
	}
	l.mustSet(l.objects()[:2]...) // the host and the uplink
	if diff := cmp.Diff(before, l.table()); diff != "" {
		t.Errorf("a change after a cancelled prune did more than it says (-before +after):\n%s", diff)
	}
}

func TestPruneRepairs(t *testing.T) {
	l := newLab(t)
	want := l.table()
	if err := l.conn.Apply(l.ctx, openflow.FlowMod{
		Command: openflow.FlowDelete, Flow: openflow.Flow{Table: 100}, // somebody empties a table
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.sw.Prune(l.ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, l.table()); diff != "" {
		t.Errorf("after the repair (-want +got):\n%s", diff)
	}
}

func TestDeleteAll(t *testing.T) {
	l := newLab(t)
	if err := l.sw.Delete(l.ctx, l.objects()...); err != nil {
		t.Fatal(err)
	}
	base, err := flows.Compile(flows.Options{Owner: "lab"})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.table(); len(got) != len(base) {
		t.Errorf("got %d flows after all is deleted, want the %d of an empty switch:\n%v", len(got), len(base), got)
	}
	// Nothing there to delete: nothing to do.
	if err := l.sw.Delete(l.ctx, l.objects()...); err != nil {
		t.Errorf("delete again: %v", err)
	}
}

func TestRefusedChangeLeavesTheSwitch(t *testing.T) {
	l := newLab(t)
	before := l.table()
	bad := l.endpoint(l.db2, "db")
	bad.Addrs = []netip.Addr{l.web2.addr}
	err := l.sw.Set(l.ctx, l.endpoint(l.web3, "web", flows.PortMapping{Proto: flows.UDP, HostPort: 53, Port: 53}), bad)
	if !errors.Is(err, flows.ErrInvalid) {
		t.Fatalf("got error %v, want %v", err, flows.ErrInvalid)
	}
	if diff := cmp.Diff(before, l.table()); diff != "" {
		t.Errorf("refused change left traces (-before +after):\n%s", diff)
	}
}

func TestCancelledChange(t *testing.T) {
	l := newLab(t)
	before := l.table()
	ctx, cancel := context.WithCancel(l.ctx)
	cancel()
	if err := l.sw.Delete(ctx, flows.Endpoint{Name: "web3"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want %v", err, context.Canceled)
	}
	if diff := cmp.Diff(before, l.table()); diff != "" {
		t.Errorf("cancelled change left traces (-before +after):\n%s", diff)
	}
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
		t.Errorf("the same change afterwards: %v", err)
	}
}

func TestConcurrentChanges(t *testing.T) {
	l := newLab(t)
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	for n := range byte(20) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			e := flows.Endpoint{
				Name: fmt.Sprint(n), Network: "web", Port: 1000 + uint32(n), MAC: net.HardwareAddr{2, 0, 0, 0, 9, n},
				Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, 100 + n})},
			}
			errs <- l.sw.Set(l.ctx, e)
			if n%2 == 0 {
				errs <- l.sw.Delete(l.ctx, e)
			}
		}()
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	before := l.table()
	if _, err := l.sw.Prune(l.ctx); err != nil { // compares with what the switch really holds
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, l.table()); diff != "" {
		t.Errorf("switch and declaration had drifted apart (-before +repaired):\n%s", diff)
	}
}

func TestOneOwnerABridge(t *testing.T) {
	l := newLab(t)
	_, err := flows.Open(l.ctx, l.client, flows.Options{Owner: "other"})
	if !errors.Is(err, flows.ErrConflict) {
		t.Errorf("second owner of the same tables: got error %v, want %v", err, flows.ErrConflict)
	}
}

func TestOpenRefuses(t *testing.T) {
	l := newLab(t)
	for _, o := range []flows.Options{{}, {Owner: "x", FirstZone: 65535}} {
		if _, err := flows.Open(l.ctx, l.client, o); !errors.Is(err, flows.ErrInvalid) {
			t.Errorf("Open(%+v): got error %v, want %v", o, err, flows.ErrInvalid)
		}
	}
}

// An endpoint has another name now. When the old one is taken back, what is the new one's stays.
func TestRenameAfterRestart(t *testing.T) {
	l := newLab(t)
	l.restart()
	objects := l.objects()
	heir := l.endpoint(l.web3, "web")
	heir.Name = "heir"
	objects[5] = heir
	l.mustSet(objects...)
	if err := l.sw.Delete(l.ctx, flows.Endpoint{Name: "web3"}); err != nil {
		t.Fatal(err)
	}
	f := packet("udp", l.web2, l.web3, 1000, 53)
	l.send(l.web2, f, delivery{l.web3, f})
	l.holdsOnly(objects...)
}

// A rule of the last run allows no more than it does now, although nothing was pruned yet.
func TestRuleChangesAfterRestart(t *testing.T) {
	l := newLab(t)
	rule := flows.Rule{
		Name: "r", From: []flows.Selector{flows.InNetwork("web")},
		To: []flows.Selector{flows.EndpointNamed("db2"), flows.Labelled(map[string]string{"app": "db"})},
	}
	web3 := l.endpoint(l.web3, "web")
	web3.Labels = map[string]string{"app": "db"}
	l.mustSet(rule, web3)
	toDB := func(from *station) frame {
		return packet("udp", from, l.db2, 1000, 53).with(func(f *frame) { f.to = l.host.mac })
	}
	arrives := func(from *station) delivery {
		return delivery{l.db2, toDB(from).with(func(f *frame) { f.from, f.to, f.ttl = l.host.mac, l.db2.mac, 63 })}
	}
	l.send(l.web2, toDB(l.web2), arrives(l.web2))

	l.restart()
	rule.From = []flows.Selector{flows.EndpointNamed("web3")}
	l.mustSet(append(l.objects(), rule)...)
	l.send(l.web3, toDB(l.web3), arrives(l.web3))
	l.send(l.web2, toDB(l.web2).with(func(f *frame) { f.src = netip.AddrPortFrom(l.web2.addr, 1001) }))
	l.holdsOnly(append(l.objects(), rule)...)
}

// A version of the program whose tables mean something else has left flows: they go with the first change, before they
// meet packets of this one.
func TestOtherLayoutGoes(t *testing.T) {
	l := newLab(t)
	compiled, err := flows.Compile(l.options)
	if err != nil {
		t.Fatal(err)
	}
	old := openflow.Flow{Table: 15, Priority: 999, Cookie: compiled[0].Cookie ^ 3<<40, Instructions: openflow.Instructions{Goto: 70}}
	rules := old
	rules.Table, rules.Instructions = 75, openflow.Instructions{Apply: []openflow.Action{openflow.Conjunction{ID: 7, Clause: 1, Clauses: 3}}}
	l.sw.Close()
	if err := l.conn.Bundle(l.ctx, openflow.Add(old), openflow.Add(rules)); err != nil {
		t.Fatal(err)
	}
	l.open()
	l.mustSet(l.objects()...)
	l.holdsOnly(l.objects()...)
}

// A rule of the last run that is not declared yet holds while others are.
func TestRulesComeBackOneByOne(t *testing.T) {
	l := newLab(t)
	deny := func(name string, to *station) flows.Rule {
		return flows.Rule{Name: name, To: []flows.Selector{flows.EndpointNamed(to.name)}, Deny: true}
	}
	a, b := deny("a", l.web2), deny("b", l.web3)
	l.mustSet(a, b)
	l.restart()
	l.mustSet(append(l.objects(), a)...)
	f := packet("udp", l.web2, l.web3, 1000, 53)
	l.send(l.web2, f)
	if _, err := l.sw.Prune(l.ctx); err != nil {
		t.Fatal(err)
	}
	l.send(l.web2, f, delivery{l.web3, f})
	l.holdsOnly(append(l.objects(), a)...)
}
