// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/ovsdb"
)

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
