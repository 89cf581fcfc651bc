// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "slices"

// condition is a list of clauses: RFC 7047, section 5.1, <condition>. In an operation a row must match all of them,
// in a monitor one of them.
type condition []clause

type clause struct {
	function string
	column   *column // nil for the clauses true and false
	arg      Datum
}

// The functions of clauses that are not written as strings.
const (
	alwaysTrue  = "true"
	alwaysFalse = "false"
)

func (t *tableSchema) condition(v []any, syms symbols) (condition, *Error) {
	c := make(condition, 0, len(v))
	for _, e := range v {
		cl, err := t.clause(e, syms)
		if err != nil {
			return nil, err
		}
		c = append(c, cl)
	}
	return c, nil
}

func (t *tableSchema) clause(v any, syms symbols) (clause, *Error) {
	if b, ok := v.(bool); ok {
		if b {
			return clause{function: alwaysTrue}, nil
		}
		return clause{function: alwaysFalse}, nil
	}
	name, function, arg, ok := triple(v)
	if !ok {
		return clause{}, syntaxError(v, "Parse error in condition.")
	}
	col, err := t.column(v, name)
	if err != nil {
		return clause{}, err
	}
	typ := col.typ
	switch function {
	case "<", "<=", ">", ">=":
		numeric := typ.Key.Kind == Integer || typ.Key.Kind == Real
		if !numeric || !typ.isScalar() && !typ.isOptionalScalar() {
			return clause{}, syntaxError(v, "Type mismatch: %q operator may not be applied to column %s of type %s.",
				function, col.name, typ.english())
		}
		typ.Min = 1
	case "==", "!=":
	case "includes":
		if !typ.isScalar() {
			typ.Min = 0
		}
	case "excludes":
		if !typ.isScalar() {
			typ.Min, typ.Max = 0, Unlimited
		}
	default:
		return clause{}, newError("unknown function", "No function named %s.", function)
	}
	d, err := datumFromJSON(&typ, arg, syms)
	return clause{function: function, column: col, arg: d}, err
}

// triple takes a clause or a mutation apart.
func triple(v any) (column, function string, arg any, ok bool) {
	a, _ := v.([]any)
	if len(a) != 3 {
		return "", "", nil, false
	}
	column, ok1 := a[0].(string)
	function, ok2 := a[1].(string)
	return column, function, a[2], ok1 && ok2
}

func (c clause) matches(fields []Datum) bool {
	switch c.function {
	case alwaysTrue:
		return true
	case alwaysFalse:
		return false
	}
	field, typ := fields[c.column.index], &c.column.typ
	switch c.function {
	case "==":
		return field.equal(c.arg)
	case "!=":
		return !field.equal(c.arg)
	case "includes":
		return field.includesAll(typ, c.arg)
	case "excludes":
		return field.excludesAll(typ, c.arg)
	}
	if field.Len() == 0 {
		return false // a missing value is neither less nor greater
	}
	key, _ := field.first()
	than, _ := c.arg.first()
	order := compareAtoms(typ.Key.Kind, key, than)
	switch c.function {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}

// equal reports whether two conditions have the same clauses in the same order.
func (c condition) equal(d condition) bool {
	return slices.EqualFunc(c, d, func(a, b clause) bool {
		return a.function == b.function && a.column == b.column && a.arg.equal(b.arg)
	})
}

func (c condition) matchesAll(fields []Datum) bool {
	for _, cl := range c {
		if !cl.matches(fields) {
			return false
		}
	}
	return true
}

// matchesAny is the test of a monitor's condition, which without clauses is true.
func (c condition) matchesAny(fields []Datum) bool {
	for _, cl := range c {
		if cl.matches(fields) {
			return true
		}
	}
	return len(c) == 0
}

// uuid returns the UUID of the only row that can match, if the condition names one.
func (c condition) uuid() (string, bool) {
	for _, cl := range c {
		if cl.function == "==" && cl.column.index == colUUID {
			key, _ := cl.arg.first()
			return key.str, true
		}
	}
	return "", false
}
