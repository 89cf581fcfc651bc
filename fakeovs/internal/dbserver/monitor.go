// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "slices"

// monitor sends a session the changes of some tables: RFC 7047, section 4.1.5, and ovsdb-server(7).
type monitor struct {
	session *session
	db      *Database
	id      any
	version monitorVersion
	tables  map[*table]*monitoredTable
	order   []*monitoredTable
	idText  string // the JSON text of id
	// requests is the JSON text of the requests that it began with. Monitors for which asks is the same say the same.
	requests, asks string
	weight         int // that has been kept for it
}

// monitorVersion is the form in which changes are sent.
type monitorVersion int

const (
	plainMonitor monitorVersion = iota + 1 // monitor: update notifications
	condMonitor                            // monitor_cond: update2, with conditions
	sinceMonitor                           // monitor_cond_since: update3, with transaction ids
)

// selection is a set of kinds of change.
type selection uint8

const (
	selInitial selection = 1 << iota
	selInsert
	selDelete
	selModify
	selNone selection = 0
	selAll            = selInitial | selInsert | selDelete | selModify
)

type monitoredTable struct {
	table   *table
	sel     selection // of any column
	columns []monitoredColumn
	// unseen are columns that conditions have mentioned. If one of them changes, the client is told of the row, though
	// not of the column.
	unseen []*column
	// where is the condition that the client knows of, next the one that it asked for. They differ after a request that
	// failed half-way. The texts are those of conditions that replaced the first one.
	where, next         condition
	whereText, nextText string
}

type monitoredColumn struct {
	*column
	sel selection
}

// update returns what the monitor has to say about the changes that a transaction made; nil if it is nothing.
func (m *monitor) update(changes []*change) rawJSON {
	u := updates{m: m}
	for _, c := range changes {
		if mt := m.tables[c.id.table]; mt != nil && (c.old == nil || c.new == nil || mt.watches(c)) {
			u.add(mt, c.id.uuid, c.old, c.new, mt.kind(c.old, c.new, mt.where, mt.next))
		}
	}
	if u.empty() {
		return nil
	}
	return u.json()
}

// notification is the message with an update of the monitor.
func (m *monitor) notification(update rawJSON) []byte {
	b := append(make([]byte, 0, 128+len(update)), `{"id":null,"method":"update`...)
	switch m.version {
	case plainMonitor:
		b = append(b, `","params":[`...)
	case condMonitor:
		b = append(b, `2","params":[`...)
	case sinceMonitor:
		b = append(b, `3","params":[`...)
	}
	b = append(append(b, m.idText...), ',')
	if m.version == sinceMonitor {
		b = append(b, `"`+zeroUUID+`",`...)
	}
	return append(append(b, update...), "]}"...)
}

// initial returns all that is there.
func (m *monitor) initial() rawJSON {
	u := updates{m: m}
	for _, mt := range m.order {
		for _, r := range newTxn(m.db).find(mt.table, nil) {
			if mt.where.matchesAny(r.fields) {
				u.add(mt, r.uuid, nil, r, selInitial)
			}
		}
	}
	return u.json()
}

// change makes new conditions the ones that the client knows of, and sends what thereby comes or goes.
func (m *monitor) change() {
	u := updates{m: m}
	for _, mt := range m.order {
		if mt.where.equal(mt.next) {
			continue
		}
		for _, r := range newTxn(m.db).find(mt.table, nil) {
			if kind := mt.kind(r, r, mt.where, mt.next); kind != selModify {
				u.add(mt, r.uuid, r, r, kind)
			}
		}
		mt.where, mt.whereText = mt.next, mt.nextText
	}
	if !u.empty() {
		m.session.send(m.notification(u.json()))
	}
}

// watches reports whether a column has changed that the client or a condition has named.
func (mt *monitoredTable) watches(c *change) bool {
	return slices.ContainsFunc(mt.columns, func(mc monitoredColumn) bool { return c.hasChanged(mc.index) }) ||
		slices.ContainsFunc(mt.unseen, func(col *column) bool { return c.hasChanged(col.index) })
}

// mention notes the columns of a condition.
func (mt *monitoredTable) mention(c condition) {
	for _, cl := range c {
		if cl.column != nil && !slices.Contains(mt.unseen, cl.column) {
			mt.unseen = append(mt.unseen, cl.column)
		}
	}
}

// kind says what a change of a row, or of the condition, is to the client.
func (mt *monitoredTable) kind(before, after *Row, whereBefore, whereAfter condition) selection {
	was := before != nil && whereBefore.matchesAny(before.fields)
	is := after != nil && whereAfter.matchesAny(after.fields)
	switch {
	case was && is:
		return selModify
	case is:
		return selInsert
	case was:
		return selDelete
	default:
		return selNone
	}
}

// updates is a <table-updates> or <table-updates2> in the making.
type updates struct {
	m      *monitor
	tables []*monitoredTable
	rows   map[*monitoredTable][]byte // the members of each table's object
}

func (u *updates) empty() bool { return len(u.tables) == 0 }

func (u *updates) add(mt *monitoredTable, uuid string, before, after *Row, kind selection) {
	if mt.sel&kind == 0 {
		return
	}
	changed := func(c *column) bool { return !before.fields[c.index].equal(after.fields[c.index]) }
	if kind == selModify {
		any := slices.ContainsFunc(mt.unseen, changed)
		for _, c := range mt.columns {
			any = any || changed(c.column)
		}
		if !any {
			return
		}
	}
	if u.rows == nil {
		u.rows = map[*monitoredTable][]byte{}
	}
	b, there := u.rows[mt]
	if there {
		b = append(b, ',')
	} else {
		u.tables = append(u.tables, mt)
	}
	b = append(appendString(b, uuid), ':', '{')
	if u.m.version == plainMonitor {
		b = mt.appendUpdate(b, before, after, kind, changed)
	} else {
		b = mt.appendUpdate2(b, before, after, kind, changed)
	}
	u.rows[mt] = append(b, '}')
}

// appendUpdate appends the members of a <row-update>.
func (mt *monitoredTable) appendUpdate(b []byte, before, after *Row, kind selection, changed func(*column) bool) []byte {
	if kind&(selDelete|selModify) != 0 {
		b = append(b, `"old":`...)
		b = mt.appendColumns(b, before, kind, func(c *column) bool { return kind == selDelete || changed(c) })
		if kind == selDelete {
			return b
		}
		b = append(b, ',')
	}
	b = append(b, `"new":`...)
	return mt.appendColumns(b, after, kind, func(*column) bool { return true })
}

// appendUpdate2 appends the member of a <row-update2>.
func (mt *monitoredTable) appendUpdate2(b []byte, before, after *Row, kind selection, changed func(*column) bool) []byte {
	switch kind {
	case selDelete:
		return append(b, `"delete":null`...)
	case selModify:
		b = append(b, `"modify":`...)
		diff := after.clone()
		for _, c := range mt.columns {
			diff.fields[c.index] = before.fields[c.index].diff(&c.typ, after.fields[c.index])
		}
		return mt.appendColumns(b, diff, kind, changed)
	case selInsert:
		b = append(b, `"insert":`...)
	default:
		b = append(b, `"initial":`...)
	}
	return mt.appendColumns(b, after, kind, func(c *column) bool { return !after.fields[c.index].isDefault(&c.typ) })
}

func (mt *monitoredTable) appendColumns(b []byte, r *Row, kind selection, want func(*column) bool) []byte {
	var columns []*column
	for _, c := range mt.columns {
		if c.sel&kind != 0 && want(c.column) {
			columns = append(columns, c.column)
		}
	}
	return r.appendJSON(b, columns)
}

func (u *updates) json() rawJSON {
	b := []byte{'{'}
	for i, mt := range u.tables {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, mt.table.name), ':', '{')
		b = append(append(b, u.rows[mt]...), '}')
	}
	return append(b, '}')
}
