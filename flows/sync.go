// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// maxTries is how many connections may end while one change is under way before it is given up: it may be what ends them.
const maxTries = 3

// run is the goroutine of the switch: it makes the changes that wait, repairs what others have changed, and forgets
// connections.
func (s *Switch) run() {
	defer s.wg.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.queue.wake:
		case <-timer.C:
		case <-s.alive.Done():
			s.queue.fail(errClosed, true)
			return
		}
		conn, err := s.client.Conn(s.alive)
		if err != nil {
			if s.alive.Err() == nil { // the client is closed
				s.queue.fail(err, false)
			}
			continue
		}
		<-s.turn
		s.work(conn)
		due := s.due()
		s.turn <- struct{}{}
		if !due.IsZero() {
			timer.Reset(time.Until(due))
		}
	}
}

// work does what there is to do. Whoever calls it has the turn.
func (s *Switch) work(conn *of.Conn) {
	if ctx, changes := s.queue.take(s.alive); len(changes) > 0 {
		s.queue.finish(s.perform(ctx, conn, changes))
	} else {
		s.queue.finish(nil)
	}
	s.repair(s.alive, conn)
	s.settle(s.alive, conn)
}

// due is when there is something to do next that nobody asks for; zero is never.
func (s *Switch) due() (at time.Time) {
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	for _, w := range s.settling {
		sooner(w.due())
	}
	if s.wantsRepair() {
		sooner(s.pace.next)
	}
	return at
}

// perform makes changes at once. One that is not valid does not concern the others, and if the switch refuses the
// bundle each has its own. It returns those that are to be tried again on the next connection.
func (s *Switch) perform(ctx context.Context, conn *of.Conn, changes []*change) (again []*change) {
	var valid []*change
	prune := false
	for _, c := range changes {
		mark := len(s.state.undo)
		if err := c.edit(); err != nil {
			s.state.undoTo(mark)
			c.done <- err
			continue
		}
		valid = append(valid, c)
		prune = prune || c.prune
	}
	if len(valid) == 0 {
		return nil
	}
	plan, err := s.sync(ctx, conn, prune)
	if err == nil {
		s.state.commit()
		for _, c := range valid {
			c.plan = plan
			c.done <- nil
		}
		return nil
	}
	s.state.rollback()
	var ended *of.ConnError
	switch {
	case errors.As(err, &ended):
		for _, c := range valid {
			if c.tries++; c.tries < maxTries && !s.queue.isGone(c) {
				again = append(again, c)
			} else {
				c.done <- err
			}
		}
	case len(valid) == 1 || ctx.Err() != nil:
		for _, c := range valid {
			c.done <- err
		}
	default:
		for _, c := range valid {
			again = append(again, s.perform(ctx, conn, []*change{c})...)
		}
	}
	return again
}

// undoTo undoes all that came after the first so many steps.
func (s *state) undoTo(steps int) {
	for len(s.undo) > steps {
		last := len(s.undo) - 1
		s.undo[last]()
		s.undo = s.undo[:last]
	}
}

// sync makes the switch hold what the state is compiled to. With prune it looks at all that the switch holds.
func (s *Switch) sync(ctx context.Context, conn *of.Conn, prune bool) (*of.Plan, error) {
	e := s.compile(prune)
	for _, g := range e.groups {
		if g != nil {
			if err := s.supported(conn, *g); err != nil {
				return nil, err
			}
		}
	}
	plan, written := s.step(e)
	forget, left := s.outdated(e, written), s.left
	if prune || s.stale || conn != s.conn {
		var err error
		if plan, left, err = s.compare(ctx, conn, e, prune); err != nil {
			return nil, fmt.Errorf("compare with the switch: %w", err)
		}
	}
	if err := s.carry(ctx, conn, plan, left); err != nil {
		return nil, err
	}
	s.book.apply(e)
	left.without(e)
	s.left, s.conn, s.stale = left, conn, false
	for r := range e.objects {
		delete(s.leftKeys, objectCookie(r))
	}
	if prune {
		clear(s.leftKeys)
	}
	s.renewed(e)
	s.forget(s.alive, conn, forget)
	return plan, nil
}

// compile gives what the state makes different, and with prune what nothing declared accounts for.
func (s *Switch) compile(prune bool) edit {
	objects := s.state.outputs()
	for _, r := range s.superseded(objects, prune) {
		objects[r] = output{}
	}
	e := s.book.edit(objects)
	for r := range objects {
		for _, key := range s.leftKeys[objectCookie(r)] {
			_, changed := e.flows[key]
			_, left := s.left.flows[key] // and not another object's by now
			if left && !changed {
				e.flows[key] = nil
			}
		}
		if r.kind == kindEndpoint {
			s.endShares(&e, r.name)
		}
	}
	return e
}

// endShares takes away the ports of an earlier run that an endpoint shared, and that nobody has declared: whether it still does
// is not known of the others, and it may not.
func (s *Switch) endShares(e *edit, endpoint string) {
	for _, key := range s.leftShared[bucketNumber(endpoint, 0)] {
		f := s.left.flows[key]
		if f == nil {
			continue
		}
		if _, changed := e.flows[key]; !changed {
			e.flows[key] = nil
		}
		if id := groupOfPort(f); s.left.groups[id] != nil {
			if _, changed := e.groups[id]; !changed {
				e.groups[id] = nil
			}
		}
	}
}

// carry makes the changes of a plan for a switch that has what is left of an earlier run. An error that is no refusal leaves it
// open what the switch holds.
func (s *Switch) carry(ctx context.Context, conn *of.Conn, p *of.Plan, left items) error {
	for _, g := range slices.Concat(p.Groups.Add, p.Groups.Replace) {
		if err := s.supported(conn, g); err != nil {
			return err
		}
	}
	if err := carryParts(ctx, conn, s.divide(p, left)); err != nil {
		var refused *of.RequestError
		if !errors.As(err, &refused) || errors.Is(err, of.ErrOutcomeUnknown) {
			s.stale = true
		}
		return err
	}
	if !p.Empty() {
		s.log.Debug("flows changed", "changes", p.String())
	}
	return nil
}

// supported reports whether a connection can carry a group.
func (s *Switch) supported(conn *of.Conn, g of.Group) error {
	if g.Selection.Method == "" || conn.Version() >= of.Version15 {
		return nil
	}
	return fmt.Errorf("%s, which endpoints share, takes OpenFlow 1.5, and the connection speaks %v: %w",
		s.state.groupOf(g), conn.Version(), errors.ErrUnsupported)
}
