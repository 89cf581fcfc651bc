// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/port"
)

func (l *lab) expectState(t *testing.T, when string, c crashCase, want state) {
	t.Helper()
	if diff := cmp.Diff(want, l.state(t, c.ns)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// expectComplete wants a port to be as it was asked for.
func (l *lab) expectComplete(t *testing.T, when string, c crashCase, want state) {
	t.Helper()
	l.expectState(t, when, c, want)
	found, err := l.ports.Check(testContext(t), c.config.Name)
	if err != nil || len(found) > 0 {
		t.Errorf("%s: Check: %v, %v", when, found, err)
	}
}

// orders are the two ways in which the parts of an Attach can follow each other.
func orders(kind port.Kind) []string {
	if kind == port.Veth {
		return []string{"interface", "rows"}
	}
	return []string{"rows"}
}

// TestKilledAttach kills a program that attaches before each of its steps. What it
// leaves is completed by another Attach, and removed by a Detach or by Collect.
func TestKilledAttach(t *testing.T) {
	t.Parallel()
	eachCrashCase(t, func(t *testing.T, l *lab, c crashCase, clean state) {
		l.attach(t, c.config)
		whole := l.state(t, c.ns)
		l.detach(t, c.config.Name)
		l.expectState(t, "detached", c, clean)
		for _, first := range orders(c.config.Kind) {
			p := killtest.Program[job]{Job: l.job("attach", first, c.config)}
			steps := p.Each(t, func(when string) {
				l.settle(t)
				l.attach(t, c.config)
				l.expectComplete(t, when+", attached again", c, whole)
				l.detach(t, c.config.Name)
			})
			t.Logf("%d steps: %q", len(steps), steps)
			if len(steps) < c.steps {
				t.Errorf("%d steps, want at least %d", len(steps), c.steps)
			}
			l.expectComplete(t, "got through", c, whole)
			l.detach(t, c.config.Name)
			l.expectState(t, "attached again and detached", c, clean)
			if first == "interface" {
				continue
			}
			p.Each(t, func(when string) {
				l.settle(t)
				if err := l.ports.Detach(testContext(t), c.config.Name); err != nil && !errors.Is(err, port.ErrNotFound) {
					t.Error(err)
				}
				l.expectState(t, when+", detached", c, clean)
			})
			l.settle(t)
			l.detach(t, c.config.Name)
			if c.config.Kind != port.Veth && c.config.Kind != port.Internal {
				continue // all rows are made at once, and are of use
			}
			p.Each(t, func(when string) {
				l.settle(t)
				first := collected(t, l.ports, port.CollectOptions{})
				second := collected(t, l.ports, port.CollectOptions{})
				if len(first) != len(second) {
					t.Errorf("%s: found %q, then %q", when, first, second)
				}
				l.expectState(t, when+", collected", c, clean)
			})
			l.settle(t)
			l.detach(t, c.config.Name)
		}
	})
}

// TestKilledDetach does the same with a program that detaches: another Detach goes
// on, and so does Collect.
func TestKilledDetach(t *testing.T) {
	t.Parallel()
	eachCrashCase(t, func(t *testing.T, l *lab, c crashCase, clean state) {
		l.attach(t, c.config)
		whole := l.state(t, c.ns)
		p := killtest.Program[job]{Job: l.job("detach", "", c.config)}
		for _, next := range []string{"detach", "collect", "attach"} {
			p.Each(t, func(when string) {
				l.settle(t)
				switch next {
				case "detach":
					l.detach(t, c.config.Name)
					l.expectState(t, when+", detached again", c, clean)
				case "collect":
					_, stays := l.db.Port(c.config.Name)
					collected(t, l.ports, port.CollectOptions{})
					collected(t, l.ports, port.CollectOptions{})
					if !stays {
						l.expectState(t, when+", collected", c, clean)
					}
				}
				l.attach(t, c.config)
				l.expectComplete(t, when+", attached again", c, whole)
			})
			l.settle(t)
			l.expectState(t, "got through", c, clean)
			l.attach(t, c.config)
		}
	})
}

// TestKilledUpdate kills a program that gives a port another config. The next one
// completes that, or goes back.
func TestKilledUpdate(t *testing.T) {
	t.Parallel()
	eachCrashCase(t, func(t *testing.T, l *lab, c crashCase, _ state) {
		l.attach(t, c.other)
		after := l.state(t, c.ns)
		l.attach(t, c.config)
		before := l.state(t, c.ns)
		there := killtest.Program[job]{Job: l.job("attach", "", c.other)}
		steps := there.Each(t, func(when string) {
			l.settle(t)
			l.attach(t, c.other)
			l.expectComplete(t, when+", completed", c, after)
			l.attach(t, c.config)
			l.expectComplete(t, when+", completed and taken back", c, before)
		})
		t.Logf("%d steps: %q", len(steps), steps)
		l.settle(t)
		l.attach(t, c.config)
		there.Each(t, func(when string) {
			l.settle(t)
			l.attach(t, c.config)
			l.expectComplete(t, when+", taken back", c, before)
		})
	})
}

// failEach fails each step of an operation in turn until it succeeds, and calls
// after each failure.
func failEach(t *testing.T, l *lab, first string, operation func(context.Context, *port.Manager) error, after func(when string)) {
	t.Helper()
	steps := killtest.FailEach(t, func(step killtest.Step) error {
		m := l.manager(t, port.Options{})
		m.Hook(inOrder(first, step))
		return operation(testContext(t), m)
	}, after)
	if len(steps) == 0 {
		t.Error("no step was told of")
	}
}

// TestFailedSteps fails each step of an Attach, of an update and of a Detach. What
// was done is undone; a Detach can be repeated.
func TestFailedSteps(t *testing.T) {
	t.Parallel()
	eachCrashCase(t, func(t *testing.T, l *lab, c crashCase, clean state) {
		attach := func(to port.Config) func(ctx context.Context, m *port.Manager) error {
			return func(ctx context.Context, m *port.Manager) error {
				_, err := m.Attach(ctx, to)
				return err
			}
		}
		for _, first := range orders(c.config.Kind) {
			failEach(t, l, first, attach(c.config), func(when string) { l.expectState(t, when, c, clean) })
			l.detach(t, c.config.Name)
		}
		l.attach(t, c.config)
		before := l.state(t, c.ns)
		failEach(t, l, "", attach(c.other), func(when string) { l.expectComplete(t, when, c, before) })
		l.attach(t, c.config)
		detach := func(ctx context.Context, m *port.Manager) error { return m.Detach(ctx, c.config.Name) }
		failEach(t, l, "", detach, func(when string) {
			l.detach(t, c.config.Name)
			l.expectState(t, when+", detached again", c, clean)
			l.attach(t, c.config)
		})
	})
}
