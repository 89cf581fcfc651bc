// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// RowsAs turns rows of a [Select] into structs with ovsdb tags. A field whose
// column was not selected stays zero, a column without a field is left out.
func RowsAs[T any](rows []Row) ([]*T, error) {
	fields, err := structFields(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	structs := make([]*T, 0, len(rows))
	for _, row := range rows {
		to := new(T)
		structs = append(structs, to)
		for _, f := range fields {
			value, ok := row[f.column]
			if !ok {
				continue
			}
			v := reflect.ValueOf(value)
			if !v.IsValid() || v.Type() != f.typ {
				return nil, fmt.Errorf("column %q is held by %T, not %s", f.column, value, f.typ)
			}
			reflect.ValueOf(to).Elem().Field(f.index).Set(v)
		}
	}
	return structs, nil
}

// parseResults reads the result of a transact: an array with an element for
// every operation, null for those after a failed one, and one more if the
// transaction failed at commit. RFC 7047 section 4.1.3.
func (s *schema) parseResults(data []byte, ops []Operation) ([]Result, error) {
	results := make([]Result, 0, len(ops))
	sc := scanner{data: data}
	n := 0
	var refused error
	err := sc.array(func() error {
		var o Operation
		if n < len(ops) {
			o = ops[n]
		} else {
			o.op = ovsdb.OperationCommit
		}
		index := n
		n++
		if null, err := sc.null(); null || err != nil {
			return err
		}
		result, failure, err := s.parseResult(&sc, o)
		if failure != nil && refused == nil {
			failure.Index = index
			refused = failure
		}
		if index < len(ops) {
			results = append(results, result)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("malformed result: %w: %w", err, ErrProtocol)
	case refused != nil:
		return nil, refused
	case n != len(ops) || len(results) != len(ops):
		return nil, fmt.Errorf("%d results for %d operations: %w", len(results), len(ops), ErrProtocol)
	}
	return results, nil
}

// parseResult reads the result of one operation or the error in its place.
func (s *schema) parseResult(sc *scanner, o Operation) (result Result, failure *OperationError, err error) {
	var name, details string
	var failed bool
	if o.op == operationRaw {
		text, err := sc.raw()
		if err != nil {
			return result, nil, err
		}
		result.Raw = bytes.Clone(text)
		sc = &scanner{data: text}
	}
	err = sc.object(func(member string) (err error) {
		if o.op == operationRaw && member != "error" && member != "details" {
			return sc.skip()
		}
		switch member {
		case "count":
			var n int64
			n, err = sc.integer()
			result.Count = int(n)
		case "uuid":
			result.UUID, err = sc.uuid()
		case "rows":
			result.Rows, err = s.parseRows(sc, o.table)
		case "error":
			failed = true
			name, err = sc.string()
		case "details":
			details, err = sc.string()
		default:
			err = sc.skip()
		}
		return err
	})
	if err == nil && failed {
		failure = &OperationError{Op: o.op, Table: o.table, Name: name, Details: details}
	}
	return result, failure, err
}

// parseRows reads the rows of a select.
func (s *schema) parseRows(sc *scanner, tableName string) ([]Row, error) {
	t, err := s.table(tableName)
	if err != nil {
		return nil, err
	}
	rows := []Row{}
	err = sc.array(func() error {
		row := Row{}
		rows = append(rows, row)
		return sc.object(func(name string) error {
			c, ok := t.columns[name]
			if !ok {
				return fmt.Errorf("table %q has no column %s", tableName, excerpt([]byte(name)))
			}
			var err error
			row[name], err = c.codec.value(sc)
			return err
		})
	})
	return rows, err
}
