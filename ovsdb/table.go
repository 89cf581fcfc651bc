// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// TableOptions say what of a table is copied.
type TableOptions struct {
	// Omit names columns that are not copied although T has a field for them.
	// The fields stay zero.
	Omit []string
	// Where selects rows: those for which at least one of the conditions
	// holds, unlike the conditions of a transaction, which must all hold.
	// Without any, all rows are copied. A server that knows only the monitor
	// of RFC 7047 cannot select.
	Where []Condition
}

// A Table is the copy of a table that a [Monitor] keeps up to date, as rows of
// type T: a struct with ovsdb tags whose field types are those in the package
// comment. It holds the columns that T has a field for, except those that the
// server's schema does not know, since servers differ in age: their fields
// stay zero. A field tagged "_uuid" receives the row's UUID.
//
// Rows are shared and must not be modified. An [Index] finds them by their
// content.
type Table[T any] struct {
	name string
	mu   atomic.Pointer[sync.RWMutex] // of the monitor, once there is one

	// Guarded by that.
	options TableOptions
	owner   *Monitor
	rows    map[string]*T // by UUID
	indexes []rowIndex[T]
}

// NewTable makes a table to be given to [Client.Monitor], once. It is empty
// before.
func NewTable[T any](name string, o TableOptions) *Table[T] {
	t := &Table[T]{name: name, options: o, rows: map[string]*T{}}
	t.mu.Store(new(sync.RWMutex))
	return t
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

// All returns all rows, in no particular order.
func (t *Table[T]) All() []*T {
	defer t.lock()()
	return slices.AppendSeq(make([]*T, 0, len(t.rows)), maps.Values(t.rows))
}

// Rows returns what an event did to a row of the table: old is nil if the row
// was added, new if it was deleted. ok is false if the event is about another
// table.
func (t *Table[T]) Rows(e Event) (old, new *T, ok bool) {
	if e.Table != t.name {
		return nil, nil, false
	}
	old, _ = e.Old.(*T)
	new, _ = e.New.(*T)
	return old, new, true
}

// lock locks the table for reading and returns the function that unlocks it.
func (t *Table[T]) lock() (unlock func()) {
	for {
		mu := t.mu.Load()
		mu.RLock()
		if t.mu.Load() == mu {
			return mu.RUnlock
		}
		mu.RUnlock() // a monitor has just taken the table
	}
}

// writeLock locks the table for writing.
func (t *Table[T]) writeLock() *sync.RWMutex {
	for {
		mu := t.mu.Load()
		mu.Lock()
		if t.mu.Load() == mu {
			return mu
		}
		mu.Unlock()
	}
}

// A Monitored is a [Table] of any row type.
type Monitored interface {
	// tableName returns the name given to NewTable.
	tableName() string
	// attach makes the table belong to a monitor unless it belongs to one.
	attach(m *Monitor) bool
	// detach undoes attach and empties the table. The caller holds the
	// monitor's lock.
	detach()

	// selection returns what is to be copied; selected changes it. The caller
	// holds the monitor's lock.
	selection() TableOptions
	selected(o TableOptions)
	// plan checks the table, with what is selected, against the schema. The
	// caller holds the lock at least for reading.
	plan(s *schema) (*rowPlan, error)

	// The methods that follow are for the read loop, which alone changes
	// rows: only commit needs the monitor's lock.

	// size returns the number of rows.
	size() int
	// row returns a row, nil if there is none.
	row(uuid string) any
	// holds reports whether there is a row with the same content.
	holds(p *rowPlan, uuid string, row any) bool
	// others returns the rows whose UUIDs are not given.
	others(known map[string]struct{}) []string
	// decode reads the columns of a new row.
	decode(p *rowPlan, uuid string, s *scanner) (row any, err error)
	// patch reads the differences of columns to the row as it is, and returns
	// the row that they make: the same one if there are none.
	patch(p *rowPlan, uuid string, s *scanner) (row any, err error)
	// commit puts a row in the place of an older version, or removes it if it
	// is nil, and returns the older version, nil if there is none.
	commit(uuid string, row any) (old any)
	// rowEvents appends an event for every row, as if it were added.
	rowEvents(events []Event) []Event
}
