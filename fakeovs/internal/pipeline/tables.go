// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// The policy by which Open vSwitch evicts flows. It cannot be changed.
const evictionFlags = openflow.EvictionOther | openflow.EvictionImportance | openflow.EvictionLifetime

// vacancy is how much of a table is free, in percent. Without a limit it is free.
func (t *flowTables) vacancy(table uint8) uint8 {
	c := &t.config[table]
	limit := int64(1<<32 - 1)
	if c.options.Limited && c.options.FlowLimit >= 0 {
		limit = c.options.FlowLimit
	}
	n := int64(t.tableLen(table))
	switch {
	case limit == 0:
		return 100
	case n >= limit:
		return 0
	}
	return uint8(float64(limit-n) * 100 / float64(limit))
}

// TableDescs are the descriptions of all tables.
func (s *Bridge) TableDescs() []openflow.TableDesc {
	s.Begin()
	defer s.End()
	descs := make([]openflow.TableDesc, flowcheck.VisibleTables)
	for i := range descs {
		descs[i] = s.flows.tableDesc(uint8(i))
	}
	return descs
}

// Crossed reports whether a change has made a table fuller or emptier than controllers want to be told of, and what they are
// told. It says so once. The bridge is locked.
func (s *Bridge) Crossed(change *Change) (status openflow.TableStatus, crossed bool) {
	f := change.Added
	if f == nil {
		f = change.Removed
	} else if change.Removed != nil {
		return status, false
	}
	c := &s.flows.config[f.Table]
	if c.event == 0 {
		return status, false
	}
	free := s.flows.vacancy(f.Table)
	var next openflow.TableReason
	switch {
	case free < c.vacancyDown && c.event == openflow.TableVacancyDown:
		next = openflow.TableVacancyUp
	case free > c.vacancyUp && c.event == openflow.TableVacancyUp:
		next = openflow.TableVacancyDown
	default:
		return status, false
	}
	status = openflow.TableStatus{Reason: c.event, Table: s.flows.tableDesc(f.Table)}
	c.event = next
	return status, true
}

func (t *flowTables) tableDesc(table uint8) openflow.TableDesc {
	c := &t.config[table]
	flags := evictionFlags
	d := openflow.TableDesc{Table: table, Eviction: &flags}
	if c.evict {
		d.Config |= openflow.TableEvicts
	}
	if c.event != 0 {
		d.Config |= openflow.TableVacancyEvents
		d.Vacancy = &openflow.TableVacancy{Down: c.vacancyDown, Up: c.vacancyUp, Current: t.vacancy(table)}
	}
	return d
}

// The bits of a table's configuration in OpenFlow 1.1 and 1.2 that say what a table does with a packet that matches no
// flow.
const (
	configMissContinue openflow.TableConfig = 1
	configMissDrop     openflow.TableConfig = 2
	configMissMask                          = configMissContinue | configMissDrop
)

// ConfigureTables carries out a table-mod of a version.
func (s *Bridge) ConfigureTables(v openflow.Version, m openflow.TableMod) error {
	old := v < openflow.Version13
	switch {
	case m.Table > flowcheck.VisibleTables && m.Table != openflow.AllTables:
		return openflow.ErrUnknownTable
	case m.Table == flowcheck.VisibleTables:
		return openflow.ErrTablePermission
	case old && m.Config&configMissMask == configMissMask:
		return openflow.ErrBadTableConfig
	}
	s.Begin()
	defer s.End()
	for i := range s.flows.config {
		if m.Table != openflow.AllTables && int(m.Table) != i {
			continue
		}
		t := &s.flows.config[i]
		evicts := t.evict
		switch {
		case old:
			t.miss = [...]tableMiss{missController, missContinue, missDrop}[m.Config&configMissMask]
		case v >= openflow.Version14:
			t.evict = m.Config&openflow.TableEvicts != 0
			if m.Eviction != nil {
				// Open vSwitch takes these flags for whether to evict: 1 is on, 2 is off, others leave it.
				switch *m.Eviction {
				case 1, 2:
					t.evict = *m.Eviction == 1
				default:
					t.evict = evicts
				}
			}
			s.watchVacancy(uint8(i), &m)
		}
	}
	return nil
}

// watchVacancy makes the switch tell of a table that fills or empties, or no longer, as a table-mod of OpenFlow 1.4 says.
func (s *Bridge) watchVacancy(table uint8, m *openflow.TableMod) {
	c := &s.flows.config[table]
	c.vacancyDown, c.vacancyUp = 0, 0
	if m.Vacancy != nil {
		c.vacancyDown, c.vacancyUp = m.Vacancy.Down, m.Vacancy.Up
	}
	switch {
	case m.Config&openflow.TableVacancyEvents == 0:
		c.event = 0
	case c.event != 0:
	case s.flows.vacancy(table) < c.vacancyUp:
		c.event = openflow.TableVacancyUp
	default:
		c.event = openflow.TableVacancyDown
	}
}

// miss is what a table does with a packet that matches no flow. The bridge is locked.
func (s *Bridge) miss(table uint8) tableMiss {
	if table >= flowcheck.VisibleTables {
		return missDrop
	}
	return s.flows.config[table].miss
}

// missConfig is what the statistics of OpenFlow 1.1 and 1.2 say of the packets that match no flow. In OpenFlow 1.1 Open
// vSwitch says it by numbers of its own.
func (c *tableConfig) missConfig(v openflow.Version) openflow.TableConfig {
	switch {
	case v == openflow.Version11:
		return openflow.TableConfig(c.miss)
	case c.miss == missContinue:
		return configMissContinue
	case c.miss == missDrop:
		return configMissDrop
	}
	return 0
}
