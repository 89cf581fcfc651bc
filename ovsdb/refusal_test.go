// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"errors"
	"strings"
	"testing"
)

// A server that cannot serve one of the monitors ends that one, with the
// reason, and serves the others.
func TestServerRefusesMonitor(t *testing.T) {
	type rowOfU struct {
		Text string `ovsdb:"text"`
	}
	older := strings.Replace(testSchema, `"U":{`, `"Renamed":{`, 1)
	for _, tt := range []struct {
		name string
		next func(p *peer)
		want func(error) bool
	}{
		{"table is gone", func(p *peer) {
			p.answer(p.getSchema(), older)
			p.answer(p.expect("monitor_cond"), initialRow)
			p.wait()
		}, func(err error) bool { return errors.As(err, new(*SchemaError)) }},
		{"monitor is refused", func(p *peer) {
			p.schema()
			p.answer(p.expect("monitor_cond"), initialRow)
			p.refuse(p.expect("monitor_cond"), `{"error":"permission error","details":"not for you"}`)
			p.wait()
		}, func(err error) bool {
			var refused *ServerError
			return errors.As(err, &refused) && refused.Name == "permission error"
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := dialScripts(t, Options{},
				func(p *peer) {
					p.schema()
					p.answer(p.expect("monitor_cond"), initialRow)
					p.answer(p.expect("monitor_cond"), `{"U":{"`+uuidA+`":{"initial":{"text":"x"}}}}`)
					p.cut()
				}, tt.next)
			if err != nil {
				t.Fatal(err)
			}
			table, refused := nameTable(), NewTable[rowOfU]("U", TableOptions{})
			m, ended := monitor(t, c, table), monitor(t, c, refused)
			w := ended.Watch(WatchOptions{})
			defer w.Close()
			if _, err := w.Next(testContext(t)); err != nil {
				t.Fatal(err)
			}
			if err := ended.Err(); err != nil {
				t.Errorf("before: got error %v, want none", err)
			}
			echo(t, c)
			connected(t, c, 2)
			if err := m.Err(); err != nil {
				t.Errorf("the other monitor: got error %v, want none", err)
			}
			wantRows(t, table, nameRow{uuidA, "a", 1})
			_, next := w.Next(testContext(t))
			for what, err := range map[string]error{
				"Err":      ended.Err(),
				"Next":     next,
				"Wait":     ended.Wait(testContext(t), func() (bool, error) { return false, nil }),
				"Reselect": ended.Reselect(testContext(t), refused, TableOptions{}),
			} {
				if !tt.want(err) || errors.Is(err, ErrMonitorClosed) {
					t.Errorf("%s of the monitor that was refused: got error %v", what, err)
				}
			}
			if refused.Len() != 1 {
				t.Errorf("got %d rows, want what was there", refused.Len())
			}
		})
	}
}

// A batcher whose epilogue does not fit the schema makes no change, and works as
// soon as there is a schema that it fits.
func TestBatcherEpilogueOfNewerSchema(t *testing.T) {
	older := strings.Replace(testSchema, `"U":{`, `"Later":{`, 1)
	c, err := dialScripts(t, Options{},
		func(p *peer) {
			p.answer(p.getSchema(), older)
			p.cut()
		},
		func(p *peer) {
			p.schema()
			p.expectParams("transact", `["Test",{"op":"comment","comment":"x"},{"op":"delete","table":"U","where":[]}]`, `[{},{"count":1}]`)
			p.wait()
		})
	if err != nil {
		t.Fatal(err)
	}
	b := NewBatcher(c, BatchOptions{Epilogue: []Operation{Delete("U")}})
	var schema *SchemaError
	if _, _, err := b.Transact(testContext(t), Comment("x")); !errors.As(err, &schema) || !strings.Contains(err.Error(), "epilogue") {
		t.Errorf("before: got error %v, want a *SchemaError of the epilogue", err)
	}
	echo(t, c)
	connected(t, c, 2)
	_, epilogue, err := b.Transact(testContext(t), Comment("x"))
	if err != nil || len(epilogue) != 1 || epilogue[0].Count != 1 {
		t.Errorf("afterwards: got results %+v, error %v; want a count of 1", epilogue, err)
	}
}
