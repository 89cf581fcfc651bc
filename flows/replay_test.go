// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

// reopen opens the lab's switch with other options, as a program that starts again.
func (l *lab) reopen(o flows.Options) {
	l.t.Helper()
	l.options = o
	l.restart()
	l.mustSet(l.objects()...)
}

func TestSwitchComesBack(t *testing.T) {
	l := newLab(t)
	replays := make(chan flows.Replay, 1)
	l.reopen(flows.Options{Owner: "lab", OnReplay: func(_ context.Context, r flows.Replay) { replays <- r }})
	before := l.table()
	for range 3 {
		l.ovs.RestartSwitch()
		r := <-replays
		if len(r.Plan.Flows.Add) != len(before) || !r.Plan.Groups.Empty() || r.Took <= 0 {
			t.Errorf("got a replay of %v within %v, want %d flows added", r.Plan, r.Took, len(before))
		}
		l.look()
		if diff := cmp.Diff(before, l.table()); diff != "" {
			t.Errorf("after the restart (-before +after):\n%s", diff)
		}
	}
}

// While the switch is away a change waits for it, or for its context.
func TestChangeOfASwitchThatIsAway(t *testing.T) {
	l := newLab(t)
	conn, err := l.client.Conn(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	l.ovs.KillSwitch()
	<-conn.Done()
	ctx, cancel := context.WithCancel(l.ctx)
	given := make(chan error, 1)
	go func() { given <- l.sw.Delete(ctx, flows.Endpoint{Name: "web2"}) }()
	l.sw.AwaitWaiting(1)
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	done := make(chan error, 1)
	go func() { done <- l.sw.Set(l.ctx, guest(1)) }()
	l.sw.AwaitWaiting(1)
	l.ovs.RestartSwitch()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	l.look()
	l.holdsOnly(append(l.objects(), guest(1))...)
}

// The connection ends while a bundle is under way, before the switch commits it or behind: the change is made on the next.
func TestConnectionEndsUnderWay(t *testing.T) {
	for name, cut := range map[string]func() fakeovs.Fault{
		"request": commits,
		"reply": func() fakeovs.Fault {
			f := experimenter(onf, bundleControl, func(m []byte) bool {
				return openflow.BundleType(m[bundleControlTypeOffset+1]) == openflow.BundleCommitReply
			})
			f.FromServer = true
			return f
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, f := faulty(t)
			fault := cut()
			fault.Times, fault.Do = 2, fakeovs.Cut{}
			injected := f.Add(fault)
			l.mustSet(guest(1))
			if injected.Count() != 2 {
				t.Fatalf("the connection was cut %d times, want 2", injected.Count())
			}
			l.holdsOnly(append(l.objects(), guest(1))...)

			// What ends every connection is given up.
			fault.Times = 0
			injected = f.Add(fault)
			var ended *openflow.ConnError
			if err := l.sw.Set(l.ctx, guest(2)); !errors.As(err, &ended) {
				t.Errorf("got error %v, want a ConnError", err)
			}
			injected.Release()
			if _, err := l.sw.Prune(l.ctx); err != nil {
				t.Fatal(err)
			}
			l.holdsOnly(append(l.objects(), guest(1))...)
		})
	}
}

// A connection that breaks while the switch goes on costs nothing: no flow is written again.
func TestConnectionBreaks(t *testing.T) {
	l, f := faulty(t)
	p := packet("udp", l.web2, l.web3, 1000, 53)
	l.send(l.web2, p, delivery{l.web3, p})
	before, packets := l.table(), l.packets()
	conn, err := l.client.Conn(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	typ := uint8(20) // barrier request
	f.Add(fakeovs.Fault{Bridge: "br0", Type: &typ, Times: 1, Do: fakeovs.Cut{}})
	if err := conn.Barrier(l.ctx); err == nil {
		t.Fatal("the connection has not broken")
	}
	l.mustSet(l.objects()...)
	if diff := cmp.Diff(before, l.table()); diff != "" {
		t.Errorf("flows changed (-before +after):\n%s", diff)
	}
	if got := l.packets(); got != packets {
		t.Errorf("got %d packets counted, want still %d: flows were written again", got, packets)
	}
}

// A switch that does not take what is declared is not cut off: who has the connection can help.
func TestReplayIsRefused(t *testing.T) {
	l := newLab(t)
	f := l.ovs.Faults()
	drifts := make(chan flows.Drift, 100)
	l.reopen(flows.Options{Owner: "lab", OnDrift: func(d flows.Drift) { drifts <- d }})
	refuse := experimenter(onf, bundleAdd, nil)
	refuse.Do = fakeovs.Answer{Code: openflow.ErrTableFull}
	refused := f.Add(refuse)
	l.ovs.RestartSwitch()
	if err := refused.Await(l.ctx, 1); err != nil {
		t.Fatal(err)
	}
	if err := l.sw.Set(l.ctx, guest(1)); !errors.Is(err, openflow.ErrTableFull) {
		t.Errorf("got error %v, want %v", err, openflow.ErrTableFull)
	}
	if d := <-drifts; !errors.Is(d.Err, openflow.ErrTableFull) || d.Pause < 100*time.Millisecond {
		t.Errorf("got the report %+v, want %v and a pause", d, openflow.ErrTableFull)
	}
	refused.Release()
	l.mustSet(guest(2))
	l.look()
	l.holdsOnly(append(l.objects(), guest(2))...)
}
