// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"testing"
)

// TestMonitorsThatAskForTheSame has clients whose monitors are the same, but for one's id, until one changes its
// condition, and then again.
func TestMonitorsThatAskForTheSame(t *testing.T) {
	s := startServer(t, Options{})
	ids := []string{"m", "m", "m", "other"}
	var clients []*client
	for _, id := range ids {
		c := connect(t, s)
		c.mustCall("monitor_cond", "test", id, parse(t, `{"single":[{"columns":["x"],"where":[["x",">",1]]}]}`))
		clients = append(clients, c)
	}
	writer := connect(t, s)
	expect := func(ops, first, others string) {
		t.Helper()
		writer.transact(ops)
		for i, c := range clients {
			update := others
			if i == 0 {
				update = first
			}
			told := "[]"
			if update != "" {
				told = fmt.Sprintf(`[["update2",["%s",{"single":{"UUID":{%s}}}]]]`, ids[i], update)
			}
			_, _, notifications := c.call("echo")
			want(t, fmt.Sprintf("client %d after %s", i, ops), append([]any{}, notifications...), told)
		}
	}
	change := func(where string) {
		clients[0].call("monitor_cond_change", "m", "m", parse(t, `{"single":[{"where":`+where+`}]}`))
	}
	expect(`[{"op":"insert","table":"single","row":{"x":5}}]`, `"insert":{"x":5}`, `"insert":{"x":5}`)
	change(`[["x",">",10]]`)
	expect(`[{"op":"update","table":"single","where":[],"row":{"x":7}}]`, ``, `"modify":{"x":7}`)
	expect(`[{"op":"update","table":"single","where":[],"row":{"x":11}}]`, `"insert":{"x":11}`, `"modify":{"x":11}`)
	change(`[["x",">",1]]`)
	expect(`[{"op":"update","table":"single","where":[],"row":{"x":12}}]`, `"modify":{"x":12}`, `"modify":{"x":12}`)
}
