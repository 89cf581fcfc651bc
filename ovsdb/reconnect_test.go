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
			dbtest.EachWith(t, itemSchema, func(t *testing.T, s *dbtest.Server) { testReconnect(t, s, o) })
		})
	}
}

func testReconnect(t *testing.T, s *dbtest.Server, o outage) {
	setUp := dialItems(t, s.Endpoint)
	insertItems(t, setUp, "old", 30)
	transact(t, setUp, ovsdb.Insert("Mark", ovsdb.Row{"name": "mark"}), ovsdb.Update("Item", ovsdb.Row{"seen": 1}, called("old0")))
	setUp.Close()
	holder := dialItems(t, s.Endpoint)
	held, err := holder.Lock(testContext(t), "lock")
	if err != nil {
		t.Fatal(err)
	}

	c, p := behindProxy(t, s.Endpoint)
	items, marks := newItemTable("Item"), newItemTable("Mark")
	part := ovsdb.NewTable[item]("Item", ovsdb.TableOptions{Omit: []string{"seen"},
		Where: []ovsdb.Condition{ovsdb.Where("count", ovsdb.GreaterOrEqual, 10)}})
	m, ofPart := monitorTables(t, c, items, marks), monitorTables(t, c, part)
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
	w := startWriters(t, c, items, o.restored)
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
		changeItems(t, s.Endpoint)
	}
	p.Refuse(false)

	if err := <-locking; err != nil {
		t.Errorf("Lock: %v", err)
	}
	wantLost(t, held, "lock")
	w.progress(m)
	other := dialItems(t, s.Endpoint)
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
	wantTable(t, "items", fresh["Item"], items)
	wantTable(t, "marks", fresh["Mark"], marks)
	newItems := newItemTable("Item")
	monitorTables(t, dialItems(t, s.Endpoint), newItems)
	wantTable(t, "items of a new client", fresh["Item"], newItems)
	rest := itemRows{}
	for uuid, row := range where(fresh["Item"], func(row *item) bool { return row.Count >= 10 }) {
		row.Seen = 0
		rest[uuid] = row
	}
	wantTable(t, "part of the items", rest, part)
	w.check(fresh["Item"], append(w.outcomes, lost))
	m.Close()
	ofPart.Close()
	for _, f := range followers {
		f.wantEnd(ovsdb.ErrMonitorClosed, map[string]*itemTable{"Item": items, "Mark": marks})
	}
	partFollower.wantEnd(ovsdb.ErrMonitorClosed, map[string]*itemTable{"Item": part})
}

// changeItems does to the items all that can be done, as another client.
func changeItems(t testing.TB, endpoint string) {
	t.Helper()
	c := dialItems(t, endpoint)
	defer c.Close()
	transact(t, c,
		ovsdb.Delete("Item", called("old3")), ovsdb.Delete("Item", called("old13")),
		ovsdb.Update("Item", ovsdb.Row{"count": 100}, called("old4")), ovsdb.Update("Item", ovsdb.Row{"count": 4}, called("old14")),
		ovsdb.Update("Item", ovsdb.Row{"tags": []string{"a", "b"}, "notes": map[string]string{"k": "v"}}, called("old15")),
		insertItem("new", 1000))
	// One row in the place of another of the same name.
	transact(t, c, ovsdb.Delete("Item", called("old5")), insertItem("old5", 5))
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
	dbtest.EachWith(t, itemSchema, func(t *testing.T, s *dbtest.Server) {
		c, p := behindProxy(t, s.Endpoint)
		insertItems(t, c, "item", 50)
		items := newItemTable("Item")
		index := ovsdb.NewIndex(items, func(row *item) string { return row.Name })
		m := monitorTables(t, c, items)
		f := follow(t, m, ovsdb.WatchOptions{})
		before := map[string]*item{}
		for _, row := range items.All() {
			before[row.UUID] = row
		}
		for i := range 5 {
			p.Cut()
			waitConnected(t, c, i+2)
		}
		after := map[string]*item{}
		for _, row := range items.All() {
			after[row.UUID] = row
			if got, ok := index.Get(row.Name); !ok || got != row {
				t.Errorf("index: got %+v, %v; want %+v", got, ok, row)
			}
		}
		if !maps.Equal(before, after) {
			t.Error("rows were replaced although nothing has changed")
		}
		m.Close()
		f.wantEnd(ovsdb.ErrMonitorClosed, map[string]*itemTable{"Item": items})
		if f.deltas != 1 {
			t.Errorf("got %d deltas, want the first snapshot alone", f.deltas)
		}
	})
}

// While there is no connection calls wait for one until their context ends.
func TestDisconnectedCalls(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, itemSchema, func(t *testing.T, s *dbtest.Server) {
		c, p := behindProxy(t, s.Endpoint)
		items := newItemTable("Item")
		m := monitorTables(t, c, items)
		l, err := c.Lock(testContext(t), "mine")
		if err != nil {
			t.Fatal(err)
		}
		p.Refuse(true)
		waitState(t, c, func(s ovsdb.State) bool { return s.Failures > 0 })
		wantLost(t, l, "mine")
		if _, err := c.Transact(testContext(t), insertItem("locked", 0)); !errors.As(err, new(*ovsdb.LockLostError)) {
			t.Errorf("Transact after a lock was lost: got error %v, want a *LockLostError", err)
		}
		if err := l.Unlock(testContext(t)); err != nil {
			t.Error(err)
		}
		for name, call := range disconnectedCalls(c, m, items) {
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
		calls := disconnectedCalls(c, m, items)
		for _, call := range calls {
			go func() { done <- call(testContext(t)) }()
		}
		p.Refuse(false)
		transact(t, dialItems(t, s.Endpoint), insertItem("waited for", 0))
		for range calls {
			if err := <-done; err != nil {
				t.Errorf("call that waited for the connection: %v", err)
			}
		}
		rows := where(readAll(t, s.Endpoint)["Item"], func(row *item) bool { return row.Name == "locked" })
		if len(rows) > 0 {
			t.Error("the transaction without the lock was made")
		}
	})
}

// disconnectedCalls are the calls that need a connection.
func disconnectedCalls(c *ovsdb.Client, m *ovsdb.Monitor, items *itemTable) map[string]func(context.Context) error {
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
			_, err := c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{newItemTable("Mark")}})
			return err
		},
		"Reselect": func(ctx context.Context) error { return m.Reselect(ctx, items, ovsdb.TableOptions{}) },
		"Lock": func(ctx context.Context) error {
			l, err := c.Lock(ctx, "waiting")
			if err == nil {
				err = l.Unlock(ctx)
			}
			return err
		},
		"Wait": func(ctx context.Context) error {
			return m.Wait(ctx, func() (bool, error) { return items.Len() > 0, nil })
		},
	}
}
