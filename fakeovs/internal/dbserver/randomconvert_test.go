// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"maps"
	"testing"
)

// TestRandomConversionsAsRealServer fills a database of a random schema, on both servers, and converts it to another, which
// has some of the tables in common with it. It compares what is in the tables then. There is one conversion a server only:
// after one that fails, ovsdb-server 3.1 may crash.
func TestRandomConversionsAsRealServer(t *testing.T) {
	for n := range *schemas {
		n := *seed + uint64(n)
		t.Run(fmt.Sprintf("seed=%d", n), func(t *testing.T) {
			g := newGenerator(n)
			schema := g.makeSchema()
			d := newDuel(t, jsonText(schema), 1)
			g.schema = d.schema
			for range *requests / 4 {
				g.rows = d.known(g.rows)
				d.ask(t, 0, "transact", append([]any{"test"}, g.transaction()...))
			}
			d.ask(t, 0, "set_db_change_aware", []any{true})
			if !d.convert(t, g.otherSchema(schema)) {
				return
			}
			ops := []any{"test"}
			for _, name := range d.schema.order {
				ops = append(ops, map[string]any{"op": "select", "table": name, "where": []any{}})
			}
			d.ask(t, 0, "get_schema", []any{"test"})
			d.ask(t, 0, "transact", ops)
		})
	}
}

// otherSchema makes a schema that has some tables, and some columns of tables, in common with one.
func (g *generator) otherSchema(one map[string]any) map[string]any {
	other := g.makeSchema()
	tables, old := other["tables"].(map[string]any), one["tables"].(map[string]any)
	for _, name := range sortedNames(old) {
		if g.percent(60) {
			tables[name] = old[name]
		}
		t, ok := tables[name].(map[string]any)
		if !ok || g.percent(50) {
			continue
		}
		columns := maps.Clone(t["columns"].(map[string]any))
		before := old[name].(map[string]any)["columns"].(map[string]any)
		for _, column := range sortedNames(before) {
			if g.percent(80) {
				columns[column] = before[column]
			}
		}
		tables[name] = map[string]any{"columns": columns, "isRoot": true}
	}
	return other
}

// convert converts both databases, or neither, and reports whether it did. If there are several reasons why that cannot be, a server has the one that
// it comes by first.
func (d *duel) convert(t *testing.T, schema map[string]any) (done bool) {
	t.Helper()
	var failures [2]any
	for i, s := range d.sides {
		c := s.clients[0]
		c.request("convert", "test", parse(t, jsonText(schema)))
		frame, err := c.r.next()
		if err != nil && i == 0 {
			failures[i] = "ovsdb-server 3.1 crashes when a conversion fails, but not each time"
			continue
		}
		if err != nil {
			t.Fatalf("convert %s\nto %s: %v", d.schema.text, jsonText(schema), err)
		}
		failures[i] = parse(t, string(frame)).(map[string]any)["error"]
	}
	if (failures[0] == nil) != (failures[1] == nil) {
		t.Fatalf("convert %s\nto %s: got %s, want as the real server %s", d.schema.text, jsonText(schema), jsonText(failures[1]), jsonText(failures[0]))
	}
	if failures[0] != nil {
		return false
	}
	parsed, err := ParseSchema([]byte(jsonText(schema)))
	if err != nil {
		t.Fatalf("%s: %v", jsonText(schema), err)
	}
	d.schema = parsed
	return true
}
