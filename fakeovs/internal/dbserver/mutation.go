// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "math"

// mutation is one change of a column: RFC 7047, section 5.1, <mutation>.
type mutation struct {
	mutator string
	column  *column
	arg     Datum
}

func (t *tableSchema) mutations(v []any, syms symbols) ([]mutation, *Error) {
	ms := make([]mutation, 0, len(v))
	for _, e := range v {
		m, err := t.mutation(e, syms)
		if err != nil {
			return nil, err
		}
		ms = append(ms, m)
	}
	return ms, nil
}

func mutatedColumns(ms []mutation) []*column {
	columns := make([]*column, len(ms))
	for i, m := range ms {
		columns[i] = m.column
	}
	return columns
}

func (t *tableSchema) mutation(v any, syms symbols) (mutation, *Error) {
	name, mutator, arg, ok := triple(v)
	if !ok {
		return mutation{}, syntaxError(v, "Parse error in mutation.")
	}
	col, err := t.column(v, name)
	if err != nil {
		return mutation{}, err
	}
	if !col.mutable {
		return mutation{}, taggedSyntaxError(v, tagConstraint, "Cannot mutate immutable column %s in table %s.", name, t.name)
	}
	mismatch := func() (mutation, *Error) {
		return mutation{}, syntaxError(v, "Type mismatch: %q operator may not be applied to column %s of type %s.",
			mutator, name, col.typ.english())
	}
	m := mutation{mutator: mutator, column: col}
	typ := col.typ
	switch mutator {
	case "+=", "-=", "*=", "/=", "%=":
		kind := typ.Key.Kind
		if typ.isMap() || kind != Integer && (kind != Real || mutator == "%=") {
			return mismatch()
		}
		typ = scalarType(kind)
		m.arg, err = datumFromJSON(&typ, arg, syms)
	case "insert", "delete":
		if typ.isScalar() {
			return mismatch()
		}
		typ.Min = 0
		if mutator == "delete" {
			typ.Max = Unlimited
		}
		m.arg, err = datumFromJSON(&typ, arg, syms)
		if err != nil && typ.isMap() && mutator == "delete" {
			typ.Value = BaseType{} // a set of keys deletes whatever their values are
			m.arg, err = datumFromJSON(&typ, arg, syms)
		}
	default:
		return m, newError("unknown mutator", "No mutator named %s.", mutator)
	}
	return m, err
}

// apply returns the value of the column after the mutation.
func (m mutation) apply(d Datum) (Datum, *Error) {
	typ := &m.column.typ
	switch m.mutator {
	case "insert":
		d = d.union(typ, m.arg)
		return d, typ.checkCount(d)
	case "delete":
		d = d.subtract(typ, m.arg)
		return d, typ.checkCount(d)
	}
	arg, _ := m.arg.first()
	if d.Len() == 1 {
		k, _ := d.first()
		k, err := m.calculate(k, arg)
		if err == nil {
			err = typ.Key.check(k)
		}
		return scalar(k), err
	}
	keys := make([]atom, 0, d.Len())
	for k := range d.all() {
		k, err := m.calculate(k, arg)
		if err != nil {
			return d, err
		}
		keys = append(keys, k)
	}
	for _, k := range keys {
		if err := typ.Key.check(k); err != nil {
			return d, err
		}
	}
	out, err := sortedDatum(typ, keys, nil)
	if err != nil {
		return d, newError(tagConstraint, "Result of %q operation contains duplicates.", m.mutator)
	}
	return out, nil
}

// calculate returns what an atom of a number becomes.
func (m mutation) calculate(a, arg atom) (atom, *Error) {
	if m.column.typ.Key.Kind == Integer {
		n, err := m.integer(a.num, arg.num)
		return intAtom(n), err
	}
	f, err := m.real(a.real(), arg.real())
	return realAtom(f), err
}

func (m mutation) outOfRange() *Error {
	return newError("range error", "Result of %q operation is out of range.", m.mutator)
}

func divisionByZero() *Error { return newError("domain error", "Division by zero.") }

func (m mutation) integer(x, y int64) (int64, *Error) {
	switch m.mutator {
	case "+=":
		if z := x + y; (z > x) == (y > 0) {
			return z, nil
		}
	case "-=":
		if z := x - y; (z < x) == (y > 0) {
			return z, nil
		}
	case "*=":
		if z, ok := multiply(x, y); ok {
			return z, nil
		}
	default:
		if y == 0 {
			return 0, divisionByZero()
		}
		if x == math.MinInt64 && y == -1 {
			break
		}
		if m.mutator == "/=" {
			return x / y, nil
		}
		return x % y, nil
	}
	return 0, m.outOfRange()
}

// multiply refuses what ovsdb-server refuses. That is not exact: it compares with the quotient of the largest integer by
// a factor, of two negative factors only looks at the second, and lets what it then misses overflow.
func multiply(x, y int64) (int64, bool) {
	var over bool
	switch {
	case y == 0: // where ovsdb-server may crash
	case x > 0 && y > 0:
		over = x >= math.MaxInt64/y
	case x > 0:
		over = y < math.MinInt64/x
	case y > 0:
		over = x < math.MinInt64/y
	default:
		over = x != 0 && y < math.MaxInt64/y
	}
	return x * y, !over
}

func (m mutation) real(x, y float64) (float64, *Error) {
	switch m.mutator {
	case "+=":
		x += y
	case "-=":
		x -= y
	case "*=":
		x *= y
	default:
		if y == 0 {
			return 0, divisionByZero()
		}
		x /= y
	}
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return 0, m.outOfRange()
	}
	return x, nil
}
