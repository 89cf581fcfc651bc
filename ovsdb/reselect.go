// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"fmt"
)

// Reselect changes what of a table is copied, and returns when the table shows
// it. Rows that are selected no longer are deleted, new ones are added, and
// columns that are copied no longer become zero; watches are told.
//
// Where the conditions alone are new it uses monitor_cond_change,
// ovsdb-server(7) section 4.1.13; since that cannot change columns, it replaces
// the server's monitor otherwise.
//
// If the server refuses, the selection stays as it was. If the context or the
// client ends first it is not known which one the table shows; the new one is
// then used from the next connection on. A monitor that was closed, now or
// before, makes it fail with [ErrMonitorClosed].
func (m *Monitor) Reselect(ctx context.Context, t Monitored, o TableOptions) error {
	if m.table(t.tableName()) != t {
		return fmt.Errorf("reselect: table %q does not belong to the monitor", t.tableName())
	}
	ctx, cancel := m.whileOpen(ctx)
	defer cancel()
	err := m.inTurn(ctx, t, o)
	select {
	case <-m.ended:
		err = m.Err()
	default:
	}
	if err != nil {
		return fmt.Errorf("reselect rows of table %q: %w", t.tableName(), err)
	}
	return nil
}

// whileOpen returns a context that ends with the monitor, too.
func (m *Monitor) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-m.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// inTurn changes the selection when no other change is under way.
func (m *Monitor) inTurn(ctx context.Context, t Monitored, o TableOptions) error {
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return reason(ctx)
	}
	old, version, err := m.reselect(t, o)
	if err != nil {
		return err
	}
	err = m.onConnection(ctx,
		func(ctx context.Context, s *session) error { return m.conform(ctx, s, t, version) },
		func(_ *Monitor, s *session) bool { return s.err() == nil })
	if refusesMonitor(err) {
		m.undo(t, old, version)
	}
	return err
}

// reselect takes note of a selection after checking it. It returns the one
// before.
func (m *Monitor) reselect(t Monitored, o TableOptions) (old TableOptions, version int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return old, 0, ErrMonitorClosed
	}
	old = t.selection()
	t.selected(o)
	if _, err := t.plan(m.client.schema.Load()); err != nil {
		t.selected(old)
		return old, 0, err
	}
	m.wanted++
	return old, m.wanted, nil
}

// undo takes back a selection that the server has refused.
func (m *Monitor) undo(t Monitored, old TableOptions, version int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t.selected(old)
	if m.answered == version-1 {
		m.answered = version // which selects the same now
	} else {
		m.wanted++
	}
}

// conform makes the server's monitor conform to a version of the selection, of
// which that of one table is new.
func (m *Monitor) conform(ctx context.Context, s *session, t Monitored, version int) error {
	m.mu.RLock()
	plan, err := t.plan(s.schema)
	r, answered, closed := m.current, m.answered, m.closed
	m.mu.RUnlock()
	switch {
	case closed:
		return ErrMonitorClosed
	case err != nil:
		return err
	case answered >= version: // the connection has begun with it
		return nil
	case answered < version-1 || r.session != s || r.dialect == dialectRows || !r.tables[t.tableName()].plan.serves(plan):
		return m.register(ctx, s)
	}
	return m.changeConditions(ctx, r, t.tableName(), plan.where, version)
}

// changeConditions tells the server which rows of a table are to be copied. The
// update that follows from it comes before its answer.
func (m *Monitor) changeConditions(ctx context.Context, r *registration, table string, where []byte, version int) error {
	if where == nil {
		where = []byte("[true]")
	}
	change := appendString(rawJSON{'{'}, table)
	change = append(append(append(change, `:[{"where":`...), where...), `}]}`...)
	if _, err := r.session.call(ctx, "monitor_cond_change", encodeParams(r.id, r.id, rawJSON(change))); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current == r && m.answered == version-1 { // else another table may not be as selected
		m.answered = version
	}
	return nil
}
