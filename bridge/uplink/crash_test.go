// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// TestKilledAdopt kills a program that adopts before each of its steps in turn:
// of a machine with little on its NIC before all, and before some of one with
// much.
func TestKilledAdopt(t *testing.T) {
	for _, tt := range []struct {
		name    string
		machine []string
		stride  int
	}{{"plain", plain, 1}, {"rich", rich, 9}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "standalone", tt.machine)
			before := l.dump(t)
			p := program{Verb: "adopt", Database: l.OVS().DatabaseEndpoint(), SwitchNetns: l.Host().Path()}
			for p.run(t) {
				when := fmt.Sprintf("killed before step %d", p.KillBefore)
				l.expectConnected(t, when)
				l.recover(t)
				l.expectConnected(t, when+", recovered")
				l.expect(t, when+", recovered", before)
				p.KillBefore += tt.stride
			}
			l.expectSteps(t, p.KillBefore)
			l.expectConnected(t, "adopted")
		})
	}
}

// TestKilledRelease does the same with a release.
func TestKilledRelease(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	l.adopt(t)
	adopted := l.dump(t)
	p := program{Verb: "release", Database: l.OVS().DatabaseEndpoint(), SwitchNetns: l.Host().Path()}
	for p.run(t) {
		when := fmt.Sprintf("killed before step %d", p.KillBefore)
		l.expectConnected(t, when)
		l.recover(t)
		when += ", recovered"
		l.expectConnected(t, when)
		if _, err := uplink.Get(l.db, node.Uplink); err == nil {
			l.expect(t, when+" as an uplink", adopted)
		} else {
			l.expect(t, when, before)
			l.adopt(t)
		}
		p.KillBefore++
	}
	l.expectSteps(t, p.KillBefore)
	l.expect(t, "released", before)
}

// TestAdoptElsewhere adopts for another bridge than the program that was killed.
func TestAdoptElsewhere(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	_, err := l.db.Apply(testContext(t),
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "br1", Type: "internal"}).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "br1", Interfaces: []string{"i"}}).Named("p"),
		ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{Name: "br1", Ports: []string{"p"}, DatapathType: nodetest.Datapath()}).Named("b"),
		vswitch.AddBridges("b"))
	if err != nil {
		t.Fatal(err)
	}
	before := l.dump(t)
	p := program{Verb: "adopt", Database: l.OVS().DatabaseEndpoint(), SwitchNetns: l.Host().Path(),
		KillAt: "write the journal: adopted"}
	if !p.run(t) {
		t.Fatal("the adoption came to its end")
	}
	if err := l.db.Client().Echo(testContext(t)); err != nil {
		t.Fatal(err)
	}
	c := l.config()
	c.Bridge = "br1"
	if u, err := uplink.Adopt(testContext(t), l.db, c); err != nil || u.Bridge != "br1" {
		t.Fatalf("Adopt: %+v, %v; want the uplink of br1", u, err)
	}
	l.expectConnected(t, "adopted")
	if _, err := uplink.Adopt(testContext(t), l.db, l.config()); !errors.As(err, new(*uplink.UnsuitableError)) {
		t.Errorf("Adopt for br0 as well: %v, want an UnsuitableError", err)
	}
	l.release(t)
	l.expect(t, "released", before)
}

// TestKilledRecover kills a program that recovers what another has left in the
// middle, before each of its steps in turn.
func TestKilledRecover(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	adopt := program{Verb: "adopt", Database: l.OVS().DatabaseEndpoint(), SwitchNetns: l.Host().Path(),
		KillAt: "write the journal: adopted"}
	p := program{Verb: "recover", Database: adopt.Database, SwitchNetns: adopt.SwitchNetns}
	for {
		if !adopt.run(t) {
			t.Fatal("the adoption ended before its last step")
		}
		if !p.run(t) {
			break
		}
		when := fmt.Sprintf("recovery killed before step %d", p.KillBefore)
		l.recover(t)
		l.expectConnected(t, when)
		l.expect(t, when, before)
		p.KillBefore++
	}
	l.expectSteps(t, p.KillBefore)
	l.expect(t, "recovered", before)
}

func (l *lab) recover(t *testing.T) {
	t.Helper()
	if err := l.db.Client().Echo(testContext(t)); err != nil { // the copy is up to date
		t.Fatal(err)
	}
	if _, err := uplink.Recover(testContext(t), l.db); err != nil {
		t.Fatal(err)
	}
}

// expectSteps fails if an operation had hardly any steps at which it could be
// killed.
func (l *lab) expectSteps(t *testing.T, n int) {
	t.Helper()
	t.Logf("%d steps", n)
	if n < 15 {
		t.Errorf("%d steps, want one for each change", n)
	}
}

var errStep = errors.New("this step fails")

// TestFailedSteps fails each step of an adoption and a release in turn, and
// cancels the context there.
func TestFailedSteps(t *testing.T) {
	for _, kind := range []string{"failed", "cancelled"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "standalone", plain)
			before := l.dump(t)
			adopt := func(ctx context.Context, h func(string) error) error {
				_, err := uplink.AdoptHooked(ctx, l.db, l.config(), h)
				return err
			}
			l.failSteps(t, kind, adopt, before)
			l.expectConnected(t, "adopted")
			adopted := l.dump(t)
			release := func(ctx context.Context, h func(string) error) error {
				return uplink.ReleaseHooked(ctx, l.db, node.Uplink, h)
			}
			l.failSteps(t, kind, release, adopted)
			l.expect(t, "released", before)
		})
	}
}

// failSteps runs an operation until it succeeds, and wants everything to be as
// it was each time it fails.
func (l *lab) failSteps(t *testing.T, kind string, operation func(context.Context, func(string) error) error, want dump) {
	t.Helper()
	for n := 0; ; n++ {
		ctx, cancel := context.WithCancel(testContext(t))
		step, at := 0, ""
		err := operation(ctx, func(name string) error {
			defer func() { step++ }()
			if step != n {
				return nil
			}
			at = name
			if kind == "cancelled" {
				cancel()
				return nil
			}
			return errStep
		})
		cancel()
		if err == nil {
			l.expectSteps(t, n)
			return
		}
		if !errors.Is(err, errStep) && !errors.Is(err, context.Canceled) {
			t.Fatalf("%s at step %d, %q: %v", kind, n, at, err)
		}
		l.expect(t, fmt.Sprintf("%s at step %d, %q", kind, n, at), want)
		if t.Failed() {
			t.FailNow()
		}
	}
}
