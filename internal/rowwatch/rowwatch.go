// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package rowwatch makes out of the stream of what becomes of rows that of what
// becomes of objects, such as ports, each of which consists of several rows.
package rowwatch

import (
	"cmp"
	"context"
	"slices"

	"github.com/ovskit/ovskit/ovsdb"
)

// A Change is what became of an object: added if Old is nil, removed if New is nil,
// else changed.
type Change[T any] struct {
	Old, New *T
}

// A Kind is what there is to know of a kind of objects.
type Kind[T any] struct {
	// NewRows makes a copy of the rows in which there are none yet.
	NewRows func() Rows[T]
	// Name is an object's name, by which changes are sorted.
	Name func(*T) string
	// Same compares two objects.
	Same func(a, b *T) bool
}

// Rows are the rows that objects consist of, at a place in the stream of which the
// copy in the client may be ahead.
type Rows[T any] interface {
	// Apply takes over events, and adds the UUIDs of the objects that they may
	// concern. An object has the UUID of one of its rows.
	Apply(events []ovsdb.Event, changed map[string]bool)
	// Object is the object of a UUID; nil if there is none.
	Object(uuid string) *T
}

// Put takes over an event of a row into those of its table, and returns the row as it
// is now; nil if it was deleted.
func Put[R any](rows map[string]*R, e ovsdb.Event) *R {
	row, ok := e.New.(*R)
	if !ok {
		delete(rows, e.UUID)
		return nil
	}
	rows[e.UUID] = row
	return row
}

// A Source is an [ovsdb.Watch].
type Source interface {
	Next(ctx context.Context) (ovsdb.Delta, error)
	Close() error
}

// A Stream is the stream of what becomes of objects: each transaction makes one
// change of an object at most, with the object as it was afterwards. It has no
// goroutine. Its methods are not to be called by several goroutines, except Close.
type Stream[T any] struct {
	source  Source
	kind    Kind[T]
	rows    Rows[T]
	known   map[string]*T // by UUID
	changes []Change[T]   // not taken yet
}

// New begins a stream. All objects that are there come first, as added. The caller
// must close it, which closes the source.
func New[T any](source Source, kind Kind[T]) *Stream[T] {
	return &Stream[T]{source: source, kind: kind, rows: kind.NewRows(), known: map[string]*T{}}
}

// Next returns the next change and waits for one if there is none. It fails as the
// source does, and an error leaves the stream as it is.
func (s *Stream[T]) Next(ctx context.Context) (Change[T], error) {
	for len(s.changes) == 0 {
		delta, err := s.source.Next(ctx)
		if err != nil {
			return Change[T]{}, err
		}
		changed := map[string]bool{}
		if delta.Snapshot {
			s.rows = s.kind.NewRows()
			for uuid := range s.known {
				changed[uuid] = true
			}
		}
		s.rows.Apply(delta.Events, changed)
		s.compare(changed)
	}
	c := s.changes[0]
	s.changes[0] = Change[T]{}
	s.changes = s.changes[1:]
	return c, nil
}

// Close ends the stream. It can be called more than once.
func (s *Stream[T]) Close() error { return s.source.Close() }

// compare finds out what became of objects that may have changed: those removed come
// first, in the order of their names.
func (s *Stream[T]) compare(changed map[string]bool) {
	var removed, others []Change[T]
	for uuid := range changed {
		old, now := s.known[uuid], s.rows.Object(uuid)
		switch {
		case now == nil && old != nil:
			delete(s.known, uuid)
			removed = append(removed, Change[T]{Old: old})
		case now != nil && (old == nil || !s.kind.Same(old, now)):
			s.known[uuid] = now
			others = append(others, Change[T]{Old: old, New: now})
		}
	}
	slices.SortFunc(removed, func(a, b Change[T]) int { return cmp.Compare(s.kind.Name(a.Old), s.kind.Name(b.Old)) })
	slices.SortFunc(others, func(a, b Change[T]) int { return cmp.Compare(s.kind.Name(a.New), s.kind.Name(b.New)) })
	s.changes = slices.Concat(s.changes, removed, others)
}
