// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/ovsdb"
)

// Monitors of one client on the same table copy each what it was told to, over
// any number of connections, and do not miss each other.
func TestMonitorsOfOneTable(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		c, p := behindProxy(t, s.Endpoint)
		other := dialEntries(t, s.Endpoint)
		insertEntries(t, other, "entry", 20)
		transact(t, other, ovsdb.Update("Entry", ovsdb.Row{"tags": []string{"t"}, "notes": map[string]string{"k": "v"}, "seen": 1}))
		w := &worldClient{Client: c, w: &world{t: t, ctx: testContext(t)}, name: "client"}
		var monitors []*worldMonitor
		for _, s := range []choice{
			everything,
			{from: 0, to: 4},
			{from: 3, to: 9, omit: []string{"tags"}},
			{from: 0, to: everything.to, omit: []string{"seen", "notes"}},
		} {
			m, err := w.newMonitor(testContext(t), s, []int{-1})
			if err != nil {
				t.Fatal(err)
			}
			monitors = append(monitors, m)
		}
		for round := range 4 {
			p.Refuse(true)
			waitDisconnected(t, c)
			transact(t, other,
				ovsdb.Mutate("Entry", []ovsdb.Mutation{ovsdb.Change("count", ovsdb.Add, 1)}, ovsdb.Where("count", ovsdb.GreaterOrEqual, round)),
				ovsdb.Update("Entry", ovsdb.Row{"tags": []string{fmt.Sprint(round)}}, ovsdb.Where("count", ovsdb.Less, 6)),
				ovsdb.Delete("Entry", called(fmt.Sprint("entry", 3*round))),
				insertEntry(fmt.Sprint("new", round), int64(round)))
			p.Refuse(false)
			waitConnected(t, c, round+2)
			countAll(t, other, 1)
			catchUp(t, c)
			fresh := readAll(t, s.Endpoint)
			for i, m := range monitors {
				if diff := m.diff(fresh); diff != "" {
					t.Errorf("round %d, monitor %d (-fresh +table):\n%s", round, i, diff)
				}
			}
			closed := monitors[0]
			monitors = monitors[1:]
			closed.monitor.Close()
			closed.wantEnd()
			before := rowsOf(closed.tables["Entry"])
			countAll(t, other, 1)
			catchUp(t, c)
			if diff := diffEntries(before, rowsOf(closed.tables["Entry"])); diff != "" {
				t.Errorf("a closed monitor has gone on (-before +after):\n%s", diff)
			}
		}
	})
}

// Reselecting what a closed monitor copies fails, whether it was closed before
// or meanwhile, and whether there is a connection or not.
func TestReselectClosedMonitor(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		c, p := behindProxy(t, s.Endpoint)
		for _, refuse := range []bool{false, true} {
			p.Refuse(false)
			entries := newEntryTable("Entry")
			m := monitorTables(t, c, entries)
			waiting := make(chan error, 2)
			if refuse {
				p.Refuse(true)
				waitDisconnected(t, c)
				for range 2 { // one of them waits for the other
					go func() { waiting <- m.Reselect(testContext(t), entries, ovsdb.TableOptions{Omit: []string{"tags"}}) }()
				}
			}
			m.Close()
			if refuse {
				for range 2 {
					if err := <-waiting; !errors.Is(err, ovsdb.ErrMonitorClosed) {
						t.Errorf("Reselect that waited: got error %v, want %v", err, ovsdb.ErrMonitorClosed)
					}
				}
			}
			for _, o := range []ovsdb.TableOptions{{Omit: []string{"seen"}}, {Where: []ovsdb.Condition{called("x")}}} {
				if err := m.Reselect(testContext(t), entries, o); !errors.Is(err, ovsdb.ErrMonitorClosed) {
					t.Errorf("Reselect after Close: got error %v, want %v", err, ovsdb.ErrMonitorClosed)
				}
			}
		}
	})
}

// The monitors of a client that copy the same table in different ways do not
// know of each other.
func TestMonitorsAreIndependent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		selections := []selection{{}, {omit: []string{"external_ids"}}, {omit: []string{"dscp", "other_config"}}, {rules: []rule{dscpIs(1)}, omit: []string{"dscp"}}}
		var tables []*ovsdb.Table[queue]
		var monitors []*ovsdb.Monitor
		var replicas []*replica[queue]
		for _, s := range selections {
			table := queueTable(s)
			m := monitorTables(t, c, table)
			tables, monitors, replicas = append(tables, table), append(monitors, m), append(replicas, newReplica(t, m, table))
		}
		frozen := map[string]*queue{}
		check := func(step int) {
			t.Helper()
			all := readQueues(t, c)
			for i, s := range selections {
				want := s.of(all)
				if i == 0 && step >= 20 {
					want = frozen
				}
				if diff := diffRows(want, byUUID(tables[i])); diff != "" {
					t.Errorf("step %d, table %d (-want +got):\n%s", step, i, diff)
				}
				replicas[i].catchUp()
			}
		}
		for step := range 30 {
			switch step {
			case 10:
				selections[1], selections[2] = selections[2], selections[1]
				reselect(t, monitors[1], tables[1], selections[1])
				reselect(t, monitors[2], tables[2], selections[2])
			case 20:
				monitors[0].Close()
				maps.Copy(frozen, byUUID(tables[0]))
			}
			row := queueRow(step%3, "k", fmt.Sprint(step))
			row["other_config"] = map[string]string{"a": fmt.Sprint(step / 2)}
			transact(t, c, ovsdb.Insert("Queue", row), ovsdb.Update("Queue", row, ovsdb.Where("dscp", ovsdb.Equal, (step+1)%2)))
			check(step)
		}
		server.Kill(t)
		waitState(t, c, "disconnected", func(s ovsdb.State) bool { return s.Endpoint == "" })
		server.Start(t)
		waitState(t, c, "connected", func(s ovsdb.State) bool { return s.Endpoint != "" })
		transact(t, c, ovsdb.Insert("Queue", queueRow(1, "k", "last")))
		check(30)
	})
}
