// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// An encoding is operations as they are sent, each after a comma.
type encoding struct {
	text   []byte
	schema *schema // by which they were checked
	prefix string
	ops    []Operation
}

// encode makes an encoding by encodeOperations.
func (s *schema) encode(prefix string, ops []Operation) (encoding, error) {
	text, err := s.encodeOperations(nil, prefix, ops)
	return encoding{text: text, schema: s, prefix: prefix, ops: ops}, err
}

// encodeOperations checks the operations and appends each to out, after a
// comma. The names given to rows are put behind the prefix.
func (s *schema) encodeOperations(out []byte, prefix string, ops []Operation) ([]byte, error) {
	e := encoder{prefix: prefix}
	for i, o := range ops {
		if o.uuidName == "" {
			continue
		}
		if err := e.declare(o); err != nil {
			return nil, fmt.Errorf("operation %d (%s): %w", i, o.op, err)
		}
	}
	for i, o := range ops {
		var err error
		if out, err = e.operation(append(out, ','), s, o); err != nil {
			return nil, fmt.Errorf("operation %d (%s): %w", i, o.op, err)
		}
	}
	return out, nil
}

// validID matches an <id>, RFC 7047 section 3.1.
var validID = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// declare takes note of the name given to an inserted row.
func (e *encoder) declare(o Operation) error {
	switch {
	case o.op != ovsdb.OperationInsert:
		return fmt.Errorf("only a row that is inserted can be named %q", o.uuidName)
	case !validID.MatchString(o.uuidName):
		return fmt.Errorf("name %q is not an identifier", o.uuidName)
	case e.names[o.uuidName]:
		return fmt.Errorf("name %q is given to two rows", o.uuidName)
	}
	if e.names == nil {
		e.names = map[string]bool{}
	}
	e.names[o.uuidName] = true
	return nil
}

// operation appends one operation. Members that RFC 7047 requires are there
// even when they are empty.
func (e *encoder) operation(out []byte, s *schema, o Operation) ([]byte, error) {
	start := len(out)
	out = appendString(append(out, `{"op":`...), o.op)
	switch o.op {
	case ovsdb.OperationComment:
		return e.textOperation(out, "comment", o.text)
	case ovsdb.OperationAssert:
		return e.textOperation(out, "lock", o.text)
	case ovsdb.OperationAbort:
		return append(out, '}'), nil
	case ovsdb.OperationCommit:
		return fmt.Appendf(out, `,"durable":%t}`, o.durable), nil
	case operationRaw:
		return append(out[:start], o.raw...), o.checkRaw()
	case "":
		return out, errors.New("empty operation")
	}
	t, err := s.table(o.table)
	if err != nil {
		return out, err
	}
	out = appendString(append(out, `,"table":`...), o.table)
	if o.op != ovsdb.OperationInsert {
		if out, err = e.where(append(out, `,"where":`...), t, o.where); err != nil {
			return out, err
		}
	}
	switch o.op {
	case ovsdb.OperationInsert:
		out, err = e.insert(out, s, t, o)
	case ovsdb.OperationUpdate:
		out, err = e.update(out, s, t, o)
	case ovsdb.OperationMutate:
		out, err = e.mutations(append(out, `,"mutations":`...), t, o.mutations)
	case ovsdb.OperationSelect:
		if o.columns != nil {
			out, err = e.columns(append(out, `,"columns":`...), t, o.columns)
		}
	case ovsdb.OperationWait:
		out, err = e.wait(out, s, t, o.wait)
	}
	return append(out, '}'), err
}

func (e *encoder) textOperation(out []byte, member, text string) ([]byte, error) {
	out = append(appendString(append(out, ','), member), ':')
	out, err := appendText(out, text)
	return append(out, '}'), err
}

func (e *encoder) insert(out []byte, s *schema, t *table, o Operation) ([]byte, error) {
	if o.uuidName != "" {
		out = appendString(append(out, `,"uuid-name":`...), e.prefix+o.uuidName)
	}
	row, err := s.columnsOf(o.row)
	if err != nil {
		return out, fmt.Errorf("table %q: %w", t.name, err)
	}
	for _, needed := range t.needed {
		if !slices.ContainsFunc(row, func(cv columnValue) bool { return cv.column == needed.name }) {
			return out, &SchemaError{Table: t.name, Column: needed.name, Problem: needed.why.Error()}
		}
	}
	return e.row(append(out, `,"row":`...), t, row, insertable)
}

func (e *encoder) update(out []byte, s *schema, t *table, o Operation) ([]byte, error) {
	switch o.row.(type) {
	case nil, Row, fieldsOf:
	default:
		// Which of its zero values are meant nobody can tell.
		return out, fmt.Errorf("table %q: an update takes a Row or Fields, not %T", t.name, o.row)
	}
	row, err := s.columnsOf(o.row)
	if err != nil {
		return out, fmt.Errorf("table %q: %w", t.name, err)
	}
	return e.row(append(out, `,"row":`...), t, row, updatable)
}

func (e *encoder) columns(out []byte, t *table, names []string) ([]byte, error) {
	out = append(out, '[')
	for i, name := range names {
		if _, err := t.column(name); err != nil {
			return out, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, name)
	}
	return append(out, ']'), nil
}

func (e *encoder) wait(out []byte, s *schema, t *table, w WaitOptions) ([]byte, error) {
	if w.Timeout >= 0 {
		milliseconds := w.Timeout / time.Millisecond
		if w.Timeout%time.Millisecond > 0 {
			milliseconds++
		}
		out = fmt.Appendf(out, `,"timeout":%d`, milliseconds)
	}
	until := Equal
	if w.Differ {
		until = NotEqual
	}
	out = appendString(append(out, `,"until":`...), string(until))
	columns := w.Columns
	if columns == nil {
		named := map[string]bool{}
		for _, row := range w.Rows {
			for name := range row {
				named[name] = true
			}
		}
		columns = sortedKeys(named)
	}
	out, err := e.columns(append(out, `,"columns":`...), t, columns)
	if err != nil {
		return out, err
	}
	out = append(out, `,"rows":[`...)
	for i, row := range w.Rows {
		if i > 0 {
			out = append(out, ',')
		}
		columns, err := s.columnsOf(row)
		if err != nil {
			return out, err
		}
		if out, err = e.row(out, t, columns, anyColumn); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

func anyColumn(*column) error { return nil }

func insertable(c *column) error {
	if c.name == columnUUID || c.name == columnVersion {
		return errors.New("set by the server alone")
	}
	return nil
}

func updatable(c *column) error {
	if !c.mutable {
		return errors.New("cannot be changed once the row exists")
	}
	return nil
}

func (e *encoder) where(out []byte, t *table, conditions []Condition) ([]byte, error) {
	out = append(out, '[')
	for i, w := range conditions {
		c, err := t.column(w.Column)
		if err != nil {
			return out, err
		}
		if err := c.checkFunction(w.Function); err != nil {
			return out, &SchemaError{Table: t.name, Column: c.name, Problem: err.Error()}
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = appendTriple(out, w.Column, string(w.Function))
		if out, err = e.value(out, t, c.anySize(), reflect.ValueOf(w.Value)); err != nil {
			return out, err
		}
		out = append(out, ']')
	}
	return append(out, ']'), nil
}

func (c *column) checkFunction(f Function) error {
	switch f {
	case Equal, NotEqual, Includes, Excludes:
		return nil
	case Less, LessOrEqual, Greater, GreaterOrEqual:
		if (c.isScalar() || c.isOptional()) && (c.key.atom == atomInteger || c.key.atom == atomReal) {
			return nil
		}
		return fmt.Errorf("%s cannot be compared with %q", c, f)
	}
	return fmt.Errorf("unknown comparison %q", f)
}

func (e *encoder) mutations(out []byte, t *table, mutations []Mutation) ([]byte, error) {
	out = append(out, '[')
	for i, m := range mutations {
		c, err := t.column(m.Column)
		if err != nil {
			return out, err
		}
		operand, err := c.operand(m)
		if err != nil {
			return out, &SchemaError{Table: t.name, Column: c.name, Problem: err.Error()}
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = appendTriple(out, m.Column, string(m.Mutator))
		if out, err = e.value(out, t, operand, reflect.ValueOf(m.Value)); err != nil {
			return out, err
		}
		out = append(out, ']')
	}
	return append(out, ']'), nil
}

// operand returns the type that a mutation's value must have.
func (c *column) operand(m Mutation) (*column, error) {
	if !c.mutable {
		return nil, errors.New("cannot be changed once the row exists")
	}
	switch m.Mutator {
	case Add, Subtract, Multiply, Divide, Modulo:
		if c.isMap() || c.key.atom != atomInteger && (c.key.atom != atomReal || m.Mutator == Modulo) {
			return nil, fmt.Errorf("%s has no mutator %q", c, m.Mutator)
		}
		return &column{name: c.name, key: baseType{atom: c.key.atom}, min: 1, max: 1}, nil
	case InsertInto, DeleteFrom:
		if c.isScalar() {
			return nil, fmt.Errorf("%s has no mutator %q", c, m.Mutator)
		}
		operand := c.anySize()
		operand.max = -1
		if m.Mutator == DeleteFrom && c.isMap() && isList(m.Value) {
			operand.value = baseType{} // the keys alone
		}
		return operand, nil
	}
	return nil, fmt.Errorf("unknown mutator %q", m.Mutator)
}

// anySize returns the type without its lower bound, for values that are
// compared with a column instead of stored in it.
func (c *column) anySize() *column {
	if c.isScalar() {
		return c
	}
	relaxed := *c
	relaxed.min = 0
	return &relaxed
}

// appendTriple begins a <condition> or <mutation>.
func appendTriple(out []byte, column, function string) []byte {
	out = appendString(append(out, '['), column)
	out = appendString(append(out, ','), function)
	return append(out, ',')
}
