// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/ovsdb"
)

// A churner changes queues at random until it is stopped.
func churn(t testing.TB, c *ovsdb.Client) (stop func()) {
	ctx, cancel := context.WithCancel(testContext(t))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ctx.Err() == nil; i++ {
			row := queueRow(rand.IntN(3), "k", fmt.Sprint(rand.IntN(3)))
			where := ovsdb.Where("dscp", ovsdb.Equal, rand.IntN(3))
			var op ovsdb.Operation
			switch rand.IntN(4) {
			case 0:
				op = ovsdb.Update("Queue", row, where)
			case 1:
				op = ovsdb.Mutate("Queue", []ovsdb.Mutation{ovsdb.Change("external_ids", ovsdb.InsertInto, map[string]string{fmt.Sprint(i % 5): "x"})}, where)
			case 2:
				op = ovsdb.Delete("Queue", where, ovsdb.Where("external_ids", ovsdb.Includes, map[string]string{"k": "1"}))
			default:
				op = ovsdb.Insert("Queue", row)
			}
			if _, err := c.Transact(ctx, op); err != nil && ctx.Err() == nil {
				t.Errorf("change %d: %v", i, err)
				return
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// Several goroutines select while rows change. No event is lost or doubled, no
// row is there that the last selection does not have, and in the end all are.
func TestReselectConcurrently(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		table, others := queueTable(selection{}), qosTable()
		m := monitorTables(t, c, table, others)
		r := newReplica(t, m, table)
		stop := churn(t, dialServer(t, server.Endpoint, ovsdb.Hooks{}))
		var group sync.WaitGroup
		for i := range 4 {
			group.Add(1)
			go func() {
				defer group.Done()
				for n := range 20 {
					var err error
					if i == 3 {
						err = m.Reselect(testContext(t), others, ovsdb.TableOptions{Where: []ovsdb.Condition{ovsdb.Where("type", ovsdb.Equal, fmt.Sprint(n))}})
					} else {
						s := selection{rules: []rule{dscpIs(int64(i)), idIs("k", fmt.Sprint(n%3))}}
						if n%3 == 0 {
							s.omit = []string{"other_config"}
						}
						err = m.Reselect(testContext(t), table, s.options())
					}
					if err != nil {
						t.Error(err)
					}
				}
			}()
		}
		group.Wait()
		for n := range 20 {
			s := selection{rules: []rule{idIs("k", fmt.Sprint(n%3))}, omit: [][]string{nil, {"dscp"}}[n/3%2]}
			reselect(t, m, table, s)
			for _, row := range table.All() {
				if !s.rules[0].holds(row) {
					t.Errorf("selection %d: row %+v is not of it", n, row)
				}
			}
		}
		stop()
		s := selection{rules: []rule{dscpIs(1), dscpIs(2)}}
		reselect(t, m, table, s)
		if diff := diffRows(s.of(readQueues(t, c)), byUUID(table)); diff != "" {
			t.Errorf("in the end (-want +got):\n%s", diff)
		}
		r.catchUp()
	})
}

// Contexts that end in the middle leave a monitor that works.
func TestReselectGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		c := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		table := queueTable(selection{})
		m := monitorTables(t, c, table)
		r := newReplica(t, m, table)
		given, last := 0, selection{}
		for n := range 300 {
			s := selection{omit: [][]string{nil, {"other_config"}, {"dscp", "other_config"}}[n%3]}
			if n%7 < 3 {
				s.rules = []rule{idIs("k", fmt.Sprint(n%2))}
			}
			ctx, cancel := context.WithTimeout(testContext(t), rand.N(500*time.Microsecond))
			err := m.Reselect(ctx, table, s.options())
			cancel()
			switch {
			case err == nil:
				last = s
			case errors.Is(err, context.DeadlineExceeded):
				given++
				last = selection{rules: []rule{idIs("k", fmt.Sprint(n%2))}, omit: s.omit}
				reselect(t, m, table, last)
			default:
				t.Fatal(err)
			}
			transact(t, c, ovsdb.Insert("Queue", queueRow(n%3, "k", fmt.Sprint(n%2))), ovsdb.Delete("Queue", ovsdb.Where("dscp", ovsdb.Equal, (n+1)%3)))
			if diff := diffRows(last.of(readQueues(t, c)), byUUID(table)); diff != "" {
				t.Fatalf("selection %d (-want +got):\n%s", n, diff)
			}
			r.catchUp()
		}
		if given == 0 || given == 300 {
			t.Errorf("%d of 300 selections were given up, want some", given)
		}
	})
}

// A selection that is made while there is no connection holds from the next one
// on.
func TestReselectDisconnected(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		proxy := faultproxy.New(t, server.Endpoint)
		c := dialServer(t, proxy.Endpoint(), ovsdb.Hooks{})
		direct := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		for i := range 9 {
			transact(t, direct, ovsdb.Insert("Queue", queueRow(i%3, "k", fmt.Sprint(i%2))))
		}
		table := queueTable(selection{rules: []rule{dscpIs(0)}})
		m := monitorTables(t, c, table)
		r := newReplica(t, m, table)
		for i, s := range []selection{
			{rules: []rule{dscpIs(1)}}, {omit: []string{"dscp"}, rules: []rule{dscpIs(1), idIs("k", "1")}}, {rules: []rule{idIs("k", "1")}},
		} {
			before := byUUID(table)
			proxy.Refuse(true)
			waitState(t, c, "disconnected", func(s ovsdb.State) bool { return s.Endpoint == "" })
			ended := make(chan error)
			go func() { ended <- m.Reselect(testContext(t), table, s.options()) }()
			transact(t, direct, ovsdb.Insert("Queue", queueRow(i, "k", "1")), ovsdb.Update("Queue", ovsdb.Row{"dscp": 1}, ovsdb.Where("dscp", ovsdb.Equal, 2)))
			if diff := diffRows(before, byUUID(table)); diff != "" {
				t.Errorf("selection %d: the table has changed without connection (-before +after):\n%s", i, diff)
			}
			proxy.Refuse(false)
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if diff := diffRows(s.of(readQueues(t, direct)), byUUID(table)); diff != "" {
				t.Errorf("selection %d (-want +got):\n%s", i, diff)
			}
			r.catchUp()
		}
		// And one of which the context ends before there is a connection.
		proxy.Refuse(true)
		waitState(t, c, "disconnected", func(s ovsdb.State) bool { return s.Endpoint == "" })
		ctx, cancel := context.WithTimeout(testContext(t), time.Millisecond)
		defer cancel()
		s := selection{rules: []rule{dscpIs(2), idIs("k", "0")}}
		if err := m.Reselect(ctx, table, s.options()); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ovsdb.ErrDisconnected) {
			t.Errorf("got error %v, want %v and %v", err, context.DeadlineExceeded, ovsdb.ErrDisconnected)
		}
		proxy.Refuse(false)
		waitState(t, c, "connected", func(s ovsdb.State) bool { return s.Endpoint != "" })
		if diff := diffRows(s.of(readQueues(t, direct)), byUUID(table)); diff != "" {
			t.Errorf("selection without connection (-want +got):\n%s", diff)
		}
		r.catchUp()
	})
}

// The connection is cut at any byte of the exchange.
func TestReselectCut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, server *dbtest.Server) {
		proxy := faultproxy.New(t, server.Endpoint)
		c := dialWith(t, ovsdb.Options{Endpoint: proxy.Endpoint(), Database: ovsdb.DefaultDatabase, MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond})
		direct := dialServer(t, server.Endpoint, ovsdb.Hooks{})
		for i := range 9 {
			transact(t, direct, ovsdb.Insert("Queue", queueRow(i%3, "k", fmt.Sprint(i%2))))
		}
		table := queueTable(selection{})
		m := monitorTables(t, c, table)
		r := newReplica(t, m, table)
		for n := range 60 {
			s := selection{rules: []rule{dscpIs(int64(n % 3)), idIs("k", fmt.Sprint(n%2))}, omit: [][]string{nil, {"other_config"}}[n/4%2]}
			toServer, toClient := rand.Int64N(400), int64(-1)
			if n%2 == 0 {
				toServer, toClient = -1, rand.Int64N(800)
			}
			proxy.CutAfter(toServer, toClient)
			reselect(t, m, table, s)
			transact(t, direct, ovsdb.Insert("Queue", queueRow(n%3, "k", fmt.Sprint(n%2))), ovsdb.Delete("Queue", ovsdb.Where("dscp", ovsdb.Equal, (n+1)%3)))
			want := s.of(readQueues(t, direct))
			err := m.Wait(testContext(t), func() (bool, error) { return diffRows(want, byUUID(table)) == "", nil })
			if err != nil {
				t.Fatalf("selection %d: %v (-want +got):\n%s", n, err, diffRows(want, byUUID(table)))
			}
			r.catchUp()
		}
		if proxy.Connections() < 20 {
			t.Errorf("the connection was cut %d times, want it more often", proxy.Connections()-1)
		}
	})
}
