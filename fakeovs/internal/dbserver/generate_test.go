// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"math/rand/v2"
)

// generator makes schemas and requests that are mostly valid, the same ones for the same seed.
type generator struct {
	*rand.Rand
	schema    *Schema
	rows      []string            // UUIDs that rows may have
	names     []string            // uuid-names of the transaction in the making
	shapes    map[string]bool     // of monitors; whether they are all without conditions
	monitored map[string][]string // the tables of monitors
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 5)), shapes: map[string]bool{}, monitored: map[string][]string{}}
	for i := range 8 {
		g.rows = append(g.rows, fmt.Sprintf("00000000-0000-0000-0000-%012d", i+1))
	}
	return g
}

// percent is true in so many of a hundred cases.
func (g *generator) percent(n int) bool { return g.IntN(100) < n }

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

var (
	integers = []any{0, 1, 2, 3, -3, 7, 1 << 40, -1 << 63, 1<<63 - 1}
	reals    = []any{0, 1, 0.5, -2.25, 1e200, -1e200, 3, 1e-7, 0.1}
	texts    = []any{"", "a", "b", "red", "deep blue", "\u00e9t\u00e9", "long string", "true", "a-b.c", "\"\\\n", zeroUUID, "a_1"}
)

// schemaFor makes a schema for a database called test.
func (g *generator) makeSchema() map[string]any {
	names := []string{"T", "Ab", "c_9", "long_table_name"}[:1+g.IntN(4)]
	tables := map[string]any{}
	for _, name := range names {
		tables[name] = g.tableSchema(names)
	}
	s := map[string]any{"name": "test", "tables": tables}
	if g.percent(70) {
		s["version"] = "1.2.3"
	}
	if g.percent(50) {
		s["cksum"] = "1 2"
	}
	return s
}

func (g *generator) tableSchema(tables []string) map[string]any {
	columns := map[string]any{}
	var indexable []string
	for i := range 1 + g.IntN(7) {
		name := []string{"a", "name", "col_2", "other_config", "x", "statistics", "zz9"}[i]
		c := map[string]any{"type": g.columnType(tables)}
		if g.percent(10) {
			c["mutable"] = g.percent(30)
		}
		if g.percent(10) {
			c["ephemeral"] = true
		} else {
			indexable = append(indexable, name)
		}
		columns[name] = c
	}
	t := map[string]any{"columns": columns}
	if g.percent(60) {
		t["isRoot"] = g.percent(90)
	}
	if g.percent(15) {
		t["maxRows"] = 1 + g.IntN(4)
	}
	if len(indexable) > 0 && g.percent(40) {
		index := []any{}
		for _, at := range g.Perm(len(indexable))[:1+g.IntN(min(2, len(indexable)))] {
			index = append(index, indexable[at])
		}
		t["indexes"] = []any{index}
	}
	return t
}

func (g *generator) columnType(tables []string) any {
	key := g.baseType(tables)
	if g.percent(35) {
		if _, plain := key.(string); plain && g.percent(50) {
			return key
		}
		return map[string]any{"key": key}
	}
	t := map[string]any{"key": key, "min": g.IntN(2), "max": pick(g, []any{1, 2, 3, "unlimited", "unlimited"})}
	if g.percent(35) {
		t["value"] = g.baseType(tables)
	}
	return t
}

func (g *generator) baseType(tables []string) any {
	kind := pick(g, []string{"integer", "real", "boolean", "string", "uuid", "uuid", "integer", "string"})
	if kind != "uuid" && g.percent(60) || g.percent(10) {
		return kind
	}
	b := map[string]any{"type": kind}
	enum := func(from []any) any {
		members := []any{}
		for _, at := range g.Perm(len(from))[:1+g.IntN(3)] {
			members = append(members, from[at])
		}
		if len(members) == 1 && g.percent(50) {
			return members[0]
		}
		return []any{"set", members}
	}
	switch kind {
	case "integer":
		if g.percent(40) {
			b["enum"] = enum(integers)
			break
		}
		if g.percent(70) {
			b["minInteger"] = -5 + g.IntN(7)
		}
		if g.percent(70) {
			b["maxInteger"] = 2 + g.IntN(7)
		}
	case "real":
		if g.percent(30) {
			b["enum"] = enum(reals)
			break
		}
		if g.percent(70) {
			b["minReal"] = pick(g, []any{-2.25, 0, 0.5})
		}
		if g.percent(70) {
			b["maxReal"] = pick(g, []any{0.5, 1, 1e200})
		}
	case "boolean":
		if g.percent(50) {
			b["enum"] = true
		}
	case "string":
		if g.percent(50) {
			b["enum"] = enum(texts)
			break
		}
		if g.percent(50) {
			b["minLength"] = g.IntN(3)
		}
		if g.percent(50) {
			b["maxLength"] = 2 + g.IntN(8)
		}
	case "uuid":
		b["refTable"] = pick(g, tables)
		if g.percent(50) {
			b["refType"] = pick(g, []string{"weak", "weak", "strong"})
		}
	}
	return b
}

// value makes a value for a column of a type.
func (g *generator) value(t *Type) any {
	if g.percent(2) {
		return g.nonsense()
	}
	if t.isScalar() {
		return g.atom(&t.Key)
	}
	n := t.Min + g.IntN(4)
	if !g.percent(5) {
		n = min(n, t.Max)
	}
	if n == 1 && !t.isMap() && g.percent(50) {
		return g.atom(&t.Key)
	}
	members := []any{}
	for range n {
		k := g.atom(&t.Key)
		if t.isMap() {
			k = []any{k, g.atom(&t.Value)}
		}
		members = append(members, k)
	}
	if t.isMap() {
		return []any{"map", members}
	}
	return []any{"set", members}
}

func (g *generator) atom(b *BaseType) any {
	if b.Enum != nil && !g.percent(5) {
		var allowed []atom
		for a := range b.Enum.all() {
			allowed = append(allowed, a)
		}
		return Value{scalar(pick(g, allowed)), b.enumType()}
	}
	switch b.Kind {
	case Integer:
		if b.MinInt > -10 && g.percent(80) {
			return b.MinInt + int64(g.IntN(3))
		}
		return pick(g, integers)
	case Real:
		return pick(g, reals)
	case Boolean:
		return g.percent(50)
	case String:
		return pick(g, texts)
	default:
		if len(g.names) > 0 && g.percent(20) {
			return []any{"named-uuid", pick(g, g.names)}
		}
		return []any{"uuid", pick(g, g.rows)}
	}
}

// nonsense makes a value that is hardly ever right.
func (g *generator) nonsense() any {
	return pick(g, []any{
		nil, true, 1, -1, 1.5, "x", "", []any{}, map[string]any{}, map[string]any{"a": 1}, []any{"set"}, []any{"set", 1},
		[]any{"set", []any{}}, []any{"set", []any{1, 1}}, []any{"set", []any{"a", "a"}}, []any{"map", []any{}},
		[]any{"map", []any{[]any{1}}}, []any{"map", []any{[]any{"a", "b"}, []any{"a", "c"}}}, []any{"map", []any{[]any{1, 2}, []any{1, 2}}},
		[]any{"uuid", "x"}, []any{"uuid", 1}, []any{"uuid", zeroUUID}, []any{"named-uuid", "1x"}, []any{"named-uuid", "nobody"},
		[]any{"set", []any{nil}}, "unlimited", []any{[]any{}}, []any{"set", []any{[]any{"uuid", zeroUUID}}},
	})
}
