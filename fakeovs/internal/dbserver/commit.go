// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"strings"
)

// commit checks the transaction against everything that is checked only at its end, and makes it the state of the
// database. It returns the changes that clients may see, and applies nothing if there is an error.
func (x *txn) commit() ([]*change, *Error) {
	if !x.dropUnchanged() {
		return nil, nil
	}
	for _, check := range []func() *Error{
		func() *Error { return x.forEach(x.countReferences) },
		func() *Error { return x.forEach(x.checkReferenced) },
		func() *Error { return x.forEach(x.collectGarbage) },
		x.checkMaxRows,
		func() *Error { return x.forEach(x.cleanWeakReferences) },
		x.checkIndexes,
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	var visible []*change
	_ = x.forEach(func(c *change) *Error {
		if c.isModified() {
			c.set(colVersion, scalar(strAtom(newUUID())))
		}
		if c.old == nil || c.new == nil || c.isModified() {
			visible = append(visible, c)
		}
		return nil
	})
	if err := x.db.record(x, visible); err != nil {
		return nil, err
	}
	_ = x.forEach(func(c *change) *Error {
		c.apply()
		return nil
	})
	return visible, nil
}

// dropUnchanged notes the columns that changed, and drops rows that ended as they began. It reports whether anything
// is left.
func (x *txn) dropUnchanged() bool {
	order := x.order[:0]
	for _, c := range x.order {
		if c.old == nil && c.new == nil {
			continue
		}
		if !c.noteChanged() {
			x.undo(c)
			continue
		}
		order = append(order, c)
	}
	x.order = order
	return len(order) > 0
}

// noteChanged notes the columns that changed, and reports whether there are any.
func (c *change) noteChanged() bool {
	c.changed = make([]bool, len(c.id.table.columns))
	differs := false
	for i := range c.changed {
		c.changed[i] = c.old == nil || c.new == nil || c.old != c.new && !c.old.fields[i].equal(c.new.fields[i])
		differs = differs || c.changed[i]
	}
	return differs
}

func (c *change) hasChanged(column int) bool { return c.changed != nil && c.changed[column] }

// isModified reports whether a row that was there and stays has changed.
func (c *change) isModified() bool {
	if c.old == nil || c.new == nil {
		return false
	}
	for _, changed := range c.changed {
		if changed {
			return true
		}
	}
	return false
}

// set changes a column of a row that stays.
func (c *change) set(column int, d Datum) {
	if c.changed == nil {
		c.changed = make([]bool, len(c.new.fields))
	}
	if c.new == c.old {
		c.new = c.old.clone()
	}
	c.new.fields[column] = d
	c.changed[column] = true
}

// fields returns the values of a column before and after; nothing where there is no row.
func (c *change) fields(column int) (before, after Datum) {
	if c.old != nil {
		before = c.old.fields[column]
	}
	if c.new != nil {
		after = c.new.fields[column]
	}
	return before, after
}

func (x *txn) countReferences(c *change) *Error {
	for _, col := range c.id.table.hashed {
		if !col.hasReferences(false) || !c.hasChanged(col.index) {
			continue
		}
		added, removed := changesOf(c, col)
		x.db.references(c.id.uuid, col, removed, false, func(to rowID, _ atom) { x.track(to).refs-- })
		var err *Error
		x.db.references(c.id.uuid, col, added, false, func(to rowID, _ atom) {
			target := x.track(to)
			if target == nil {
				if err == nil {
					err = newError(tagIntegrity, "Table %s column %s row %s references nonexistent row %s in table %s.",
						c.id.table.name, col.name, c.id.uuid, to.uuid, to.table.name)
				}
				return
			}
			target.refs++
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// changesOf returns what a column lost and won. A map's pair with a new value is both.
func changesOf(c *change, col *column) (added, removed Datum) {
	before, after := c.fields(col.index)
	return before.changes(&col.typ, after)
}

func (x *txn) checkReferenced(c *change) *Error {
	if c.new == nil && c.refs > 0 {
		return newError(tagIntegrity, "cannot delete %s row %s because of %d remaining reference(s)",
			c.id.table.name, c.id.uuid, c.refs)
	}
	return nil
}

// collectGarbage deletes a row that nothing refers to, and then what only that row referred to.
func (x *txn) collectGarbage(c *change) *Error {
	for todo := []*change{c}; len(todo) > 0; {
		c := todo[0]
		todo = todo[1:]
		if c.new == nil || c.refs > 0 || c.id.table.root {
			continue
		}
		row := c.new
		c.new = nil
		c.changed = make([]bool, len(row.fields))
		for _, col := range c.id.table.hashed {
			c.changed[col.index] = true
			x.db.references(c.id.uuid, col, row.fields[col.index], false, func(to rowID, _ atom) {
				target := x.track(to)
				target.refs--
				todo = append(todo, target)
			})
		}
	}
	return nil
}

func (x *txn) checkMaxRows() *Error {
	grown := map[*table]int{}
	for _, c := range x.order {
		if c.old == nil && c.new != nil {
			grown[c.id.table]++
		} else if c.old != nil && c.new == nil {
			grown[c.id.table]--
		}
	}
	for t, by := range grown {
		if n := len(t.rows) + by; n > t.maxRows {
			return newError(tagConstraint, "transaction causes %q table to contain %d rows, "+
				"greater than the schema-defined limit of %d row(s)", t.name, n, t.maxRows)
		}
	}
	return nil
}

// cleanWeakReferences takes weak references out that lead nowhere: those of other rows to a row that the transaction
// deletes, and those that the transaction adds.
func (x *txn) cleanWeakReferences(c *change) *Error {
	if c.new == nil {
		for source := range c.id.table.weak[c.id.uuid] {
			if s := x.track(source); s != nil && s.new != nil {
				if err := x.dropDeadReferences(s); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return x.dropDeadReferences(c)
}

func (x *txn) dropDeadReferences(c *change) *Error {
	for _, col := range c.id.table.hashed {
		if !col.hasReferences(true) {
			continue
		}
		d := c.new.fields[col.index]
		dead, zero := map[atom]bool{}, false // by key
		x.db.references(c.id.uuid, col, d, true, func(to rowID, key atom) {
			if x.get(to.table, to.uuid) == nil {
				dead[key] = true
				zero = zero || to.uuid == zeroUUID
			}
		})
		if len(dead) == 0 {
			continue
		}
		alive := d.filter(func(key, _ atom) bool { return !dead[key] })
		c.set(col.index, alive)
		if alive.Len() >= col.typ.Min {
			continue
		}
		t, inserted := c.id.table.name, ""
		if c.old == nil {
			if zero {
				return newError(tagConstraint, "Weak reference column %q in %q row %s (inserted within this transaction) "+
					"contained all-zeros UUID (probably as the default value for this column) but deleting this value "+
					"caused a constraint volation because this column is not allowed to be empty.", col.name, t, c.id.uuid)
			}
			inserted = "(inserted within this transaction) "
		}
		return newError(tagConstraint, "Deletion of %d weak reference(s) to deleted (or never-existing) rows from column %q "+
			"in %q row %s %scaused this column to become empty, but constraints on this column disallow an empty column.",
			len(dead), col.name, t, c.id.uuid, inserted)
	}
	return nil
}

// checkIndexes checks that no two rows have the same values in the columns of an index.
func (x *txn) checkIndexes() *Error {
	type entry struct {
		table *table
		index int
		key   string
	}
	taken := map[entry]*Row{}
	return x.forEach(func(c *change) *Error {
		if c.new == nil {
			return nil
		}
		t := c.id.table
		for i, columns := range t.indexes {
			e := entry{t, i, c.new.columnsKey(columns)}
			other := taken[e]
			if uuid, ok := t.unique[i][e.key]; ok && other == nil && x.change(rowID{t, uuid}) == nil {
				other = t.rows[uuid]
			}
			if other != nil {
				return x.duplicate(columns, other, c.new)
			}
			taken[e] = c.new
		}
		return nil
	})
}

func (x *txn) duplicate(columns []*column, a, b *Row) *Error {
	if a.less(b) {
		a, b = b, a
	}
	var values, names []string
	for _, c := range columns {
		values = append(values, a.fields[c.index].text(&c.typ))
		names = append(names, fmt.Sprintf("%q", c.name))
	}
	noun := "column"
	if len(columns) > 1 {
		noun = "columns"
	}
	return newError(tagConstraint, "Transaction causes multiple rows in %q table to have identical values (%s) for index on %s %s.  %s  %s",
		a.table.name, englishList(values), noun, englishList(names),
		x.history("First", columns, a), x.history("Second", columns, b))
}

// less orders rows by content, so that errors can be foretold unless _version comes first.
func (r *Row) less(o *Row) bool {
	for _, c := range r.table.hashed {
		if n := r.fields[c.index].compare(o.fields[c.index], &c.typ); n != 0 {
			return n < 0
		}
	}
	return false
}

// history says what a transaction did to a row that has a twin.
func (x *txn) history(title string, columns []*column, r *Row) string {
	s := fmt.Sprintf("%s row, with UUID %s, ", title, r.uuid)
	c := x.change(rowID{r.table, r.uuid})
	switch {
	case c == nil || c.old != nil && !c.isModified():
		return s + "existed in the database before this transaction and was not modified by the transaction."
	case c.old == nil:
		return s + "was inserted by this transaction."
	case c.old.columnsKey(columns) == c.new.columnsKey(columns):
		return s + "existed in the database before this transaction, which modified some of the row's columns " +
			"but not any columns in this index."
	}
	var values []string
	for _, col := range columns {
		values = append(values, c.old.fields[col.index].text(&col.typ))
	}
	return s + "had the following index values before the transaction: " + englishList(values) + "."
}

func englishList(items []string) string {
	switch n := len(items); n {
	case 0, 1:
		return strings.Join(items, "")
	case 2:
		return items[0] + " and " + items[1]
	default:
		return strings.Join(items[:n-1], ", ") + ", and " + items[n-1]
	}
}

// apply makes a change part of the committed state.
func (c *change) apply() {
	t, uuid := c.id.table, c.id.uuid
	for i, columns := range t.indexes {
		if c.old != nil {
			key := c.old.columnsKey(columns)
			if t.unique[i][key] == uuid {
				delete(t.unique[i], key)
			}
		}
		if c.new != nil {
			t.unique[i][c.new.columnsKey(columns)] = uuid
		}
	}
	for _, col := range t.columns {
		if col.hasReferences(true) && c.hasChanged(col.index) {
			added, removed := changesOf(c, col)
			t.db.references(uuid, col, removed, true, func(to rowID, _ atom) { to.table.addWeak(to.uuid, c.id, -1) })
			t.db.references(uuid, col, added, true, func(to rowID, _ atom) { to.table.addWeak(to.uuid, c.id, 1) })
		}
	}
	if c.new == nil {
		delete(t.rows, uuid)
		delete(t.strong, uuid)
		return
	}
	t.rows[uuid] = c.new
	t.strong[uuid] = c.refs
}

func (t *table) addWeak(uuid string, source rowID, n int) {
	refs := t.weak[uuid]
	if refs == nil {
		refs = weakRefs{}
		t.weak[uuid] = refs
	}
	refs[source] += n
	if refs[source] == 0 {
		delete(refs, source)
	}
	if len(refs) == 0 {
		delete(t.weak, uuid)
	}
}
