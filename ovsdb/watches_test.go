// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/ovsdb"
)

// countAll changes every entry in each of n transactions.
func countAll(t testing.TB, c *ovsdb.Client, n int) {
	t.Helper()
	for range n {
		transact(t, c, ovsdb.Mutate("Entry", []ovsdb.Mutation{ovsdb.Change("count", ovsdb.Add, 1)}))
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A consumer that is too slow holds up nobody and costs no more memory than its
// limit. It is given all rows, and follows again from there.
func TestWatchOverflow(t *testing.T) {
	const rows, transactions, limit = 400, 500, 1000
	s := dbtest.FakeWith(t, entrySchema)
	c := dialEntries(t, s.Endpoint)
	insertEntries(t, c, "entry", rows)
	entries := newEntryTable("Entry")
	m := monitorTables(t, c, entries)
	slow, slower := newFollower(t, m, ovsdb.WatchOptions{Limit: limit}), newFollower(t, m, ovsdb.WatchOptions{Limit: limit})
	slow.next()
	slower.next()
	before := heap()
	most := 0
	for i := range transactions {
		countAll(t, c, 1)
		for _, f := range []*follower{slow, slower} {
			most = max(most, f.watch.Waiting())
		}
		if i%20 == 19 {
			slow.next()
		}
	}
	if most > limit || most <= limit-rows {
		t.Errorf("up to %d events waited, want nearly %d", most, limit)
	}
	// Those of all events would be rows*transactions, each with a row.
	if after := heap(); after > before+rows*transactions*64/4 {
		t.Errorf("memory in use has grown from %d to %d bytes", before, after)
	}
	if slow.overflows == 0 {
		t.Error("the slow consumer was never told that it is too slow")
	}
	if d := slower.next(); !d.Overflow || !d.Snapshot || len(d.Events) != rows {
		t.Errorf("the slower consumer got Overflow %v, Snapshot %v and %d events, want all %d rows", d.Overflow, d.Snapshot, len(d.Events), rows)
	}
	for slow.watch.Waiting() > 0 || slow.deltas == 0 {
		slow.next()
	}
	all := map[string]*entryTable{"Entry": entries}
	slower.wantTables(all)
	for range 5 {
		countAll(t, c, 1)
		if d := slower.next(); d.Snapshot || len(d.Events) != rows {
			t.Errorf("after it has caught up, a consumer got Snapshot %v and %d events, want each of the %d rows", d.Snapshot, len(d.Events), rows)
		}
		slower.wantTables(all)
	}
	slow.start()
	m.Close()
	slow.wantEnd(ovsdb.ErrMonitorClosed, all)
}

// Without a limit every event is kept; watches with and without one do not
// influence each other.
func TestWatchLimits(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		const rows, transactions = 50, 200
		c := dialEntries(t, s.Endpoint)
		insertEntries(t, c, "entry", rows)
		entries := newEntryTable("Entry")
		m := monitorTables(t, c, entries)
		lazy := newFollower(t, m, ovsdb.WatchOptions{Limit: -1})
		lazy.next()
		byDefault := newFollower(t, m, ovsdb.WatchOptions{})
		byDefault.next()
		var busy []*follower
		for _, limit := range []int{1, rows, 3 * rows, -1} {
			busy = append(busy, follow(t, m, ovsdb.WatchOptions{Limit: limit}))
		}
		countAll(t, c, transactions)
		for _, f := range []*follower{lazy, byDefault} {
			if got := f.watch.Waiting(); got != rows*transactions {
				t.Errorf("%d events wait, want %d", got, rows*transactions)
			}
		}
		m.Close()
		for _, f := range append(busy, lazy, byDefault) {
			if f == lazy || f == byDefault {
				f.start()
			}
			f.wantEnd(ovsdb.ErrMonitorClosed, map[string]*entryTable{"Entry": entries})
		}
		for _, f := range []*follower{lazy, byDefault} {
			if f.events != rows+rows*transactions || f.deltas != 1+transactions || f.overflows > 0 {
				t.Errorf("got %d events in %d deltas, %d overflows; want %d in %d and none",
					f.events, f.deltas, f.overflows, rows+rows*transactions, 1+transactions)
			}
		}
		if busy[3].overflows > 0 {
			t.Error("a watch without a limit has had an overflow")
		}
	})
}

// What a watch shows first and what follows fit together, whatever is written
// meanwhile, and no transaction is seen in part.
func TestWatchBeginsAmongWrites(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		c, other := dialEntries(t, s.Endpoint), dialEntries(t, s.Endpoint)
		insertEntries(t, c, "entry", 20)
		transact(t, c, ovsdb.Update("Entry", ovsdb.Row{"count": 0}))
		entries := newEntryTable("Entry")
		m := monitorTables(t, c, entries)
		stop := make(chan struct{})
		var writing sync.WaitGroup
		for _, writer := range []*ovsdb.Client{c, other} {
			writing.Add(1)
			go func() {
				defer writing.Done()
				for {
					select {
					case <-stop:
						return
					default:
					}
					_, err := writer.Transact(context.Background(), ovsdb.Mutate("Entry", []ovsdb.Mutation{ovsdb.Change("count", ovsdb.Add, 1)}))
					if err != nil {
						t.Error(err)
						return
					}
				}
			}()
		}
		var followers []*follower
		for i := range 50 {
			f := newFollower(t, m, ovsdb.WatchOptions{Limit: []int{-1, 30, 0}[i%3]})
			f.holds = sameCount
			f.start()
			followers = append(followers, f)
			waitForChange(t, m)
		}
		close(stop)
		writing.Wait()
		m.Close()
		for _, f := range followers {
			f.wantEnd(ovsdb.ErrMonitorClosed, map[string]*entryTable{"Entry": entries})
		}
	})
}

// sameCount says whether the entries were not all counted together.
func sameCount(model map[string]map[string]*entry) string {
	counts := map[int64]int{}
	for _, row := range model["Entry"] {
		counts[row.Count]++
	}
	if len(counts) != 1 {
		return fmt.Sprintf("rows by count: %v, want all of them to have the same", counts)
	}
	return ""
}

func waitForChange(t testing.TB, m *ovsdb.Monitor) {
	t.Helper()
	first := true
	waitFor(t, m, func() bool {
		was := first
		first = false
		return !was
	})
}

// What was not taken yet is, after the monitor or the client was closed, but
// not after the watch itself was.
func TestWatchEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		close func(c *ovsdb.Client, m *ovsdb.Monitor, w *ovsdb.Watch)
		left  int
		want  error
	}{
		{"watch", func(_ *ovsdb.Client, _ *ovsdb.Monitor, w *ovsdb.Watch) { w.Close() }, 0, ovsdb.ErrWatchClosed},
		{"monitor", func(_ *ovsdb.Client, m *ovsdb.Monitor, _ *ovsdb.Watch) { m.Close() }, 3, ovsdb.ErrMonitorClosed},
		{"client", func(c *ovsdb.Client, _ *ovsdb.Monitor, _ *ovsdb.Watch) { c.Close() }, 3, ovsdb.ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
				c := dialEntries(t, s.Endpoint)
				insertEntries(t, c, "entry", 2)
				m := monitorTables(t, c, newEntryTable("Entry"))
				w := m.Watch(ovsdb.WatchOptions{})
				waits := m.Watch(ovsdb.WatchOptions{})
				if tt.name == "watch" {
					waits = w
				}
				for _, w := range []*ovsdb.Watch{w, m.Watch(ovsdb.WatchOptions{})} {
					if d, err := w.Next(testContext(t)); err != nil || !d.Snapshot || len(d.Events) != 2 {
						t.Fatalf("first delta: got %+v, %v", d, err)
					}
				}
				ctx, cancel := context.WithCancel(testContext(t))
				cancel()
				if _, err := w.Next(ctx); !errors.Is(err, context.Canceled) {
					t.Errorf("Next with a context that has ended: got error %v, want %v", err, context.Canceled)
				}
				countAll(t, c, 3)
				tt.close(c, m, w)
				for i := range tt.left {
					if d, err := w.Next(testContext(t)); err != nil || d.Snapshot || len(d.Events) != 2 {
						t.Errorf("delta %d after the end: got %+v, %v", i, d, err)
					}
				}
				for range 2 {
					if _, err := w.Next(testContext(t)); !errors.Is(err, tt.want) {
						t.Errorf("got error %v, want %v", err, tt.want)
					}
				}
				// A snapshot that was not taken yet shows the last state.
				if tt.name != "watch" {
					if d, err := waits.Next(testContext(t)); err != nil || !d.Snapshot || len(d.Events) != 2 {
						t.Errorf("snapshot after the end: got %+v, %v", d, err)
					}
				}
				late := m.Watch(ovsdb.WatchOptions{})
				defer late.Close()
				if d, err := late.Next(testContext(t)); err != nil || !d.Snapshot || len(d.Events) != 2 {
					t.Errorf("watch begun after the end: got %+v, %v", d, err)
				}
			})
		})
	}
}

// Whoever waits for an event is woken by the end.
func TestWatchEndWakes(t *testing.T) {
	t.Parallel()
	s := dbtest.FakeWith(t, entrySchema)
	for name, end := range map[string]func(c *ovsdb.Client, m *ovsdb.Monitor, w *ovsdb.Watch) error{
		"watch": func(_ *ovsdb.Client, _ *ovsdb.Monitor, w *ovsdb.Watch) error { w.Close(); return ovsdb.ErrWatchClosed },
		"monitor": func(_ *ovsdb.Client, m *ovsdb.Monitor, _ *ovsdb.Watch) error {
			m.Close()
			return ovsdb.ErrMonitorClosed
		},
		"client": func(c *ovsdb.Client, _ *ovsdb.Monitor, _ *ovsdb.Watch) error { c.Close(); return ovsdb.ErrClosed },
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				c := dialEntries(t, s.Endpoint)
				m := monitorTables(t, c, newEntryTable("Entry"))
				w := m.Watch(ovsdb.WatchOptions{})
				ctx := testContext(t)
				var waiting sync.WaitGroup
				ended := make(chan error, 3)
				for range 3 { // one of them takes the snapshot, then waits
					waiting.Add(1)
					go func() {
						defer waiting.Done()
						for {
							if _, err := w.Next(ctx); err != nil {
								ended <- err
								return
							}
						}
					}()
				}
				runtime.Gosched()
				want := end(c, m, w)
				waiting.Wait()
				for range 3 {
					if err := <-ended; !errors.Is(err, want) {
						t.Errorf("got error %v, want %v", err, want)
					}
				}
				c.Close()
			}
		})
	}
}
