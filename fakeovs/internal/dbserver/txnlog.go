// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Members of a record that are no tables: ovsdb(5).
const (
	recordComment = "_comment"
	recordDate    = "_date" // milliseconds since the epoch
	recordIsDiff  = "_is_diff"
)

// appendRecord appends the record of a transaction: of each row what differs in columns that are kept. It reports whether
// there is anything.
func appendRecord(b []byte, changes []*change, comment string, at time.Time) ([]byte, bool) {
	var tables []*table
	for _, c := range changes {
		if !slices.Contains(tables, c.id.table) {
			tables = append(tables, c.id.table)
		}
	}
	isDiff := !slices.ContainsFunc(changes, (*change).differsTooMuch)
	b = append(b, '{')
	any := false
	for _, t := range tables {
		before := len(b)
		b = append(appendString(b, t.name), ":{"...)
		empty := true
		for _, c := range changes {
			if c.id.table != t {
				continue
			}
			row := len(b)
			if !empty {
				b = append(b, ',')
			}
			b = append(appendString(b, c.id.uuid), ':')
			value := len(b)
			if b = c.appendRecord(b, isDiff); len(b) == value {
				b = b[:row]
				continue
			}
			empty = false
		}
		if empty {
			b = b[:before]
			continue
		}
		any = true
		b = append(b, "},"...)
	}
	if comment != "" {
		b = append(appendString(append(b, `"`+recordComment+`":`...), comment), ',')
	}
	if isDiff {
		b = append(b, `"`+recordIsDiff+`":true,`...)
	}
	b = append(b, `"`+recordDate+`":`...)
	return append(strconv.AppendInt(b, at.UnixMilli(), 10), '}'), any
}

// differsTooMuch reports whether the difference that a change makes has more members than a value may: ovsdb-server 3.1
// writes such and then cannot read its file.
func (c *change) differsTooMuch() bool {
	if c.old == nil || c.new == nil {
		return false
	}
	for _, col := range c.id.table.columns[firstColumn:] {
		if t := &col.typ; t.Max > 1 && t.Max < Unlimited && !col.ephemeral && c.changed[col.index] &&
			c.old.fields[col.index].diff(t, c.new.fields[col.index]).Len() > t.Max {
			return true
		}
	}
	return false
}

// appendRecord appends what a change does to its row, as differences if so wanted; nothing if that is nothing that is kept.
func (c *change) appendRecord(b []byte, isDiff bool) []byte {
	if c.new == nil {
		return append(b, "null"...)
	}
	empty := true
	for _, col := range c.id.table.columns[firstColumn:] {
		d := c.new.fields[col.index]
		switch {
		case col.ephemeral:
			continue
		case c.old == nil && d.isDefault(&col.typ), c.old != nil && !c.changed[col.index]:
			continue
		case c.old != nil && isDiff:
			d = c.old.fields[col.index].diff(&col.typ, d)
		}
		if empty {
			b = append(b, '{')
		} else {
			b = append(b, ',')
		}
		empty = false
		b = d.appendJSON(append(appendString(b, col.name), ':'), &col.typ)
	}
	if !empty {
		return append(b, '}')
	}
	if c.old == nil {
		return append(b, "{}"...)
	}
	return b
}

// replay commits what a record of the file says.
func (db *Database) replay(record map[string]any) error {
	isDiff, _ := record[recordIsDiff].(bool)
	x := newTxn(db)
	for _, name := range sortedNames(record) {
		switch name {
		case recordComment, recordDate, recordIsDiff:
			continue
		}
		t := db.tables[name]
		if t == nil {
			return fmt.Errorf("no table named %s", name)
		}
		rows, ok := record[name].(map[string]any)
		if !ok {
			return fmt.Errorf("table %s: object expected", name)
		}
		for _, uuid := range sortedNames(rows) {
			if err := x.replayRow(t, uuid, rows[uuid], isDiff); err != nil {
				return fmt.Errorf("table %s row %s: %w", name, uuid, err)
			}
		}
	}
	changes, err := x.commit()
	if err != nil {
		return err
	}
	db.committed(changes, 0)
	return nil
}

func (x *txn) replayRow(t *table, uuid string, v any, isDiff bool) error {
	uuid, ok := parseUUID(uuid)
	if !ok {
		return fmt.Errorf("%q is not a valid UUID", uuid)
	}
	row := x.get(t, uuid)
	if v == nil {
		if row == nil {
			return fmt.Errorf("the transaction deletes a row that does not exist")
		}
		x.delete(row)
		return nil
	}
	members, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("row must be JSON object")
	}
	if row == nil {
		row = t.newRow(uuid)
		x.insert(row)
	} else {
		row = x.modify(row)
	}
	for name, value := range members {
		c, err := t.column(v, name)
		if err != nil {
			return err
		}
		typ := c.typ
		if isDiff {
			typ.Min, typ.Max = 0, Unlimited // a difference may have more members than a value
		}
		d, err := datumFromJSON(&typ, value, nil)
		if err != nil {
			return err
		}
		if old := row.fields[c.index]; isDiff && !old.isDefault(&c.typ) {
			d = old.patch(&c.typ, d)
		}
		if err := c.typ.checkCount(d); err != nil {
			return err
		}
		row.fields[c.index] = d
	}
	return nil
}

// patch returns the value that d becomes by a difference: the inverse of diff.
func (d Datum) patch(t *Type, difference Datum) Datum {
	if t.Max == 1 {
		return difference
	}
	without := d.subtract(t, difference.keysOnly())
	return without.merge(t, difference.filter(func(key, value atom) bool {
		old, there := d.get(t.Key.Kind, key)
		return !there || old != value
	}))
}

// keysOnly returns the set of the keys.
func (d Datum) keysOnly() Datum {
	keys := make([]atom, 0, d.Len())
	for k := range d.all() {
		keys = append(keys, k)
	}
	return newDatum(keys, nil)
}
