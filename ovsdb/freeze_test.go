// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/ovsdb"
)

// A server that stands still without closing its connections is found out by
// the probe. A client without one waits.
func TestFrozenServer(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		p := faultproxy.New(t, s.Endpoint)
		freeze, thaw := func() { p.Stall(true) }, func() { p.Stall(false) }
		if s.CanFreeze {
			freeze, thaw = func() { s.Freeze(t) }, func() { s.Thaw(t) }
		}
		insertEntries(t, dialEntries(t, s.Endpoint), "entry", 10)
		reasons := make(chan error, 100)
		probing := entryOptions(p.Endpoint())
		probing.Probe = 100 * time.Millisecond
		probing.Hooks.Disconnected = func(reason error) { reasons <- reason }
		c := dialOptions(t, probing)
		patient := dialEntries(t, p.Endpoint())
		entries, patientEntries := newEntryTable("Entry"), newEntryTable("Entry")
		m := monitorTables(t, c, entries)
		f := follow(t, m, ovsdb.WatchOptions{})
		monitorTables(t, patient, patientEntries)

		waitConnected(t, c, 1)
		connections := c.State().Connections
		freeze()
		answers := make(chan error, 2)
		for _, client := range []*ovsdb.Client{c, patient} {
			go func() {
				_, err := client.Transact(testContext(t), ovsdb.Update("Entry", ovsdb.Row{"count": 7}))
				if client == c {
					var unknown *ovsdb.OutcomeUnknownError
					if !errors.As(err, &unknown) || !errors.Is(unknown.Err, ovsdb.ErrInactive) {
						t.Errorf("transaction on a frozen server: got error %v, want an *OutcomeUnknownError of %v", err, ovsdb.ErrInactive)
					}
					err = nil
				}
				answers <- err
			}()
		}
		waitDisconnected(t, c)
		if err := <-reasons; !errors.Is(err, ovsdb.ErrInactive) {
			t.Errorf("the connection has ended with %v, want %v", err, ovsdb.ErrInactive)
		}
		if err := c.State().Err; !errors.Is(err, ovsdb.ErrInactive) {
			t.Errorf("state: got error %v, want %v", err, ovsdb.ErrInactive)
		}
		// New connections are made, but come to nothing.
		awaitState(t, c, func(s ovsdb.State) bool { return s.Failures >= 2 })
		if err := c.State().Err; !errors.Is(err, ovsdb.ErrInactive) {
			t.Errorf("state after attempts to connect: got error %v, want %v", err, ovsdb.ErrInactive)
		}
		if got := patient.State(); got.Connections != 1 || got.Endpoint == "" || got.Err != nil {
			t.Errorf("state of the client without a probe: got %+v, want its first connection", got)
		}
		thaw()
		for range 2 {
			if err := <-answers; err != nil {
				t.Errorf("transaction that waited for the server: %v", err)
			}
		}
		waitConnected(t, c, connections+1)
		insertEntries(t, dialEntries(t, s.Endpoint), "later", 3)
		for catchesUp := false; !catchesUp; {
			_, err := c.Transact(testContext(t), ovsdb.Comment("catch up"))
			catchesUp = err == nil
			if err != nil && !errors.Is(err, ovsdb.ErrInactive) { // a busy machine is silent, too
				t.Fatal(err)
			}
		}
		catchUp(t, patient)
		fresh := readAll(t, s.Endpoint)
		wantTable(t, "entries", fresh["Entry"], entries)
		wantTable(t, "entries of the client without a probe", fresh["Entry"], patientEntries)
		if got := patient.State().Connections; got != 1 {
			t.Errorf("the client without a probe has made %d connections, want 1", got)
		}
		m.Close()
		f.wantEnd(ovsdb.ErrMonitorClosed, map[string]*entryTable{"Entry": entries})
	})
}
