// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	schemas  = flag.Int("schemas", 12, "how many random schemas to try")
	requests = flag.Int("requests", 100, "how many random requests to make for each of them")
	seed     = flag.Uint64("seed", 1, "the seed of the first of them")
)

// TestRandomSchemasAsRealServer makes a random schema, and then random transactions and monitors, on both servers, and
// compares everything that the clients get.
func TestRandomSchemasAsRealServer(t *testing.T) {
	for n := range *schemas {
		n := *seed + uint64(n)
		t.Run(fmt.Sprintf("seed=%d", n), func(t *testing.T) {
			g := newGenerator(n)
			d := newDuel(t, jsonText(g.makeSchema()), 3)
			g.schema = d.schema
			for range *requests {
				g.rows = d.known(g.rows)
				if g.percent(25) {
					client := g.IntN(3)
					method, params := g.monitorCommand(client)
					if d.ask(t, client, method, params) {
						g.note(client, method, params)
					}
				} else {
					d.ask(t, g.IntN(2), "transact", append([]any{"test"}, g.transaction()...))
				}
			}
		})
	}
}

// duel is a real server and ours, with the same clients, which are asked the same.
type duel struct {
	schema *Schema
	sides  [2]*duelist // the real server and ours
	fresh  int
}

type duelist struct {
	clients []*client
	names   map[string]string // of the UUIDs that the server chose
	uuids   map[string]string // the other way round
}

func newDuel(t *testing.T, schema string, clients int) *duel {
	file := filepath.Join(t.TempDir(), "schema")
	if err := os.WriteFile(file, []byte(schema), 0o644); err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseSchema([]byte(schema))
	if err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	d := &duel{schema: parsed}
	for i := range d.sides {
		d.sides[i] = &duelist{names: map[string]string{}, uuids: map[string]string{}}
	}
	real, fake := startRealWith(t, file), startServerWith(t, Options{}, file)
	for range clients {
		d.sides[0].clients = append(d.sides[0].clients, real())
		d.sides[1].clients = append(d.sides[1].clients, connect(t, fake))
	}
	d.ask(t, 0, "get_schema", []any{"test"})
	d.ask(t, 0, "transact", parse(t, `["_Server",{"op":"select","table":"Database","where":[],"columns":["name","schema"]}]`).([]any))
	return d
}

// known returns rows with those added that servers chose lately.
func (d *duel) known(rows []string) []string {
	rows = rows[:8]
	for i := max(0, d.fresh-3); i < d.fresh; i++ {
		rows = append(rows, freshUUID(i))
	}
	return rows
}

func freshUUID(n int) string { return fmt.Sprintf("ffffffff-0000-0000-0000-%012d", n) }

// ask makes a client send a request to both servers, compares what all clients get, and reports whether it is no error.
func (d *duel) ask(t *testing.T, from int, method string, params []any) (done bool) {
	t.Helper()
	text := jsonText(params)
	f := during{t, method + " " + text}
	var results [2]any
	var got [2]map[string]any
	for i, s := range d.sides {
		own := uuidPattern.ReplaceAllStringFunc(text, func(u string) string {
			if actual, ok := s.uuids[u]; ok {
				return actual
			}
			return u
		})
		got[i] = map[string]any{}
		for j := range s.clients {
			c := s.clients[(from+j)%len(s.clients)]
			c.t = f
			if j == 0 {
				result, failure, notifications := c.call(method, parse(t, own).([]any)...)
				got[i]["result"], got[i]["error"], got[i]["notifications"] = result, failure, notifications
				results[i] = result
				continue
			}
			_, _, notifications := c.call("echo")
			got[i][fmt.Sprintf("client %d", j)] = notifications
		}
	}
	d.learn(results)
	if method == "transact" {
		forgetDetails(results, params[1:])
	}
	var texts [2]string
	for i, s := range d.sides {
		texts[i] = jsonText(s.canonical(got[i]))
	}
	if texts[0] != texts[1] {
		t.Fatalf("schema %s\n%s %s: real server (-), ours (+):\n%s", d.schema.text, method, text, cmp.Diff(texts[0], texts[1]))
	}
	return got[0]["error"] == nil
}

// during says in which request something failed.
type during struct {
	*testing.T
	request string
}

func (d during) Fatalf(format string, args ...any) {
	d.Helper()
	d.T.Fatalf("%s\nin %s", fmt.Sprintf(format, args...), d.request)
}

// forgetDetails drops the details of errors in rows. If there are several, a server reports that of the row that it
// comes by first.
func forgetDetails(results [2]any, ops []any) {
	for _, r := range results {
		list, _ := r.([]any)
		for i, r := range list {
			e, ok := r.(map[string]any)
			if !ok || e["error"] == nil {
				continue
			}
			if i == len(ops) {
				delete(e, "details") // of the commit
			} else if op, ok := ops[i].(map[string]any); ok && op["op"] == "mutate" && e["syntax"] == nil {
				delete(e, "details")
				e["error"] = "mutate failed"
			}
		}
	}
}

// learn gives names to the UUIDs of rows that were inserted.
func (d *duel) learn(results [2]any) {
	var lists [2][]any
	for i := range results {
		lists[i], _ = results[i].([]any)
	}
	for n := range min(len(lists[0]), len(lists[1])) {
		var uuids [2]string
		for i, s := range d.sides {
			r, _ := lists[i][n].(map[string]any)
			if u, ok := r["uuid"].([]any); ok && s.names[u[1].(string)] == "" && !knownUUID.MatchString(u[1].(string)) {
				uuids[i] = u[1].(string)
			}
		}
		if uuids[0] == "" || uuids[1] == "" {
			continue
		}
		for i, s := range d.sides {
			s.names[uuids[i]], s.uuids[freshUUID(d.fresh)] = freshUUID(d.fresh), uuids[i]
		}
		d.fresh++
	}
}

// canonical is an answer without what may differ: the UUIDs that a server chose, and the order of what has none.
func (s *duelist) canonical(v any) any {
	switch v := v.(type) {
	case string:
		return twins.ReplaceAllStringFunc(uuidPattern.ReplaceAllStringFunc(v, s.name), sortTwins)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = s.canonical(v[i])
		}
		if len(v) == 2 && (v[0] == "set" || v[0] == "map") {
			if members, ok := out[1].([]any); ok && strings.Contains(jsonText(v), `["uuid"`) {
				sortJSON(members)
			}
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for name, m := range v {
			m = s.canonical(m)
			if list, ok := m.([]any); ok && (name == "rows" || name == "notifications" || strings.HasPrefix(name, "client")) {
				sortJSON(list)
			}
			out[s.canonical(name).(string)] = m
		}
		return out
	default:
		return v
	}
}

func (s *duelist) name(uuid string) string {
	switch {
	case s.names[uuid] != "":
		return s.names[uuid]
	case knownUUID.MatchString(uuid), uuid == zeroUUID:
		return uuid
	default:
		return "a UUID"
	}
}

func sortJSON(list []any) {
	slices.SortFunc(list, func(a, b any) int { return strings.Compare(jsonText(a), jsonText(b)) })
}
