// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"
)

// An answer that the read loop has begun to take when the context ends counts:
// else what it brought would be there without anybody knowing.
func TestAnswerAsContextEnds(t *testing.T) {
	c := dialPeer(t, func(p *peer) {
		for {
			r, ok := p.next()
			if !ok {
				return
			}
			p.answer(r, `{}`)
		}
	})
	s, err := c.connection(testContext(t), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		ctx, cancel := context.WithCancel(testContext(t))
		taken := 0
		_, err := s.do(ctx, &call{method: "echo", receive: func(json.RawMessage) error {
			cancel()
			runtime.Gosched()
			taken++
			return nil
		}}, encodeParams())
		if err != nil || taken != 1 {
			t.Fatalf("got error %v, answer taken %d times; want it to be taken and no error", err, taken)
		}
	}
}

// A selection of columns that was given up before the server answered is not
// what the server copies: the next one with these columns must tell it.
func TestReselectAfterGivingUp(t *testing.T) {
	ctx, giveUp := context.WithCancel(testContext(t))
	c := dialPeer(t, func(p *peer) {
		p.answer(p.expect("monitor_cond"), initialRow)
		p.expect("monitor_cond") // not answered
		giveUp()
		p.answer(p.expect("monitor_cancel"), `{}`)
		r := p.expect("monitor_cond")
		if !strings.Contains(string(r.Params), `{"T":[{"columns":["name"],"where":[["name","==","a"]]}]}`) {
			t.Errorf("monitor_cond: got params %s", r.Params)
		}
		p.answer(r, `{"T":{"`+uuidA+`":{"initial":{"name":"a"}}}}`)
		p.wait()
	})
	table := nameTable()
	m := monitor(t, c, table)
	o := TableOptions{Omit: []string{"int"}}
	if err := m.Reselect(ctx, table, o); !errors.Is(err, context.Canceled) {
		t.Errorf("Reselect that was given up: got error %v, want %v", err, context.Canceled)
	}
	wantRows(t, table, nameRow{uuidA, "a", 1})
	o.Where = []Condition{Where("name", Equal, "a")}
	if err := m.Reselect(testContext(t), table, o); err != nil {
		t.Fatal(err)
	}
	wantRows(t, table, nameRow{uuidA, "a", 0})
}
