// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// MonitorOptions say what a monitor copies.
type MonitorOptions struct {
	// Tables are made by [NewTable] and filled by the monitor.
	Tables []Monitored
}

// A Monitor keeps tables up to date until it or its client is closed. While
// there is no connection they stay as they were; with the next one they
// receive what has changed in the meantime.
//
// A server that the client comes to may have another schema, or know less, so
// that it cannot serve the monitor. Then the monitor ends: [Monitor.Err] and
// whatever waits for it say why.
type Monitor struct {
	client *Client
	tables []Monitored
	turn   chan struct{} // holds a value while the selection is being changed
	ended  chan struct{} // closed when the monitor ends by itself, that is before its client
	buffer []rowChange   // for the read loop to use again
	// observe, if set, is called in the read loop after every update. Its
	// error ends the session.
	observe func() error

	mu      sync.RWMutex  // guards the tables' rows and what follows
	changed chan struct{} // closed at the next update; nil while nobody waits
	closed  bool
	failure error // why it was closed; nil if it was closed by its owner
	watches []*Watch

	current *registration // what the rows come from
	lastTxn string        // the transaction that the rows are current with, if the server says so
	// wanted counts the changes of the selection; answered is the latest that
	// the rows are known to conform to.
	wanted, answered int
}

// Monitor starts to copy tables and returns when they are filled. It uses the
// best method that the server has: monitor_cond_since, by which a clustered
// server can tell after a new connection what has changed since the old one, or
// monitor_cond, both described in ovsdb-server(7), or monitor, RFC 7047 section
// 4.1.5. The monitors of a client are independent of each other.
func (c *Client) Monitor(ctx context.Context, o MonitorOptions) (*Monitor, error) {
	m := &Monitor{client: c, turn: make(chan struct{}, 1), ended: make(chan struct{})}
	if err := m.attach(o.Tables); err != nil {
		return nil, fmt.Errorf("monitor: %w", err)
	}
	err := m.onConnection(ctx, m.register, c.keep)
	if err != nil {
		m.detach()
		return nil, fmt.Errorf("monitor: %w", err)
	}
	return m, nil
}

// keep makes a monitor be registered on every connection that follows the one
// it is registered on. It reports whether that is still in use.
func (c *Client) keep(m *Monitor, s *session) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != s {
		return false
	}
	c.monitors = append(c.monitors, m)
	return true
}

// onConnection does something on the connection in use, and again on the next
// one if it ended before that was done or confirmed.
func (m *Monitor) onConnection(ctx context.Context, do func(context.Context, *session) error, confirm func(*Monitor, *session) bool) error {
	var s *session
	for {
		var err error
		if s, err = m.client.connection(ctx, s, nil); err != nil {
			return err
		}
		err = do(ctx, s)
		if s.err() != nil {
			<-s.ended // nobody but us touches the rows then
		}
		if err == nil && confirm(m, s) {
			return nil
		}
		if err != nil && (s.err() == nil || errors.Is(err, ErrProtocol)) {
			return err
		}
	}
}

// attach makes the tables belong to the monitor.
func (m *Monitor) attach(tables []Monitored) error {
	if len(tables) == 0 {
		return errors.New("no tables given")
	}
	for _, t := range tables {
		name := t.tableName()
		if m.table(name) != nil {
			m.detach()
			return fmt.Errorf("table %q given twice", name)
		}
		if !t.attach(m) {
			m.detach()
			return fmt.Errorf("table %q belongs to a monitor already", name)
		}
		m.tables = append(m.tables, t)
	}
	return nil
}

// detach ends a monitor that did not come about.
func (m *Monitor) detach() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for _, t := range m.tables {
		t.detach()
	}
}

func (m *Monitor) table(name string) Monitored {
	for _, t := range m.tables {
		if t.tableName() == name {
			return t
		}
	}
	return nil
}

// Close ends the monitor. The tables stay as they are. It can be called more
// than once and does not wait for the server.
func (m *Monitor) Close() error {
	m.end(nil)
	return nil
}

// Err returns nil while the monitor lives, then why it has ended: the end of
// the client, [ErrMonitorClosed], or the refusal of a server, a [*SchemaError],
// a [*ServerError] or [ErrNotSupported].
func (m *Monitor) Err() error {
	if err := m.client.Err(); err != nil {
		return err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	switch {
	case m.failure != nil:
		return m.failure
	case m.closed:
		return ErrMonitorClosed
	}
	return nil
}

// end ends the monitor for a reason, nil if that is its owner's wish.
func (m *Monitor) end(failure error) {
	c := m.client
	c.mu.Lock()
	if i := slices.Index(c.monitors, m); i >= 0 {
		c.monitors = slices.Delete(c.monitors, i, i+1)
	}
	c.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	m.closed, m.failure = true, failure
	close(m.ended)
	m.signal()
	if r := m.current; r != nil {
		r.session.dropMonitor(r.id, true)
	}
}

// Changed returns a channel that is closed after the next update. To miss
// nothing, get the channel first, then look at the tables.
func (m *Monitor) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return m.changed
}

// signal tells of an update. The caller holds the lock.
func (m *Monitor) signal() {
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// Wait waits until cond holds. It calls cond at once and again after updates:
// several that arrive while cond runs are seen together. It returns the error
// of cond, or one that wraps the reason if the context, the monitor or the
// client ends first.
func (m *Monitor) Wait(ctx context.Context, cond func() (bool, error)) error {
	for {
		changed := m.Changed()
		if ok, err := cond(); ok || err != nil {
			return err
		}
		select {
		case <-changed:
			continue
		case <-ctx.Done():
			err := reason(ctx)
			if s := m.client.State(); s.Err != nil {
				err = fmt.Errorf("%w: %w: %w", ErrDisconnected, s.Err, err)
			}
			return fmt.Errorf("wait for a change of the database: %w", err)
		case <-m.ended:
		case <-m.client.done:
		}
		if ok, err := cond(); ok || err != nil {
			return err
		}
		return fmt.Errorf("wait for a change of the database: %w", m.Err())
	}
}

// newMonitorID returns an id that no other monitor of the client has had.
func (c *Client) newMonitorID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastMonitor++
	return "monitor " + strconv.Itoa(c.lastMonitor)
}
