// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"errors"
	"fmt"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// Replay is what was done to a switch that has come back. A switch that has only lost its connection holds what it held.
type Replay struct {
	// Plan is what was changed: after a restart of the switch, all that is declared was added.
	Plan *of.Plan
	// Took is how long it took from the connection on.
	Took time.Duration
}

// prepare brings the switch up to date on a new connection.
func (s *Switch) prepare(ctx context.Context, conn *of.Conn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.alive, cancel)()
	r, err := s.takeOver(ctx, conn)
	if err != nil {
		return fmt.Errorf("flows: %w", err)
	}
	if r != nil && s.onReplay != nil {
		s.onReplay(ctx, *r)
	}
	return nil
}

// takeOver reads what the switch holds the first time, and else makes it hold what it should.
func (s *Switch) takeOver(ctx context.Context, conn *of.Conn) (*Replay, error) {
	began := time.Now()
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if s.closed {
		return nil, nil
	}
	// The switch tells of changes from before it is looked at: none is missed.
	s.watch(ctx, conn)
	if s.conn == nil {
		if err := s.read(ctx, conn); err != nil {
			s.unwatch(conn) // the connection lives on
			return nil, err
		}
		s.conn = conn
		return nil, nil
	}
	plan, err := s.restore(ctx, conn)
	if err != nil {
		var refused *of.RequestError
		if !errors.As(err, &refused) && !errors.Is(err, errors.ErrUnsupported) {
			return nil, err
		}
		// With the next connection it would be the same. Others need this one, and whoever can help declares something else.
		s.log.Warn("the switch does not take what is declared", "err", err)
		s.conn, s.stale = conn, true
		s.pace.failed(time.Now())
		s.queue.poke()
		return nil, nil
	}
	s.settle(ctx, conn)
	return &Replay{Plan: plan, Took: time.Since(began)}, nil
}

// restore compares all that the switch holds with what is declared, and puts it right; what an earlier run has left stays.
func (s *Switch) restore(ctx context.Context, conn *of.Conn) (*of.Plan, error) {
	plan, left, err := s.compare(ctx, conn, edit{}, false)
	if err != nil {
		return nil, err
	}
	if err := s.carry(ctx, conn, plan, left); err != nil {
		return nil, err
	}
	s.left, s.conn, s.stale = left, conn, false
	return plan, nil
}
