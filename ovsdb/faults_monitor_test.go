// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/ovskit/ovskit/ovsdb"
)

// A choice is what of table Entry is copied.
type choice struct {
	from, to int64 // of the column count
	omit     []string
}

var everything = choice{from: 0, to: 1 << 40}

func drawChoice(rnd *rand.Rand) choice {
	s := everything
	if rnd.IntN(4) > 0 {
		s.from = rnd.Int64N(10)
		s.to = s.from + rnd.Int64N(6)
	}
	if rnd.IntN(3) == 0 {
		s.omit = pick(rnd, [][]string{{"tags"}, {"seen"}, {"tags", "notes"}})
	}
	return s
}

func (s choice) options() ovsdb.TableOptions {
	o := ovsdb.TableOptions{Omit: s.omit}
	if s.from == everything.from && s.to == everything.to {
		return o
	}
	// At least one of the conditions is to hold, so a range is a list.
	for n := s.from; n <= s.to; n++ {
		o.Where = append(o.Where, ovsdb.Where("count", ovsdb.Equal, n))
	}
	if s.to > 10 {
		o.Where = append(o.Where, ovsdb.Where("count", ovsdb.GreaterOrEqual, s.from))
	}
	return o
}

// of returns what is selected.
func (s choice) of(entries entryRows) entryRows {
	selected := entryRows{}
	for uuid, row := range entries {
		if row.Count < s.from || row.Count > s.to {
			continue
		}
		for _, column := range s.omit {
			switch column {
			case "tags":
				row.Tags = nil
			case "notes":
				row.Notes = nil
			case "seen":
				row.Seen = 0
			}
		}
		selected[uuid] = row
	}
	return selected
}

// A worldMonitor copies the tables in a world, the entries in part.
type worldMonitor struct {
	client    *worldClient
	monitor   *ovsdb.Monitor
	tables    map[string]*entryTable
	followers []*follower

	mu      sync.Mutex // held while the choice is changed
	wanted  choice
	settled bool // the entries are known to be selected as wanted
	closed  bool
}

// newMonitor makes a monitor with watches of some limits.
func (c *worldClient) newMonitor(ctx context.Context, s choice, limits []int) (*worldMonitor, error) {
	m := &worldMonitor{client: c, wanted: s, settled: true, tables: map[string]*entryTable{
		"Entry": ovsdb.NewTable[entry]("Entry", s.options()), "Mark": newEntryTable("Mark")}}
	var err error
	m.monitor, err = c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{m.tables["Entry"], m.tables["Mark"]}})
	if err != nil {
		return nil, err
	}
	for _, limit := range limits {
		m.followers = append(m.followers, follow(c.w.t, m.monitor, ovsdb.WatchOptions{Limit: limit}))
	}
	return m, nil
}

func (c *worldClient) addMonitor(ctx context.Context, s choice, limit int) {
	m, err := c.newMonitor(ctx, s, []int{limit})
	if err != nil {
		c.checkError("monitor", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.monitors = append(c.monitors, m)
}

// anyMonitor returns one of the further monitors, nil if there are none.
func (c *worldClient) anyMonitor() *worldMonitor {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.monitors) == 0 {
		return nil
	}
	return c.monitors[len(c.monitors)/2]
}

func (c *worldClient) closeMonitor() {
	m := c.anyMonitor()
	if m == nil {
		return
	}
	c.mu.Lock()
	c.monitors = remove(c.monitors, m)
	if !m.closed {
		m.closed = true
		c.ended = append(c.ended, m)
	}
	c.mu.Unlock()
	m.monitor.Close()
}

func (c *worldClient) reselect(ctx context.Context, s choice) {
	if m := c.anyMonitor(); m != nil {
		m.reselect(ctx, s)
	}
}

func (m *worldMonitor) reselect(ctx context.Context, s choice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.monitor.Reselect(ctx, m.tables["Entry"], s.options())
	m.wanted, m.settled = s, err == nil
	if errors.Is(err, ovsdb.ErrMonitorClosed) {
		return
	}
	m.client.checkError("reselect", err)
	if err != nil {
		return
	}
	rows := rowsOf(m.tables["Entry"])
	if diff := diffEntries(s.of(rows), rows); diff != "" {
		m.client.w.t.Errorf("after Reselect to %+v the table shows more (-want +got):\n%s", s, diff)
	}
}

// settle makes a choice certain that was not.
func (m *worldMonitor) settle() {
	for !m.settled && m.client.Err() == nil && m.client.w.ctx.Err() == nil {
		m.reselect(m.client.w.ctx, m.wanted)
	}
}

// diff compares the tables with the database.
func (m *worldMonitor) diff(fresh allEntries) string {
	return diffEntries(m.wanted.of(fresh["Entry"]), rowsOf(m.tables["Entry"])) + diffEntries(fresh["Mark"], rowsOf(m.tables["Mark"]))
}

// wantEnd checks the ends of the streams.
func (m *worldMonitor) wantEnd() {
	for _, f := range m.followers {
		<-f.ended
		reason := ovsdb.ErrMonitorClosed
		if errors.Is(f.err, ovsdb.ErrClosed) {
			reason = ovsdb.ErrClosed // it was looked at after the client was closed as well
		}
		f.wantEnd(reason, m.tables)
	}
}
