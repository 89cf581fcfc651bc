// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// TableStatus says that a table has become fuller or emptier than it was to (OpenFlow 1.4.1, 7.4.5). It exists from
// OpenFlow 1.4 on.
type TableStatus struct {
	Reason TableReason
	Table  TableState
}

// TableReason says what has happened to a table.
type TableReason uint8

// The reasons of a TableStatus: the vacancy has gone below its lower or above its upper threshold.
const (
	TableVacancyDown TableReason = 3
	TableVacancyUp   TableReason = 4
)

// TableState is the configuration of a table as a TableStatus has it.
type TableState struct {
	Table uint8
	// Config are OFPTC_ flags: 1<<2 evicts flows from a full table, 1<<3 tells of its vacancy.
	Config uint32
	// Eviction are the OFPTMPEF_ flags of what eviction goes by; nil is not said.
	Eviction *uint32
	// Vacancy is nil if it is not said.
	Vacancy *Vacancy
}

// Vacancy is how much of a table is vacant, in percent: now, and when a TableStatus is to say that it goes down or up.
type Vacancy struct{ Down, Up, Now uint8 }

func (TableStatus) describe() string { return "table-status" }

const (
	tableEviction = 2
	tableVacancy  = 3
)

func (m TableStatus) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	if v < Version14 {
		return b, 0, errVersion(v, "table-status")
	}
	if m.Reason != TableVacancyDown && m.Reason != TableVacancyUp {
		return b, 0, fmt.Errorf("reason %d does not exist", m.Reason)
	}
	b = pad(append(b, byte(m.Reason)), 7)
	start := len(b)
	b = be.AppendUint32(append(b, 0, 0, m.Table.Table, 0), m.Table.Config)
	if e := m.Table.Eviction; e != nil {
		b = appendProperty32(b, tableEviction, *e)
	}
	if vacancy := m.Table.Vacancy; vacancy != nil {
		b = be.AppendUint16(be.AppendUint16(b, tableVacancy), 8)
		b = append(b, vacancy.Down, vacancy.Up, vacancy.Now, 0)
	}
	b, err := putLength(b, start, 0)
	return b, typeTableStatus, err
}

func decodeTableStatus(r *reader, v Version) (Message, error) {
	const what = "table-status"
	m := TableStatus{Reason: TableReason(r.u8())}
	r.skip(7)
	length := int(r.u16())
	m.Table.Table = r.u8()
	r.skip(1)
	m.Table.Config = r.u32()
	properties := r.bytes(length - 8)
	switch {
	case r.short:
		return nil, malformed(ErrBadRequestLen, "table-status with a table of %d bytes is too short", length)
	case m.Reason != TableVacancyDown && m.Reason != TableVacancyUp:
		return nil, malformed(ErrBadPropertyValue, "table-status with reason %d", m.Reason)
	}
	err := decodeProperties(properties, v, func(p property) error {
		switch p.typ {
		case tableEviction:
			flags, err := p.u32(v, what)
			m.Table.Eviction = &flags
			return err
		case tableVacancy:
			if len(p.body) != 4 {
				return p.badLen(v, what)
			}
			m.Table.Vacancy = &Vacancy{Down: p.body[0], Up: p.body[1], Now: p.body[2]}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ended(r, m)
}
