// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// worker uses a connection that others use too. It has flows of its own cookie, groups of its own range, and knows what the
// switch should hold of them.
type worker struct {
	c      *of.Conn
	id     uint64
	random *rand.Rand
	flows  map[string]of.Flow
	groups int // of which the switch has one after another
}

const workerMask = uint64(0xffffffff << 32)

func (w *worker) cookie() uint64 { return w.id << 32 }

// flow is one of some flows, with any of some actions.
func (w *worker) flow() of.Flow {
	i := w.random.Uint32N(50)
	return of.Flow{Table: 1, Priority: 5, Cookie: w.cookie() | uint64(i), Match: of.Match{of.Reg(1, i), of.Reg(2, uint32(w.id))},
		Instructions: apply(of.Output{Port: 1 + w.random.Uint32N(8)})}
}

// changes are additions and deletions, and what the switch holds with them.
func (w *worker) changes() (mods []of.Modification, after map[string]of.Flow) {
	after = map[string]of.Flow{}
	for key, f := range w.flows {
		after[key] = f
	}
	for range 1 + w.random.IntN(20) {
		f := w.flow()
		if w.random.IntN(3) > 0 {
			mods = append(mods, of.Add(f))
			after[f.Key()] = f
		} else {
			mods = append(mods, of.DeleteStrict(f))
			delete(after, f.Key())
		}
	}
	return mods, after
}

// spoil puts a flow-mod that a switch refuses among others, and says where.
func (w *worker) spoil(mods []of.Modification) (spoilt []of.Modification, at int) {
	at = w.random.IntN(len(mods) + 1)
	bad := w.flow()
	bad.Instructions = apply(of.Output{Port: 0xffffff01})
	return append(append(append(spoilt, mods[:at]...), of.Add(bad)), mods[at:]...), at
}

// refusedAt checks that one modification was refused and no other.
func refusedAt(err error, at int) error {
	var refused *of.RequestError
	if !errors.As(err, &refused) || !errors.Is(err, of.ErrBadOutPort) || refused.Index != at {
		return fmt.Errorf("modification %d is bad, but the error is %w", at, err)
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 1 {
		return fmt.Errorf("only modification %d is bad, but the error is %w", at, err)
	}
	return nil
}

// holds compares what the switch says with what it should hold.
func (w *worker) holds(ctx context.Context) error {
	stats, err := w.c.Flows(ctx, of.FlowFilter{Cookie: w.cookie(), CookieMask: workerMask})
	if err != nil {
		return err
	}
	for _, s := range stats {
		if want, ok := w.flows[s.Key()]; !ok || !want.Equal(s.Flow) {
			return fmt.Errorf("the switch holds %v, want %v", s.Flow, want)
		}
	}
	if len(stats) != len(w.flows) {
		return fmt.Errorf("the switch holds %d flows, want %d", len(stats), len(w.flows))
	}
	return nil
}

// synchronise has the switch hold other flows and groups, and checks what had to be done.
func (w *worker) synchronise(ctx context.Context) error {
	first := uint32(w.id) * 10
	d := of.NewDesired(of.Scope{Cookie: w.cookie(), CookieMask: workerMask, Groups: of.IDRange{First: first, Last: first + 9}})
	_, after := w.changes()
	added, replaced := 0, 0
	for key, f := range after {
		if err := d.Add(f); err != nil {
			return err
		}
		if was, there := w.flows[key]; !there {
			added++
		} else if !was.Equal(f) {
			replaced++
		}
	}
	groups := w.random.IntN(4)
	for i := range groups {
		if err := d.AddGroups(outputs(first+uint32(i), 1, 2)); err != nil {
			return err
		}
	}
	p, err := w.c.Sync(ctx, d)
	if err != nil {
		return err
	}
	kept := len(after) - added
	if len(p.Flows.Add) != added || len(p.Flows.Replace) != replaced || len(p.Flows.Delete) != len(w.flows)-kept {
		return fmt.Errorf("%v; want %d flows added, %d replaced, %d deleted", p, added, replaced, len(w.flows)-kept)
	}
	if len(p.Groups.Add) != max(0, groups-w.groups) || len(p.Groups.Delete) != max(0, w.groups-groups) || len(p.Groups.Replace) != 0 {
		return fmt.Errorf("%v; want %d groups instead of %d", p, groups, w.groups)
	}
	w.flows, w.groups = after, groups
	return nil
}

// hear deletes a flow and is told of that.
func (w *worker) hear(ctx context.Context, s *of.Subscription) error {
	f := w.flow()
	f.Priority, f.Flags = 6, of.FlowSendRemoved
	if err := w.c.Apply(ctx, of.Add(f), of.DeleteStrict(f)); err != nil {
		return err
	}
	m, err := s.Next(ctx)
	if err != nil {
		return err
	}
	if removed, ok := m.(of.FlowRemoved); !ok || removed.Stats.Key() != f.Key() || removed.Stats.Cookie != f.Cookie {
		return fmt.Errorf("the switch says %+v, want that %v is removed", m, f)
	}
	return nil
}

// step does one thing of many.
func (w *worker) step(ctx context.Context, s *of.Subscription) error {
	mods, after := w.changes()
	switch w.random.IntN(8) {
	case 0:
		w.flows = after
		return w.c.Apply(ctx, mods...)
	case 1:
		w.flows = after
		spoilt, at := w.spoil(mods)
		return refusedAt(w.c.Apply(ctx, spoilt...), at)
	case 2:
		w.flows = after
		return w.c.Bundle(ctx, mods...)
	case 3:
		spoilt, at := w.spoil(mods)
		return refusedAt(w.c.Bundle(ctx, spoilt...), at)
	case 4:
		return w.synchronise(ctx)
	case 5:
		return w.hear(ctx, s)
	case 6:
		return errors.Join(w.c.Echo(ctx), w.c.Barrier(ctx))
	}
	return w.holds(ctx)
}

// TestRealManyUsers has many goroutines use one connection for everything at once.
func TestRealManyUsers(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		const workers, steps = 16, 40
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		emptied(t, c)
		must(t, c.SetAsync(ctx, of.AsyncConfig{Primary: of.AsyncMasks{FlowRemoved: everything.FlowRemoved}}))
		var running sync.WaitGroup
		all := make([]*worker, workers)
		for i := range all {
			w := &worker{c: c, id: uint64(i + 1), random: rand.New(rand.NewPCG(uint64(v), uint64(i))), flows: map[string]of.Flow{}}
			all[i] = w
			running.Add(1)
			go func() {
				defer running.Done()
				s := c.Subscribe(of.SubscribeOptions{Only: func(m of.Message) bool {
					removed, ok := m.(of.FlowRemoved)
					return ok && removed.Stats.Cookie&workerMask == w.cookie()
				}})
				defer s.Close()
				for step := range steps {
					if err := w.step(ctx, s); err != nil {
						t.Errorf("goroutine %d, step %d: %v", i, step, err)
						return
					}
				}
			}()
		}
		running.Wait()
		flows := 0
		for i, w := range all {
			if err := w.holds(ctx); err != nil {
				t.Errorf("in the end, of goroutine %d: %v", i, err)
			}
			flows += len(w.flows)
		}
		if got := flowsOf(t, c); len(got) != flows {
			t.Errorf("in the end there are %d flows, want %d", len(got), flows)
		}
	})
}
