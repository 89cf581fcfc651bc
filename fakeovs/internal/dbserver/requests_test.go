// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// transaction makes the operations of a transaction on the database of g.schema.
func (g *generator) transaction() []any {
	g.names = []string{"n1", "n2", "n3"}[:g.IntN(4)]
	ops := []any{}
	for range 1 + g.IntN(5) {
		ops = append(ops, g.operation())
	}
	return ops
}

func (g *generator) table() *tableSchema {
	var tables []*tableSchema
	for _, name := range hashOrder(g.tableNames()) {
		tables = append(tables, g.schema.tables[name])
	}
	return pick(g, tables)
}

func (g *generator) tableNames() []string {
	o := map[string]any{}
	for name := range g.schema.tables {
		o[name] = nil
	}
	return sortedNames(o)
}

func (g *generator) operation() any {
	t := g.table()
	op := map[string]any{"table": t.name}
	kind := pick(g, []string{
		"insert", "insert", "insert", "insert", "update", "update", "mutate", "mutate", "delete", "select", "wait", "other",
	})
	switch op["op"] = kind; kind {
	case "insert":
		op["row"] = g.row(t, 70)
		if g.percent(75) {
			op["uuid"] = pick(g, g.rows)
		}
		if len(g.names) > 0 && g.percent(60) {
			op["uuid-name"] = pick(g, g.names)
		}
	case "update":
		op["where"], op["row"] = g.where(t), g.row(t, 25)
	case "mutate":
		op["where"] = g.where(t)
		mutations := []any{}
		for range g.IntN(4) {
			mutations = append(mutations, g.mutation(t))
		}
		op["mutations"] = mutations
	case "delete":
		op["where"] = g.where(t)
	case "select":
		op["where"] = g.where(t)
		if g.percent(60) {
			op["columns"] = g.columns(t)
		}
		if g.percent(20) {
			op["sort"] = g.columns(t)
		}
	case "wait":
		op["where"], op["timeout"], op["until"] = g.where(t), 0, pick(g, []any{"==", "!=", "!=", "!=", "<"})
		if g.percent(70) {
			op["columns"] = g.columns(t)
		}
		rows := []any{}
		for range g.IntN(3) {
			rows = append(rows, g.row(t, 30))
		}
		op["rows"] = rows
	default:
		op = pick(g, []map[string]any{
			{"op": "comment", "comment": "x"}, {"op": "commit", "durable": false}, {"op": "assert", "lock": "l"}, {"op": "abort"},
			{"op": "comment", "comment": "y"}, {"op": "commit", "durable": true}, {"op": "comment", "comment": ""},
		})
	}
	if g.percent(4) {
		g.spoil(op)
	}
	if _, ok := op["timeout"]; op["op"] == "wait" && !ok {
		op["timeout"] = 0 // or it would wait for ever
	}
	return op
}

// spoil changes an object in one place.
func (g *generator) spoil(o map[string]any) {
	names := sortedNames(o)
	switch g.IntN(3) {
	case 0:
		if len(names) > 0 {
			delete(o, pick(g, names))
		}
	case 1:
		for range 1 + g.IntN(3) {
			o[pick(g, []string{"table", "uuid", "columns", "where", "sort", "row", "lock", "extra", "other"})] = g.nonsense()
		}
	default:
		if len(names) > 0 {
			o[pick(g, names)] = g.nonsense()
		}
	}
}

// row makes a row that has so many of a hundred columns.
func (g *generator) row(t *tableSchema, percent int) map[string]any {
	row := map[string]any{}
	for _, c := range t.columns[firstColumn:] {
		if g.percent(percent) {
			row[c.name] = g.value(&c.typ)
		}
	}
	if g.percent(2) {
		row[pick(g, []string{"_uuid", "_version"})] = []any{"uuid", pick(g, g.rows)}
	}
	if g.percent(1) {
		row["nope"] = 1
	}
	return row
}

func (g *generator) column(t *tableSchema) *column {
	if g.percent(10) {
		return pick(g, t.columns)
	}
	return pick(g, t.columns[firstColumn:])
}

func (g *generator) columns(t *tableSchema) []any {
	names := []any{}
	for _, at := range g.Perm(len(t.columns))[:g.IntN(len(t.columns)+1)] {
		names = append(names, t.columns[at].name)
	}
	if g.percent(3) {
		names = append(names, pick(g, []any{"nope", 1, "_uuid", t.columns[firstColumn].name}))
	}
	return names
}

func (g *generator) where(t *tableSchema) []any {
	where := []any{}
	for range pick(g, []int{0, 1, 1, 1, 2}) {
		where = append(where, g.clause(t))
	}
	return where
}

func (g *generator) clause(t *tableSchema) any {
	switch {
	case g.percent(2):
		return g.nonsense()
	case g.percent(10):
		return g.percent(80)
	case g.percent(20):
		return []any{"_uuid", pick(g, []string{"==", "!=", "includes", "excludes"}), []any{"uuid", pick(g, g.rows)}}
	}
	c := g.column(t)
	functions := []string{"==", "!=", "includes", "excludes"}
	if k := c.typ.Key.Kind; (k == Integer || k == Real) && c.typ.Max == 1 || g.percent(3) {
		functions = append(functions, "<", "<=", ">", ">=")
	}
	if g.percent(1) {
		functions = []string{"=", "in"}
	}
	name := c.name
	if g.percent(1) {
		name = "nope"
	}
	return []any{name, pick(g, functions), g.value(&c.typ)}
}

func (g *generator) mutation(t *tableSchema) any {
	if g.percent(1) {
		return g.nonsense()
	}
	c := g.column(t)
	mutators := []string{"insert", "delete"}
	if k := c.typ.Key.Kind; (k == Integer || k == Real) && !c.typ.isMap() || g.percent(3) {
		mutators = append(mutators, "+=", "-=", "*=", "/=", "%=")
	}
	if g.percent(1) {
		mutators = []string{"=", "++"}
	}
	mutator, value := pick(g, mutators), g.value(&c.typ)
	if mutator == "*=" && jsonText(value) == "0" {
		value = 5 // a negative integer times 0 makes ovsdb-server crash
	}
	return []any{c.name, mutator, value}
}
