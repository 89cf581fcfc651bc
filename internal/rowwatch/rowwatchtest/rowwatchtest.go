// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package rowwatchtest follows streams of what becomes of objects in tests.
package rowwatchtest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/internal/rowwatch"
)

// Follow takes events by next, and keeps what they make of the objects by name, until
// done holds. Each event must fit the one before of its object.
func Follow[T any, Event ~struct{ Old, New *T }](ctx context.Context, t testing.TB, next func(context.Context) (Event, error),
	name func(*T) string, known map[string]*T, done func() bool) {
	t.Helper()
	for !done() {
		e, err := next(ctx)
		if err != nil {
			t.Fatalf("%v; there are %q", err, slices.Sorted(maps.Keys(known)))
		}
		c := rowwatch.Change[T](e)
		object := c.New
		if object == nil {
			object = c.Old
		}
		key := name(object)
		if known[key] != c.Old {
			t.Fatalf("event of %q has Old %+v, want %+v", key, c.Old, known[key])
		}
		delete(known, key)
		if c.New != nil {
			known[key] = c.New
		}
	}
}
