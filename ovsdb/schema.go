// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/ovn-org/libovsdb/ovsdb"
)

const (
	columnUUID    = "_uuid"
	columnVersion = "_version"
)

// A Schema is a database's schema, RFC 7047 section 3.2, as libovsdb parses it.
type Schema = ovsdb.DatabaseSchema

// schema is what the codec needs to know of a [Schema], in a form that costs
// nothing to look up.
type schema struct {
	text   []byte // what it was parsed from
	parsed Schema
	tables map[string]*table
	fields sync.Map // reflect.Type of a row: []structField
}

type table struct {
	name    string
	columns map[string]*column
	unique  map[string]bool // columns that are an index by themselves
	needed  []neededColumn
}

// A neededColumn has no default that is allowed.
type neededColumn struct {
	name string
	why  error
}

// column is the type of one column.
type column struct {
	name    string
	key     baseType
	value   baseType // of no atom unless it is a map
	min     int
	max     int // unlimited: -1
	mutable bool
	codec   codec
}

type atomType string

const (
	noAtom      atomType = ""
	atomInteger atomType = "integer"
	atomReal    atomType = "real"
	atomBoolean atomType = "boolean"
	atomString  atomType = "string"
	atomUUID    atomType = "uuid"
)

func (c *column) isMap() bool      { return c.value.atom != noAtom }
func (c *column) isScalar() bool   { return !c.isMap() && c.min == 1 && c.max == 1 }
func (c *column) isOptional() bool { return !c.isMap() && c.min == 0 && c.max == 1 }

// String describes the type as RFC 7047 would name it.
func (c *column) String() string {
	switch {
	case c.isMap():
		return fmt.Sprintf("map of %s to %s", c.key.atom, c.value.atom)
	case c.isScalar():
		return string(c.key.atom)
	case c.isOptional():
		return fmt.Sprintf("optional %s", c.key.atom)
	default:
		return fmt.Sprintf("set of %s", c.key.atom)
	}
}

// parseSchema reads a <database-schema>.
func parseSchema(data []byte) (s *schema, err error) {
	// The parser of libovsdb v0.7.0 panics on some malformed types, such as
	// a column without one.
	defer func() {
		if r := recover(); r != nil {
			s, err = nil, fmt.Errorf("malformed schema: %v", r)
		}
	}()
	s = &schema{text: data, tables: map[string]*table{}}
	if err := json.Unmarshal(data, &s.parsed); err != nil {
		return nil, fmt.Errorf("malformed schema: %w", err)
	}
	if s.parsed.Name == "" {
		return nil, errors.New("malformed schema: no name")
	}
	var types schemaTypes
	if err := json.Unmarshal(data, &types); err != nil {
		return nil, fmt.Errorf("malformed schema: %w", err)
	}
	for name, t := range s.parsed.Tables {
		if s.tables[name], err = newTable(name, t, types); err != nil {
			return nil, fmt.Errorf("malformed schema: table %q: %w", name, err)
		}
	}
	return s, nil
}

// schemaTypes is the part of a <database-schema> that libovsdb does not parse
// well.
type schemaTypes struct {
	Tables map[string]struct {
		Columns map[string]struct{ Type columnType }
	}
}

// columnType has the base types of a <type>.
type columnType struct {
	key, value baseType
}

func (t *columnType) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &t.key)
	}
	object := struct{ Key, Value *baseType }{&t.key, &t.value}
	return json.Unmarshal(data, &object)
}

func newTable(name string, parsed ovsdb.TableSchema, types schemaTypes) (*table, error) {
	t := &table{
		name:   name,
		unique: map[string]bool{},
		columns: map[string]*column{
			columnUUID:    newImplicitColumn(columnUUID),
			columnVersion: newImplicitColumn(columnVersion),
		},
	}
	for _, index := range parsed.Indexes {
		if len(index) == 1 {
			t.unique[index[0]] = true
		}
	}
	for _, column := range sortedKeys(parsed.Columns) {
		c, err := newColumn(column, parsed.Columns[column], types.Tables[name].Columns[column].Type)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", column, err)
		}
		t.columns[column] = c
		if err := c.checkDefault(); err != nil {
			t.needed = append(t.needed, neededColumn{column, err})
		}
	}
	return t, nil
}

// newImplicitColumn makes a column that every table has, RFC 7047 section 3.2.
func newImplicitColumn(name string) *column {
	c := &column{name: name, key: baseType{atom: atomUUID}, min: 1, max: 1}
	c.codec = newCodec(c)
	return c
}

func newColumn(name string, parsed *ovsdb.ColumnSchema, typ columnType) (*column, error) {
	if parsed == nil || parsed.TypeObj == nil || typ.key.atom == noAtom {
		return nil, fmt.Errorf("no type")
	}
	c := &column{name: name, mutable: parsed.Mutable(), key: typ.key, value: typ.value,
		min: parsed.TypeObj.Min(), max: parsed.TypeObj.Max()}
	if c.min < 0 || c.min > 1 || c.max == 0 || c.max < -1 {
		return nil, fmt.Errorf("impossible size: min %d, max %d", c.min, c.max)
	}
	c.codec = newCodec(c)
	return c, nil
}

func (a atomType) check() error {
	switch a {
	case atomInteger, atomReal, atomBoolean, atomString, atomUUID:
		return nil
	}
	return fmt.Errorf("unknown type %q", string(a))
}

// table returns the named table or a [*SchemaError].
func (s *schema) table(name string) (*table, error) {
	if t, ok := s.tables[name]; ok {
		return t, nil
	}
	return nil, &SchemaError{Table: name, Problem: fmt.Sprintf("database %q has no such table", s.parsed.Name)}
}

// column returns the named column or a [*SchemaError].
func (t *table) column(name string) (*column, error) {
	if c, ok := t.columns[name]; ok {
		return c, nil
	}
	return nil, &SchemaError{Table: t.name, Column: name, Problem: "no such column"}
}
