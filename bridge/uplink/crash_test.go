// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/internal/node"
)

// TestKilledAdopt kills a program that adopts before each of its steps in turn:
// of a machine with little on its NIC before all, and before some of one with
// much.
func TestKilledAdopt(t *testing.T) {
	for _, tt := range []struct {
		name    string
		machine []string
		stride  int
		steps   int // at least
	}{{"plain", plain, 1, 15}, {"rich", rich, 9, 9}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, "standalone", tt.machine)
			before := l.dump(t)
			p := l.program("adopt")
			p.Stride = tt.stride
			steps := p.Each(t, func(when string) {
				l.expectConnected(t, when)
				l.recover(t)
				l.expectConnected(t, when+", recovered")
				l.expect(t, when+", recovered", before)
			})
			expectSteps(t, steps, tt.steps)
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
	steps := l.program("release").Each(t, func(when string) {
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
	})
	expectSteps(t, steps, 15)
	l.expect(t, "released", before)
}

// TestAdoptElsewhere adopts for another bridge than the program that was killed.
func TestAdoptElsewhere(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	l.addBridge(t, "br1", "standalone")
	before := l.dump(t)
	l.runUntil(t, "adopt", "write the journal: adopted")
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
	interrupt := func() { l.runUntil(t, "adopt", "write the journal: adopted") }
	interrupt()
	steps := l.program("recover").Each(t, func(when string) {
		l.recover(t)
		l.expectConnected(t, when)
		l.expect(t, when, before)
		interrupt()
	})
	expectSteps(t, steps, 15)
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
// killed or fail.
func expectSteps(t *testing.T, steps []string, least int) {
	t.Helper()
	t.Logf("%d steps: %q", len(steps), steps)
	if len(steps) < least {
		t.Errorf("%d steps, want at least %d", len(steps), least)
	}
}

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
	steps := killtest.FailEach(t, func(step killtest.Step) error {
		ctx, cancel := context.WithCancelCause(testContext(t))
		defer cancel(nil)
		if kind == "cancelled" {
			return operation(ctx, func(name string) error {
				if err := step(name); err != nil {
					cancel(err)
				}
				return nil
			})
		}
		return operation(ctx, step)
	}, func(when string) { l.expect(t, kind+": "+when, want) })
	expectSteps(t, steps, 15)
}
