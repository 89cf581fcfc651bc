// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"crypto/tls"
	"slices"
	"strings"
)

// roleTable is the table whose rows are roles, by the column "name". Their column "permissions" has a row of permissions
// for each table that a client of the role may write to: ovsdb-server(7), "Role-Based Access Control". A database without
// that table grants everything to all.
const roleTable = "RBAC_Role"

// mayWrite is what a client's role lets it do to one table.
type mayWrite struct {
	all    bool // it has no role
	none   bool // nothing
	client string
	row    *Row // of permissions
}

// permissions looks up what the client of the execution may do to a table, as the transaction sees the roles by now.
func (x *execution) permissions(t *table) mayWrite {
	roles := x.db.tables[roleTable]
	if roles == nil || x.session == nil || x.session.role == "" {
		return mayWrite{all: true}
	}
	client, known := x.session.clientName()
	row := x.permissionRow(roles, x.session.role, t.name)
	return mayWrite{none: !known || row == nil, client: client, row: row}
}

// permissionRow is the row of permissions that a role has for a table; nil if there is none.
func (x *execution) permissionRow(roles *table, role, table string) *Row {
	name, permissions := roles.byName["name"], roles.byName["permissions"]
	if name == nil || name.typ.Key.Kind != String || permissions == nil || permissions.typ.Key.Kind != String {
		return nil
	}
	rows := x.db.tables[permissions.typ.Value.RefTable]
	if rows == nil {
		return nil
	}
	for _, row := range x.txn.find(roles, nil) {
		if !slices.Contains(row.fields[name.index].Strings(), role) {
			continue
		}
		uuid, ok := row.fields[permissions.index].get(String, strAtom(table))
		if !ok {
			return nil
		}
		return x.txn.get(rows, uuid.str)
	}
	return nil
}

// authorized reports whether the client is one of those that a row is for: the permissions name the columns, or the keys
// of columns, that hold the name of such a client; an empty name is for any.
func (w mayWrite) authorized(r *Row) bool {
	d, ok := w.row.typed("authorization", String, void, Unlimited)
	if !ok {
		return false
	}
	for _, name := range d.Strings() {
		if name == "" {
			return true
		}
		if !strings.Contains(name, ":") {
			if d, ok := r.typed(name, String, void, 1); ok && d.Len() > 0 && d.String() == w.client {
				return true
			}
			continue
		}
		words := strings.FieldsFunc(name, func(c rune) bool { return c == ':' })
		if len(words) < 2 {
			continue
		}
		if d, ok := r.typed(words[0], String, String, Unlimited); ok {
			if value, ok := d.Entry(words[1]); ok && value == w.client {
				return true
			}
		}
	}
	return false
}

// insertDelete reports whether the client may insert or delete all of the rows.
func (w mayWrite) insertDelete(rows ...*Row) bool {
	if w.all || w.none {
		return w.all
	}
	allowed, _ := w.row.typed("insert_delete", Boolean, void, 1)
	for _, r := range rows {
		if !allowed.Bool() || !w.authorized(r) {
			return false
		}
	}
	return true
}

// modify reports whether the client may change columns of all of the rows.
func (w mayWrite) modify(rows []*Row, columns []*column) bool {
	if w.all || w.none {
		return w.all
	}
	d, ok := w.row.typed("update", String, void, Unlimited)
	if !ok {
		return false
	}
	names := d.Strings()
	for _, r := range rows {
		if !w.authorized(r) {
			return false
		}
		for _, c := range columns {
			if !slices.Contains(names, c.name) {
				return false
			}
		}
	}
	return true
}

// typed returns the value of a column, if there is one of that type.
func (r *Row) typed(column string, key, value Kind, most int) (Datum, bool) {
	c := r.table.byName[column]
	if c == nil || c.typ.Key.Kind != key || c.typ.Value.Kind != value || c.typ.Max != most {
		return Datum{}, false
	}
	return r.fields[c.index], true
}

// notPermitted is the error of what the client's role prohibits.
func (s *session) notPermitted(what string, t *table) *Error {
	return newError("permission error", "RBAC rules for client \"%s\" role \"%s\" prohibit %s table \"%s\".",
		s.shownName(), s.role, what, t.name)
}

// clientName is the common name in the certificate that the client has shown; false if it has shown none.
func (s *session) clientName() (string, bool) {
	conn, ok := s.conn.(*tls.Conn)
	if !ok {
		return "", false
	}
	chain := conn.ConnectionState().PeerCertificates
	if len(chain) == 0 || chain[0].Subject.CommonName == "" {
		return "", false
	}
	return chain[0].Subject.CommonName, true
}

// shownName is the name in the texts of errors, which for want of one say what ovsdb-server's do.
func (s *session) shownName() string {
	if name, ok := s.clientName(); ok {
		return name
	}
	return "(null)"
}
