// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/ovsdb"
)

// An outage is a way in which a server goes away and comes back.
type outage struct {
	name string
	end  func(*dbtest.Server, testing.TB)
	// restored says that it comes back with an older content.
	restored bool
	// changed says that others change the content before the client is back.
	changed bool
}

var outages = []outage{
	{name: "killed", end: (*dbtest.Server).Kill},
	{name: "stopped", end: (*dbtest.Server).Stop},
	{name: "changed", end: (*dbtest.Server).Kill, changed: true},
	{name: "restored", end: (*dbtest.Server).Kill, restored: true},
}

// Whatever happened to the server, a client that was in the middle of
// everything goes on as if it had just begun.
func TestReconnect(t *testing.T) {
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) { testReconnect(t, s, o) })
		})
	}
}

func testReconnect(t *testing.T, s *dbtest.Server, o outage) {
	setUp := dialEntries(t, s.Endpoint)
	insertEntries(t, setUp, "old", 30)
	transact(t, setUp, ovsdb.Insert("Mark", ovsdb.Row{"name": "mark"}), ovsdb.Update("Entry", ovsdb.Row{"seen": 1}, called("old0")))
	setUp.Close()
	holder := dialEntries(t, s.Endpoint)
	held, err := holder.Lock(testContext(t), "lock")
	if err != nil {
		t.Fatal(err)
	}

	c, p := behindProxy(t, s.Endpoint)
	entries, marks := newEntryTable("Entry"), newEntryTable("Mark")
	part := ovsdb.NewTable[entry]("Entry", ovsdb.TableOptions{Omit: []string{"seen"},
		Where: []ovsdb.Condition{ovsdb.Where("count", ovsdb.GreaterOrEqual, 10)}})
	m, ofPart := monitorTables(t, c, entries, marks), monitorTables(t, c, part)
	followers := []*follower{follow(t, m, ovsdb.WatchOptions{}), follow(t, m, ovsdb.WatchOptions{Limit: -1})}
	partFollower := follow(t, ofPart, ovsdb.WatchOptions{Limit: -1})

	ctx := testContext(t)
	waiting, locking := make(chan error, 1), make(chan error, 1)
	go func() {
		waiting <- m.Wait(ctx, func() (bool, error) { return marks.Len() > 1, nil })
	}()
	go func() {
		_, err := c.Lock(ctx, "lock")
		locking <- err
	}()
	w := startWriters(t, c, entries, o.restored)
	w.progress(m)
	saved := w.save(s)
	w.progress(m)

	p.Refuse(o.changed)
	o.end(s, t)
	waitDisconnected(t, c)
	w.phase.Store(phaseOver)
	lost := w.transactInVain(c)
	if o.restored {
		s.Restore(t, saved)
	}
	s.Start(t)
	if o.changed {
		changeEntries(t, s.Endpoint)
	}
	p.Refuse(false)

	if err := <-locking; err != nil {
		t.Errorf("Lock: %v", err)
	}
	wantLost(t, held, "lock")
	w.progress(m)
	other := dialEntries(t, s.Endpoint)
	transact(t, other, ovsdb.Insert("Mark", ovsdb.Row{"name": "other mark"}))
	if err := <-waiting; err != nil {
		t.Errorf("Wait: %v", err)
	}
	w.stop()
	catchUp(t, c)
	if got := c.State(); got.Connections != 2 || got.Endpoint != p.Endpoint() || got.Failures != 0 || got.Err != nil {
		t.Errorf("state: got %+v, want the second connection to %q", got, p.Endpoint())
	}

	fresh := readAll(t, s.Endpoint)
	wantTable(t, "entries", fresh["Entry"], entries)
	wantTable(t, "marks", fresh["Mark"], marks)
	newEntries := newEntryTable("Entry")
	monitorTables(t, dialEntries(t, s.Endpoint), newEntries)
	wantTable(t, "entries of a new client", fresh["Entry"], newEntries)
	rest := entryRows{}
	for uuid, row := range where(fresh["Entry"], func(row *entry) bool { return row.Count >= 10 }) {
		row.Seen = 0
		rest[uuid] = row
	}
	wantTable(t, "part of the entries", rest, part)
	w.check(fresh["Entry"], append(w.outcomes, lost))
	m.Close()
	ofPart.Close()
	for _, f := range followers {
		f.wantEnd(ovsdb.ErrMonitorClosed, map[string]*entryTable{"Entry": entries, "Mark": marks})
	}
	partFollower.wantEnd(ovsdb.ErrMonitorClosed, map[string]*entryTable{"Entry": part})
}

// changeEntries does to the entries all that can be done, as another client.
func changeEntries(t testing.TB, endpoint string) {
	t.Helper()
	c := dialEntries(t, endpoint)
	defer c.Close()
	transact(t, c,
		ovsdb.Delete("Entry", called("old3")), ovsdb.Delete("Entry", called("old13")),
		ovsdb.Update("Entry", ovsdb.Row{"count": 100}, called("old4")), ovsdb.Update("Entry", ovsdb.Row{"count": 4}, called("old14")),
		ovsdb.Update("Entry", ovsdb.Row{"tags": []string{"a", "b"}, "notes": map[string]string{"k": "v"}}, called("old15")),
		insertEntry("new", 1000))
	// One row in the place of another of the same name.
	transact(t, c, ovsdb.Delete("Entry", called("old5")), insertEntry("old5", 5))
}

func wantLost(t testing.TB, l *ovsdb.Lock, name string) {
	t.Helper()
	<-l.Lost()
	var lost *ovsdb.LockLostError
	if err := l.Err(); !errors.As(err, &lost) || lost.Lock != name || lost.Err == nil || !errors.Is(err, ovsdb.ErrLockLost) {
		t.Errorf("lock that was held: got error %v, want a *LockLostError of %q with a reason", err, name)
	}
}

// A connection that breaks without any change leaves no trace in the tables.
func TestReconnectWithoutChange(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		c, p := behindProxy(t, s.Endpoint)
		insertEntries(t, c, "entry", 50)
		entries := newEntryTable("Entry")
		index := ovsdb.NewIndex(entries, func(row *entry) string { return row.Name })
		m := monitorTables(t, c, entries)
		f := follow(t, m, ovsdb.WatchOptions{})
		before := map[string]*entry{}
		for _, row := range entries.All() {
			before[row.UUID] = row
		}
		for i := range 5 {
			p.Cut()
			waitConnected(t, c, i+2)
		}
		after := map[string]*entry{}
		for _, row := range entries.All() {
			after[row.UUID] = row
			if got, ok := index.Get(row.Name); !ok || got != row {
				t.Errorf("index: got %+v, %v; want %+v", got, ok, row)
			}
		}
		if !maps.Equal(before, after) {
			t.Error("rows were replaced although nothing has changed")
		}
		m.Close()
		f.wantEnd(ovsdb.ErrMonitorClosed, map[string]*entryTable{"Entry": entries})
		if f.deltas != 1 {
			t.Errorf("got %d deltas, want the first snapshot alone", f.deltas)
		}
	})
}

// While there is no connection calls wait for one until their context ends.
func TestDisconnectedCalls(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		c, p := behindProxy(t, s.Endpoint)
		entries := newEntryTable("Entry")
		m := monitorTables(t, c, entries)
		l, err := c.Lock(testContext(t), "mine")
		if err != nil {
			t.Fatal(err)
		}
		p.Refuse(true)
		awaitState(t, c, func(s ovsdb.State) bool { return s.Failures > 0 })
		wantLost(t, l, "mine")
		if _, err := c.Transact(testContext(t), insertEntry("locked", 0)); !errors.As(err, new(*ovsdb.LockLostError)) {
			t.Errorf("Transact after a lock was lost: got error %v, want a *LockLostError", err)
		}
		if err := l.Unlock(testContext(t)); err != nil {
			t.Error(err)
		}
		for name, call := range disconnectedCalls(c, m, entries) {
			ctx, cancel := context.WithTimeout(testContext(t), 5*time.Millisecond)
			err := call(ctx)
			cancel()
			if !errors.Is(err, ovsdb.ErrDisconnected) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got error %v, want %v and %v", name, err, ovsdb.ErrDisconnected, context.DeadlineExceeded)
			}
			if !isRefused(err) {
				t.Errorf("%s: got error %v, want it to say why there is no connection", name, err)
			}
			if unknown := (*ovsdb.OutcomeUnknownError)(nil); errors.As(err, &unknown) {
				t.Errorf("%s: got error %v although nothing was sent", name, err)
			}
		}
		done := make(chan error)
		calls := disconnectedCalls(c, m, entries)
		for _, call := range calls {
			go func() { done <- call(testContext(t)) }()
		}
		p.Refuse(false)
		transact(t, dialEntries(t, s.Endpoint), insertEntry("waited for", 0))
		for range calls {
			if err := <-done; err != nil {
				t.Errorf("call that waited for the connection: %v", err)
			}
		}
		rows := where(readAll(t, s.Endpoint)["Entry"], func(row *entry) bool { return row.Name == "locked" })
		if len(rows) > 0 {
			t.Error("the transaction without the lock was made")
		}
	})
}

// disconnectedCalls are the calls that need a connection.
func disconnectedCalls(c *ovsdb.Client, m *ovsdb.Monitor, entries *entryTable) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Transact": func(ctx context.Context) error {
			_, err := c.Transact(ctx, ovsdb.Comment("hello"))
			return err
		},
		"Echo": c.Echo,
		"ListDatabases": func(ctx context.Context) error {
			_, err := c.ListDatabases(ctx)
			return err
		},
		"Call": func(ctx context.Context) error {
			_, err := c.Call(ctx, "get_server_id")
			return err
		},
		"Monitor": func(ctx context.Context) error {
			_, err := c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{newEntryTable("Mark")}})
			return err
		},
		"Reselect": func(ctx context.Context) error { return m.Reselect(ctx, entries, ovsdb.TableOptions{}) },
		"Lock": func(ctx context.Context) error {
			l, err := c.Lock(ctx, "waiting")
			if err == nil {
				err = l.Unlock(ctx)
			}
			return err
		},
		"Wait": func(ctx context.Context) error {
			return m.Wait(ctx, func() (bool, error) { return entries.Len() > 0, nil })
		},
	}
}
