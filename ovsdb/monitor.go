// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// MonitorOptions say what a monitor copies.
type MonitorOptions struct {
	// Tables are made by [NewTable] and filled by the monitor.
	Tables []Monitored
}

// A Monitor keeps tables up to date until its client's session ends. Then they
// stay as they were.
type Monitor struct {
	session *session
	tables  map[string]Monitored

	mu      sync.RWMutex  // guards the tables' rows
	changed chan struct{} // closed at the next update; nil while nobody waits
}

// Monitor starts to copy tables and returns when they are filled. It uses
// monitor_cond, described in ovsdb-server(7), which sends only the differences
// of a set that has changed, or monitor, RFC 7047 section 4.1.5, where the
// server has no other.
func (c *Client) Monitor(ctx context.Context, o MonitorOptions) (*Monitor, error) {
	m := &Monitor{session: c.session, tables: map[string]Monitored{}}
	requests, err := m.bind(c.schema, o.Tables)
	if err != nil {
		return nil, fmt.Errorf("monitor: %w", err)
	}
	err = c.startMonitor(ctx, m, "monitor_cond", requests, formatDifferences)
	if errors.Is(err, ErrUnknownMethod) {
		err = c.startMonitor(ctx, m, "monitor", requests, formatRows)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
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

// Wait waits until cond holds. It calls cond at once and again after updates:
// several that arrive while cond runs are seen together. It returns the error
// of cond, or one that wraps the reason if the context or the session ends
// first.
func (m *Monitor) Wait(ctx context.Context, cond func() (bool, error)) error {
	for {
		changed := m.Changed()
		if ok, err := cond(); ok || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for a change of the database: %w", ctx.Err())
		case <-m.session.done:
			if ok, err := cond(); ok || err != nil {
				return err
			}
			return fmt.Errorf("wait for a change of the database: %w", m.session.err())
		}
	}
}

// bind attaches the tables and returns the <monitor-requests>.
func (m *Monitor) bind(s *schema, tables []Monitored) (json.RawMessage, error) {
	if len(tables) == 0 {
		return nil, errors.New("no tables given")
	}
	requests := []byte{'{'}
	for i, t := range tables {
		name := t.tableName()
		if m.tables[name] != nil {
			return nil, fmt.Errorf("table %q given twice", name)
		}
		columns, err := t.bind(s, &m.mu)
		if err != nil {
			return nil, err
		}
		m.tables[name] = t
		if i > 0 {
			requests = append(requests, ',')
		}
		requests = append(appendString(requests, name), `:[{"columns":[`...)
		for i, column := range columns {
			if i > 0 {
				requests = append(requests, ',')
			}
			requests = appendString(requests, column)
		}
		requests = append(requests, `]}]`...)
	}
	return append(requests, '}'), nil
}

// startMonitor makes the request and applies its result, which is an update
// that holds all rows.
func (c *Client) startMonitor(ctx context.Context, m *Monitor, method string, requests json.RawMessage, f updateFormat) error {
	id := c.session.addMonitor(m)
	call := &call{method: method, receive: func(result json.RawMessage) error {
		s := scanner{data: result}
		if _, err := m.apply(&s, f); err != nil {
			return err
		}
		return s.end()
	}}
	_, err := c.session.do(ctx, call, encodeParams(c.database, id, requests))
	if err != nil {
		c.session.dropMonitor(id, !errors.As(err, new(*ServerError)))
	}
	return err
}

// updateFormat is the form of an update.
type updateFormat int

const (
	formatNone updateFormat = iota
	// formatRows is the form of monitor, RFC 7047 section 4.1.6.
	formatRows
	// formatDifferences is the form of monitor_cond, ovsdb-server(7).
	formatDifferences
)

// notificationFormat returns the form of an update notification, formatNone if
// the method is none.
func notificationFormat(method string) updateFormat {
	switch method {
	case "update":
		return formatRows
	case "update2":
		return formatDifferences
	default:
		return formatNone
	}
}

// apply reads <table-updates> and brings the tables up to date. It returns how
// many rows that were.
func (m *Monitor) apply(s *scanner, f updateFormat) (rows int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	err = s.object(func(name string) error {
		t, ok := m.tables[name]
		if !ok {
			return fmt.Errorf("update of table %q, which is not monitored", name)
		}
		return s.object(func(uuid string) error {
			if !isUUID(uuid) {
				return fmt.Errorf("update of table %q: %s is not a UUID", name, excerpt([]byte(uuid)))
			}
			if err := applyRow(t, uuid, s, f); err != nil {
				return fmt.Errorf("update of table %q: row %s: %w", name, uuid, err)
			}
			rows++
			return nil
		})
	})
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
	return rows, err
}

func applyRow(t Monitored, uuid string, s *scanner, f updateFormat) error {
	if f == formatDifferences {
		return s.object(func(kind string) error {
			switch kind {
			case "initial", "insert":
				return t.put(uuid, s)
			case "modify":
				return t.patch(uuid, s)
			case "delete":
				if err := s.skip(); err != nil {
					return err
				}
				return t.remove(uuid)
			default:
				return fmt.Errorf("unknown kind of change %s", excerpt([]byte(kind)))
			}
		})
	}
	removed := true
	err := s.object(func(version string) error {
		if version != "new" {
			return s.skip()
		}
		if null, err := s.null(); null || err != nil {
			return err
		}
		removed = false
		return t.put(uuid, s)
	})
	if err == nil && removed {
		err = t.remove(uuid)
	}
	return err
}

// addMonitor makes updates of the id it returns reach the monitor.
func (s *session) addMonitor(m *Monitor) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastMonitor++
	id = "monitor " + strconv.Itoa(s.lastMonitor)
	s.monitors[id] = m
	return id
}

// dropMonitor makes updates of the id be ignored. If the server may have the
// monitor nevertheless it is asked to end it, RFC 7047 section 4.1.7; nobody
// waits for its answer.
func (s *session) dropMonitor(id string, cancel bool) {
	s.mu.Lock()
	delete(s.monitors, id)
	s.lastID++
	request := s.lastID
	s.mu.Unlock()
	if !cancel {
		return
	}
	select {
	case s.requests <- encodeRequest(request, "monitor_cancel", encodeParams(id)):
	default:
		s.log.Debug("ovsdb monitor_cancel not sent: the server does not read", "id", id)
	}
}

// receiveUpdate reads the params of an update: [monitor id, <table-updates>].
func (s *session) receiveUpdate(params json.RawMessage, f updateFormat) error {
	sc := scanner{data: params}
	if err := sc.expect('['); err != nil {
		return err
	}
	id, err := sc.raw()
	if err != nil {
		return err
	}
	if err := sc.expect(','); err != nil {
		return err
	}
	var name string
	if json.Unmarshal(id, &name) != nil {
		name = ""
	}
	s.mu.Lock()
	m := s.monitors[name]
	s.mu.Unlock()
	if m == nil {
		s.log.Debug("ovsdb update of an unknown monitor ignored", "id", string(id))
		return nil
	}
	start := time.Now()
	rows, err := m.apply(&sc, f)
	if err != nil {
		return err
	}
	s.hooks.update(UpdateInfo{Rows: rows, Lag: time.Since(start)})
	if err := sc.expect(']'); err != nil {
		return err
	}
	return sc.end()
}
