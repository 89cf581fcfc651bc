// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestRandomTransactionsAsRealServer gives both servers the same random transactions and compares answers,
// notifications and what is then in the tables.
func TestRandomTransactionsAsRealServer(t *testing.T) {
	p := newPair(t)
	p.ask(t, "monitor", "test", "plain", parse(t, `{"root":{},"kid":{"columns":["n","next","must"]},"need":{}}`))
	p.ask(t, "monitor_cond", "test", "cond", parse(t, `{"root":[{"columns":["name","i","ints","map","weak"],"where":[["i",">",1]]}],"kid":[{"columns":["n"]}]}`))
	rapid.Check(t, func(t *rapid.T) {
		for _, c := range []*client{p.real, p.fake} {
			c.t = t
		}
		p.ask(t, "transact", parse(t, `["test",{"op":"delete","table":"need","where":[]},{"op":"delete","table":"root","where":[]},{"op":"delete","table":"single","where":[]}]`).([]any)...)
		for range rapid.IntRange(1, 6).Draw(t, "transactions") {
			p.same(t, transaction(t))
		}
	})
}

// same is like ask, but for the errors: of several that it could report, the real server takes the first that it finds
// in an order of its own.
func (p pair) same(t *rapid.T, ops []any) {
	t.Helper()
	var got, full [2]string
	for i, c := range []*client{p.real, p.fake} {
		result, failure, notifications := c.call("transact", append([]any{"test"}, ops...)...)
		state, _, _ := c.call("transact", parse(t, `["test",{"op":"select","table":"root","where":[]},{"op":"select","table":"kid","where":[]},{"op":"select","table":"need","where":[]},{"op":"select","table":"single","where":[]}]`).([]any)...)
		answer := map[string]any{"result": result, "error": failure, "notifications": notifications, "state": state}
		full[i] = canonical(answer)
		for _, r := range result.([]any) {
			if e, ok := r.(map[string]any); ok && e["error"] != nil {
				delete(e, "details")
				delete(e, "syntax")
				if tag := e["error"]; tag != tagIntegrity && tag != "timed out" {
					e["error"] = "bad value"
				}
			}
		}
		got[i] = canonical(answer)
	}
	if got[0] != got[1] {
		t.Fatalf("transact %s: real server (-), ours (+):\n%s", jsonText(ops), cmp.Diff(full[0], full[1]))
	}
}

func transaction(t *rapid.T) []any {
	ops := []any{}
	for range rapid.IntRange(1, 5).Draw(t, "operations") {
		ops = append(ops, operationOf(t))
	}
	return ops
}

func operationOf(t *rapid.T) any {
	table := rapid.SampledFrom([]string{"root", "root", "kid", "kid", "need", "single"}).Draw(t, "table")
	op := map[string]any{"table": table}
	switch kind := rapid.SampledFrom([]string{"insert", "insert", "insert", "update", "mutate", "mutate", "delete", "select", "wait"}).Draw(t, "op"); kind {
	case "insert":
		op["op"], op["row"] = kind, rowOf(t, table)
		op["uuid"] = uuidOf(t)
		if table == "root" {
			row := op["row"].(map[string]any)
			row["some"] = int64(1)
			row["name"] = rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "name")
		}
	case "update":
		op["op"], op["where"], op["row"] = kind, whereOf(t, table), rowOf(t, table)
	case "mutate":
		op["op"], op["where"] = kind, whereOf(t, table)
		mutations := []any{}
		for range rapid.IntRange(1, 3).Draw(t, "mutations") {
			c := rapid.SampledFrom(columnsOf[table]).Draw(t, "column")
			m := rapid.SampledFrom([]string{"+=", "-=", "*=", "/=", "%=", "insert", "insert", "delete", "delete"}).Draw(t, "mutator")
			mutations = append(mutations, []any{c, m, valueOf(t, c)})
		}
		op["mutations"] = mutations
	case "delete":
		op["op"], op["where"] = kind, whereOf(t, table)
	case "select":
		op["op"], op["where"] = kind, whereOf(t, table)
		op["columns"] = []any{rapid.SampledFrom(columnsOf[table]).Draw(t, "column")}
	case "wait":
		c := rapid.SampledFrom(columnsOf[table]).Draw(t, "column")
		op["op"], op["where"], op["timeout"] = kind, whereOf(t, table), int64(0)
		op["until"] = rapid.SampledFrom([]string{"==", "!="}).Draw(t, "until")
		op["columns"], op["rows"] = []any{c}, []any{map[string]any{c: valueOf(t, c)}}
	}
	return op
}

var columnsOf = map[string][]string{
	"root": {
		"name", "i", "r", "b", "s", "opt", "ints", "reals", "strs", "some", "map", "imap", "ranged", "positive", "below",
		"short", "color", "kids", "named", "weak", "wmap",
	},
	"kid":    {"n", "next", "must"},
	"need":   {"one"},
	"single": {"x"},
}

func rowOf(t *rapid.T, table string) map[string]any {
	row := map[string]any{}
	for range rapid.IntRange(0, 3).Draw(t, "columns") {
		c := rapid.SampledFrom(columnsOf[table]).Draw(t, "column")
		if c != "name" {
			row[c] = valueOf(t, c)
		}
	}
	return row
}

func whereOf(t *rapid.T, table string) []any {
	where := []any{}
	for range rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(t, "clauses") {
		c := rapid.SampledFrom(columnsOf[table]).Draw(t, "column")
		f := rapid.SampledFrom([]string{"==", "!=", "includes", "excludes", "<", ">="}).Draw(t, "function")
		if (f == "<" || f == ">=") && !strings.Contains(" i r opt ranged positive below n x ", " "+c+" ") {
			f = "!="
		}
		where = append(where, []any{c, f, valueOf(t, c)})
	}
	return where
}

func uuidOf(t *rapid.T) string {
	return fmt.Sprintf("00000000-0000-0000-0000-%012d", rapid.IntRange(1, 12).Draw(t, "uuid"))
}

// valueOf draws a value for a column, which is mostly valid.
func valueOf(t *rapid.T, column string) any {
	integer := func() any {
		return rapid.SampledFrom([]any{
			int64(0), int64(1), int64(2), int64(3), int64(-3), int64(7), int64(1) << 62, int64(-1) << 63,
		}).Draw(t, "integer")
	}
	real := func() any {
		return rapid.SampledFrom([]any{int64(0), int64(1), 0.5, -2.25, 1e200}).Draw(t, "real")
	}
	str := func() any {
		return rapid.SampledFrom([]any{"", "a", "b", "red", "green", "deep blue", "\u00e9t\u00e9", "long string"}).Draw(t, "string")
	}
	ref := func() any { return []any{"uuid", uuidOf(t)} }
	set := func(of func() any) any {
		members := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			members = append(members, of())
		}
		return []any{"set", members}
	}
	maps := func(key, value func() any) any {
		return []any{"map", set(func() any { return []any{key(), value()} }).([]any)[1]}
	}
	switch column {
	case "i", "n", "ranged":
		return integer()
	case "r", "below":
		return real()
	case "b":
		return rapid.Bool().Draw(t, "boolean")
	case "name", "s", "short", "color":
		return str()
	case "opt", "positive", "ints", "some", "x":
		return set(integer)
	case "reals":
		return set(real)
	case "strs":
		return set(str)
	case "map":
		return maps(str, str)
	case "imap":
		return maps(integer, real)
	case "kids", "next", "must", "weak":
		return set(ref)
	case "one":
		return ref()
	case "named":
		return maps(str, ref)
	case "wmap":
		return maps(integer, ref)
	default:
		panic("no values for column " + column)
	}
}
