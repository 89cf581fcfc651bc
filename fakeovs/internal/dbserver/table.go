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
	r.fields[colUUID] = scalar(strAtom(uuid))
	r.fields[colVersion] = scalar(strAtom(newUUID()))
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

// references calls f for each reference of the given strength in a value, with the key that it is or belongs to. Strong
// references of a row to itself do not count; like ovsdb-server it tells that by the UUID alone.
func (db *Database) references(self string, c *column, d Datum, weak bool, f func(to rowID, key atom)) {
	for _, ofValue := range []bool{false, true} {
		base := &c.typ.Key
		if ofValue {
			base = &c.typ.Value
		}
		if base.RefTable == "" || base.Weak != weak {
			continue
		}
		to := db.tables[base.RefTable]
		for key, a := range d.all() {
			if !ofValue {
				a = key
			}
			if weak || a.str != self {
				f(rowID{to, a.str}, key)
			}
		}
	}
}

// hasReferences reports whether a column can hold references of the given strength.
func (c *column) hasReferences(weak bool) bool {
	return c.typ.Key.RefTable != "" && c.typ.Key.Weak == weak || c.typ.Value.RefTable != "" && c.typ.Value.Weak == weak
}
