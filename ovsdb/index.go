// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

// An Index finds rows of a [Table] by something that can be told from a row,
// such as a column or one element of a column. It is kept up to date with the
// table. The function that tells it must depend on the row alone, and must not
// use the table or its monitor.
type Index[T any, K comparable] struct {
	table *Table[T]
	keys  func(row *T, yield func(K))
	rows  map[K]indexEntry[T]
}

// indexEntry holds the rows with a key. Mostly there is one.
type indexEntry[T any] struct {
	first *T
	more  []*T
}

// NewIndex makes an index by a key that each row has.
func NewIndex[T any, K comparable](t *Table[T], key func(row *T) K) *Index[T, K] {
	return newIndex(t, func(row *T, yield func(K)) { yield(key(row)) })
}

// NewMultiIndex makes an index by any number of keys that a row has, such as
// the elements of a set. A row must not have a key twice. A change of a row
// costs as much as it has keys.
func NewMultiIndex[T any, K comparable](t *Table[T], keys func(row *T) []K) *Index[T, K] {
	return newIndex(t, func(row *T, yield func(K)) {
		for _, key := range keys(row) {
			yield(key)
		}
	})
}

func newIndex[T any, K comparable](t *Table[T], keys func(row *T, yield func(K))) *Index[T, K] {
	x := &Index[T, K]{table: t, keys: keys, rows: map[K]indexEntry[T]{}}
	mu := t.writeLock()
	defer mu.Unlock()
	for _, row := range t.rows {
		x.add(row)
	}
	t.indexes = append(t.indexes, x)
	return x
}

// Get returns a row with the key: the only one if keys are unique by the
// schema.
func (x *Index[T, K]) Get(key K) (*T, bool) {
	defer x.table.lock()()
	e, ok := x.rows[key]
	return e.first, ok
}

// All returns all rows with the key, in no particular order.
func (x *Index[T, K]) All(key K) []*T {
	defer x.table.lock()()
	e, ok := x.rows[key]
	if !ok {
		return nil
	}
	return append([]*T{e.first}, e.more...)
}

// rowIndex is an index by any kind of key.
type rowIndex[T any] interface {
	add(row *T)
	remove(row *T)
}

func (x *Index[T, K]) add(row *T) {
	x.keys(row, func(key K) {
		e, ok := x.rows[key]
		if ok {
			e.more = append(e.more, row)
		} else {
			e.first = row
		}
		x.rows[key] = e
	})
}

func (x *Index[T, K]) remove(row *T) {
	x.keys(row, func(key K) {
		e := x.rows[key]
		last := len(e.more) - 1
		switch {
		case e.first == row && last < 0:
			delete(x.rows, key)
			return
		case e.first == row:
			e.first = e.more[last]
		default:
			for i := range e.more {
				if e.more[i] == row {
					e.more[i] = e.more[last]
					break
				}
			}
		}
		e.more[last] = nil
		e.more = e.more[:last]
		x.rows[key] = e
	})
}
