// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// Drift is what somebody else has changed in the tables of the owner, and what became of it.
type Drift struct {
	// Plan is what was wrong and has been put right, unless Err is set: Add was deleted, Replace changed, Delete added by
	// somebody. It is nil if the switch could not be asked.
	Plan *of.Plan
	// Err is why it could not be put right.
	Err error
	// Pause is how long nothing is repaired from now on: it grows while there is drift after drift, so that two programs
	// do not undo each other's changes for ever as fast as they can.
	Pause time.Duration
}

// The pause after a repair: the first one, and how long it grows.
const (
	minPause = 100 * time.Millisecond
	maxPause = time.Minute
)

// pace is how soon the next repair may be.
type pace struct {
	pause time.Duration
	next  time.Time
}

// failed notes a repair that found something or failed. The pause is twice as long as the one before unless it was quiet
// for some time.
func (p *pace) failed(now time.Time) {
	if p.pause == 0 || now.Sub(p.next) > 10*p.pause {
		p.pause = minPause
	} else {
		p.pause = min(2*p.pause, maxPause)
	}
	p.next = now.Add(p.pause)
}

// suspicion says that somebody may have changed what the owner has.
type suspicion struct{ atomic.Bool }

// monitor is the number of the flow monitor, which is the owner's on the connection that it may share.
func (s *Switch) monitor() uint32 { return uint32(s.owner>>ownerShift) | 1<<31 }

// watch has the switch tell of changes that others make. Without it, repairs wait for Prune or the next connection. Whoever
// calls it has the turn.
func (s *Switch) watch(ctx context.Context, conn *of.Conn) {
	told := conn.Subscribe(of.SubscribeOptions{Only: func(m of.Message) bool {
		updates, ok := m.(of.FlowUpdates)
		return ok && slices.ContainsFunc(updates.Updates, s.concerns)
	}})
	_, err := conn.MonitorFlows(ctx, of.FlowMonitor{
		ID: s.monitor(), Flags: of.MonitorAdded | of.MonitorRemoved | of.MonitorModified,
	})
	if err != nil {
		told.Close()
		if conn.Err() == nil && ctx.Err() == nil {
			s.log.Warn("the switch does not tell of changes of flows", "err", err)
		}
		return
	}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		defer told.Close()
		for {
			// What was lost is of the same kind.
			if _, err := told.Next(s.alive); err != nil {
				return
			}
			s.suspect.Store(true)
			s.queue.poke()
		}
	}()
}

// concerns reports whether an update may be of what the owner has. This connection's own changes are abbreviated.
func (s *Switch) concerns(u of.FlowUpdate) bool {
	switch u.Event {
	case of.UpdateAdded, of.UpdateRemoved, of.UpdateModified:
		return u.Flow.Table <= tableDeliver || u.Flow.Cookie&ownerMask == s.owner
	case of.UpdatePaused, of.UpdateResumed:
		return true
	}
	return false
}

// unwatch ends the monitor on a connection that lives on.
func (s *Switch) unwatch(conn *of.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := conn.CancelMonitor(ctx, s.monitor()); err != nil {
		s.log.Debug("end of the flow monitor", "err", err)
	}
}

func (s *Switch) wantsRepair() bool { return s.stale || s.suspect.Load() }

// repair puts right what the switch holds, if that may be wrong and the last time is long enough ago.
func (s *Switch) repair(ctx context.Context, conn *of.Conn) {
	now := time.Now()
	if !s.wantsRepair() || now.Before(s.pace.next) {
		return
	}
	s.suspect.Store(false) // what is told from now on is another matter
	expected := s.stale
	plan, err := s.restore(ctx, conn)
	var ended *of.ConnError
	switch {
	case errors.As(err, &ended), ctx.Err() != nil:
		return // the next connection finds out
	case err == nil && (plan.Empty() || expected):
		return
	}
	if err != nil {
		s.stale = true
	}
	s.pace.failed(now)
	d := Drift{Err: err, Pause: s.pace.pause}
	if err == nil {
		d.Plan = plan
		s.log.Warn("somebody has changed flows", "repaired", plan.String())
	} else {
		s.log.Warn("cannot repair flows", "err", err)
	}
	if s.onDrift != nil {
		s.onDrift(d)
	}
}
