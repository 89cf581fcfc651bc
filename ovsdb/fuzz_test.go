// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"testing"
	"time"
)

// FuzzSession has a server answer a monitor, a lock and a transaction with
// anything.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		`{"id":4,"result":{"T":{"` + uuidA + `":{"initial":{"int":1,"map":["map",[["a","b"]]]}}}},"error":null}` +
			`{"id":null,"method":"update2","params":["monitor 1",{"T":{"` + uuidA + `":{"modify":{"ints":["set",[1,2]]}}}}]}`,
		`{"id":4,"result":null,"error":"unknown method"}{"id":5,"result":{},"error":null}` +
			`{"id":null,"method":"update","params":["monitor 1",{"T":{"` + uuidB + `":{"new":{"ref":["uuid","` + uuidA + `"]}}}}]}`,
		`{"id":1,"method":"echo","params":[]}`,
		`{"id":4,"result":[],"error":{"error":"x"}}`,
	} {
		f.Add(false, []byte(seed))
	}
	for _, seed := range []string{
		`{"id":3,"result":[false,"` + uuidC + `",{"T":{"` + uuidA + `":{"initial":{"int":1}}}}],"error":null}` +
			`{"id":null,"method":"update3","params":["monitor 1","` + uuidB + `",{"T":{"` + uuidA + `":{"delete":null}}}]}` +
			`{"id":4,"result":{"locked":true},"error":null}{"id":null,"method":"stolen","params":["l"]}`,
		`{"id":3,"result":[true,"` + uuidC + `",{}],"error":null}{"id":4,"result":{"locked":false},"error":null}` +
			`{"id":null,"method":"locked","params":["l"]}{"id":null,"method":"monitor_canceled","params":["monitor 1"]}`,
		`{"id":null,"method":"update3","params":["server","` + uuidB + `",{"Database":{"` + uuidA + `":{"modify":{"schema":"{}"}}}}]}`,
	} {
		f.Add(true, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, modern bool, stream []byte) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		endpoint := listen(t, func(p *peer) {
			if modern {
				p.clustered()
				p.expect("monitor_cond_since")
			} else {
				p.schema()
				p.expect("monitor_cond")
			}
			p.conn.Write(stream)
		})
		c, err := Dial(testContext(t), Options{Endpoint: endpoint, Database: "Test", MaxMessage: 1 << 20, NoReconnect: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		table := NewTable[testRow]("T", TableOptions{})
		names := NewIndex(table, func(r *testRow) string { return r.Name })
		m, err := c.Monitor(ctx, MonitorOptions{Tables: []Monitored{table}})
		if err == nil {
			w := m.Watch(WatchOptions{Limit: 2})
			defer w.Close()
			w.Next(ctx)
			if l, err := c.Lock(ctx, "l"); err == nil {
				c.Transact(ctx, Select("T", nil))
				l.Unlock(ctx)
			}
			w.Next(ctx)
		}
		for _, row := range table.All() {
			if got, ok := table.Get(row.UUID); !ok || got != row {
				t.Errorf("Get(%q): got %v, want %v", row.UUID, got, row)
			}
			if _, ok := names.Get(row.Name); !ok {
				t.Errorf("row %q is not in the index", row.Name)
			}
		}
	})
}

// FuzzDial has a server say anything from the beginning.
func FuzzDial(f *testing.F) {
	for _, seed := range []string{
		`{"id":1,"result":[false,"` + noTransaction + `",{"Database":{}}],"error":null}{"id":2,"result":{},"error":null}` +
			`{"id":3,"result":` + testSchema + `,"error":null}`,
		`{"id":1,"result":null,"error":"unknown method"}{"id":2,"result":null,"error":{"error":"unknown database"}}` +
			`{"id":3,"result":{"name":"Test","tables":{}},"error":null}`,
		"HTTP/1.1 400 Bad Request\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		endpoint := listen(t, func(p *peer) {
			p.conn.Write(stream)
		})
		c, err := Dial(ctx, Options{Endpoint: endpoint, Database: "Test", MaxMessage: 1 << 20, NoReconnect: true})
		if err != nil {
			return
		}
		defer c.Close()
		if c.Schema().Name != "Test" {
			t.Errorf("got schema %q, want Test", c.Schema().Name)
		}
	})
}
