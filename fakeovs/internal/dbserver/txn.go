// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "sort"

// txn is a transaction under way: an overlay on the tables, which stay as they are until commit.
type txn struct {
	db      *Database
	changes map[rowID]*change
	order   []*change // in the order in which the transaction came by the rows

	comment string // what the operations "comment" say, a line each
	durable bool   // a "commit" wants it on the disk
}

func (x *txn) addComment(text string) {
	if x.comment != "" {
		x.comment += "\n"
	}
	x.comment += text
}

// change is what a transaction does to a row: inserts it (old is nil), deletes it (new is nil), modifies it, or only
// counts references to it (old and new have equal fields).
type change struct {
	id       rowID
	old, new *Row
	changed  []bool // by column.index, set by commit
	refs     int    // strong references to the row
}

func newTxn(db *Database) *txn { return &txn{db: db, changes: map[rowID]*change{}} }

// get returns a row as the transaction sees it, or nil.
func (x *txn) get(t *table, uuid string) *Row {
	if c := x.changes[rowID{t, uuid}]; c != nil {
		return c.new
	}
	return t.rows[uuid]
}

// track returns the transaction's change of a row, or nil if there never was such a row.
func (x *txn) track(id rowID) *change {
	c := x.changes[id]
	if c != nil {
		return c
	}
	row := id.table.rows[id.uuid]
	if row == nil {
		return nil
	}
	c = &change{id: id, old: row, new: row, refs: id.table.strong[id.uuid]}
	x.changes[id] = c
	x.order = append(x.order, c)
	return c
}

// mayInsert reports whether a client may choose a UUID for a new row.
func (x *txn) mayInsert(t *table, uuid string) bool {
	return t.rows[uuid] == nil && x.changes[rowID{t, uuid}] == nil
}

func (x *txn) insert(r *Row) {
	r.table.inserts++
	r.serial = r.table.inserts
	c := &change{id: rowID{r.table, r.uuid}, new: r}
	x.changes[c.id] = c
	x.order = append(x.order, c)
}

// modify returns the row for changing it.
func (x *txn) modify(r *Row) *Row {
	c := x.track(rowID{r.table, r.uuid})
	if c.new == c.old {
		c.new = c.old.clone()
	}
	return c.new
}

func (x *txn) delete(r *Row) {
	c := x.track(rowID{r.table, r.uuid})
	c.new = nil
	if c.old == nil {
		delete(x.changes, c.id) // as if it had never been inserted
	}
}

// find returns the rows that match a condition, in the order in which they were inserted.
func (x *txn) find(t *table, cond condition) []*Row {
	var rows []*Row
	take := func(r *Row) {
		if r != nil && cond.matchesAll(r.fields) {
			rows = append(rows, r)
		}
	}
	if uuid, ok := cond.uuid(); ok {
		take(x.get(t, uuid))
		return rows
	}
	for uuid, r := range t.rows {
		if x.changes[rowID{t, uuid}] == nil {
			take(r)
		}
	}
	for _, c := range x.order {
		if c.id.table == t {
			take(c.new)
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].serial < rows[j].serial })
	return rows
}

// forEach calls f for every change, those included that f adds, and forgets rows that were inserted and deleted.
func (x *txn) forEach(f func(*change) *Error) *Error {
	for i := 0; i < len(x.order); i++ {
		c := x.order[i]
		if c.old == nil && c.new == nil {
			continue
		}
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}
