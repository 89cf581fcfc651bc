// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A structField says which column a field of a row struct holds.
type structField struct {
	column string
	index  int
	typ    reflect.Type
}

// structFields returns the fields of a struct that have an ovsdb tag.
func structFields(t reflect.Type) ([]structField, error) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("a row cannot be held by %v: want a struct with ovsdb tags", t)
	}
	var fields []structField
	seen := map[string]bool{}
	for i := range t.NumField() {
		f := t.Field(i)
		column := f.Tag.Get("ovsdb")
		switch {
		case column == "":
			continue
		case !f.IsExported():
			return nil, fmt.Errorf("field %s of %v has an ovsdb tag but is not exported", f.Name, t)
		case seen[column]:
			return nil, fmt.Errorf("two fields of %v have the tag %q", t, column)
		}
		seen[column] = true
		fields = append(fields, structField{column: column, index: i, typ: f.Type})
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("%v has no field with an ovsdb tag", t)
	}
	return fields, nil
}

// A columnValue is a column of a row to be written.
type columnValue struct {
	column string
	value  reflect.Value
}

// columnsOf returns the columns of a [Row], of [Fields] or of a struct, in the
// order of their names. Of a struct it takes the fields that are not zero,
// since the others are the columns' defaults.
func (s *schema) columnsOf(v any) ([]columnValue, error) {
	switch row := v.(type) {
	case nil:
		return nil, nil
	case Row:
		columns := make([]columnValue, 0, len(row))
		for _, name := range sortedKeys(row) {
			columns = append(columns, columnValue{name, reflect.ValueOf(row[name])})
		}
		return columns, nil
	case fieldsOf:
		return s.columnsOfStruct(row.row, func(f structField, _ reflect.Value) bool {
			return slices.Contains(row.columns, f.column)
		}, len(row.columns))
	}
	return s.columnsOfStruct(v, func(f structField, field reflect.Value) bool {
		return !field.IsZero() && f.column != columnUUID
	}, -1)
}

// columnsOfStruct returns the fields of a struct that are wanted; there must be
// n of them unless n is negative.
func (s *schema) columnsOfStruct(v any, wanted func(structField, reflect.Value) bool, n int) ([]columnValue, error) {
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if !value.IsValid() {
		return nil, fmt.Errorf("no row given: %T", v)
	}
	fields, err := s.fieldsOfType(value.Type())
	if err != nil {
		return nil, err
	}
	columns := make([]columnValue, 0, 8)
	for _, f := range fields {
		if field := value.Field(f.index); wanted(f, field) {
			columns = append(columns, columnValue{f.column, field})
		}
	}
	if n >= 0 && len(columns) != n {
		return nil, fmt.Errorf("%v has %d of the %d columns named", value.Type(), len(columns), n)
	}
	return columns, nil
}

// fieldsOfType returns the fields of a struct type in the order of their
// columns. It looks at each type once.
func (s *schema) fieldsOfType(t reflect.Type) ([]structField, error) {
	if fields, ok := s.fields.Load(t); ok {
		return fields.([]structField), nil
	}
	fields, err := structFields(t)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(fields, func(a, b structField) int { return strings.Compare(a.column, b.column) })
	s.fields.Store(t, fields)
	return fields, nil
}

// isList reports whether a value is a slice or an array.
func isList(v any) bool {
	kind := reflect.ValueOf(v).Kind()
	return kind == reflect.Slice || kind == reflect.Array
}
