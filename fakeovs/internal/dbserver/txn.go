// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "sort"

// txn is a transaction under way: an overlay on the tables, which stay as they are until commit.
type txn struct {
	db    *Database
	order []*change // in the order in which the transaction came by the rows
	// changes are those of order by row, but the ones that have been undone. There is none while they are few.
	changes map[rowID]*change

	comment []byte // what the operations "comment" say, a line each
	durable bool   // a "commit" wants it on the disk
}

func (x *txn) addComment(text string) {
	if len(x.comment) > 0 {
		x.comment = append(x.comment, '\n')
	}
	x.comment = append(x.comment, text...)
}

// change is what a transaction does to a row: inserts it (old is nil), deletes it (new is nil), modifies it, or only
// counts references to it (old and new have equal fields).
type change struct {
	id       rowID
	old, new *Row
	changed  []bool // by column.index, set by commit
	refs     int    // strong references to the row
	undone   bool   // it is as if it had never been
}

func newTxn(db *Database) *txn { return &txn{db: db} }

// fewChanges is how many changes are looked through one after the other.
const fewChanges = 8

// change returns what the transaction does to a row, or nil if that is nothing.
func (x *txn) change(id rowID) *change {
	if x.changes != nil {
		return x.changes[id]
	}
	for _, c := range x.order {
		if c.id == id && !c.undone {
			return c
		}
	}
	return nil
}

// add adds a change of a row that there is none of.
func (x *txn) add(c *change) {
	x.order = append(x.order, c)
	if x.changes != nil {
		x.changes[c.id] = c
		return
	}
	if len(x.order) <= fewChanges {
		return
	}
	x.changes = make(map[rowID]*change, 2*len(x.order))
	for _, c := range x.order {
		if !c.undone {
			x.changes[c.id] = c
		}
	}
}

// undo makes a change one that has never been.
func (x *txn) undo(c *change) {
	c.undone = true
	if x.changes != nil {
		delete(x.changes, c.id)
	}
}

// get returns a row as the transaction sees it, or nil.
func (x *txn) get(t *table, uuid string) *Row {
	if c := x.change(rowID{t, uuid}); c != nil {
		return c.new
	}
	return t.rows[uuid]
}

// track returns the transaction's change of a row, or nil if there never was such a row.
func (x *txn) track(id rowID) *change {
	c := x.change(id)
	if c != nil {
		return c
	}
	row := id.table.rows[id.uuid]
	if row == nil {
		return nil
	}
	c = &change{id: id, old: row, new: row, refs: id.table.strong[id.uuid]}
	x.add(c)
	return c
}

// mayInsert reports whether a client may choose a UUID for a new row.
func (x *txn) mayInsert(t *table, uuid string) bool {
	return t.rows[uuid] == nil && x.change(rowID{t, uuid}) == nil
}

func (x *txn) insert(r *Row) {
	r.table.inserts++
	r.serial = r.table.inserts
	x.add(&change{id: rowID{r.table, r.uuid}, new: r})
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
		x.undo(c)
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
		if x.change(rowID{t, uuid}) == nil {
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
