// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A rowChange is what an update does to one row.
type rowChange struct {
	table Monitored
	uuid  string
	row   any // the new row, nil if it is gone
}

// receiveUpdate reads the params of an update, [monitor id, <table-updates>]
// or [monitor id, transaction id, <table-updates2>], and takes it over.
func (s *session) receiveUpdate(params json.RawMessage, dialect int) error {
	sc := scanner{data: params}
	id, err := sc.element('[')
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrProtocol)
	}
	name, _ := (&scanner{data: id}).string() // the id of any of ours is a string
	s.mu.Lock()
	r := s.monitors[name]
	s.mu.Unlock()
	if r == nil || !r.adopted || r.dialect != dialect {
		s.log.Debug("ovsdb update of an unknown monitor ignored", "id", string(id))
		return nil
	}
	if err := r.update(&sc); err != nil {
		return fmt.Errorf("%w: %w", err, ErrProtocol)
	}
	if r.monitor.observe != nil {
		return r.monitor.observe()
	}
	return nil
}

// update takes over an update, read from behind the monitor's id.
func (r *registration) update(s *scanner) (err error) {
	start := time.Now()
	lastTxn := ""
	if r.dialect == dialectSince {
		lastTxn, err = s.transaction()
	} else {
		err = s.expect(',')
	}
	if err != nil {
		return err
	}
	changes, err := r.decode(s, false)
	if err != nil {
		return err
	}
	if err := s.expect(']'); err != nil {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	rows := len(changes)
	if r.follow(changes, lastTxn) {
		r.report(rows, start)
	}
	return nil
}

// follow makes the tables show an update, unless they follow something else by
// now.
func (r *registration) follow(changes []rowChange, lastTxn string) bool {
	m := r.monitor
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.current != r {
		return false
	}
	m.lastTxn = lastTxn
	m.commit(changes)
	return true
}

// report tells the hooks of rows that have changed, of the user's monitors.
func (r *registration) report(rows int, start time.Time) {
	if r.monitor.observe == nil {
		r.session.hooks.update(UpdateInfo{Rows: rows, Lag: time.Since(start)})
	}
}

// decode reads <table-updates> or <table-updates2>. Rows are changed only when
// it has succeeded as a whole. It needs no lock: the read loop alone changes
// rows. Of a snapshot, which has all rows there are, it returns how it differs
// from what the tables hold.
func (r *registration) decode(s *scanner, snapshot bool) ([]rowChange, error) {
	changes := r.monitor.buffer[:0]
	var seen map[Monitored]map[string]struct{}
	if snapshot {
		seen = map[Monitored]map[string]struct{}{}
		for _, t := range r.tables {
			if t.table.size() > 0 {
				seen[t.table] = map[string]struct{}{}
			}
		}
	}
	err := s.object(func(name string) error {
		t, ok := r.tables[name]
		if !ok {
			return fmt.Errorf("update of table %s, which is not monitored", excerpt([]byte(name)))
		}
		known := seen[t.table]
		return s.object(func(uuid string) error {
			if !isUUID(uuid) {
				return fmt.Errorf("update of table %q: %s is not a UUID", name, excerpt([]byte(uuid)))
			}
			row, err := r.decodeRow(t, uuid, s)
			if err != nil {
				return fmt.Errorf("update of table %q: row %s: %w", name, uuid, err)
			}
			if known != nil {
				known[uuid] = struct{}{}
				if row != nil && t.table.holds(t.plan, uuid, row) {
					return nil
				}
			}
			if row != nil && row == t.table.row(uuid) {
				return nil // a column has changed that a condition is about, but is not copied
			}
			changes = append(changes, rowChange{t.table, uuid, row})
			return nil
		})
	})
	if err != nil {
		r.monitor.distrust()
		return nil, err
	}
	for t, known := range seen {
		for _, uuid := range t.others(known) {
			changes = append(changes, rowChange{t, uuid, nil})
		}
	}
	return changes, nil
}

// distrust makes the next registration ask for all rows: what a server said
// does not fit what there is.
func (m *Monitor) distrust() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lastTxn = ""
}

// decodeRow returns the new row, nil if it is gone.
func (r *registration) decodeRow(t registeredTable, uuid string, s *scanner) (row any, err error) {
	gone := r.dialect == dialectRows
	if r.dialect == dialectRows {
		err = s.object(func(version string) error {
			if version != "new" {
				return s.skip()
			}
			if null, err := s.null(); null || err != nil {
				return err
			}
			row, err = t.table.decode(t.plan, uuid, s)
			return err
		})
	} else {
		err = s.object(func(kind string) error {
			switch kind {
			case "initial", "insert":
				row, err = t.table.decode(t.plan, uuid, s)
			case "modify":
				row, err = t.table.patch(t.plan, uuid, s)
			case "delete":
				gone = true
				row, err = nil, s.skip()
			default:
				err = fmt.Errorf("unknown kind of change %s", excerpt([]byte(kind)))
			}
			return err
		})
	}
	switch {
	case err != nil || row != nil:
		return row, err
	case !gone:
		return nil, errors.New("no change given")
	case t.table.row(uuid) == nil:
		return nil, errUnknownRow
	}
	return nil, nil
}

// commit makes the changes in the tables and tells of them. The caller holds
// the lock.
func (m *Monitor) commit(changes []rowChange) {
	var events []Event
	if len(m.watches) > 0 && len(changes) > 0 {
		events = make([]Event, 0, len(changes))
	}
	for _, c := range changes {
		old := c.table.commit(c.uuid, c.row)
		if events != nil && (old != nil || c.row != nil) {
			events = append(events, Event{Table: c.table.tableName(), UUID: c.uuid, Old: old, New: c.row})
		}
	}
	if len(events) > 0 {
		for _, w := range m.watches {
			w.push(events)
		}
	}
	m.signal()
	clear(changes)
	m.buffer = nil
	if cap(changes) <= maxBuffer {
		m.buffer = changes[:0]
	}
}

// maxBuffer is how many changes the buffer for them may hold between updates.
const maxBuffer = 1024

// element reads an opening bracket or a comma, and a value.
func (s *scanner) element(before byte) ([]byte, error) {
	if err := s.expect(before); err != nil {
		return nil, err
	}
	return s.raw()
}
