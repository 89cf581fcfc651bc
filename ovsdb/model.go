// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"fmt"
	"reflect"
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

// rowOf returns a row given to an insert as a Row. Of a struct it takes the
// fields that are not zero, since the others are the columns' defaults.
func rowOf(v any) (Row, error) {
	if row, ok := v.(Row); ok {
		return row, nil
	}
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if !value.IsValid() {
		return nil, fmt.Errorf("no row given: %T", v)
	}
	fields, err := structFields(value.Type())
	if err != nil {
		return nil, err
	}
	row := Row{}
	for _, f := range fields {
		field := value.Field(f.index)
		if field.IsZero() || f.column == columnUUID {
			continue
		}
		row[f.column] = field.Interface()
	}
	return row, nil
}

// isList reports whether a value is a slice or an array.
func isList(v any) bool {
	kind := reflect.ValueOf(v).Kind()
	return kind == reflect.Slice || kind == reflect.Array
}
