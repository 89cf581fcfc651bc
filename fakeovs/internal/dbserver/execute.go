// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"math"
	"sort"
	"strconv"
	"time"
)

// execution runs the operations of one transact request: RFC 7047, sections 4.1.3 and 5.2.
type execution struct {
	db      *Database
	txn     *txn
	syms    symbols
	session *session // for assert; nil in the process itself

	elapsed  time.Duration // how long the transaction has been waiting
	deadline time.Duration // the elapsed time at which the next "wait" of it ends
}

// emptyResult is that of operations that have nothing to tell.
var emptyResult = rawJSON("{}")

// forever is the deadline of a transaction without one.
const forever = time.Duration(math.MaxInt64)

// errUnsatisfied is how a "wait" says that the transaction is to be tried again later.
var errUnsatisfied = &Error{Tag: "not supported", Details: "triggers not supported"}

// operation runs an operation and returns the text of its result.
type operation func(x *execution, p *parser) (rawJSON, *Error)

// operations are the operations by name; the boolean says whether they can be used on a database whose name begins
// with an underscore, which belongs to the server.
var operations = map[string]struct {
	run      operation
	readOnly bool
}{
	"insert":  {(*execution).insert, false},
	"select":  {(*execution).selectRows, true},
	"update":  {(*execution).update, false},
	"mutate":  {(*execution).mutate, false},
	"delete":  {(*execution).deleteRows, false},
	"wait":    {(*execution).wait, true},
	"commit":  {(*execution).commit, false},
	"abort":   {(*execution).abort, true},
	"comment": {(*execution).comment, true},
	"assert":  {(*execution).assert, true},
}

// run executes the operations and commits. It returns one result an operation, nil after the first error, and one more
// if the commit failed; or done is false, nothing has happened and the transaction is to be run again later. Results that
// are more than may wait for a client are an error, so that a short request does not take any amount of memory.
func (x *execution) run(ops []any) (results []any, done bool) {
	x.txn, x.syms, x.deadline = newTxn(x.db), symbols{}, forever
	results = make([]any, len(ops), len(ops)+1)
	size, limit := len(ops)*len("null,"), x.db.server.options.MaxBacklog
	for i, op := range ops {
		result, err := x.operation(op, i+1, len(ops))
		if err == errUnsatisfied {
			return nil, false
		}
		if size += len(result); err == nil && size > limit {
			err = newError("resources exhausted", "the results of a transaction may have %d bytes", limit)
		}
		if err != nil {
			results[i] = err
			return results, true
		}
		results[i] = result
	}
	if err := x.db.commitFor(x.txn, x.session); err != nil {
		results = append(results, err)
	}
	return results, true
}

func (x *execution) operation(v any, number, of int) (rawJSON, *Error) {
	p := newNumberedParser(v, "ovsdb operation", number, of)
	opName, ok := p.id("op", required)
	if !ok {
		return nil, p.finish()
	}
	op, ok := operations[opName]
	if !ok {
		p.fail("No operation \"%s\"", opName)
		return nil, p.finish()
	}
	result, err := op.run(x, &p)
	if parseErr := p.finish(); parseErr != nil {
		return nil, parseErr
	}
	if err == nil && !op.readOnly && x.session != nil && x.session.readOnly {
		return result, newError("not allowed", "%s operation not allowed when database server is in read only mode", opName)
	}
	if err == nil && !op.readOnly && x.db.schema.Name[0] == '_' {
		err = newError("not allowed", "%s operation not allowed on table in reserved database %s", opName, x.db.schema.Name)
	}
	return result, err
}

func (x *execution) table(p *parser) *table {
	name, ok := p.id("table", required)
	if !ok {
		return nil
	}
	t := x.db.tables[name]
	if t == nil {
		p.fail("No table named %s.", name)
	}
	return t
}

// rowFromJSON parses a <row> and returns it with default values elsewhere, and the columns it has.
func (x *execution) rowFromJSON(t *table, uuid string, v any) (*Row, []*column, *Error) {
	o, ok := v.(map[string]any)
	if !ok {
		return nil, nil, syntaxError(v, "row must be JSON object")
	}
	r := t.newRow(uuid)
	columns := make([]*column, 0, len(o))
	for _, name := range memberNames(o) {
		c, err := t.column(v, name)
		if err != nil {
			return nil, nil, err
		}
		if r.fields[c.index], err = datumFromJSON(&c.typ, o[name], x.syms); err != nil {
			return nil, nil, err
		}
		columns = append(columns, c)
	}
	return r, columns, nil
}

func (x *execution) insert(p *parser) (rawJSON, *Error) {
	t := x.table(p)
	uuidText, hasUUID := p.string("uuid", optional)
	name, hasName := p.id("uuid-name", optional)
	row, _ := p.members("row", required)
	if p.err != nil {
		return nil, p.err
	}
	uuid := newUUID()
	if hasUUID {
		u, ok := parseUUID(uuidText)
		if !ok {
			return nil, syntaxError(uuidText, "bad uuid")
		}
		if !x.txn.mayInsert(t, u) {
			return nil, taggedSyntaxError(uuidText, "duplicate uuid", "This UUID would duplicate a UUID "+
				"already present within the table or deleted within the same transaction.")
		}
		uuid = u
	}
	if hasName {
		s := x.syms.get(name)
		if s.created {
			return nil, taggedSyntaxError(name, "duplicate uuid-name",
				`This "uuid-name" appeared on an earlier "insert" operation.`)
		}
		if hasUUID {
			s.uuid = uuid
		}
		s.created, uuid = true, s.uuid
	}
	r, _, err := x.rowFromJSON(t, uuid, row)
	if err != nil {
		return nil, err
	}
	for _, c := range t.hashed {
		if err := c.typ.checkDefault(r.fields[c.index]); err != nil {
			return nil, err
		}
	}
	if !x.permissions(t).insertDelete(r) {
		return nil, x.session.notPermitted("row insertion into", t)
	}
	r.fields[colUUID] = scalar(strAtom(uuid))
	r.fields[colVersion] = scalar(strAtom(newUUID()))
	x.txn.insert(r)
	return rawJSON(`{"uuid":["uuid","` + uuid + `"]}`), nil
}

func (x *execution) selectRows(p *parser) (rawJSON, *Error) {
	t := x.table(p)
	where, _ := p.array("where", required)
	columnNames, hasColumns := p.array("columns", optional)
	sortNames, hasSort := p.array("sort", optional)
	if p.err != nil {
		return nil, p.err
	}
	cond, err := t.condition(where, x.syms)
	if err != nil {
		return nil, err
	}
	columns, err := t.columnsOrAll(columnNames, hasColumns)
	if err != nil {
		return nil, err
	}
	var order []*column
	if hasSort {
		if order, err = t.columnSet(sortNames); err != nil {
			return nil, err
		}
	}
	rows := distinct(x.txn.find(t, cond), columns)
	sort.SliceStable(rows, func(i, j int) bool {
		for _, c := range order {
			if n := rows[i].fields[c.index].compare(rows[j].fields[c.index], &c.typ); n != 0 {
				return n < 0
			}
		}
		return false
	})
	columns = objectOrder(columns)
	b := []byte(`{"rows":[`)
	for i, r := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = r.appendJSON(b, columns)
	}
	return append(b, "]}"...), nil
}

func (t *tableSchema) columnsOrAll(names []any, given bool) ([]*column, *Error) {
	if !given {
		return t.hashed, nil
	}
	return t.columnSet(names)
}

// objectOrder brings columns into the order that they have in an object that ovsdb-server makes of them.
func objectOrder(columns []*column) []*column {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	out := make([]*column, len(columns))
	for i, at := range hashOrderOf(names) {
		out[i] = columns[at]
	}
	return out
}

// distinct drops rows that do not differ in the given columns from an earlier one.
func distinct(rows []*Row, columns []*column) []*Row {
	seen := make(map[string]bool, len(rows))
	var out []*Row
	for _, c := range columns {
		if c.index == colUUID {
			return rows
		}
	}
	for _, r := range rows {
		if key := r.columnsKey(columns); !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
	}
	return out
}

func count(n int) rawJSON {
	b := append(make([]byte, 0, 16), `{"count":`...)
	return append(strconv.AppendInt(b, int64(n), 10), '}')
}

func (x *execution) update(p *parser) (rawJSON, *Error) {
	t := x.table(p)
	where, _ := p.array("where", required)
	row, _ := p.members("row", required)
	if p.err != nil {
		return nil, p.err
	}
	values, columns, err := x.rowFromJSON(t, zeroUUID, row)
	if err != nil {
		return nil, err
	}
	for _, c := range columns {
		if !c.mutable {
			return nil, taggedSyntaxError(p.json, tagConstraint, "Cannot update immutable column %s in table %s.", c.name, t.name)
		}
	}
	cond, err := t.condition(where, x.syms)
	if err != nil {
		return nil, err
	}
	rows := x.txn.find(t, cond)
	if !x.permissions(t).modify(rows, columns) {
		return nil, x.session.notPermitted("modification of", t)
	}
	for _, r := range rows {
		for _, c := range columns {
			if !r.fields[c.index].equal(values.fields[c.index]) {
				r = x.txn.modify(r)
				r.fields[c.index] = values.fields[c.index]
			}
		}
	}
	return count(len(rows)), nil
}

func (x *execution) mutate(p *parser) (rawJSON, *Error) {
	t := x.table(p)
	where, _ := p.array("where", required)
	list, _ := p.array("mutations", required)
	if p.err != nil {
		return nil, p.err
	}
	mutations, err := t.mutations(list, x.syms)
	if err != nil {
		return nil, err
	}
	cond, err := t.condition(where, x.syms)
	if err != nil {
		return nil, err
	}
	rows := x.txn.find(t, cond)
	if !x.permissions(t).modify(rows, mutatedColumns(mutations)) {
		return nil, x.session.notPermitted("mutate operation on", t)
	}
	for _, r := range rows {
		for _, m := range mutations {
			d, err := m.apply(r.fields[m.column.index])
			if err != nil {
				return nil, err
			}
			r = x.txn.modify(r)
			r.fields[m.column.index] = d
		}
	}
	return count(len(rows)), nil
}

func (x *execution) deleteRows(p *parser) (rawJSON, *Error) {
	where, _ := p.array("where", required)
	t := x.table(p)
	if p.err != nil {
		return nil, p.err
	}
	cond, err := t.condition(where, x.syms)
	if err != nil {
		return nil, err
	}
	rows := x.txn.find(t, cond)
	if !x.permissions(t).insertDelete(rows...) {
		return nil, x.session.notPermitted("row deletion from", t)
	}
	for _, r := range rows {
		x.txn.delete(r)
	}
	return count(len(rows)), nil
}

func (x *execution) commit(p *parser) (rawJSON, *Error) {
	if durable, _ := member(p, "durable", required, as[bool]); durable {
		x.txn.durable = true
	}
	return emptyResult, nil
}

func (x *execution) abort(*parser) (rawJSON, *Error) {
	return nil, newError("aborted", "aborted by request")
}

func (x *execution) comment(p *parser) (rawJSON, *Error) {
	text, _ := p.string("comment", required)
	x.txn.addComment(text)
	return emptyResult, nil
}

func (x *execution) assert(p *parser) (rawJSON, *Error) {
	lock, ok := p.id("lock", required)
	if ok && !x.session.owns(lock) {
		return nil, newError("not owner", "Asserted lock %s not held.", lock)
	}
	return emptyResult, nil
}
