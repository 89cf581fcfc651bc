// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "slices"

var monitorVersions = map[string]monitorVersion{
	"monitor": plainMonitor, "monitor_cond": condMonitor, "monitor_cond_since": sinceMonitor,
}

// monitorRequest handles the three requests that start a monitor.
func (s *session) monitorRequest(req message) (any, *Error) {
	db, err := s.database(req)
	if err != nil {
		return nil, err
	}
	m := &monitor{session: s, db: db, version: monitorVersions[req.method], tables: map[*table]*monitoredTable{}}
	params := req.params
	if n := len(params); m.version == condMonitor && n != 3 || m.version == sinceMonitor && n != 4 || n < 3 {
		return nil, syntaxError(params, "invalid parameters")
	}
	m.setID(params[1])
	requests, ok := params[2].(map[string]any)
	if !ok {
		return nil, syntaxError(params[2], "monitor-requests must be object")
	}
	if s.monitor(m.id) != nil {
		return nil, syntaxError(m.id, "duplicate monitor ID")
	}
	var tables []string
	var conditions []condition
	for _, name := range memberNames(requests) {
		t := db.tables[name]
		if t == nil {
			return nil, newError(tagSyntax, "no table named %s", name)
		}
		mt := &monitoredTable{table: t}
		m.tables[t] = mt
		m.order = append(m.order, mt)
		list, ok := requests[name].([]any)
		if !ok {
			list = []any{requests[name]}
		}
		for _, r := range list {
			where, err := m.addRequest(mt, r)
			if err != nil {
				return nil, err
			}
			tables, conditions = append(tables, name), append(conditions, where)
		}
	}
	// Of several conditions for a table, ovsdb-server takes the one that its hash table has first.
	order := hashOrderOf(tables)
	slices.Reverse(order)
	for _, i := range order {
		mt := m.tables[db.tables[tables[i]]]
		mt.where, mt.next = conditions[i], conditions[i]
		mt.mention(conditions[i])
	}
	m.asked(requests)
	if m.version != sinceMonitor {
		if err := db.keepMonitor(m); err != nil {
			return nil, err
		}
		return m.initial(), nil
	}
	last, ok := params[3].(string)
	if !ok {
		return nil, syntaxError(params[3], "last-txn-id must be string")
	}
	if _, ok := parseUUID(last); !ok {
		return nil, syntaxError(params[3], "last-txn-id must be UUID format.")
	}
	if err := db.keepMonitor(m); err != nil {
		return nil, err
	}
	// There is no history of transactions, as in a standalone ovsdb-server: no transaction is ever found.
	return []any{false, zeroUUID, m.initial()}, nil
}

// addRequest parses a <monitor-request> or <monitor-cond-request> of a table and returns its condition.
func (m *monitor) addRequest(mt *monitoredTable, v any) (condition, *Error) {
	p := newParser(v, "table "+mt.table.name)
	var where []any
	if m.version != plainMonitor {
		where, _ = p.array("where", optional)
	}
	names, hasColumns := p.array("columns", optional)
	selectors, hasSelect := p.members("select", optional)
	if err := p.finish(); err != nil {
		return nil, err
	}
	sel := selAll
	if hasSelect {
		p := newParser(selectors, "table "+mt.table.name+" select")
		sel = selNone
		for _, s := range []struct {
			name string
			sel  selection
		}{{"initial", selInitial}, {"insert", selInsert}, {"delete", selDelete}, {"modify", selModify}} {
			if p.bool(s.name, true) {
				sel |= s.sel
			}
		}
		if err := p.finish(); err != nil {
			return nil, err
		}
	}
	mt.sel |= sel
	columns, err := mt.requestedColumns(names, hasColumns)
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		for _, o := range mt.columns {
			if o.column == c {
				err := newError(tagSyntax, "column %s mentioned more than once", c.name)
				if hasColumns {
					err.Syntax = jsonText(names)
				}
				return nil, err
			}
		}
		mt.columns = append(mt.columns, monitoredColumn{c, sel})
	}
	return mt.table.condition(where, nil)
}

// requestedColumns returns the columns of a <monitor-request>, by default all but _uuid.
func (mt *monitoredTable) requestedColumns(names []any, given bool) ([]*column, *Error) {
	if !given {
		return slices.DeleteFunc(slices.Clone(mt.table.hashed), func(c *column) bool { return c.index == colUUID }), nil
	}
	var columns []*column
	for _, n := range names {
		name, ok := n.(string)
		if !ok {
			return nil, syntaxError(names, "array of column names expected")
		}
		c := mt.table.byName[name]
		if c == nil {
			return nil, syntaxError(names, "%s is not a valid column name", name)
		}
		columns = append(columns, c)
	}
	return columns, nil
}

// monitorChangeRequest handles monitor_cond_change. The changes are sent before the reply.
func (s *session) monitorChangeRequest(params []any) (any, *Error) {
	if len(params) != 3 {
		return nil, syntaxError(params, "invalid parameters")
	}
	m := s.monitor(params[0])
	if m == nil {
		return nil, syntaxError(params[0], "unknown monitor session")
	}
	if other := s.monitor(params[1]); other != nil && other != m {
		return nil, syntaxError(params[1], "duplicate monitor ID")
	}
	requests, ok := params[2].(map[string]any)
	if !ok {
		return nil, newError(tagSyntax, "monitor-cond-change-requests must be object")
	}
	if !s.server.canKeep(textExpansion * (len(jsonText(params[1])) + 2*len(jsonText(requests)))) {
		return nil, s.server.errKept()
	}
	defer m.reweigh()
	defer m.conditionsChanged()
	for _, name := range memberNames(requests) {
		t := m.db.tables[name]
		if t == nil {
			return nil, newError(tagSyntax, "no table named %s", name)
		}
		mt := m.tables[t]
		if mt == nil {
			return nil, newError(tagSyntax, "no table named %s in monitor session", name)
		}
		list, ok := requests[name].([]any)
		if !ok {
			return nil, newError(tagSyntax, "table %s no monitor-cond-change JSON array", name)
		}
		for _, r := range list {
			p := newParser(r, "table "+name)
			_, hasColumns := p.array("columns", optional)
			where, _ := p.array("where", optional)
			if err := p.finish(); err != nil {
				return nil, err
			}
			if hasColumns {
				return nil, syntaxError(r, "changing columns is unsupported")
			}
			if m.version == plainMonitor {
				continue // has no conditions
			}
			cond, err := t.condition(where, nil)
			if err != nil {
				return nil, err
			}
			mt.next, mt.nextText = cond, jsonText(where)
			mt.mention(cond)
		}
	}
	m.setID(params[1])
	m.change()
	return map[string]any{}, nil
}

// monitorCancelRequest handles monitor_cancel, whose errors are strings.
func (s *session) monitorCancelRequest(params []any) (result, err any) {
	if len(params) != 1 {
		return nil, "invalid parameters"
	}
	m := s.monitor(params[0])
	if m == nil {
		return nil, "unknown monitor"
	}
	m.db.forgetMonitor(func(o *monitor) bool { return o == m })
	return map[string]any{}, nil
}

// monitor returns the session's monitor with an id.
func (s *session) monitor(id any) *monitor {
	text := jsonText(id)
	for _, db := range s.server.databases {
		for _, m := range db.monitors {
			if m.session == s && m.idText == text {
				return m
			}
		}
	}
	return nil
}

func (db *Database) forgetMonitors(s *session) {
	db.forgetMonitor(func(m *monitor) bool { return m.session == s })
}

func (db *Database) forgetMonitor(which func(*monitor) bool) {
	var kept []*monitor
	for _, m := range db.monitors {
		if which(m) {
			db.server.kept -= m.weight
		} else {
			kept = append(kept, m)
		}
	}
	db.monitors = kept
}
