// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"fmt"
)

// TableFeatures are what a flow table can do, or is to be able to do.
type TableFeatures struct {
	Table uint8
	// Command is what a request is for; it exists from OpenFlow 1.5 on.
	Command TableFeaturesCommand
	// Name is at most 31 bytes long.
	Name string
	// MetadataMatch and MetadataWrite are the bits of the metadata that flows can match and write.
	MetadataMatch, MetadataWrite uint64
	// Capabilities are the flags that the table's configuration may have; there are none in OpenFlow 1.3.
	Capabilities TableConfig
	MaxEntries   uint32
	// Abilities are what flows can do; nil, which only OpenFlow 1.5 allows, leaves that as it is.
	Abilities *TableAbilities
}

// TableFeaturesCommand is what a request for table features does (OpenFlow 1.5.1, 7.3.5.18.1).
type TableFeaturesCommand uint8

// The commands.
const (
	TableFeaturesReplace TableFeaturesCommand = iota
	TableFeaturesModify
	TableFeaturesEnable
	TableFeaturesDisable
)

// TableAbilities are what the flows of a table can do.
type TableAbilities struct {
	// Match are the fields that flows can match, and Wildcards those of them that a flow need not match.
	Match, Wildcards []FieldHeader
	// Hit is what a flow can do, and Miss what the flow of priority 0 that matches every packet can.
	Hit, Miss FlowAbilities
}

// FlowAbilities are what a flow can do.
type FlowAbilities struct {
	Instructions []TypeNumber
	// Next are the tables that the flow can send packets to.
	Next []uint8
	// Write and Apply are the actions that may stand in the instructions of these names, and WriteSet and ApplySet the
	// fields that they may set.
	Write, Apply       []TypeNumber
	WriteSet, ApplySet []FieldHeader
}

// TypeNumber is the OFPIT_ or OFPAT_ number of an instruction or action.
type TypeNumber struct {
	Type uint16
	// Data is what follows the type of an experimenter's, whose Type is 0xffff.
	Data []byte
}

// TableFeaturesRequest asks for the features of the flow tables (OpenFlow 1.3.5, 7.3.5.5), or to change them to those of
// Tables, if there are any. Before OpenFlow 1.5, and with TableFeaturesReplace, these must be all tables, which Open vSwitch
// has too many of for one message.
type TableFeaturesRequest struct {
	Tables []TableFeatures
	// More says that another part of the request follows, with the same transaction number.
	More bool
}

// TableFeaturesReply is one part of the answer to a TableFeaturesRequest.
type TableFeaturesReply struct {
	Tables []TableFeatures
	// More says that another part follows.
	More bool
}

// TableFeatures returns what the flow tables can do.
func (c *Conn) TableFeatures(ctx context.Context) ([]TableFeatures, error) {
	return gather(ctx, c, TableFeaturesRequest{}, func(m TableFeaturesReply) []TableFeatures { return m.Tables })
}

func (TableFeaturesRequest) describe() string { return "table features request" }
func (TableFeaturesReply) describe() string   { return "table features reply" }

func (m TableFeaturesRequest) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b, err := appendTableFeatures(appendMultipart(b, multipartTableFeatures, m.More), v, m.Tables)
	return b, typeMultipartRequest, err
}

func (m TableFeaturesReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b, err := appendTableFeatures(appendMultipart(b, multipartTableFeatures, m.More), v, m.Tables)
	return b, typeMultipartReply, err
}

const tableNameLen = 32

func appendTableFeatures(b []byte, v Version, tables []TableFeatures) ([]byte, error) {
	for _, t := range tables {
		switch {
		case v < Version15 && t.Command != TableFeaturesReplace:
			return b, errVersion(v, "command of table features")
		case v < Version15 && t.Abilities == nil:
			return b, fmt.Errorf("table %d: %w", t.Table, errVersion(v, "table features without abilities"))
		}
		var err error
		start := len(b)
		b = pad(append(b, 0, 0, t.Table, byte(t.Command)), 4)
		if b, err = appendCString(b, t.Name, tableNameLen); err != nil {
			return b, fmt.Errorf("table %d: name: %w", t.Table, err)
		}
		b = be.AppendUint64(be.AppendUint64(b, t.MetadataMatch), t.MetadataWrite)
		b = be.AppendUint32(be.AppendUint32(b, uint32(t.Capabilities)), t.MaxEntries)
		if t.Abilities != nil {
			if b, err = t.Abilities.append(b); err != nil {
				return b, fmt.Errorf("table %d: %w", t.Table, err)
			}
		}
		if b, err = putLength(b, start, 0); err != nil {
			return b, err
		}
	}
	return b, nil
}

func decodeTableFeaturesRequest(r *reader, v Version, more bool) (Message, error) {
	tables, err := decodeTableFeatures(r, v, false)
	if err != nil {
		return nil, err
	}
	return TableFeaturesRequest{tables, more}, nil
}

func decodeTableFeaturesReply(r *reader, v Version, more bool) (Message, error) {
	tables, err := decodeTableFeatures(r, v, true)
	if err != nil {
		return nil, err
	}
	return TableFeaturesReply{tables, more}, nil
}

// decodeTableFeatures reads the features of tables to the end of r. Where it is loose, it passes over properties without a
// meaning.
func decodeTableFeatures(r *reader, v Version, loose bool) ([]TableFeatures, error) {
	var tables []TableFeatures
	for len(r.b) > 0 {
		e, err := entry(r, 0, 64, "table features")
		if err != nil || len(e.b)%8 != 0 {
			return nil, malformed(propertyError(v, ErrBadPropertyLen), "table features of a bad length")
		}
		e.skip(2)
		t := TableFeatures{Table: e.u8(), Command: TableFeaturesCommand(e.u8())}
		switch {
		case v < Version15:
			t.Command = TableFeaturesReplace
		case t.Command > TableFeaturesDisable:
			return nil, malformed(ErrBadFeaturesCommand, "table features with command %d", t.Command)
		}
		if t.Table == AllTables {
			return nil, malformed(ErrBadFeaturesTable, "features of table %d", t.Table)
		}
		e.skip(4)
		t.Name = cString(e.bytes(tableNameLen))
		t.MetadataMatch, t.MetadataWrite = e.u64(), e.u64()
		t.Capabilities, t.MaxEntries = TableConfig(e.u32()), e.u32()
		if len(e.b) > 0 || v < Version15 {
			if t.Abilities, err = decodeTableAbilities(e.rest(), v, loose); err != nil {
				return nil, err
			}
		}
		tables = append(tables, t)
	}
	return tables, nil
}
