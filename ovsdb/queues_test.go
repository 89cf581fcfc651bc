// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ovskit/ovskit/ovsdb"
)

// queue is a row of table Queue, which is one of few that need no other row.
type queue struct {
	UUID  string            `ovsdb:"_uuid"`
	DSCP  *int64            `ovsdb:"dscp"`
	Other map[string]string `ovsdb:"other_config"`
	IDs   map[string]string `ovsdb:"external_ids"`
}

// qos is a row of table QoS.
type qos struct {
	UUID string            `ovsdb:"_uuid"`
	Type string            `ovsdb:"type"`
	IDs  map[string]string `ovsdb:"external_ids"`
}

// A rule is a condition and what it says of a queue.
type rule struct {
	condition ovsdb.Condition
	holds     func(q *queue) bool
}

func dscpIs(n int64) rule {
	return rule{ovsdb.Where("dscp", ovsdb.Equal, n), func(q *queue) bool { return q.DSCP != nil && *q.DSCP == n }}
}

func dscpIsNot(n int64) rule {
	return rule{ovsdb.Where("dscp", ovsdb.NotEqual, n), func(q *queue) bool { return q.DSCP == nil || *q.DSCP != n }}
}

func idIs(key, value string) rule {
	return rule{ovsdb.Where("external_ids", ovsdb.Includes, map[string]string{key: value}), func(q *queue) bool { return q.IDs[key] == value }}
}

func idIsNot(key, value string) rule {
	return rule{ovsdb.Where("external_ids", ovsdb.Excludes, map[string]string{key: value}), func(q *queue) bool { return q.IDs[key] != value }}
}

var noConfig = rule{ovsdb.Where("other_config", ovsdb.Equal, map[string]string{}), func(q *queue) bool { return len(q.Other) == 0 }}

// A selection is what a test wants to have of table Queue.
type selection struct {
	rules []rule
	omit  []string
}

func (s selection) options() ovsdb.TableOptions {
	o := ovsdb.TableOptions{Omit: s.omit}
	for _, r := range s.rules {
		o.Where = append(o.Where, r.condition)
	}
	return o
}

// of returns what is selected of all rows.
func (s selection) of(all map[string]*queue) map[string]*queue {
	selected := map[string]*queue{}
	for uuid, row := range all {
		if len(s.rules) > 0 && !slices.ContainsFunc(s.rules, func(r rule) bool { return r.holds(row) }) {
			continue
		}
		copied := *row
		for _, column := range s.omit {
			switch column {
			case "dscp":
				copied.DSCP = nil
			case "other_config":
				copied.Other = nil
			case "external_ids":
				copied.IDs = nil
			}
		}
		selected[uuid] = &copied
	}
	return selected
}

func queueTable(s selection) *ovsdb.Table[queue] {
	return ovsdb.NewTable[queue]("Queue", s.options())
}

func qosTable() *ovsdb.Table[qos] { return ovsdb.NewTable[qos]("QoS", ovsdb.TableOptions{}) }

func queueRow(dscp int, key, value string) ovsdb.Row {
	return ovsdb.Row{"dscp": dscp, "external_ids": map[string]string{key: value}}
}

// readQueues reads all rows of table Queue.
func readQueues(t rapid.TB, c *ovsdb.Client) map[string]*queue {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	results, err := c.Transact(ctx, ovsdb.Select("Queue", nil))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := ovsdb.RowsAs[queue](results[0].Rows)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*queue{}
	for _, row := range rows {
		all[row.UUID] = row
	}
	return all
}

func reselect(t testing.TB, m *ovsdb.Monitor, table *ovsdb.Table[queue], s selection) {
	t.Helper()
	if err := m.Reselect(testContext(t), table, s.options()); err != nil {
		t.Fatal(err)
	}
}

func dialServer(t testing.TB, endpoint string, hooks ovsdb.Hooks) *ovsdb.Client {
	t.Helper()
	return dialWith(t, ovsdb.Options{Endpoint: endpoint, Database: ovsdb.DefaultDatabase, Hooks: hooks})
}
