// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

// faulty is a lab whose switch has faults.
func faulty(t *testing.T) (*lab, *fakeovs.Faults) {
	l := newLab(t)
	f := l.ovs.Faults()
	l.restart()
	l.mustSet(l.objects()...)
	return l, f
}

// experimenter selects messages of an experimenter by its number and the message's.
func experimenter(vendor, subtype uint32, more func(m []byte) bool) fakeovs.Fault {
	typ := uint8(4)
	return fakeovs.Fault{Bridge: "br0", Type: &typ, Match: func(m []byte) bool {
		return len(m) >= 16 && binary.BigEndian.Uint32(m[8:]) == vendor && binary.BigEndian.Uint32(m[12:]) == subtype &&
			(more == nil || more(m))
	}}
}

// The messages of ONF and Nicira that the tests look for.
const (
	onf, nicira             = 0x4f4e4600, 0x2320
	bundleControl           = 2300
	bundleAdd               = 2301
	ctFlush                 = 32
	commitRequest           = uint16(openflow.BundleCommitRequest)
	bundleControlTypeOffset = 20
)

func commits() fakeovs.Fault {
	return experimenter(onf, bundleControl, func(m []byte) bool {
		return binary.BigEndian.Uint16(m[bundleControlTypeOffset:]) == commitRequest
	})
}

// count counts the messages that a fault selects, to which it does nothing.
func count(f *fakeovs.Faults, fault fakeovs.Fault) *atomic.Int32 {
	n := new(atomic.Int32)
	match := fault.Match
	fault.Match = func(m []byte) bool {
		if match(m) {
			n.Add(1)
		}
		return false
	}
	f.Add(fault)
	return n
}

// guest is one more endpoint of the lab's network "web".
func guest(n byte) flows.Endpoint {
	return flows.Endpoint{
		Name: fmt.Sprint("guest", n), Network: "web", Port: 1000 + uint32(n), MAC: net.HardwareAddr{2, 0, 0, 0, 9, n},
		Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 1, 0, 100 + n})},
	}
}

// holdsOnly holds the switch to have what the objects are compiled to.
func (l *lab) holdsOnly(objects ...flows.Object) {
	l.t.Helper()
	compiled, err := flows.Compile(flows.Options{Owner: "lab"}, objects...)
	if err != nil {
		l.t.Fatal(err)
	}
	if diff := cmp.Diff(texts(compiled), l.table()); diff != "" {
		l.t.Errorf("switch differs from what is declared (-declared +switch):\n%s", diff)
	}
}

func TestChangesShareABundle(t *testing.T) {
	l, f := faulty(t)
	hold := commits()
	hold.Times, hold.Do = 1, fakeovs.Hold{}
	held := f.Add(hold)
	n := count(f, commits())
	const others = 10
	errs := make(chan error, others+1)
	go func() { errs <- l.sw.Set(l.ctx, guest(0)) }()
	if err := held.Await(l.ctx, 1); err != nil {
		t.Fatal(err)
	}
	objects := append(l.objects(), guest(0))
	for i := range byte(others) {
		objects = append(objects, guest(1+i))
		go func() { errs <- l.sw.Set(l.ctx, guest(1+i)) }()
	}
	l.sw.AwaitWaiting(others)

	// One that is not valid, and one that nobody waits for any more, do not concern the others.
	invalid := make(chan error, 1)
	taken := guest(99)
	taken.Port = l.web2.port
	go func() { invalid <- l.sw.Set(l.ctx, taken) }()
	l.sw.AwaitWaiting(others + 1)
	ctx, cancel := context.WithCancel(l.ctx)
	cancelled := make(chan error, 1)
	go func() { cancelled <- l.sw.Set(ctx, guest(98)) }()
	l.sw.AwaitWaiting(others + 2)
	cancel()
	if err := <-cancelled; !errors.Is(err, context.Canceled) || errors.Is(err, openflow.ErrOutcomeUnknown) {
		t.Errorf("a change that was given up before its turn: got error %v, want %v", err, context.Canceled)
	}

	held.Release()
	for range others + 1 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if err := <-invalid; !errors.Is(err, flows.ErrConflict) {
		t.Errorf("a change that is not valid: got error %v, want %v", err, flows.ErrConflict)
	}
	if got := n.Load(); got != 2 {
		t.Errorf("got %d bundles, want 2: what waits shares one", got)
	}
	l.holdsOnly(objects...)
}

// The switch refuses what one of several changes needs: the others are made.
func TestRefusedBundleIsParted(t *testing.T) {
	l, f := faulty(t)
	bad := guest(7)
	refuse := experimenter(onf, bundleAdd, func(m []byte) bool { return bytes.Contains(m, bad.MAC) })
	refuse.Do = fakeovs.Answer{Code: openflow.ErrTableFull}
	f.Add(refuse)
	hold := commits()
	hold.Times, hold.Do = 1, fakeovs.Hold{}
	held := f.Add(hold)
	first := make(chan error, 1)
	go func() { first <- l.sw.Set(l.ctx, guest(0)) }()
	if err := held.Await(l.ctx, 1); err != nil {
		t.Fatal(err)
	}
	objects := append(l.objects(), guest(0))
	errs := map[byte]chan error{}
	for i := range byte(3) {
		n := 6 + i
		errs[n] = make(chan error, 1)
		go func() { errs[n] <- l.sw.Set(l.ctx, guest(n)) }()
		l.sw.AwaitWaiting(len(errs))
		if n != 7 {
			objects = append(objects, guest(n))
		}
	}
	held.Release()
	if err := <-first; err != nil {
		t.Error(err)
	}
	for n, done := range errs {
		if err := <-done; n == 7 != errors.Is(err, openflow.ErrTableFull) || n != 7 && err != nil {
			t.Errorf("guest %d: got error %v; only that of 7 is refused", n, err)
		}
	}
	l.holdsOnly(objects...)
}

// Somebody gives up while the switch is at it: alone, or with others who go on waiting.
func TestGivenUpWhileUnderWay(t *testing.T) {
	for _, others := range []int{0, 2} {
		t.Run(fmt.Sprint(others, " others"), func(t *testing.T) {
			l, f := faulty(t)
			hold := commits()
			hold.Times, hold.Do = 1, fakeovs.Hold{}
			first := f.Add(hold)
			block := make(chan error, 1)
			go func() { block <- l.sw.Set(l.ctx, guest(0)) }()
			if err := first.Await(l.ctx, 1); err != nil {
				t.Fatal(err)
			}
			objects := append(l.objects(), guest(0))
			ctx, cancel := context.WithCancel(l.ctx)
			given, rest := make(chan error, 1), make(chan error, others)
			go func() { given <- l.sw.Set(ctx, guest(1)) }()
			for i := range others {
				n := 2 + byte(i)
				go func() { rest <- l.sw.Set(l.ctx, guest(n)) }()
				objects = append(objects, guest(n))
			}
			l.sw.AwaitWaiting(1 + others)
			second := f.Add(hold)
			first.Release()
			if err := <-block; err != nil {
				t.Fatal(err)
			}
			if err := second.Await(l.ctx, 1); err != nil {
				t.Fatal(err)
			}
			cancel()
			if err := <-given; !errors.Is(err, context.Canceled) || !errors.Is(err, openflow.ErrOutcomeUnknown) {
				t.Errorf("got error %v, want %v and %v", err, context.Canceled, openflow.ErrOutcomeUnknown)
			}
			second.Release()
			for range others {
				if err := <-rest; err != nil {
					t.Error(err)
				}
			}
			if others > 0 {
				objects = append(objects, guest(1)) // the bundle was made for the others
			}
			if _, err := l.sw.Prune(l.ctx); err != nil {
				t.Fatal(err)
			}
			l.holdsOnly(objects...)
		})
	}
}

func TestClosed(t *testing.T) {
	l := newLab(t)
	before := l.table()
	if err := l.sw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.sw.Set(l.ctx, guest(1)); !errors.Is(err, openflow.ErrClosed) {
		t.Errorf("Set after Close: got error %v, want %v", err, openflow.ErrClosed)
	}
	if diff := cmp.Diff(before, l.table()); diff != "" {
		t.Errorf("Close changed flows (-before +after):\n%s", diff)
	}
	l.open() // the client may be used again
	l.mustSet(l.objects()...)
	if err := l.client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.sw.Set(l.ctx, guest(1)); !errors.Is(err, openflow.ErrClosed) {
		t.Errorf("Set with a closed client: got error %v, want %v", err, openflow.ErrClosed)
	}
}

// Close while the switch is at a change: who waits is told why, and the switch keeps the flows.
func TestCloseWhileUnderWay(t *testing.T) {
	l, f := faulty(t)
	hold := commits()
	hold.Times, hold.Do = 1, fakeovs.Hold{}
	held := f.Add(hold)
	errs := make(chan error, 2)
	go func() { errs <- l.sw.Set(l.ctx, guest(1)) }()
	if err := held.Await(l.ctx, 1); err != nil {
		t.Fatal(err)
	}
	go func() { errs <- l.sw.Set(l.ctx, guest(2)) }()
	l.sw.AwaitWaiting(1)
	closed := make(chan error, 1)
	go func() { closed <- l.sw.Close() }()
	for range 2 {
		if err := <-errs; !errors.Is(err, openflow.ErrClosed) {
			t.Errorf("got error %v, want %v", err, openflow.ErrClosed)
		}
	}
	held.Release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if err := l.sw.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

// Who has given up waiting for a change may go on with the object: what is declared is what it was.
func TestGivenUpObjectChanges(t *testing.T) {
	l, f := faulty(t)
	open := experimenter(onf, bundleControl, func(m []byte) bool {
		return binary.BigEndian.Uint16(m[bundleControlTypeOffset:]) == uint16(openflow.BundleOpenRequest)
	})
	open.Times, open.Do = 1, fakeovs.Hold{}
	first := f.Add(open)
	block := make(chan error, 1)
	go func() { block <- l.sw.Set(l.ctx, guest(0)) }()
	if err := first.Await(l.ctx, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(l.ctx)
	own, bad := guest(1), guest(7)
	given, rest := make(chan error, 1), make(chan error, 1)
	go func() { given <- l.sw.Set(ctx, own) }()
	l.sw.AwaitWaiting(1)
	go func() { rest <- l.sw.Set(l.ctx, bad) }()
	l.sw.AwaitWaiting(2)
	refuse := experimenter(onf, bundleAdd, func(m []byte) bool { return bytes.Contains(m, bad.MAC) })
	refuse.Do = fakeovs.Answer{Code: openflow.ErrTableFull}
	f.Add(refuse)
	second := f.Add(open)
	first.Release()
	if err := <-block; err != nil {
		t.Fatal(err)
	}
	if err := second.Await(l.ctx, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-given; !errors.Is(err, openflow.ErrOutcomeUnknown) {
		t.Fatalf("got error %v, want %v", err, openflow.ErrOutcomeUnknown)
	}
	own.Addrs[0] = netip.MustParseAddr("10.1.0.66")
	second.Release()
	if err := <-rest; !errors.Is(err, openflow.ErrTableFull) {
		t.Errorf("got error %v, want %v", err, openflow.ErrTableFull)
	}
	l.holdsOnly(append(l.objects(), guest(0), guest(1))...)
}
