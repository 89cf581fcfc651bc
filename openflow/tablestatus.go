// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// TableStatus says that a table has become fuller or emptier than it was to (OpenFlow 1.4.1, 7.4.5). It exists from
// OpenFlow 1.4 on.
type TableStatus struct {
	Reason TableReason
	Table  TableDesc
}

// TableReason says what has happened to a table.
type TableReason uint8

// The reasons of a TableStatus: the vacancy has gone below its lower or above its upper threshold.
const (
	TableVacancyDown TableReason = 3
	TableVacancyUp   TableReason = 4
)

func (TableStatus) describe() string { return "table-status" }

func (m TableStatus) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	if v < Version14 {
		return b, 0, errVersion(v, "table-status")
	}
	if m.Reason != TableVacancyDown && m.Reason != TableVacancyUp {
		return b, 0, fmt.Errorf("reason %d does not exist", m.Reason)
	}
	return m.Table.append(pad(append(b, byte(m.Reason)), 7)), typeTableStatus, nil
}

func decodeTableStatus(r *reader, v Version) (Message, error) {
	m := TableStatus{Reason: TableReason(r.u8())}
	r.skip(7)
	switch {
	case r.short:
		return nil, malformed(ErrBadRequestLen, "table-status is too short")
	case m.Reason != TableVacancyDown && m.Reason != TableVacancyUp:
		return nil, malformed(ErrBadPropertyValue, "table-status with reason %d", m.Reason)
	}
	var err error
	if m.Table, err = decodeTableDesc(r, v); err != nil {
		return nil, err
	}
	return ended(r, m)
}
