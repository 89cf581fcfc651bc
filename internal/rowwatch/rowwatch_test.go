// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package rowwatch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/internal/rowwatch"
	"github.com/ovskit/ovskit/ovsdb"
)

// A script is a source of what is in it, and then of an error.
type script struct {
	deltas []ovsdb.Delta
	closed int
}

var errEnd = errors.New("the script has ended")

func (s *script) Next(context.Context) (ovsdb.Delta, error) {
	if len(s.deltas) == 0 {
		return ovsdb.Delta{}, errEnd
	}
	d := s.deltas[0]
	s.deltas = s.deltas[1:]
	return d, nil
}

func (s *script) Close() error {
	s.closed++
	return nil
}

// A pair is an object of two rows: a head, whose UUID it has, and a tail, which has
// the same UUID in another table.
type pair struct{ name, tail string }

type (
	head struct{ name string }
	tail struct{ text string }
)

type pairRows struct {
	heads map[string]*head
	tails map[string]*tail
}

func (r pairRows) Apply(events []ovsdb.Event, changed map[string]bool) {
	for _, e := range events {
		changed[e.UUID] = true
		if e.Table == "head" {
			rowwatch.Put(r.heads, e)
		} else {
			rowwatch.Put(r.tails, e)
		}
	}
}

func (r pairRows) Object(uuid string) *pair {
	h, t := r.heads[uuid], r.tails[uuid]
	if h == nil || t == nil {
		return nil
	}
	return &pair{h.name, t.text}
}

func newStream(s *script) *rowwatch.Stream[pair] {
	return rowwatch.New(s, rowwatch.Kind[pair]{
		NewRows: func() rowwatch.Rows[pair] { return pairRows{map[string]*head{}, map[string]*tail{}} },
		Name:    func(p *pair) string { return p.name },
		Same:    func(a, b *pair) bool { return *a == *b },
	})
}

// rows makes the events of whole objects that are added or changed.
func rows(pairs map[string]pair) (events []ovsdb.Event) {
	for _, uuid := range slices.Sorted(maps.Keys(pairs)) {
		events = append(events,
			ovsdb.Event{Table: "head", UUID: uuid, New: &head{pairs[uuid].name}},
			ovsdb.Event{Table: "tail", UUID: uuid, New: &tail{pairs[uuid].tail}})
	}
	return events
}

func TestStream(t *testing.T) {
	s := &script{deltas: []ovsdb.Delta{
		{Snapshot: true, Events: rows(map[string]pair{"1": {"b", "x"}, "2": {"a", "x"}})},
		{Events: []ovsdb.Event{{Table: "head", UUID: "3", New: &head{"c"}}}},                              // not whole
		{Events: []ovsdb.Event{{Table: "tail", UUID: "2", Old: &tail{"x"}, New: &tail{"x"}}}},             // the same
		{Events: append(rows(map[string]pair{"2": {"a", "y"}}), ovsdb.Event{Table: "tail", UUID: "1"})},   // removed first
		{Events: []ovsdb.Event{{Table: "tail", UUID: "3", New: &tail{"z"}}, {Table: "head", UUID: "1"}}},  // now it is
		{Snapshot: true, Overflow: true, Events: rows(map[string]pair{"3": {"c", "z"}, "4": {"d", "x"}})}, // 2 is not there
	}}
	w := newStream(s)
	var got []string
	for {
		c, err := w.Next(t.Context())
		if err != nil {
			if !errors.Is(err, errEnd) {
				t.Fatal(err)
			}
			break
		}
		text := ""
		if c.Old != nil {
			text = fmt.Sprint(*c.Old)
		}
		text += " -> "
		if c.New != nil {
			text += fmt.Sprint(*c.New)
		}
		got = append(got, text)
	}
	want := []string{
		" -> {a x}", " -> {b x}", "{b x} -> ", "{a x} -> {a y}", " -> {c z}", "{a y} -> ", " -> {d x}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("changes %q, want %q", got, want)
	}
	// An error leaves the stream as it is.
	s.deltas = []ovsdb.Delta{{Events: []ovsdb.Event{{Table: "tail", UUID: "4", New: &tail{"y"}}}}}
	if c, err := w.Next(t.Context()); err != nil || c.Old == nil || *c.Old != (pair{"d", "x"}) || *c.New != (pair{"d", "y"}) {
		t.Errorf("Next after an error: %v, %v; want a change of d", c, err)
	}
	if err := w.Close(); err != nil || s.closed != 1 {
		t.Errorf("Close: %v, the source was closed %d times; want once", err, s.closed)
	}
}
