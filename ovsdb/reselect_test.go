// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/ovsdb"
)

// queue is a row of table Queue, which is one of few that need no other row.
type queue struct {
	UUID  string            `ovsdb:"_uuid"`
	DSCP  *int64            `ovsdb:"dscp"`
	Other map[string]string `ovsdb:"other_config"`
	IDs   map[string]string `ovsdb:"external_ids"`
}

// qos is a row of table QoS.
type qos struct {
	UUID string            `ovsdb:"_uuid"`
	Type string            `ovsdb:"type"`
	IDs  map[string]string `ovsdb:"external_ids"`
}

// A rule is a condition and what it says of a queue.
type rule struct {
	condition ovsdb.Condition
	holds     func(q *queue) bool
}

func dscpIs(n int64) rule {
	return rule{ovsdb.Where("dscp", ovsdb.Equal, n), func(q *queue) bool { return q.DSCP != nil && *q.DSCP == n }}
}

func dscpIsNot(n int64) rule {
	return rule{ovsdb.Where("dscp", ovsdb.NotEqual, n), func(q *queue) bool { return q.DSCP == nil || *q.DSCP != n }}
}

func idIs(key, value string) rule {
	return rule{ovsdb.Where("external_ids", ovsdb.Includes, map[string]string{key: value}), func(q *queue) bool { return q.IDs[key] == value }}
}

func idIsNot(key, value string) rule {
	return rule{ovsdb.Where("external_ids", ovsdb.Excludes, map[string]string{key: value}), func(q *queue) bool { return q.IDs[key] != value }}
}

var noConfig = rule{ovsdb.Where("other_config", ovsdb.Equal, map[string]string{}), func(q *queue) bool { return len(q.Other) == 0 }}

// A selection is what a test wants to have of table Queue.
type selection struct {
	rules []rule
	omit  []string
}

func (s selection) options() ovsdb.TableOptions {
	o := ovsdb.TableOptions{Omit: s.omit}
	for _, r := range s.rules {
		o.Where = append(o.Where, r.condition)
	}
	return o
}

// of returns what is selected of all rows.
func (s selection) of(all map[string]*queue) map[string]*queue {
	selected := map[string]*queue{}
	for uuid, row := range all {
		if len(s.rules) > 0 && !slices.ContainsFunc(s.rules, func(r rule) bool { return r.holds(row) }) {
			continue
		}
		copied := *row
		for _, column := range s.omit {
			switch column {
			case "dscp":
				copied.DSCP = nil
			case "other_config":
				copied.Other = nil
			case "external_ids":
				copied.IDs = nil
			}
		}
		selected[uuid] = &copied
	}
	return selected
}

func queueTable(s selection) *ovsdb.Table[queue] {
	return ovsdb.NewTable[queue]("Queue", s.options())
}

func qosTable() *ovsdb.Table[qos] { return ovsdb.NewTable[qos]("QoS", ovsdb.TableOptions{}) }

func queueRow(dscp int, key, value string) ovsdb.Row {
	return ovsdb.Row{"dscp": dscp, "external_ids": map[string]string{key: value}}
}

// readQueues reads all rows of table Queue.
func readQueues(t rapid.TB, c *ovsdb.Client) map[string]*queue {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	results, err := c.Transact(ctx, ovsdb.Select("Queue", nil))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := ovsdb.RowsAs[queue](results[0].Rows)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*queue{}
	for _, row := range rows {
		all[row.UUID] = row
	}
	return all
}

func reselect(t testing.TB, m *ovsdb.Monitor, table *ovsdb.Table[queue], s selection) {
	t.Helper()
	if err := m.Reselect(testContext(t), table, s.options()); err != nil {
		t.Fatal(err)
	}
}

func dialServer(t testing.TB, endpoint string, hooks ovsdb.Hooks) *ovsdb.Client {
	t.Helper()
	return dialWith(t, ovsdb.Options{Endpoint: endpoint, Database: ovsdb.DefaultDatabase, Hooks: hooks})
}

// Rows come and go as they begin and cease to match one of the conditions.
func TestSelection(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		s := selection{rules: []rule{dscpIs(1), idIs("k", "v")}}
		table := queueTable(s)
		m := monitorTables(t, c, table)
		r := newReplica(t, m, table)
		uuid := transact(t, c, ovsdb.Insert("Queue", queueRow(1, "k", "v")), ovsdb.Insert("Queue", queueRow(2, "k", "w")))[0].UUID
		for _, step := range []struct {
			row      ovsdb.Row
			selected bool
			events   int
		}{
			{ovsdb.Row{}, true, 1}, // it was inserted
			{ovsdb.Row{"dscp": 2}, true, 1},
			{ovsdb.Row{"external_ids": map[string]string{"k": "w"}}, false, 1},
			{ovsdb.Row{"other_config": map[string]string{"a": "b"}}, false, 0},
			{ovsdb.Row{"dscp": 1}, true, 1},
			{ovsdb.Row{"other_config": map[string]string{"a": "c"}}, true, 1},
			{ovsdb.Row{"dscp": nil, "external_ids": map[string]string{"k": "v", "l": "w"}}, true, 1},
			{ovsdb.Row{"external_ids": nil}, false, 1},
		} {
			if len(step.row) > 0 {
				transact(t, c, ovsdb.Update("Queue", step.row, ovsdb.ByUUID(uuid)))
			}
			if _, ok := table.Get(uuid); ok != step.selected {
				t.Errorf("after update %v: in the table %t, want %t", step.row, ok, step.selected)
			}
			if diff := diffRows(s.of(readQueues(t, c)), byUUID(table)); diff != "" {
				t.Errorf("after update %v (-want +got):\n%s", step.row, diff)
			}
			if got := r.catchUp(); got != step.events {
				t.Errorf("after update %v: got %d events, want %d", step.row, got, step.events)
			}
		}
	})
}

// Tables and watches show a new selection when Reselect returns, and what
// happens to rows afterwards.
func TestReselect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		var mu sync.Mutex
		calls := map[string]int{}
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{Request: func(i ovsdb.RequestInfo) {
			mu.Lock()
			defer mu.Unlock()
			calls[i.Method]++
		}})
		var ops []ovsdb.Operation
		for i := range 12 {
			row := queueRow(i%3, "k", fmt.Sprint(i%4))
			if i%2 == 0 {
				row["other_config"] = map[string]string{"i": fmt.Sprint(i)}
			}
			ops = append(ops, ovsdb.Insert("Queue", row))
		}
		transact(t, c, ops...)
		table, others := queueTable(selection{}), qosTable()
		m := monitorTables(t, c, table, others)
		r := newReplica(t, m, table)
		for i, s := range []selection{
			{rules: []rule{dscpIs(1)}},
			{rules: []rule{dscpIs(1), idIs("k", "2")}},
			{rules: []rule{idIs("k", "2"), noConfig}},
			{rules: []rule{dscpIs(7)}},
			{},
			{omit: []string{"other_config"}},
			{omit: []string{"other_config", "dscp"}, rules: []rule{dscpIs(2)}},
			{omit: []string{"dscp"}, rules: []rule{dscpIs(2), dscpIs(0)}},
			{omit: []string{"dscp"}, rules: []rule{idIsNot("k", "1")}},
			{rules: []rule{dscpIsNot(1)}},
			{rules: []rule{dscpIsNot(1)}},
			{},
		} {
			mu.Lock()
			clear(calls)
			mu.Unlock()
			before := byUUID(table)
			reselect(t, m, table, s)
			all := readQueues(t, c)
			if diff := diffRows(s.of(all), byUUID(table)); diff != "" {
				t.Errorf("selection %d (-want +got):\n%s", i, diff)
			}
			r.catchUp()
			for uuid, row := range byUUID(table) {
				if old := before[uuid]; old != nil && old != row && diffRows(map[string]*queue{"": old}, map[string]*queue{"": row}) == "" {
					t.Errorf("selection %d: row %s was copied anew though it has not changed", i, uuid)
				}
			}
			// Nothing of the monitor before is left.
			for _, change := range []ovsdb.Operation{
				ovsdb.Insert("Queue", queueRow(i%3, "k", fmt.Sprint(i%4))),
				ovsdb.Update("Queue", ovsdb.Row{"dscp": (i + 1) % 3, "other_config": map[string]string{"new": fmt.Sprint(i)}},
					ovsdb.Where("external_ids", ovsdb.Includes, map[string]string{"k": "3"})),
				ovsdb.Insert("QoS", ovsdb.Row{"type": fmt.Sprint(i)}),
			} {
				transact(t, c, change)
				if diff := diffRows(s.of(readQueues(t, c)), byUUID(table)); diff != "" {
					t.Errorf("change after selection %d (-want +got):\n%s", i, diff)
				}
				r.catchUp()
			}
			if others.Len() != i+1 {
				t.Errorf("selection %d: the other table has %d rows, want %d", i, others.Len(), i+1)
			}
			mu.Lock()
			if got := calls["monitor_cond_change"] + calls["monitor_cond_since"] + calls["monitor_cond"]; got != 1 {
				t.Errorf("selection %d: made %v, want one request that has to do with monitors", i, calls)
			}
			mu.Unlock()
		}
	})
}

// Whatever is selected and changed in whatever order, the table and the watch
// are exact.
func TestReselectAtRandom(t *testing.T) {
	t.Parallel()
	rules := []rule{dscpIs(0), dscpIs(1), dscpIsNot(1), idIs("k", "0"), idIs("k", "1"), idIsNot("k", "0"), noConfig}
	columns := []string{"dscp", "other_config", "external_ids"}
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		rapid.Check(t, func(rt *rapid.T) {
			draw := func() selection {
				s := selection{omit: rapid.SliceOfNDistinct(rapid.SampledFrom(columns), 0, 2, rapid.ID).Draw(rt, "omit")}
				for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(rules)-1), 0, 3).Draw(rt, "rules") {
					s.rules = append(s.rules, rules[i])
				}
				return s
			}
			write := func() {
				n := rapid.IntRange(0, 2).Draw(rt, "n")
				row := ovsdb.Row{"dscp": n, "external_ids": map[string]string{"k": fmt.Sprint(n)}}
				if rapid.Bool().Draw(rt, "configured") {
					row["other_config"] = map[string]string{"a": "b"}
				}
				var op ovsdb.Operation
				switch rapid.IntRange(0, 4).Draw(rt, "write") {
				case 0, 1:
					op = ovsdb.Insert("Queue", row)
				case 2:
					op = ovsdb.Update("Queue", row, ovsdb.Where("dscp", ovsdb.Equal, rapid.IntRange(0, 2).Draw(rt, "of")))
				case 3:
					op = ovsdb.Mutate("Queue", []ovsdb.Mutation{ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{"k"})},
						ovsdb.Where("dscp", ovsdb.Equal, n))
				default:
					op = ovsdb.Delete("Queue", ovsdb.Where("dscp", ovsdb.Equal, n))
				}
				if _, err := c.Transact(testContext(t), op); err != nil {
					rt.Fatal(err)
				}
			}
			s := draw()
			table := queueTable(s)
			m, err := c.Monitor(testContext(t), ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{table}})
			if err != nil {
				rt.Fatal(err)
			}
			defer m.Close()
			r := newReplica(t, m, table)
			defer r.watch.Close()
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				if rapid.IntRange(0, 2).Draw(rt, "step") > 0 {
					write()
				} else {
					s = draw()
					if err := m.Reselect(testContext(t), table, s.options()); err != nil {
						rt.Fatal(err)
					}
				}
				if diff := diffRows(s.of(readQueues(rt, c)), byUUID(table)); diff != "" {
					rt.Fatalf("rows (-want +got):\n%s", diff)
				}
				r.catchUp()
			}
		})
	})
}

// A churner changes queues at random until it is stopped.
func churn(t testing.TB, c *ovsdb.Client) (stop func()) {
	ctx, cancel := context.WithCancel(testContext(t))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			row := queueRow(rand.IntN(3), "k", fmt.Sprint(rand.IntN(3)))
			where := ovsdb.Where("dscp", ovsdb.Equal, rand.IntN(3))
			var op ovsdb.Operation
			switch rand.IntN(4) {
			case 0:
				op = ovsdb.Update("Queue", row, where)
			case 1:
				op = ovsdb.Mutate("Queue", []ovsdb.Mutation{ovsdb.Change("external_ids", ovsdb.InsertInto, map[string]string{fmt.Sprint(i % 5): "x"})}, where)
			case 2:
				op = ovsdb.Delete("Queue", where, ovsdb.Where("external_ids", ovsdb.Includes, map[string]string{"k": "1"}))
			default:
				op = ovsdb.Insert("Queue", row)
			}
			if _, err := c.Transact(ctx, op); err != nil && ctx.Err() == nil {
				t.Errorf("change %d: %v", i, err)
				return
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// Several goroutines select while rows change. No event is lost or doubled, no
// row is there that the last selection does not have, and in the end all are.
func TestReselectConcurrently(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		table, others := queueTable(selection{}), qosTable()
		m := monitorTables(t, c, table, others)
		r := newReplica(t, m, table)
		stop := churn(t, dialServer(t, server.Endpoint, ovsdb.Hooks{}))
		var group sync.WaitGroup
		for i := range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				for n := range 20 {
					var err error
					if i == 3 {
						err = m.Reselect(testContext(t), others, ovsdb.TableOptions{Where: []ovsdb.Condition{ovsdb.Where("type", ovsdb.Equal, fmt.Sprint(n))}})
					} else {
						s := selection{rules: []rule{dscpIs(int64(i)), idIs("k", fmt.Sprint(n%3))}}
						if n%3 == 0 {
							s.omit = []string{"other_config"}
						}
						err = m.Reselect(testContext(t), table, s.options())
					}
					if err != nil {
						t.Error(err)
					}
				}
			}()
		}
		group.Wait()
		for n := range 20 {
			s := selection{rules: []rule{idIs("k", fmt.Sprint(n%3))}, omit: [][]string{nil, {"dscp"}}[n/3%2]}
			reselect(t, m, table, s)
			for _, row := range table.All() {
				if !s.rules[0].holds(row) {
					t.Errorf("selection %d: row %+v is not of it", n, row)
				}
			}
		}
		stop()
		s := selection{rules: []rule{dscpIs(1), dscpIs(2)}}
		reselect(t, m, table, s)
		if diff := diffRows(s.of(readQueues(t, c)), byUUID(table)); diff != "" {
			t.Errorf("in the end (-want +got):\n%s", diff)
		}
		r.catchUp()
	})
}

// Contexts that end in the middle leave a monitor that works.
func TestReselectGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		table := queueTable(selection{})
		m := monitorTables(t, c, table)
		r := newReplica(t, m, table)
		given, last := 0, selection{}
		for n := range 300 {
			s := selection{omit: [][]string{nil, {"other_config"}, {"dscp", "other_config"}}[n%3]}
			if n%7 < 3 {
				s.rules = []rule{idIs("k", fmt.Sprint(n%2))}
			}
			ctx, cancel := context.WithTimeout(testContext(t), rand.N(500*time.Microsecond))
			err := m.Reselect(ctx, table, s.options())
			cancel()
			switch {
			case err == nil:
				last = s
			case errors.Is(err, context.DeadlineExceeded):
				given++
				last = selection{rules: []rule{idIs("k", fmt.Sprint(n%2))}, omit: s.omit}
				reselect(t, m, table, last)
			default:
				t.Fatal(err)
			}
			transact(t, c, ovsdb.Insert("Queue", queueRow(n%3, "k", fmt.Sprint(n%2))), ovsdb.Delete("Queue", ovsdb.Where("dscp", ovsdb.Equal, (n+1)%3)))
			if diff := diffRows(last.of(readQueues(t, c)), byUUID(table)); diff != "" {
				t.Fatalf("selection %d (-want +got):\n%s", n, diff)
			}
			r.catchUp()
		}
		if given == 0 || given == 300 {
			t.Errorf("%d of 300 selections were given up, want some", given)
		}
	})
}

// A selection that is made while there is no connection holds from the next one
// on.
func TestReselectDisconnected(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		proxy := faultproxy.New(t, server.Endpoint)
		c := dialServer(t, proxy.Endpoint(), ovsdb.Hooks{})
		direct := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		for i := range 9 {
			transact(t, direct, ovsdb.Insert("Queue", queueRow(i%3, "k", fmt.Sprint(i%2))))
		}
		table := queueTable(selection{rules: []rule{dscpIs(0)}})
		m := monitorTables(t, c, table)
		r := newReplica(t, m, table)
		for i, s := range []selection{
			{rules: []rule{dscpIs(1)}}, {omit: []string{"dscp"}, rules: []rule{dscpIs(1), idIs("k", "1")}}, {rules: []rule{idIs("k", "1")}},
		} {
			before := byUUID(table)
			proxy.Refuse(true)
			waitState(t, c, "disconnected", func(s ovsdb.State) bool { return s.Endpoint == "" })
			ended := make(chan error)
			go func() { ended <- m.Reselect(testContext(t), table, s.options()) }()
			transact(t, direct, ovsdb.Insert("Queue", queueRow(i, "k", "1")), ovsdb.Update("Queue", ovsdb.Row{"dscp": 1}, ovsdb.Where("dscp", ovsdb.Equal, 2)))
			if diff := diffRows(before, byUUID(table)); diff != "" {
				t.Errorf("selection %d: the table has changed without connection (-before +after):\n%s", i, diff)
			}
			proxy.Refuse(false)
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if diff := diffRows(s.of(readQueues(t, direct)), byUUID(table)); diff != "" {
				t.Errorf("selection %d (-want +got):\n%s", i, diff)
			}
			r.catchUp()
		}
		// And one of which the context ends before there is a connection.
		proxy.Refuse(true)
		waitState(t, c, "disconnected", func(s ovsdb.State) bool { return s.Endpoint == "" })
		ctx, cancel := context.WithTimeout(testContext(t), time.Millisecond)
		defer cancel()
		s := selection{rules: []rule{dscpIs(2), idIs("k", "0")}}
		if err := m.Reselect(ctx, table, s.options()); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ovsdb.ErrDisconnected) {
			t.Errorf("got error %v, want %v and %v", err, context.DeadlineExceeded, ovsdb.ErrDisconnected)
		}
		proxy.Refuse(false)
		waitState(t, c, "connected", func(s ovsdb.State) bool { return s.Endpoint != "" })
		if diff := diffRows(s.of(readQueues(t, direct)), byUUID(table)); diff != "" {
			t.Errorf("selection without connection (-want +got):\n%s", diff)
		}
		r.catchUp()
	})
}

// The connection is cut at any byte of the exchange.
func TestReselectCut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		proxy := faultproxy.New(t, server.Endpoint)
		c := dialWith(t, ovsdb.Options{Endpoint: proxy.Endpoint(), Database: ovsdb.DefaultDatabase, MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond})
		direct := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		for i := range 9 {
			transact(t, direct, ovsdb.Insert("Queue", queueRow(i%3, "k", fmt.Sprint(i%2))))
		}
		table := queueTable(selection{})
		m := monitorTables(t, c, table)
		r := newReplica(t, m, table)
		for n := range 60 {
			s := selection{rules: []rule{dscpIs(int64(n % 3)), idIs("k", fmt.Sprint(n%2))}, omit: [][]string{nil, {"other_config"}}[n/4%2]}
			toServer, toClient := rand.Int64N(400), int64(-1)
			if n%2 == 0 {
				toServer, toClient = -1, rand.Int64N(800)
			}
			proxy.CutAfter(toServer, toClient)
			reselect(t, m, table, s)
			transact(t, direct, ovsdb.Insert("Queue", queueRow(n%3, "k", fmt.Sprint(n%2))), ovsdb.Delete("Queue", ovsdb.Where("dscp", ovsdb.Equal, (n+1)%3)))
			want := s.of(readQueues(t, direct))
			err := m.Wait(testContext(t), func() (bool, error) { return diffRows(want, byUUID(table)) == "", nil })
			if err != nil {
				t.Fatalf("selection %d: %v (-want +got):\n%s", n, err, diffRows(want, byUUID(table)))
			}
			r.catchUp()
		}
		if proxy.Connections() < 20 {
			t.Errorf("the connection was cut %d times, want it more often", proxy.Connections()-1)
		}
	})
}

// What cannot be selected leaves the selection as it was.
func TestReselectRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		transact(t, c, ovsdb.Insert("Queue", queueRow(1, "k", "v")), ovsdb.Insert("Queue", queueRow(2, "k", "v")))
		s := selection{rules: []rule{dscpIs(1)}}
		table := queueTable(s)
		m := monitorTables(t, c, table)
		r := newReplica(t, m, table)
		for _, where := range []ovsdb.Condition{
			ovsdb.Where("no_such_column", ovsdb.Equal, 1), ovsdb.Where("dscp", ovsdb.Equal, "x"), ovsdb.Where("dscp", "~", 1),
			ovsdb.Where("external_ids", ovsdb.Less, map[string]string{}),
		} {
			err := m.Reselect(testContext(t), table, ovsdb.TableOptions{Where: []ovsdb.Condition{where}})
			if !errors.As(err, new(*ovsdb.SchemaError)) || !strings.Contains(err.Error(), "Queue") {
				t.Errorf("condition %v: got error %v, want a *SchemaError that names the table", where, err)
			}
			if diff := diffRows(s.of(readQueues(t, c)), byUUID(table)); diff != "" {
				t.Errorf("condition %v (-want +got):\n%s", where, diff)
			}
		}
		_, err := c.Monitor(testContext(t), ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{
			ovsdb.NewTable[queue]("Queue", ovsdb.TableOptions{Where: []ovsdb.Condition{ovsdb.Where("no_such_column", ovsdb.Equal, 1)}})}})
		if !errors.As(err, new(*ovsdb.SchemaError)) {
			t.Errorf("monitor with a condition of an unknown column: got error %v, want a *SchemaError", err)
		}
		foreign := queueTable(selection{})
		monitorTables(t, c, foreign)
		for name, other := range map[string]ovsdb.Monitored{"another monitor's": foreign, "nobody's": queueTable(selection{}), "unknown": qosTable()} {
			if err := m.Reselect(testContext(t), other, ovsdb.TableOptions{}); err == nil || !strings.Contains(err.Error(), "does not belong to the monitor") {
				t.Errorf("table that is %s: got error %v, want one that says so", name, err)
			}
		}
		transact(t, c, ovsdb.Insert("Queue", queueRow(1, "k", "w")), ovsdb.Insert("Queue", queueRow(2, "k", "w")))
		if diff := diffRows(s.of(readQueues(t, c)), byUUID(table)); diff != "" || foreign.Len() != 4 {
			t.Errorf("in the end, with %d rows of all, want 4 (-want +got):\n%s", foreign.Len(), diff)
		}
		r.catchUp()
		m.Close()
		if err := m.Reselect(testContext(t), table, ovsdb.TableOptions{}); !errors.Is(err, ovsdb.ErrMonitorClosed) {
			t.Errorf("monitor that was closed: got error %v, want %v", err, ovsdb.ErrMonitorClosed)
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
