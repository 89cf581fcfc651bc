// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"regexp"
)

// Schema is a parsed database schema: RFC 7047, section 3.2. It never changes: databases may share it.
type Schema struct {
	Name    string
	Version string
	cksum   string
	tables  map[string]*tableSchema
	order   []string // the names of the tables in ovsdb-server's order
	text    rawJSON
	answer  rawJSON // to get_schema: the same, but in ovsdb-server's order
}

// tableSchema describes a table. Its columns begin with _uuid and _version; the others are in order of their names.
type tableSchema struct {
	name    string
	mutable bool // means nothing
	columns []*column
	hashed  []*column // the same in ovsdb-server's order
	byName  map[string]*column
	indexes [][]*column
	maxRows int
	root    bool
}

// The columns that every table has.
const (
	colUUID = iota
	colVersion
	firstColumn
)

type column struct {
	name      string
	index     int // in tableSchema.columns and row.fields
	typ       Type
	mutable   bool
	ephemeral bool
}

var versionPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// ParseSchema parses the JSON text of a schema.
func ParseSchema(text []byte) (*Schema, error) {
	v, err := parseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	s, e := schemaFromJSON(v, orderOf(text))
	if e != nil {
		return nil, fmt.Errorf("parse schema: %w", e)
	}
	s.write()
	return s, nil
}

// write makes the texts of the schema.
func (s *Schema) write() {
	s.text = appendJSON(nil, s.json(sortedOrder))
	s.answer = appendJSON(nil, s.json(hashOrder))
}

func schemaFromJSON(v any, order textOrder) (*Schema, *Error) {
	p := newParser(v, "database schema")
	name, _ := p.id("name", required)
	version, hasVersion := p.string("version", optional)
	cksum, _ := p.string("cksum", optional)
	tables, _ := p.members("tables", required)
	if err := p.finish(); err != nil {
		return nil, err
	}
	if hasVersion && !versionPattern.MatchString(version) {
		return nil, syntaxError(v, "schema version %q not in format x.y.z", version)
	}
	s := &Schema{Name: name, Version: version, cksum: cksum, tables: make(map[string]*tableSchema, len(tables))}
	roots := 0
	names := order.names(order.tables, tables)
	for _, name := range hashOrder(names) {
		if err := checkNewName(v, name); err != nil {
			return nil, err
		}
		t, err := tableFromJSON(name, tables[name], order)
		if err != nil {
			return nil, err
		}
		if t.root {
			roots++
		}
		s.tables[name] = t
	}
	for _, t := range s.tables {
		t.root = t.root || roots == 0 // schemas older than garbage collection have no roots
	}
	s.order = storedOrder(names)
	for _, name := range s.order {
		for _, c := range s.tables[name].hashed {
			if err := s.checkReferences(c); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *Schema) checkReferences(c *column) *Error {
	for _, side := range []struct {
		name string
		base *BaseType
	}{{"key", &c.typ.Key}, {"value", &c.typ.Value}} {
		if side.base.RefTable == "" {
			continue
		}
		to := s.tables[side.base.RefTable]
		if to == nil {
			return newError(tagSyntax, "column %s %s refers to undefined table %s", c.name, side.name, side.base.RefTable)
		}
		if !side.base.Weak && !to.root {
			c.ephemeral = false // or rows would be gone once the database is read again
		}
	}
	return nil
}

// checkNewName checks the name of a table or column that a schema defines.
func checkNewName(v any, name string) *Error {
	if name != "" && name[0] == '_' {
		return syntaxError(v, `names beginning with "_" are reserved`)
	}
	if !isID(name) {
		return syntaxError(v, "name must be a valid id")
	}
	return nil
}

func tableFromJSON(name string, v any, order textOrder) (*tableSchema, *Error) {
	p := newParser(v, "table schema for table "+name)
	columns, _ := p.members("columns", required)
	mutable := p.bool("mutable", true)
	maxRows, limited := p.integer("maxRows", optional)
	root := p.bool("isRoot", false)
	indexes, _ := p.array("indexes", optional)
	if err := p.finish(); err != nil {
		return nil, err
	}
	if limited && maxRows <= 0 {
		return nil, syntaxError(v, "maxRows must be at least 1")
	}
	if !limited || maxRows > Unlimited {
		maxRows = Unlimited
	}
	if len(columns) == 0 {
		return nil, syntaxError(v, "table must have at least one column")
	}
	t := &tableSchema{name: name, mutable: mutable, byName: make(map[string]*column), maxRows: int(maxRows), root: root}
	t.add(&column{name: "_uuid", typ: scalarType(UUID)})
	t.add(&column{name: "_version", typ: scalarType(UUID), ephemeral: true})
	parsed := make(map[string]*column, len(columns))
	names := order.names(order.columns[name], columns)
	for _, name := range hashOrder(names) {
		if err := checkNewName(v, name); err != nil {
			return nil, err
		}
		c, err := columnFromJSON(name, columns[name])
		if err != nil {
			return nil, err
		}
		parsed[name] = c
	}
	for _, name := range sortedNames(columns) {
		t.add(parsed[name])
	}
	for _, name := range storedOrder(names, "_uuid", "_version") {
		t.hashed = append(t.hashed, t.byName[name])
	}
	for _, x := range indexes {
		set, err := t.columnSet(x)
		if err != nil {
			return nil, err
		}
		if len(set) == 0 {
			return nil, syntaxError(v, "index must have at least one column")
		}
		for _, c := range set {
			if c.ephemeral {
				return nil, syntaxError(v, "ephemeral columns (such as %s) may not be indexed", c.name)
			}
		}
		t.indexes = append(t.indexes, set)
	}
	return t, nil
}

func (t *tableSchema) add(c *column) {
	c.index = len(t.columns)
	t.columns = append(t.columns, c)
	t.byName[c.name] = c
}

func columnFromJSON(name string, v any) (*column, *Error) {
	p := newParser(v, "schema for column "+name)
	mutable := p.bool("mutable", true)
	ephemeral := p.bool("ephemeral", false)
	typ, _ := member(&p, "type", required, typeLike)
	if err := p.finish(); err != nil {
		return nil, err
	}
	t, err := typeFromJSON(typ)
	if err != nil {
		return nil, err
	}
	if t.Key.Weak || t.Value.Weak {
		mutable = true // weak references go when their rows do
	}
	return &column{name: name, typ: t, mutable: mutable, ephemeral: ephemeral}, nil
}

// column looks up a column that a client names.
func (t *tableSchema) column(v any, name string) (*column, *Error) {
	c := t.byName[name]
	if c == nil {
		return nil, taggedSyntaxError(v, tagUnknownCol, "No column %s in table %s.", name, t.name)
	}
	return c, nil
}

// columnSet parses an array of column names.
func (t *tableSchema) columnSet(v any) ([]*column, *Error) {
	names, ok := v.([]any)
	bad := func() ([]*column, *Error) {
		return nil, syntaxError(v, "array of distinct column names expected")
	}
	if !ok {
		return bad()
	}
	seen := make(map[*column]bool, len(names))
	set := make([]*column, 0, len(names))
	for _, n := range names {
		name, ok := n.(string)
		if !ok {
			return bad()
		}
		c := t.byName[name]
		if c == nil {
			return nil, syntaxError(v, "%s is not a valid column name", name)
		}
		if seen[c] {
			return bad()
		}
		seen[c] = true
		set = append(set, c)
	}
	return set, nil
}
