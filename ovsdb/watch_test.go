// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"fmt"
	"testing"
)

// An update beyond the limit overflows only a queue that has something: the
// consumer that is not behind gets it.
func TestWatchLargeUpdate(t *testing.T) {
	s := mustSchema(t)
	table := NewTable[testRow]("T", TableOptions{})
	r := testRegistration(t, s, dialectCond, table)
	w := r.monitor.Watch(WatchOptions{Limit: 2})
	defer w.Close()
	insert := func(name string, rows int) {
		t.Helper()
		text := `,{"T":{`
		for i := range rows {
			text += fmt.Sprintf(`%s"%08x-0000-4000-8000-%012x":{"insert":{"name":%q}}`, ",{"[:min(i, 1)], i, len(name), name)
		}
		if err := r.update(&scanner{data: []byte(text + "}}]")}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(snapshot, overflow bool, events int) {
		t.Helper()
		d, err := w.Next(testContext(t))
		if err != nil || d.Snapshot != snapshot || d.Overflow != overflow || len(d.Events) != events {
			t.Errorf("got snapshot %t, overflow %t, %d events, %v; want %t, %t, %d", d.Snapshot, d.Overflow, len(d.Events), err, snapshot, overflow, events)
		}
	}
	want(true, false, 0)
	insert("a", 5)
	want(false, false, 5)
	insert("aa", 1)
	insert("aaa", 5)
	want(true, true, 11)
}
