// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ovskit/ovskit/internal/dbtest"
)

// Whichever way of monitoring a server knows, the rows are the same after every
// transaction.
func TestServerDialects(t *testing.T) {
	type queue struct {
		UUID  string            `ovsdb:"_uuid"`
		DSCP  *int64            `ovsdb:"dscp"`
		Other map[string]string `ovsdb:"other_config"`
	}
	type qos struct {
		UUID   string           `ovsdb:"_uuid"`
		Queues map[int64]string `ovsdb:"queues"`
	}
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		ctx := testContext(t)
		c, err := Dial(ctx, Options{Endpoint: server.Endpoint})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var queues []*Table[queue]
		var all []*Table[qos]
		for dialect := range dialects {
			c.session.dialect.Store(int32(dialect))
			queues = append(queues, NewTable[queue]("Queue", TableOptions{}))
			all = append(all, NewTable[qos]("QoS", TableOptions{}))
			m, err := c.Monitor(ctx, MonitorOptions{Tables: []Monitored{queues[dialect], all[dialect]}})
			if err != nil {
				t.Fatalf("%s: %v", dialects[dialect].method, err)
			}
			if m.current.dialect != dialect {
				t.Fatalf("got a monitor by %s, want %s", dialects[m.current.dialect].method, dialects[dialect].method)
			}
		}
		for i, tt := range []struct {
			queues int // afterwards
			ops    []Operation
		}{
			{2, []Operation{Insert("Queue", Row{"dscp": 1, "other_config": map[string]string{"a": "1", "b": "2"}}).Named("q"),
				Insert("QoS", Row{"queues": map[int]string{1: "q"}}), Insert("Queue", Row{})}},
			{2, []Operation{Update("Queue", Row{"dscp": nil, "other_config": map[string]string{"b": "3"}}, Where("dscp", Equal, 1))}},
			{2, []Operation{Mutate("Queue", []Mutation{Change("other_config", InsertInto, map[string]string{"c": "4"})})}},
			{3, []Operation{Insert("Queue", Row{"dscp": 2}).Named("q"),
				Mutate("QoS", []Mutation{Change("queues", InsertInto, map[int]string{2: "q"})})}},
			{2, []Operation{Delete("Queue", Where("other_config", Excludes, map[string]string{"b": "3"}), Where("dscp", NotEqual, 2))}},
			{0, []Operation{Update("QoS", Row{"queues": map[int]string{}}), Delete("Queue")}},
			{0, []Operation{Delete("QoS")}},
		} {
			if _, err := c.Transact(ctx, tt.ops...); err != nil {
				t.Fatalf("transaction %d: %v", i, err)
			}
			for dialect := 1; dialect < len(dialects); dialect++ {
				diff := gocmp.Diff(queues[0].rows, queues[dialect].rows, cmpopts.EquateEmpty()) + gocmp.Diff(all[0].rows, all[dialect].rows, cmpopts.EquateEmpty())
				if diff != "" {
					t.Errorf("transaction %d (-%s +%s):\n%s", i, dialects[0].method, dialects[dialect].method, diff)
				}
			}
			if got := queues[0].Len(); got != tt.queues {
				t.Errorf("transaction %d: got %d queues, want %d", i, got, tt.queues)
			}
		}
	})
}
