// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// monitorIDs are few, so that some requests name a monitor that is there.
var monitorIDs = []any{"m", 3, []any{"a", 1}, nil}

// monitorCommand makes a request about monitors.
func (g *generator) monitorCommand() (method string, params []any) {
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
		for _, name := range g.tableNames() {
			if g.percent(60) {
				requests[name] = []any{map[string]any{"where": g.where(g.schema.tables[name])}}
			}
		}
		if g.percent(5) {
			g.spoil(requests)
		}
		return "monitor_cond_change", []any{id, to, requests}
	}
	method = pick(g, []string{"monitor", "monitor_cond", "monitor_cond_since"})
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
		for len(order) > 0 && g.percent(70) {
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
