// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// A rowPlan says how the columns of a row get into the fields of its struct.
type rowPlan struct {
	fields map[string]plannedField // by column
	others []int                   // fields of columns that are not copied
	refs   []int                   // fields that hold exactly one UUID
	uuid   int                     // field of the row's UUID, -1 if there is none
	where  []byte                  // conditions in JSON, nil if all rows are copied
	// columns are those that the server is asked for: the copied ones, and
	// those that conditions are about. Without the latter ovsdb-server 3.1
	// reads beyond the end of its memory, and may crash, once there are two
	// monitors with the same columns.
	columns []string
}

type plannedField struct {
	codec codec
	index int
}

func newRowPlan(t *table, row reflect.Type, o TableOptions) (*rowPlan, error) {
	fields, err := structFields(row)
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", t.name, err)
	}
	p := &rowPlan{fields: map[string]plannedField{}, uuid: -1}
	for _, f := range fields {
		c, ok := t.columns[f.column]
		switch {
		case f.column == columnUUID && f.typ == reflect.TypeFor[string]():
			p.uuid = f.index
		case !ok || slices.Contains(o.Omit, f.column):
			p.others = append(p.others, f.index)
		case f.typ != c.codec.goType():
			return nil, &SchemaError{Table: t.name, Column: c.name,
				Problem: fmt.Sprintf("%s is held by %s, not %s", c, c.codec.goType(), f.typ)}
		default:
			p.fields[f.column] = plannedField{codec: c.codec, index: f.index}
			if c.isScalar() && c.key.atom == atomUUID {
				p.refs = append(p.refs, f.index)
			}
		}
	}
	p.columns = sortedKeys(p.fields)
	if len(o.Where) > 0 {
		p.where, err = (&encoder{}).where(nil, t, o.Where)
		for _, c := range o.Where {
			p.columns = append(p.columns, c.Column)
		}
		slices.Sort(p.columns)
		p.columns = slices.Compact(p.columns)
	}
	return p, err
}

// serves reports whether a monitor with the plan becomes one with another by
// new conditions alone.
func (p *rowPlan) serves(other *rowPlan) bool {
	if len(p.fields) != len(other.fields) {
		return false
	}
	for column := range other.fields {
		if _, ok := p.fields[column]; !ok {
			return false
		}
	}
	return !slices.ContainsFunc(other.columns, func(column string) bool { return !slices.Contains(p.columns, column) })
}

func (t *Table[T]) tableName() string { return t.name }

func (t *Table[T]) attach(m *Monitor) bool {
	mu := t.writeLock()
	defer mu.Unlock()
	if t.owner != nil {
		return false
	}
	t.owner = m
	t.mu.Store(&m.mu)
	return true
}

func (t *Table[T]) detach() {
	t.owner = nil
	for uuid := range t.rows {
		t.commit(uuid, nil)
	}
}

func (t *Table[T]) selection() TableOptions { return t.options }
func (t *Table[T]) selected(o TableOptions) { t.options = o }

func (t *Table[T]) plan(s *schema) (*rowPlan, error) {
	st, err := s.table(t.name)
	if err != nil {
		return nil, err
	}
	return newRowPlan(st, reflect.TypeFor[T](), t.options)
}

func (t *Table[T]) size() int { return len(t.rows) }

func (t *Table[T]) row(uuid string) any {
	if row, ok := t.rows[uuid]; ok {
		return row
	}
	return nil
}

func (t *Table[T]) holds(p *rowPlan, uuid string, row any) bool {
	old := t.rows[uuid]
	if old == nil {
		return false
	}
	a, b := reflect.ValueOf(old).Elem(), reflect.ValueOf(row).Elem()
	for _, field := range p.others {
		if !a.Field(field).IsZero() { // it was copied before
			return false
		}
	}
	for _, f := range p.fields {
		if !f.codec.equal(a.Field(f.index).Addr().Interface(), b.Field(f.index).Addr().Interface()) {
			return false
		}
	}
	return true
}

func (t *Table[T]) others(known map[string]struct{}) (uuids []string) {
	for uuid := range t.rows {
		if _, ok := known[uuid]; !ok {
			uuids = append(uuids, uuid)
		}
	}
	return uuids
}

func (t *Table[T]) decode(p *rowPlan, uuid string, s *scanner) (any, error) {
	row := new(T)
	v := reflect.ValueOf(row).Elem()
	for _, field := range p.refs {
		v.Field(field).SetString(noUUID) // the default, which a server may leave out
	}
	_, err := p.read(v, uuid, s, codec.decode)
	return row, err
}

func (t *Table[T]) patch(p *rowPlan, uuid string, s *scanner) (any, error) {
	old, ok := t.rows[uuid]
	if !ok {
		return nil, errUnknownRow
	}
	row := new(T)
	*row = *old
	changed, err := p.read(reflect.ValueOf(row).Elem(), uuid, s, codec.apply)
	if !changed {
		row = old
	}
	return row, err
}

// read reads the columns of a row into a struct, each in the given way. It
// reports whether there was any.
func (p *rowPlan) read(row reflect.Value, uuid string, s *scanner, read func(codec, *scanner, any) error) (found bool, err error) {
	if p.uuid >= 0 {
		row.Field(p.uuid).SetString(uuid)
	}
	err = s.object(func(column string) error {
		f, ok := p.fields[column]
		if !ok {
			return s.skip()
		}
		found = true
		if err := read(f.codec, s, row.Field(f.index).Addr().Interface()); err != nil {
			return fmt.Errorf("column %q: %w", column, err)
		}
		return nil
	})
	return found, err
}

func (t *Table[T]) commit(uuid string, row any) (old any) {
	before, ok := t.rows[uuid]
	if ok {
		old = before
		for _, x := range t.indexes {
			x.remove(before)
		}
	}
	if row == nil {
		delete(t.rows, uuid)
		return old
	}
	after := row.(*T)
	t.rows[uuid] = after
	for _, x := range t.indexes {
		x.add(after)
	}
	return old
}

func (t *Table[T]) rowEvents(events []Event) []Event {
	for uuid, row := range t.rows {
		events = append(events, Event{Table: t.name, UUID: uuid, New: row})
	}
	return events
}

var errUnknownRow = errors.New("no such row")
