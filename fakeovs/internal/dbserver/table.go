// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// table holds the committed rows of a table.
type table struct {
	*tableSchema
	db      *Database
	rows    map[string]*Row     // by UUID
	unique  []map[string]string // for each of the indexes, from its key to the UUID of the row
	strong  map[string]int      // for each row, how many strong references to it come from other rows
	weak    map[string]weakRefs // for each row, where weak references to it come from
	inserts uint64              // how many rows there ever were
}

// weakRefs are the rows that weakly refer to a row, with the number of references.
type weakRefs map[rowID]int

// rowID names a row of a database.
type rowID struct {
	table *table
	uuid  string
}

// Row is one version of a row. Committed rows never change: an update makes a new Row.
type Row struct {
	table  *table
	uuid   string
	serial uint64  // rows are listed in the order in which they were inserted
	fields []Datum // by column.index
}

func newTable(db *Database, s *tableSchema) *table {
	t := &table{
		tableSchema: s,
		db:          db,
		rows:        map[string]*Row{},
		unique:      make([]map[string]string, len(s.indexes)),
		strong:      map[string]int{},
		weak:        map[string]weakRefs{},
	}
	for i := range t.unique {
		t.unique[i] = map[string]string{}
	}
	return t
}

// newRow makes a row with default values.
func (t *table) newRow(uuid string) *Row {
	r := &Row{table: t, uuid: uuid, fields: make([]Datum, len(t.columns))}
	for i, c := range t.columns {
		r.fields[i] = defaultDatum(&c.typ)
	}
	r.fields[colUUID] = Datum{keys: []atom{{str: uuid}}}
	r.fields[colVersion] = Datum{keys: []atom{{str: newUUID()}}}
	return r
}

// clone returns a row that may be changed, until it is committed.
func (r *Row) clone() *Row {
	c := *r
	c.fields = append([]Datum(nil), r.fields...)
	return &c
}

// columnsKey is equal for rows that have equal values in the given columns, and only for these.
func (r *Row) columnsKey(columns []*column) string {
	var b []byte
	for _, c := range columns {
		b = r.fields[c.index].appendKey(b, &c.typ)
	}
	return string(b)
}

func (r *Row) appendJSON(b []byte, columns []*column) []byte {
	b = append(b, '{')
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, c.name)
		b = append(b, ':')
		b = r.fields[c.index].appendJSON(b, &c.typ)
	}
	return append(b, '}')
}

// references calls f for each reference of the given strength in a value. Strong references of a row to itself do not
// count; like ovsdb-server it tells that by the UUID alone.
func (db *Database) references(self string, c *column, d Datum, weak bool, f func(to rowID, member int)) {
	for _, side := range []struct {
		base  *BaseType
		atoms []atom
	}{{&c.typ.Key, d.keys}, {&c.typ.Value, d.values}} {
		if side.base.RefTable == "" || side.base.Weak != weak {
			continue
		}
		to := db.tables[side.base.RefTable]
		for i, a := range side.atoms {
			if weak || a.str != self {
				f(rowID{to, a.str}, i)
			}
		}
	}
}

// hasReferences reports whether a column can hold references of the given strength.
func (c *column) hasReferences(weak bool) bool {
	return c.typ.Key.RefTable != "" && c.typ.Key.Weak == weak || c.typ.Value.RefTable != "" && c.typ.Value.Weak == weak
}
