// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
)

// TableOptions say what of a table is copied.
type TableOptions struct {
	// Omit names columns that are not copied although T has a field for them.
	Omit []string
	// Index names columns by whose value rows can be found. They must be
	// strings and unique by the schema.
	Index []string
}

// A Table is the copy of a table that a [Monitor] keeps up to date, as rows of
// type T: a struct with ovsdb tags whose field types are those in the package
// comment. It holds the columns that T has a field for, except those that the
// server's schema does not know, since servers differ in age: their fields
// stay zero. A field tagged "_uuid" receives the row's UUID.
//
// Rows are shared and must not be modified.
type Table[T any] struct {
	name    string
	options TableOptions
	mu      *sync.RWMutex // of the monitor; nil before
	plan    rowPlan
	rows    map[string]*T // by UUID
	index   map[string]map[string]*T
}

// NewTable makes a table to be given to [Client.Monitor], once.
func NewTable[T any](name string, o TableOptions) *Table[T] {
	return &Table[T]{name: name, options: o}
}

// Len returns the number of rows.
func (t *Table[T]) Len() int {
	defer t.lock()()
	return len(t.rows)
}

// Get returns the row with a UUID.
func (t *Table[T]) Get(uuid string) (*T, bool) {
	defer t.lock()()
	row, ok := t.rows[uuid]
	return row, ok
}

// Find returns the row whose indexed column has a value.
func (t *Table[T]) Find(column, value string) (*T, bool) {
	defer t.lock()()
	row, ok := t.index[column][value]
	return row, ok
}

// All returns all rows, in no particular order.
func (t *Table[T]) All() []*T {
	defer t.lock()()
	return slices.AppendSeq(make([]*T, 0, len(t.rows)), maps.Values(t.rows))
}

// lock locks the table for reading and returns the function that unlocks it.
// A table that no monitor keeps is empty and needs no lock.
func (t *Table[T]) lock() (unlock func()) {
	if t.mu == nil {
		return func() {}
	}
	t.mu.RLock()
	return t.mu.RUnlock
}

// A Monitored is a [Table] of any row type.
type Monitored interface {
	// tableName returns the name given to NewTable.
	tableName() string
	// bind checks the table against the schema, makes it belong to the
	// monitor with the lock, and returns the columns to ask for.
	bind(s *schema, mu *sync.RWMutex) (columns []string, err error)
	// put reads a row's columns and stores it, replacing an older version.
	put(uuid string, s *scanner) error
	// patch reads the differences of a row's columns and applies them.
	patch(uuid string, s *scanner) error
	// remove forgets a row.
	remove(uuid string) error
}

// A rowPlan says how the columns of a row get into the fields of its struct.
type rowPlan struct {
	fields map[string]plannedField // by column
	uuid   int                     // field of the row's UUID, -1 if there is none
	index  map[string]int          // fields of the indexed columns
}

type plannedField struct {
	codec codec
	index int
}

func (t *Table[T]) tableName() string { return t.name }

func (t *Table[T]) bind(s *schema, mu *sync.RWMutex) ([]string, error) {
	if t.mu != nil {
		return nil, fmt.Errorf("table %q belongs to a monitor already", t.name)
	}
	st, err := s.table(t.name)
	if err != nil {
		return nil, err
	}
	fields, err := structFields(reflect.TypeFor[T]())
	if err != nil {
		return nil, fmt.Errorf("table %q: %w", t.name, err)
	}
	if t.plan, err = newRowPlan(st, fields, t.options); err != nil {
		return nil, err
	}
	t.rows = map[string]*T{}
	t.index = map[string]map[string]*T{}
	for column := range t.plan.index {
		t.index[column] = map[string]*T{}
	}
	t.mu = mu
	return sortedKeys(t.plan.fields), nil
}

func newRowPlan(t *table, fields []structField, o TableOptions) (rowPlan, error) {
	p := rowPlan{fields: map[string]plannedField{}, index: map[string]int{}, uuid: -1}
	for _, f := range fields {
		c, ok := t.columns[f.column]
		switch {
		case f.column == columnUUID && f.typ == reflect.TypeFor[string]():
			p.uuid = f.index
		case !ok || slices.Contains(o.Omit, f.column):
			continue
		case f.typ != c.codec.goType():
			return p, &SchemaError{Table: t.name, Column: c.name,
				Problem: fmt.Sprintf("%s is held by %s, not %s", c, c.codec.goType(), f.typ)}
		default:
			p.fields[f.column] = plannedField{codec: c.codec, index: f.index}
		}
	}
	for _, name := range o.Index {
		f, ok := p.fields[name]
		if !ok || !t.unique[name] || f.codec.goType() != reflect.TypeFor[string]() {
			return p, &SchemaError{Table: t.name, Column: name, Problem: "not a unique string column that is copied"}
		}
		p.index[name] = f.index
	}
	return p, nil
}

func (t *Table[T]) put(uuid string, s *scanner) error {
	return t.store(uuid, s, new(T), codec.decode)
}

func (t *Table[T]) patch(uuid string, s *scanner) error {
	old, ok := t.rows[uuid]
	if !ok {
		return errUnknownRow
	}
	next := *old
	return t.store(uuid, s, &next, codec.apply)
}

var errUnknownRow = errors.New("no such row")

// store reads the columns of a row, each in the way of read, and puts the row
// in the place of its older version.
func (t *Table[T]) store(uuid string, s *scanner, row *T, read func(codec, *scanner, any) error) error {
	v := reflect.ValueOf(row).Elem()
	if t.plan.uuid >= 0 {
		v.Field(t.plan.uuid).SetString(uuid)
	}
	err := s.object(func(column string) error {
		f, ok := t.plan.fields[column]
		if !ok {
			return s.skip()
		}
		if err := read(f.codec, s, v.Field(f.index).Addr().Interface()); err != nil {
			return fmt.Errorf("column %q: %w", column, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	t.unindex(uuid)
	t.rows[uuid] = row
	for column, field := range t.plan.index {
		t.index[column][v.Field(field).String()] = row
	}
	return nil
}

func (t *Table[T]) remove(uuid string) error {
	if _, ok := t.rows[uuid]; !ok {
		return errUnknownRow
	}
	t.unindex(uuid)
	delete(t.rows, uuid)
	return nil
}

// unindex takes a row out of the indexes, except where another row of the same
// update has taken its place.
func (t *Table[T]) unindex(uuid string) {
	row, ok := t.rows[uuid]
	if !ok {
		return
	}
	v := reflect.ValueOf(row).Elem()
	for column, field := range t.plan.index {
		if value := v.Field(field).String(); t.index[column][value] == row {
			delete(t.index[column], value)
		}
	}
}
