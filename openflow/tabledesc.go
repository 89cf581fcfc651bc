// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// TableDesc is how a flow table is configured (OpenFlow 1.4.1, 7.3.5.16).
type TableDesc struct {
	Table  uint8
	Config TableConfig
	// Eviction is what chooses the flows that a full table loses; nil is not said.
	Eviction *TableEviction
	// Vacancy is when the table says that it fills up; nil is not said.
	Vacancy *TableVacancy
}

// TableConfig are the OFPTC_ flags of a flow table. OpenFlow 1.3 has none.
type TableConfig uint32

// The flags of a flow table: a full one loses flows for new ones, and it says when it fills up.
const (
	TableEvicts        TableConfig = 1 << 2
	TableVacancyEvents TableConfig = 1 << 3
)

// TableEviction are the OFPTMPEF_ flags of what chooses the flows that a full table loses.
type TableEviction uint32

// The flags of what chooses flows.
const (
	EvictionOther TableEviction = 1 << iota
	EvictionImportance
	EvictionLifetime
)

// TableVacancy is thresholds in percent of free entries.
type TableVacancy struct {
	Down, Up uint8
	// Current is how much is free now; 0 in a TableMod.
	Current uint8
}

// The properties of a flow table (OpenFlow 1.4.1, 7.3.4.1).
const (
	tableEviction = 2
	tableVacancy  = 3
)

// TableDescRequest asks how the flow tables are configured. It exists from OpenFlow 1.4 on.
type TableDescRequest struct{}

// TableDescReply is one part of the answer to a TableDescRequest.
type TableDescReply struct {
	Tables []TableDesc
	// More says that another part follows.
	More bool
}

// TableDesc returns how the flow tables are configured. It needs OpenFlow 1.4.
func (c *Conn) TableDesc(ctx context.Context) ([]TableDesc, error) {
	return gather(ctx, c, TableDescRequest{}, func(m TableDescReply) []TableDesc { return m.Tables })
}

func (TableDescRequest) describe() string { return "table description request" }
func (TableDescReply) describe() string   { return "table description reply" }

func (TableDescRequest) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	if v < Version14 {
		return b, 0, errVersion(v, "table description")
	}
	return appendMultipart(b, multipartTableDesc, false), typeMultipartRequest, nil
}

func (m TableDescReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	if v < Version14 {
		return b, 0, errVersion(v, "table description")
	}
	b = appendMultipart(b, multipartTableDesc, m.More)
	for _, t := range m.Tables {
		b = t.append(b)
	}
	return b, typeMultipartReply, nil
}

func decodeTableDescReply(r *reader, v Version, more bool) (Message, error) {
	m := TableDescReply{More: more}
	for len(r.b) > 0 {
		t, err := decodeTableDesc(r, v)
		if err != nil {
			return nil, err
		}
		m.Tables = append(m.Tables, t)
	}
	return m, nil
}

func (t TableDesc) append(b []byte) []byte {
	start := len(b)
	b = be.AppendUint32(append(b, 0, 0, t.Table, 0), uint32(t.Config))
	b = t.appendProperties(b)
	be.PutUint16(b[start:], uint16(len(b)-start))
	return b
}

// decodeTableDesc reads one ofp_table_desc.
func decodeTableDesc(r *reader, v Version) (t TableDesc, err error) {
	e, err := entry(r, 0, 8, "table description")
	if err != nil {
		return t, err
	}
	e.skip(2)
	t.Table = e.u8()
	e.skip(1)
	t.Config = TableConfig(e.u32())
	err = decodeProperties(e.rest(), v, func(p property) error {
		if p.typ != tableEviction && p.typ != tableVacancy {
			return nil
		}
		return t.setProperty(p, v)
	})
	return t, err
}

func (t TableDesc) appendProperties(b []byte) []byte {
	if t.Eviction != nil {
		b = appendProperty32(b, tableEviction, uint32(*t.Eviction))
	}
	if v := t.Vacancy; v != nil {
		b = append(be.AppendUint32(b, tableVacancy<<16|8), v.Down, v.Up, v.Current, 0)
	}
	return b
}

// setProperty takes one of the properties that have a meaning.
func (t *TableDesc) setProperty(p property, v Version) error {
	n, err := p.u32(v, "table")
	if err != nil {
		return err
	}
	if p.typ == tableEviction {
		flags := TableEviction(n)
		t.Eviction = &flags
	} else {
		t.Vacancy = &TableVacancy{Down: p.body[0], Up: p.body[1], Current: p.body[2]}
	}
	return nil
}
