// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

const (
	requestsOfName = `{"T":[{"columns":["int","name"]}]}`
	initialRow     = `{"T":{"` + uuidA + `":{"initial":{"name":"a","int":1}}}}`
)

// nameRow is the part of table T that monitor tests copy.
type nameRow struct {
	UUID string `ovsdb:"_uuid"`
	Name string `ovsdb:"name"`
	Int  int64  `ovsdb:"int"`
}

func nameTable() *Table[nameRow] { return NewTable[nameRow]("T", TableOptions{}) }

// find returns a row by its name.
func find(table *Table[nameRow], name string) (*nameRow, bool) {
	for _, row := range table.All() {
		if row.Name == name {
			return row, true
		}
	}
	return nil, false
}

func monitor(t testing.TB, c *Client, tables ...Monitored) *Monitor {
	t.Helper()
	m, err := c.Monitor(testContext(t), MonitorOptions{Tables: tables})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func wantRows(t testing.TB, table *Table[nameRow], want ...nameRow) {
	t.Helper()
	got := map[string]nameRow{}
	for _, row := range table.All() {
		got[row.UUID] = *row
	}
	rows := map[string]nameRow{}
	for _, row := range want {
		rows[row.UUID] = row
	}
	if diff := gocmp.Diff(rows, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// The update of an own transaction is in the table when Transact returns,
// whichever kind of monitor the server has.
func TestMonitorReadYourWrites(t *testing.T) {
	differences := func(p *peer) {
		r := p.expect("monitor_cond")
		if want := `["Test","monitor 1",` + requestsOfName + `]`; string(r.Params) != want {
			t.Errorf("monitor_cond: got params %s, want %s", r.Params, want)
		}
		p.answer(r, initialRow)
		r = p.expect("transact")
		p.send(`{"id":null,"method":"update2","params":["monitor 1",{"T":{"` + uuidA + `":{"modify":{"int":2}},"` + uuidB + `":{"insert":{"name":"b"}}}}]}`)
		p.answer(r, `[{}]`)
		r = p.expect("transact")
		p.send(`{"id":null,"method":"update2","params":["monitor 1",{"T":{"` + uuidA + `":{"delete":null}}}]}`)
		p.answer(r, `[{}]`)
		p.wait()
	}
	rows := func(p *peer) {
		p.refuse(p.expect("monitor_cond"), `{"error":"unknown method"}`)
		r := p.expect("monitor")
		if want := `["Test","monitor 1",` + requestsOfName + `]`; string(r.Params) != want {
			t.Errorf("monitor: got params %s, want %s", r.Params, want)
		}
		p.answer(r, `{"T":{"`+uuidA+`":{"new":{"name":"a","int":1}}}}`)
		r = p.expect("transact")
		p.send(`{"id":null,"method":"update","params":["monitor 1",{"T":{"` + uuidA + `":{"old":{"int":1},"new":{"name":"a","int":2}},"` + uuidB + `":{"new":{"name":"b","int":0}}}}]}`)
		p.answer(r, `[{}]`)
		r = p.expect("transact")
		p.send(`{"id":null,"method":"update","params":["monitor 1",{"T":{"` + uuidA + `":{"old":{"name":"a","int":2}}}}]}`)
		p.answer(r, `[{}]`)
		p.wait()
	}
	for name, script := range map[string]func(*peer){"monitor_cond": differences, "monitor": rows} {
		t.Run(name, func(t *testing.T) {
			c := dialPeer(t, script)
			table := nameTable()
			monitor(t, c, table)
			wantRows(t, table, nameRow{uuidA, "a", 1})
			old, _ := find(table, "a")
			for range 2 {
				if _, err := c.Transact(testContext(t), Comment("x")); err != nil {
					t.Fatal(err)
				}
				if old.Int != 1 {
					t.Errorf("a row that was read has changed to %+v", *old)
				}
				if table.Len() == 2 {
					wantRows(t, table, nameRow{uuidA, "a", 2}, nameRow{uuidB, "b", 0})
				}
			}
			wantRows(t, table, nameRow{uuidB, "b", 0})
			if row, ok := find(table, "a"); ok {
				t.Errorf("deleted row is still found: %+v", *row)
			}
		})
	}
}

func TestMonitorWait(t *testing.T) {
	next := make(chan int64)
	c := dialPeer(t, func(p *peer) {
		p.answer(p.expect("monitor_cond"), initialRow)
		for n := range next {
			p.send(`{"id":null,"method":"update2","params":["monitor 1",{"T":{"`+uuidA+`":{"modify":{"int":%d}}}}]}`, n)
		}
	})
	table := nameTable()
	m := monitor(t, c, table)
	value := func() int64 {
		row, _ := find(table, "a")
		return row.Int
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for n := range int64(1000) {
			next <- n
		}
	}()
	if err := m.Wait(testContext(t), func() (bool, error) { return value() >= 500, nil }); err != nil || value() < 500 {
		t.Errorf("wait for 500: got %d, %v", value(), err)
	}
	failure := errors.New("failure")
	if err := m.Wait(testContext(t), func() (bool, error) { return false, failure }); err != failure {
		t.Errorf("condition that fails: got error %v, want %v", err, failure)
	}
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	if err := m.Wait(ctx, func() (bool, error) { return false, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("context that ended: got error %v, want %v", err, context.Canceled)
	}
	<-sent
	close(next) // ends the session
	if err := m.Wait(testContext(t), func() (bool, error) { return false, nil }); !errors.Is(err, io.EOF) {
		t.Errorf("session that ends: got error %v, want %v", err, io.EOF)
	}
	if got := value(); got != 999 {
		t.Errorf("last value after the end: got %d, want 999", got)
	}
	if err := m.Wait(testContext(t), func() (bool, error) { return value() == 999, nil }); err != nil {
		t.Errorf("condition that holds after the end: got error %v", err)
	}
}

// A waiter that is stuck in its condition holds up nobody else.
func TestMonitorSlowWaiter(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.answer(p.expect("monitor_cond"), initialRow)
		for n := range 100 {
			p.send(`{"id":null,"method":"update2","params":["monitor 1",{"T":{"`+uuidA+`":{"modify":{"int":%d}}}}]}`, n)
		}
		p.answer(p.expect("echo"), `["ovskit"]`)
		p.wait()
	})
	table := nameTable()
	m := monitor(t, c, table)
	stuck, release := make(chan struct{}), make(chan struct{})
	ended := make(chan error)
	calls := 0
	go func() {
		ended <- m.Wait(testContext(t), func() (bool, error) {
			if calls++; calls == 1 {
				close(stuck)
				<-release
			}
			row, _ := find(table, "a")
			return row.Int == 99, nil
		})
	}()
	<-stuck
	if err := c.Echo(testContext(t)); err != nil {
		t.Errorf("Echo: %v", err)
	}
	close(release)
	if err := <-ended; err != nil {
		t.Errorf("Wait: %v", err)
	}
}

// A monitor whose context ended before the answer came is taken back, and what
// the server still sends for it is ignored.
func TestMonitorAbandoned(t *testing.T) {
	ctx, cancel := context.WithCancel(testContext(t))
	c := dialPeer(t, func(p *peer) {
		r := p.expect("monitor_cond")
		cancel()
		if got := p.expect("monitor_cancel"); string(got.Params) != `["monitor 1"]` {
			t.Errorf("monitor_cancel: got params %s", got.Params)
		} else {
			p.answer(r, initialRow)
			p.send(`{"id":null,"method":"update2","params":["monitor 1",{"T":{"` + uuidB + `":{"insert":{}}}}]}`)
			p.answer(got, `{}`)
		}
		p.answer(p.expect("echo"), `["ovskit"]`)
		p.wait()
	})
	table := nameTable()
	if _, err := c.Monitor(ctx, MonitorOptions{Tables: []Monitored{table}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	if err := c.Echo(testContext(t)); err != nil {
		t.Errorf("session does not survive: %v", err)
	}
	wantRows(t, table)
}

func TestMonitorRefuses(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		p.refuse(p.expect("monitor_cond"), `"permission denied"`)
		p.wait()
	})
	for _, tt := range []struct {
		tables []Monitored
		want   string
	}{
		{nil, "monitor: no tables given"},
		{[]Monitored{nameTable(), nameTable()}, `monitor: table "T" given twice`},
		{[]Monitored{NewTable[nameRow]("X", TableOptions{})}, `monitor: table "X"`},
		{[]Monitored{nameTable()}, "monitor: monitor_cond: server answered: permission denied"},
	} {
		if _, err := c.Monitor(testContext(t), MonitorOptions{Tables: tt.tables}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got error %v, want %s", err, tt.want)
		}
	}
}

// An update that cannot be followed ends the session: a copy that is wrong is
// worse than none.
func TestMonitorHostileUpdates(t *testing.T) {
	for _, update := range []string{
		`"monitor 1",{"T":{"` + uuidB + `":{"modify":{"int":1}}}}`,
		`"monitor 1",{"T":{"` + uuidB + `":{"delete":null}}}`,
		`"monitor 1",{"T":{"` + uuidA + `":{"modify":{"int":"x"}}}}`,
		`"monitor 1",{"T":{"` + uuidA + `":{"explode":{}}}}`,
		`"monitor 1",{"T":{"x":{"insert":{}}}}`,
		`"monitor 1",{"U":{"` + uuidA + `":{"insert":{}}}}`,
		`"monitor 1",5`,
		`"monitor 1",{},{}`,
		`"monitor 1"`,
		``,
	} {
		c := dialPeer(t, func(p *peer) {
			p.answer(p.expect("monitor_cond"), initialRow)
			p.answer(p.expect("echo"), `["ovskit"]`)
			p.send("%s", `{"id":null,"method":"update2","params":[`+update+`]}`)
			p.wait()
		})
		table := nameTable()
		m := monitor(t, c, table)
		if err := c.Echo(testContext(t)); err != nil {
			t.Error(err)
		}
		err := m.Wait(testContext(t), func() (bool, error) { return false, nil })
		if !errors.Is(err, ErrProtocol) {
			t.Errorf("update %s: got error %v, want %v", update, err, ErrProtocol)
		}
		wantRows(t, table, nameRow{uuidA, "a", 1})
	}
}

func BenchmarkMonitorLoad(b *testing.B) {
	const rows = 20_000
	var initial strings.Builder
	initial.WriteString(`{"T":{`)
	for i := range rows {
		if i > 0 {
			initial.WriteByte(',')
		}
		fmt.Fprintf(&initial, `"%08x-0000-4000-8000-000000000000":{"initial":{"name":"port%d","int":%d,`+
			`"map":["map",[["container_id","%d"],["ovskit-owner","bench"]]],"refs":["uuid","%s"]}}`, i, i, i, i, uuidA)
	}
	initial.WriteString(`}}`)
	s := mustSchema(b)
	b.SetBytes(int64(initial.Len()))
	b.ReportAllocs()
	for b.Loop() {
		table := NewTable[testRow]("T", TableOptions{})
		byName := NewIndex(table, func(r *testRow) string { return r.Name })
		r := testRegistration(b, s, dialectCond, table)
		if err := r.adopt([]byte(initial.String())); err != nil || table.Len() != rows {
			b.Fatalf("got %d rows, %v", table.Len(), err)
		}
		if _, ok := byName.Get("port77"); !ok {
			b.Fatal("port77 is not in the index")
		}
	}
}
