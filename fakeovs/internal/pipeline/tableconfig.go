// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"encoding/binary"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/classifier"
	"github.com/ovskit/ovskit/openflow"
)

// TableOptions are what the database says of a flow table (ovs-vswitchd.conf.db(5), "Flow_Table"). The zero value is a
// table without a row there.
type TableOptions struct {
	// Name is the table's name, empty if it has none.
	Name string
	// FlowLimit is how many flows the table holds; a negative number is no limit.
	FlowLimit int64
	// Limited says that FlowLimit counts.
	Limited bool
	// Evict makes room for a flow by removing one that would time out; without it the flow is refused. Groups are the
	// fields by whose values flows are grouped then: the largest group loses a flow.
	Evict  bool
	Groups []openflow.Subfield
	// Prefixes are the names of the fields of whose prefixes packets are first asked about, "none" for none; those that there
	// are not do not count. Without one they are nw_dst and nw_src.
	Prefixes []string
}

// maxPrefixes is how many fields with prefixes a table may have.
const maxPrefixes = 3

// prefixes are the fields of the table's prefixes.
func (o *TableOptions) prefixes() (list []openflow.Field) {
	for _, name := range o.Prefixes {
		if name == "none" {
			return nil
		}
		if f, ok := openflow.FieldByName(name); ok && classifier.HasTries(f) && len(list) < maxPrefixes {
			list = append(list, f)
		}
	}
	if list == nil {
		return classifier.Prefixes()
	}
	return list
}

// tableConfig is how a table is configured.
type tableConfig struct {
	options TableOptions
	// name is the name that a controller has given the table.
	name string
	// evict says that a controller wants flows to be evicted.
	evict bool
	// miss is what happens to packets that match no flow, as OpenFlow 1.1 and 1.2 configure it.
	miss tableMiss
	// vacancyDown and vacancyUp are the bounds, in percent of the table that is free, whose crossing controllers are told
	// of; event is which of them is waited for, 0 if none is.
	vacancyDown, vacancyUp uint8
	event                  openflow.TableReason
}

// tableMiss is what a table does with a packet that matches no flow.
type tableMiss uint8

const (
	// missDefault sends the packet to controllers that speak a version in which that is the default, or drops it.
	missDefault tableMiss = iota
	missController
	missContinue
	missDrop
)

// SetTables configures the flow tables as the database does. Tables that are not in the map have no row there.
func (s *Bridge) SetTables(options map[uint8]TableOptions) {
	s.Begin()
	defer s.End()
	t := &s.flows
	for i := range t.config {
		c := &t.config[i]
		c.options = options[uint8(i)]
		if c.options.Name != "" {
			c.name = ""
		}
		if table := t.tables[i]; table != nil {
			table.SetPrefixes(c.options.prefixes()...)
		}
		for t.tableLen(uint8(i)) > c.limit() {
			f := t.victim(uint8(i))
			if f == nil {
				break
			}
			t.remove(f)
			s.finished([]Change{{Removed: f, Reason: openflow.FlowRemovedEviction}})
		}
	}
}

// limit is how many flows the table holds.
func (c *tableConfig) limit() int {
	if !c.options.Limited || c.options.FlowLimit < 0 {
		return maxFlows
	}
	return int(min(c.options.FlowLimit, maxFlows))
}

// tableName is the name of a table, the database's before the controllers'; empty if it has none.
func (c *tableConfig) tableName() string {
	if c.options.Name != "" {
		return c.options.Name
	}
	return c.name
}

// rename gives the table a name as a controller does, which counts only where the database has none.
func (c *tableConfig) rename(name string) {
	if c.options.Name == "" {
		c.name = name
	}
}

// tableLen is how many flows a table has.
func (t *flowTables) tableLen(table uint8) int {
	if t.tables[table] == nil {
		return 0
	}
	return t.tables[table].Len()
}

// makeRoom checks that a table has room for one more flow. If it must lose one for that, it returns it.
func (t *flowTables) makeRoom(table uint8) (victim *Flow, err error) {
	if t.count >= maxFlows {
		return nil, openflow.ErrTableFull
	}
	if t.tableLen(table) < t.config[table].limit() {
		return nil, nil
	}
	if victim = t.victim(table); victim == nil {
		return nil, openflow.ErrTableFull
	}
	return victim, nil
}

// victim chooses the flow that a full table loses, nil if it loses none: of the largest group of flows with a timeout
// the one of least importance, and of those the one that expires first.
func (t *flowTables) victim(table uint8) *Flow {
	c := &t.config[table]
	if !c.evict && !c.options.Evict {
		return nil
	}
	type candidate struct {
		size int
		best *Flow
		at   time.Time
	}
	groups := make(map[string]*candidate)
	var largest *candidate
	for f := range t.timed {
		at, _, ok := f.expiry()
		if f.Table != table || !ok {
			continue
		}
		id := c.groupOf(f)
		g := groups[id]
		if g == nil {
			g = new(candidate)
			groups[id] = g
		}
		g.size++
		switch {
		case g.best == nil, f.Importance < g.best.Importance,
			f.Importance == g.best.Importance && (at.Before(g.at) || at.Equal(g.at) && f.serial < g.best.serial):
			g.best, g.at = f, at
		}
		if largest == nil || g.size > largest.size {
			largest = g
		}
	}
	if largest == nil {
		return nil
	}
	return largest.best
}

// groupOf says which group a flow belongs to: the values of the fields that the table groups by.
func (c *tableConfig) groupOf(f *Flow) string {
	var id []byte
	key, _ := f.rule.Match()
	for _, g := range c.options.Groups {
		for done := uint16(0); done < g.Bits; done += 64 {
			id = binary.BigEndian.AppendUint64(id, key.Bits(g.Field, g.Offset+done, min(64, g.Bits-done)))
		}
	}
	return string(id)
}
