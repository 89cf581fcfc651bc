// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

const (
	txnA = "aaaaaaaa-1111-4000-8000-000000000000"
	txnB = "bbbbbbbb-1111-4000-8000-000000000000"
	txnC = "cccccccc-1111-4000-8000-000000000000"

	whereIsOne = `"where":[["int","==",1]]`
)

// clustered is a description for servers that tell transactions.
func (p *peer) clustered() { p.describe(ptr(member(true, 1))) }

// monitorSince expects the registration of a monitor of table T, with the
// conditions if there are any, and answers it.
func (p *peer) monitorSince(number int, where, since string, answer string) {
	p.t.Helper()
	if where != "" {
		where = "," + where
	}
	r := p.expect("monitor_cond_since")
	want := fmt.Sprintf(`["Test","monitor %d",{"T":[{"columns":["int","name"]%s}]},"%s"]`, number, where, since)
	if string(r.Params) != want {
		p.t.Errorf("monitor_cond_since: got params %s, want %s", r.Params, want)
	}
	p.answer(r, answer)
}

// update tells of changes in table T.
func (p *peer) update(number int, txn, rows string) {
	p.send("%s", fmt.Sprintf(`{"id":null,"method":"update3","params":["monitor %d","%s",{"T":{%s}}]}`, number, txn, rows))
}

// conditions expects a change of the conditions of table T.
func (p *peer) conditions(number int, where string) request {
	p.t.Helper()
	r := p.expect("monitor_cond_change")
	want := fmt.Sprintf(`["monitor %d","monitor %d",{"T":[{%s}]}]`, number, number, where)
	if string(r.Params) != want {
		p.t.Errorf("monitor_cond_change: got params %s, want %s", r.Params, want)
	}
	return r
}

// cut expects an echo and breaks the connection instead of answering.
func (p *peer) cut() { p.expect("echo") }

// echo makes the scripts go on behind cut.
func echo(t testing.TB, c *Client) {
	t.Helper()
	if err := c.Echo(testContext(t)); err == nil {
		t.Error("Echo: the connection was not cut")
	}
}

func connected(t testing.TB, c *Client, connections int) {
	t.Helper()
	waitState(t, c, func(s State) bool { return s.Connections >= connections && s.Endpoint != "" })
}

const rowsAB = `"` + uuidA + `":{"initial":{"name":"a","int":1}},"` + uuidB + `":{"initial":{"name":"b","int":1}}`

// What the server answers since the last transaction are differences, each of
// which is an event; rows that it does not mention stay as they are. What does
// not fit makes the client ask for all rows.
func TestMonitorResumes(t *testing.T) {
	c, err := dialScripts(t, Options{},
		func(p *peer) {
			p.clustered()
			p.monitorSince(1, "", noTransaction, `[false,"`+txnA+`",{"T":{`+rowsAB+`}}]`)
			p.update(1, txnB, `"`+uuidC+`":{"insert":{"name":"c"}}`)
			p.cut()
		},
		func(p *peer) {
			p.clustered()
			p.monitorSince(2, "", txnB, `[true,"`+txnC+`",{"T":{"`+uuidB+`":{"modify":{"int":2}},"`+uuidC+`":{"delete":null}}}]`)
			p.cut()
		},
		func(p *peer) {
			p.clustered()
			p.monitorSince(3, "", txnC, `[true,"`+txnA+`",{"T":{"`+uuidA+`":{"modify":{"int":7}},"`+uuidC+`":{"delete":null}}}]`)
			p.wait()
		},
		func(p *peer) {
			p.clustered()
			p.monitorSince(4, "", noTransaction, `[false,"`+noTransaction+`",{"T":{`+rowsAB+`}}]`)
			p.cut()
		},
		func(p *peer) { // which had no transaction to tell
			p.clustered()
			p.monitorSince(5, "", noTransaction, `[false,"`+txnA+`",{"T":{`+rowsAB+`}}]`)
			p.wait()
		})
	if err != nil {
		t.Fatal(err)
	}
	table := nameTable()
	m := monitor(t, c, table)
	w := m.Watch(WatchOptions{})
	defer w.Close()
	take := func() map[string]Event {
		t.Helper()
		events := map[string]Event{}
		for w.Waiting() > 0 || len(events) == 0 {
			delta, err := w.Next(testContext(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range delta.Events {
				events[e.UUID] = e
			}
		}
		return events
	}
	wait := func(uuid string, exists bool) {
		t.Helper()
		err := m.Wait(testContext(t), func() (bool, error) { _, ok := table.Get(uuid); return ok == exists, nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	wait(uuidC, true)
	a, _ := table.Get(uuidA)
	b, _ := table.Get(uuidB)
	row, _ := table.Get(uuidC)
	take()

	echo(t, c)
	connected(t, c, 2)
	wantRows(t, table, nameRow{uuidA, "a", 1}, nameRow{uuidB, "b", 2})
	want := map[string]Event{
		uuidB: {Table: "T", UUID: uuidB, Old: b, New: &nameRow{uuidB, "b", 2}},
		uuidC: {Table: "T", UUID: uuidC, Old: row},
	}
	if diff := gocmp.Diff(want, take()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}

	echo(t, c)
	connected(t, c, 3)
	wantRows(t, table, nameRow{uuidA, "a", 1}, nameRow{uuidB, "b", 1})
	if now, _ := table.Get(uuidA); now != a {
		t.Error("a row that has not changed was copied anew")
	}
	echo(t, c)
	connected(t, c, 4)
	if now, _ := table.Get(uuidA); now != a {
		t.Error("a row that has not changed was copied anew")
	}
	if got := take(); len(got) != 1 {
		t.Errorf("got events %v, want one of row b", got)
	}
}

// A selection that the server may or may not have taken over is registered
// anew, for all rows. One that it has confirmed is resumed.
func TestReselectUnconfirmed(t *testing.T) {
	one := TableOptions{Where: []Condition{Where("int", Equal, 1)}}
	c, err := dialScripts(t, Options{},
		func(p *peer) {
			p.clustered()
			p.monitorSince(1, "", noTransaction, `[false,"`+txnA+`",{"T":{`+rowsAB+`,"`+uuidC+`":{"initial":{"name":"c"}}}}]`)
			p.conditions(1, whereIsOne)
			p.update(1, txnB, `"`+uuidC+`":{"delete":null}`)
		},
		func(p *peer) {
			p.clustered()
			p.monitorSince(2, whereIsOne, noTransaction, `[false,"`+txnB+`",{"T":{`+rowsAB+`}}]`)
			p.cut() // there is nothing to be changed any more
		},
		func(p *peer) {
			p.clustered()
			p.monitorSince(3, whereIsOne, txnB, `[true,"`+txnB+`",{}]`)
			r := p.conditions(3, `"where":[true]`)
			p.update(3, txnB, `"`+uuidC+`":{"insert":{"name":"c"}}`)
			p.answer(r, `{}`)
			p.refuse(p.conditions(3, whereIsOne), `{"error":"no reason"}`)
			p.cut()
		},
		func(p *peer) {
			p.clustered()
			p.monitorSince(4, "", txnB, `[true,"`+txnC+`",{"T":{"`+uuidC+`":{"modify":{"int":3}}}}]`)
			p.expect("monitor_cancel")
			p.cut()
		},
		func(p *peer) { // a monitor that was closed is not registered
			p.clustered()
			p.answer(p.expect("echo"), `["ovskit"]`)
			p.wait()
		})
	if err != nil {
		t.Fatal(err)
	}
	table := nameTable()
	m := monitor(t, c, table)
	if err := m.Reselect(testContext(t), table, one); err != nil {
		t.Error(err)
	}
	wantRows(t, table, nameRow{uuidA, "a", 1}, nameRow{uuidB, "b", 1})
	echo(t, c)
	connected(t, c, 3)
	if err := m.Reselect(testContext(t), table, TableOptions{}); err != nil {
		t.Error(err)
	}
	wantRows(t, table, nameRow{uuidA, "a", 1}, nameRow{uuidB, "b", 1}, nameRow{uuidC, "c", 0})
	if err := m.Reselect(testContext(t), table, one); !errors.As(err, new(*ServerError)) {
		t.Errorf("selection that is refused: got error %v, want a *ServerError", err)
	}
	echo(t, c)
	connected(t, c, 4)
	wantRows(t, table, nameRow{uuidA, "a", 1}, nameRow{uuidB, "b", 1}, nameRow{uuidC, "c", 3})
	m.Close()
	if err := m.Reselect(testContext(t), table, one); !errors.Is(err, ErrMonitorClosed) {
		t.Errorf("monitor that was closed: got error %v, want %v", err, ErrMonitorClosed)
	}
	echo(t, c)
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
}

// A selection of which it is not known whether the server has it is not taken
// for one that it has when a later one of another table is confirmed.
func TestReselectGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	c := dialPeer(t, func(p *peer) {
		p.answer(p.expect("monitor_cond"), `{"T":{`+rowsAB+`}}`)
		r := p.expect("monitor_cond_change")
		cancel()
		// The server goes on as if it had never got it: that is another one's
		// in its place.
		p.expectParams("monitor_cond", `["Test","monitor 2",{"T":[{"columns":["int","name"],"where":[["int","==",2]]}],`+
			`"U":[{"columns":["text"],"where":[["text","==","x"]]}]}]`, `{}`)
		p.expect("monitor_cancel")
		p.answer(r, `{}`)
		p.answer(p.expect("echo"), `["ovskit"]`)
		p.wait()
	})
	table := nameTable()
	other := NewTable[struct {
		Text string `ovsdb:"text"`
	}]("U", TableOptions{})
	m := monitor(t, c, table, other)
	err := m.Reselect(ctx, table, TableOptions{Where: []Condition{Where("int", Equal, 2)}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	if err := m.Reselect(testContext(t), other, TableOptions{Where: []Condition{Where("text", Equal, "x")}}); err != nil {
		t.Error(err)
	}
	wantRows(t, table)
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
}

// expectParams expects a request as it is and answers it.
func (p *peer) expectParams(method, params, answer string) {
	p.t.Helper()
	r := p.expect(method)
	if string(r.Params) != params {
		p.t.Errorf("%s: got params %s, want %s", method, r.Params, params)
	}
	p.answer(r, answer)
}

// The columns that conditions are about are always asked for.
func TestReselectByOmittedColumn(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.expectParams("monitor_cond", `["Test","monitor 1",{"T":[{"columns":["int","name"],"where":[["int","==",1]]}]}]`,
			`{"T":{"`+uuidA+`":{"initial":{"name":"a","int":1}}}}`)
		r := p.conditions(1, `"where":[["int","==",1],["name","==","b"]]`)
		p.send("%s", `{"id":null,"method":"update2","params":["monitor 1",{"T":{"`+uuidB+`":{"insert":{"name":"b","int":3}}}}]}`)
		p.answer(r, `{}`)
		p.expectParams("monitor_cond", `["Test","monitor 2",{"T":[{"columns":["_uuid","bool","name"],"where":[["bool","==",true],["_uuid","==",["uuid","`+uuidB+`"]]]}]}]`,
			`{"T":{"`+uuidB+`":{"initial":{"_uuid":["uuid","`+uuidB+`"],"name":"b","bool":true}}}}`)
		p.expect("monitor_cancel")
		p.send("%s", `{"id":null,"method":"update2","params":["monitor 2",{"T":{"`+uuidB+`":{"modify":{"bool":false}}}}]}`)
		p.answer(p.expect("echo"), `["ovskit"]`)
		p.wait()
	})
	options := func(where ...Condition) TableOptions { return TableOptions{Omit: []string{"int"}, Where: where} }
	table := NewTable[nameRow]("T", options(Where("int", Equal, 1)))
	m := monitor(t, c, table)
	wantRows(t, table, nameRow{uuidA, "a", 0})
	if err := m.Reselect(testContext(t), table, options(Where("int", Equal, 1), Where("name", Equal, "b"))); err != nil {
		t.Error(err)
	}
	wantRows(t, table, nameRow{uuidA, "a", 0}, nameRow{uuidB, "b", 0})
	if err := m.Reselect(testContext(t), table, options(Where("bool", Equal, true), ByUUID(uuidB))); err != nil {
		t.Error(err)
	}
	row, _ := table.Get(uuidB)
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
	wantRows(t, table, nameRow{uuidB, "b", 0})
	if now, _ := table.Get(uuidB); now != row {
		t.Error("a row was copied anew although no column has changed that is copied")
	}
}

// A server of RFC 7047 cannot select rows, but columns.
func TestReselectNotSupported(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.refuse(p.expect("monitor_cond"), `"unknown method"`)
		p.expectParams("monitor", `["Test","monitor 1",`+requestsOfName+`]`, `{"T":{"`+uuidA+`":{"new":{"name":"a","int":1}}}}`)
		p.expectParams("monitor", `["Test","monitor 3",{"T":[{"columns":["name"]}]}]`, `{"T":{"`+uuidA+`":{"new":{"name":"a"}}}}`)
		p.expectParams("monitor_cancel", `["monitor 1"]`, `{}`)
		p.expectParams("echo", `["ovskit"]`, `["ovskit"]`)
		p.wait()
	})
	table := nameTable()
	m := monitor(t, c, table)
	selected := TableOptions{Where: []Condition{Where("int", Equal, 2)}}
	if err := m.Reselect(testContext(t), table, selected); !errors.Is(err, ErrNotSupported) {
		t.Errorf("conditions: got error %v, want %v", err, ErrNotSupported)
	}
	wantRows(t, table, nameRow{uuidA, "a", 1})
	if err := m.Reselect(testContext(t), table, TableOptions{Omit: []string{"int"}}); err != nil {
		t.Error(err)
	}
	wantRows(t, table, nameRow{uuidA, "a", 0})
	_, err := c.Monitor(testContext(t), MonitorOptions{Tables: []Monitored{NewTable[nameRow]("T", selected)}})
	if !errors.Is(err, ErrNotSupported) {
		t.Errorf("monitor with conditions: got error %v, want %v", err, ErrNotSupported)
	}
	if err := c.Echo(testContext(t)); err != nil {
		t.Error(err)
	}
}
