// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"net"
	"slices"
)

// convertRequest handles convert: ovsdb-server(7), section 4.1.22. Those who wait or monitor are told that it is over, and
// clients that do not keep an eye on the databases are cut off, be it the one who asks. The database _Server keeps the
// schema that was first, as an ovsdb-server's does until it starts anew.
func (s *session) convertRequest(m message) error {
	db, err := s.database(m)
	if err == nil && s.role != "" {
		err = newError("permission error", "RBAC rules for client \"%s\" role \"%s\" prohibit \"convert\" of database %s "+
			"(only the root role may convert databases)", s.shownName(), s.role, db.schema.Name)
	}
	if err == nil {
		err = db.convertTo(m.params)
	}
	if err != nil {
		s.replyError(m.id, err)
		return nil
	}
	s.reply(m.id, map[string]any{})
	s.server.cutUnaware(s)
	if !s.changeAware {
		return fmt.Errorf("database %s was converted: %w", db.schema.Name, net.ErrClosed)
	}
	return nil
}

func (db *Database) convertTo(params []any) *Error {
	if len(params) != 2 {
		return syntaxError(params, "array expected")
	}
	schema, err := schemaFromJSON(params[1], textOrder{})
	if err != nil {
		return err
	}
	if schema.Name != db.schema.Name {
		return newError("invalid parameters", "new schema name (%s) does not match database name (%s)", schema.Name, db.schema.Name)
	}
	if len(db.watches) > 0 || schema.Name == serverDatabase {
		return newError("not supported", "conversion of database %s is not supported: this process uses it itself", schema.Name)
	}
	schema.write()
	tables, err := db.converted(schema)
	if err != nil {
		return err
	}
	db.abandon()
	before, old := db.schema, db.tables
	db.schema, db.tables = schema, tables
	for _, t := range tables {
		t.db = db
	}
	if db.file != nil && db.file.log != nil {
		if err := db.compact("converted by ovsdb-server"); err != nil {
			db.schema, db.tables = before, old
			return newError("I/O error", "%s: %v", db.file.name, err)
		}
	}
	return nil
}

// converted returns the tables of another schema with what is in the database and has a place there.
func (db *Database) converted(schema *Schema) (map[string]*table, *Error) {
	to := &Database{server: db.server, schema: schema, tables: map[string]*table{}}
	for name, t := range schema.tables {
		to.tables[name] = newTable(to, t)
	}
	x := newTxn(to)
	for _, name := range db.schema.order {
		t := to.tables[name]
		if t == nil {
			continue
		}
		for _, row := range newTxn(db).find(db.tables[name], nil) {
			copied, err := t.convertRow(row)
			if err != nil {
				return nil, err
			}
			x.insert(copied)
		}
	}
	_, err := x.commit()
	return to.tables, err
}

func (t *table) convertRow(from *Row) (*Row, *Error) {
	row := t.newRow(from.uuid)
	for _, c := range from.table.hashed {
		to := t.byName[c.name]
		if c.index < firstColumn || to == nil {
			continue
		}
		v, err := parseJSON(from.fields[c.index].appendJSON(nil, &c.typ))
		if err != nil {
			return nil, newError(tagBare, "convert column %s of table %s: %v", c.name, t.name, err)
		}
		d, bad := datumFromJSON(&to.typ, v, nil)
		if bad != nil {
			return nil, bad
		}
		row.fields[to.index] = d
	}
	return row, nil
}

// abandon ends what waits for the database or monitors it.
func (db *Database) abandon() {
	for _, m := range db.monitors {
		if m.session.changeAware {
			m.session.notify("monitor_canceled", []any{m.id})
		}
	}
	db.forgetMonitor(func(*monitor) bool { return true })
	for _, w := range slices.Clone(db.waiting) {
		db.forget(w)
		if w.x.session.changeAware {
			w.x.session.replyError(w.id, "canceled")
		}
	}
}
