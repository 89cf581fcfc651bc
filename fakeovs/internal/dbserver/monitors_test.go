// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"slices"
)

// monitorIDs are few, so that some requests name a monitor that is there.
var monitorIDs = []any{"m", 3, []any{"a", 1}, nil}

// monitorCommand makes a request about monitors for a client.
func (g *generator) monitorCommand(client int) (method string, params []any) {
	switch g.IntN(10) {
	case 0:
		return "monitor_cancel", []any{pick(g, monitorIDs)}
	case 1, 2, 3, 4:
		id := pick(g, monitorIDs)
		to := id
		if g.percent(20) {
			to = pick(g, monitorIDs)
		}
		requests := map[string]any{}
		for _, name := range g.monitored[monitorOf(client, id)] {
			if g.percent(60) {
				requests[name] = []any{map[string]any{"where": g.validWhere(g.schema.tables[name])}}
			}
		}
		switch {
		case len(requests) == 1 && g.percent(10):
			for name := range requests {
				requests[name] = []any{map[string]any{"where": g.where(g.schema.tables[name])}}
			}
		case g.percent(3):
			requests = map[string]any{pick(g, []string{"nope", "T"}): g.nonsense()}
		}
		return "monitor_cond_change", []any{id, to, requests}
	}
	method = pick(g, []string{"monitor", "monitor_cond", "monitor_cond", "monitor_cond_since"})
	requests := map[string]any{}
	for _, name := range g.tableNames() {
		if g.percent(30) {
			continue
		}
		t := g.schema.tables[name]
		if g.percent(30) {
			requests[name] = g.monitorRequest(t, method, nil)
			continue
		}
		// Several requests for one table may not have a column in common.
		list := []any{}
		order := g.Perm(len(t.columns))
		for len(order) > 0 && (len(list) == 0 || g.percent(50)) {
			n := 1 + g.IntN(len(order))
			names := []any{}
			for _, at := range order[:n] {
				names = append(names, t.columns[at].name)
			}
			order = order[n:]
			list = append(list, g.monitorRequest(t, method, names))
		}
		requests[name] = list
	}
	if g.percent(5) {
		g.spoil(requests)
	}
	if g.crashes(requests, method) {
		return "echo", nil
	}
	params = []any{"test", pick(g, monitorIDs), requests}
	if method == "monitor_cond_since" {
		params = append(params, pick(g, []any{zeroUUID, zeroUUID, "12345678-0000-0000-0000-000000000000", "x", 1}))
	}
	if g.percent(3) {
		params = params[:1+g.IntN(len(params))]
		for method == "monitor" && len(params) < 3 { // where ovsdb-server reads beyond the end
			params = append(params, g.nonsense())
		}
	}
	return method, params
}

func monitorOf(client int, id any) string { return jsonText([]any{client, id}) }

// note notes which tables a new monitor has, or what its id is now.
func (g *generator) note(client int, method string, params []any) {
	switch method {
	case "monitor", "monitor_cond", "monitor_cond_since":
		g.monitored[monitorOf(client, params[1])] = sortedNames(params[2].(map[string]any))
	case "monitor_cond_change":
		g.monitored[monitorOf(client, params[1])] = g.monitored[monitorOf(client, params[0])]
	}
}

// validWhere makes a condition without errors. After a request that failed half-way ovsdb-server may crash.
func (g *generator) validWhere(t *tableSchema) []any {
	for {
		v, err := parseJSON(appendJSON(nil, g.where(t)))
		if err != nil {
			continue
		}
		if _, err := t.condition(v.([]any), nil); err == nil {
			return v.([]any)
		}
	}
}

// monitorRequest makes a request for columns, or any if they are nil.
func (g *generator) monitorRequest(t *tableSchema, method string, columns []any) any {
	r := map[string]any{}
	switch {
	case columns != nil:
		r["columns"] = columns
	case g.percent(60):
		r["columns"] = g.columns(t)
	}
	if g.percent(50) {
		s := map[string]any{}
		for _, kind := range []string{"initial", "insert", "delete", "modify"} {
			if g.percent(50) {
				s[kind] = g.percent(50)
			}
		}
		r["select"] = s
		if g.percent(3) {
			g.spoil(s)
		}
	}
	if method != "monitor" && g.percent(50) {
		r["where"] = g.where(t)
	}
	if g.percent(3) {
		g.spoil(r)
	}
	return r
}

// crashes reports whether requests for monitors are like earlier ones but for conditions. With these ovsdb-server shares
// data among monitors that it must not share, and may crash.
func (g *generator) crashes(requests map[string]any, method string) bool {
	columns, kinds := []string{}, map[string]int{}
	for table, list := range requests {
		if _, ok := list.([]any); !ok {
			list = []any{list}
		}
		if method != "monitor" && len(list.([]any)) == 0 {
			return true // as soon as it is given a condition
		}
		for _, r := range list.([]any) {
			o, _ := r.(map[string]any)
			bits := 0
			for i, kind := range []string{"initial", "insert", "delete", "modify"} {
				if s, _ := o["select"].(map[string]any); s == nil || s[kind] != false {
					bits |= 1 << i
				}
			}
			kinds[table] |= bits
			columns = append(columns, fmt.Sprintf("%s %d", table, bits))
			names, given := o["columns"].([]any)
			if t := g.schema.tables[table]; t != nil && !given {
				for _, c := range t.columns[colVersion:] {
					names = append(names, c.name)
				}
			}
			for _, n := range names {
				columns = append(columns, fmt.Sprintf("%s %v %d", table, n, bits))
			}
		}
	}
	slices.Sort(columns)
	shape := fmt.Sprint(columns, kinds)
	plain, known := g.shapes[shape]
	g.shapes[shape] = method == "monitor" && (plain || !known)
	return known && !g.shapes[shape]
}
