// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// TableMod configures a flow table, or every one with AllTables (OpenFlow 1.3.5, 7.3.4.1; OpenFlow 1.4.1, 7.3.4.1). It has
// no reply, and Open vSwitch takes none in bundles. Before OpenFlow 1.4 there are no Eviction and no Vacancy. Open vSwitch
// 3.1 needs Eviction to be nil: it mistakes the flags for the setting itself.
type TableMod TableDesc

func (m TableMod) describe() string {
	table := fmt.Sprint(m.Table)
	if m.Table == AllTables {
		table = "ALL"
	}
	return fmt.Sprintf("table-mod of table %s, config %#x", table, uint32(m.Config))
}

func (m TableMod) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	switch {
	case v < Version14 && m.Eviction != nil:
		return b, 0, errVersion(v, "eviction of flows")
	case v < Version14 && m.Vacancy != nil:
		return b, 0, errVersion(v, "vacancy of a table")
	}
	b = be.AppendUint32(append(b, m.Table, 0, 0, 0), uint32(m.Config))
	return TableDesc(m).appendProperties(b), typeTableMod, nil
}

func decodeTableMod(r *reader, v Version) (Message, error) {
	t := TableDesc{Table: r.u8()}
	r.skip(3)
	t.Config = TableConfig(r.u32())
	if r.short || v < Version14 {
		return ended(r, TableMod(t))
	}
	err := decodeProperties(r.rest(), v, func(p property) error {
		if p.typ != tableEviction && p.typ != tableVacancy {
			return malformed(ErrBadType, "table-mod with property %d", p.typ)
		}
		return t.setProperty(p, v)
	})
	if err != nil {
		return nil, err
	}
	if w := t.Vacancy; w != nil && (w.Down > w.Up || w.Up > 100 || w.Current != 0) {
		return nil, malformed(ErrBadPropertyValue, "table-mod with vacancy %+v", *w)
	}
	return TableMod(t), nil
}
