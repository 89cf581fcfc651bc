// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The ways of monitoring, from the newest to the oldest.
const (
	// dialectSince tells with every update which transaction it belongs to.
	dialectSince = iota
	// dialectCond sends only the differences of a set or map that has changed.
	dialectCond
	// dialectRows is that of RFC 7047, which sends whole rows.
	dialectRows
)

// dialects name the request of each and the notification that follows.
var dialects = [...]struct{ method, notification string }{
	dialectSince: {"monitor_cond_since", "update3"},
	dialectCond:  {"monitor_cond", "update2"},
	dialectRows:  {"monitor", "update"},
}

// dialectOfNotification returns -1 if the method is no update.
func dialectOfNotification(method string) int {
	for d, names := range dialects {
		if names.notification == method {
			return d
		}
	}
	return -1
}

// noTransaction is the id of a transaction that no server knows.
const noTransaction = noUUID

// A registration is a monitor as one server knows it.
type registration struct {
	monitor  *Monitor
	session  *session
	database string
	id       string
	dialect  int
	schema   *schema
	tables   map[string]registeredTable
	version  int    // of the selection
	since    string // the transaction from which on the server is to tell what has changed
	requests rawJSON

	// adopted says that the tables follow the registration, takenBack that
	// they never will. Both are guarded by the monitor's lock; the read loop,
	// which alone sets adopted, reads it without.
	adopted, takenBack bool
}

// registeredTable says how the server sends the rows of a table.
type registeredTable struct {
	table Monitored
	plan  *rowPlan
}

// register makes the monitor known to a server and brings the tables up to
// date with it.
func (m *Monitor) register(ctx context.Context, s *session) error {
	return m.registerAs(ctx, s, m.client.options.Database, s.schema)
}

func (m *Monitor) registerAs(ctx context.Context, s *session, database string, sch *schema) error {
	r, err := m.newRegistration(s, database, sch)
	if err != nil {
		return err
	}
	for r.dialect = int(s.dialect.Load()); ; r.dialect++ {
		err := r.request(ctx)
		if r.dialect == dialectRows || !errors.Is(err, ErrUnknownMethod) {
			return err
		}
		s.dialect.Store(int32(r.dialect + 1))
	}
}

// newRegistration checks the tables against the schema and makes the
// <monitor-requests>.
func (m *Monitor) newRegistration(s *session, database string, sch *schema) (*registration, error) {
	r := &registration{monitor: m, session: s, database: database, id: "server",
		schema: sch, tables: map[string]registeredTable{}, since: noTransaction}
	if m.observe == nil {
		r.id = m.client.newMonitorID()
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	r.version = m.wanted
	// Rows that follow an older registration of the session are not known to
	// be at lastTxn any more when the answer comes.
	if old := m.current; old != nil && old.session != s && old.schema == sch && m.answered == m.wanted && m.lastTxn != "" {
		r.since = m.lastTxn
	}
	for i, t := range m.tables {
		plan, err := t.plan(sch)
		if err != nil {
			return nil, err
		}
		name := t.tableName()
		r.tables[name] = registeredTable{t, plan}
		r.requests = append(r.requests, "{,"[min(i, 1)])
		r.requests = append(appendString(r.requests, name), `:[{"columns":[`...)
		for i, column := range plan.columns {
			if i > 0 {
				r.requests = append(r.requests, ',')
			}
			r.requests = appendString(r.requests, column)
		}
		r.requests = append(r.requests, ']')
		if plan.where != nil {
			r.requests = append(append(r.requests, `,"where":`...), plan.where...)
		}
		r.requests = append(r.requests, `}]`...)
	}
	r.requests = append(r.requests, '}')
	return r, nil
}

// request makes the request in the dialect and takes over its result.
func (r *registration) request(ctx context.Context) error {
	if r.dialect == dialectRows {
		for name, t := range r.tables {
			if t.plan.where != nil {
				return fmt.Errorf("monitor of a part of table %q: %w by the server", name, ErrNotSupported)
			}
		}
	}
	params := []any{r.database, r.id, r.requests}
	if r.dialect == dialectSince {
		params = append(params, r.since)
	}
	r.session.addMonitor(r)
	call := &call{method: dialects[r.dialect].method, receive: r.adopt}
	_, err := r.session.do(ctx, call, encodeParams(params...))
	refused := errors.As(err, new(*ServerError))
	if err == nil || !refused && !r.takeBack() {
		return nil
	}
	r.session.dropMonitor(r.id, !refused)
	return err
}

// refusesMonitor reports whether an error is about the monitor, not about the
// connection.
func refusesMonitor(err error) bool {
	return errors.As(err, new(*ServerError)) || errors.As(err, new(*SchemaError)) || errors.Is(err, ErrNotSupported)
}

// takeBack makes an answer be ignored that may still come. It reports whether
// none has come: one that was taken over counts although nobody waited for it.
func (r *registration) takeBack() bool {
	r.monitor.mu.Lock()
	defer r.monitor.mu.Unlock()
	r.takenBack = !r.adopted
	return r.takenBack
}

// adopt takes over the result: all rows, or what has changed since a
// transaction.
func (r *registration) adopt(result json.RawMessage) error {
	start := time.Now()
	s := scanner{data: result}
	snapshot, lastTxn := true, ""
	if r.dialect == dialectSince {
		if err := s.expect('['); err != nil {
			return err
		}
		found, err := s.boolean()
		if err != nil {
			return err
		}
		snapshot = !found || r.since == noTransaction
		if lastTxn, err = s.transaction(); err != nil {
			return err
		}
	}
	changes, err := r.decode(&s, snapshot)
	if err != nil {
		return err
	}
	if r.dialect == dialectSince {
		if err := s.expect(']'); err != nil {
			return err
		}
	}
	if err := s.end(); err != nil {
		return err
	}
	rows := len(changes)
	r.session.log.Debug("ovsdb monitor registered", "monitor", r.id, "method", dialects[r.dialect].method,
		"resumed", !snapshot, "rows", rows)
	r.install(changes, lastTxn)
	r.report(rows, start)
	return nil
}

// install makes the tables show what the server has said, and follow this
// registration instead of an older one.
func (r *registration) install(changes []rowChange, lastTxn string) {
	m := r.monitor
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case r.takenBack:
		return
	case m.closed:
		r.session.dropMonitor(r.id, true)
		return
	}
	r.adopted = true
	old := m.current
	m.current, m.answered, m.lastTxn = r, max(m.answered, r.version), lastTxn
	if old != nil && old.session == r.session {
		r.session.dropMonitor(old.id, true)
	}
	m.commit(changes)
}

// transaction reads a comma and the id of a transaction, and what follows up
// to the next value. The id is "" if the server has none.
func (s *scanner) transaction() (string, error) {
	if err := s.expect(','); err != nil {
		return "", err
	}
	id, err := s.string()
	if err != nil {
		return "", err
	}
	if !isUUID(id) {
		return "", fmt.Errorf("transaction id %s is not a UUID", excerpt([]byte(id)))
	}
	if id == noTransaction {
		id = ""
	}
	return id, s.expect(',')
}

// addMonitor makes updates of the registration's id reach it.
func (s *session) addMonitor(r *registration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.monitors[r.id] = r
}

// dropMonitor makes updates of the id be ignored. If the server may have the
// monitor nevertheless it is asked to end it, RFC 7047 section 4.1.7; nobody
// waits for its answer.
func (s *session) dropMonitor(id string, cancel bool) {
	s.mu.Lock()
	delete(s.monitors, id)
	s.mu.Unlock()
	if cancel {
		s.post("monitor_cancel", encodeParams(id))
	}
}
