// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// schema is a <database-schema>, RFC 7047 section 3.2: what rows depend on.
// Everything in it that gets into Go source is checked.
type schema struct {
	Name    string
	Version string
	Tables  map[string]*table
}

type table struct {
	Columns map[string]*column
}

type column struct {
	Type    *columnType
	Mutable *bool
}

// columnType is a <type>.
type columnType struct {
	key   baseType
	value *baseType // nil unless it is a map
	min   int64
	max   int64 // 0 if unlimited
}

// baseType is a <base-type>.
type baseType struct {
	atom     string
	enum     []any // as JSON is decoded
	refTable string
}

var (
	idPattern      = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	versionPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)
)

// goAtoms are the Go types of the <atomic-type>s.
var goAtoms = map[string]string{
	"integer": "int64", "real": "float64", "boolean": "bool", "string": "string", "uuid": "string",
}

// parseSchema reads a schema in JSON.
func parseSchema(text []byte) (*schema, error) {
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("malformed: %w", err)
	}
	if !idPattern.MatchString(s.Name) {
		return nil, fmt.Errorf("malformed: the name of the database is %q: want letters, digits and underscores", s.Name)
	}
	if s.Version != "" && !versionPattern.MatchString(s.Version) {
		return nil, fmt.Errorf("malformed: version %q: want the form 1.2.3", s.Version)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Tables)) {
		if err := s.checkTable(name); err != nil {
			return nil, fmt.Errorf("malformed: table %q: %w", name, err)
		}
	}
	return &s, nil
}

func (s *schema) checkTable(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	t := s.Tables[name]
	if t == nil || len(t.Columns) == 0 {
		return errors.New("no columns")
	}
	for _, name := range slices.Sorted(maps.Keys(t.Columns)) {
		if err := checkName(name); err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		c := t.Columns[name]
		if c == nil || c.Type == nil {
			return fmt.Errorf("column %q: no type", name)
		}
		for _, b := range c.Type.bases() {
			if b.refTable != "" && s.Tables[b.refTable] == nil {
				return fmt.Errorf("column %q: refers to table %q, which is not there", name, b.refTable)
			}
		}
	}
	return nil
}

// checkName checks the name of a table or column: an <id> that is not reserved.
func checkName(name string) error {
	switch {
	case !idPattern.MatchString(name):
		return errors.New("not a name: want letters, digits and underscores, no digit first")
	case name[0] == '_':
		return errors.New("names that begin with an underscore are reserved")
	}
	return nil
}

func (t *columnType) isMap() bool      { return t.value != nil }
func (t *columnType) isScalar() bool   { return !t.isMap() && t.min == 1 && t.max == 1 }
func (t *columnType) isOptional() bool { return !t.isMap() && t.min == 0 && t.max == 1 }

// bases returns the type of the keys and, of a map, that of the values.
func (t *columnType) bases() []*baseType {
	if t.value == nil {
		return []*baseType{&t.key}
	}
	return []*baseType{&t.key, t.value}
}

func (t *columnType) UnmarshalJSON(text []byte) error {
	*t = columnType{min: 1, max: 1}
	if text[0] == '"' {
		return json.Unmarshal(text, &t.key)
	}
	var object struct {
		Key, Value *baseType
		Min        *int64
		Max        json.RawMessage
	}
	if err := json.Unmarshal(text, &object); err != nil {
		return err
	}
	if object.Key == nil {
		return errors.New("a type without a key")
	}
	t.key, t.value = *object.Key, object.Value
	if object.Min != nil {
		t.min = *object.Min
	}
	switch {
	case string(object.Max) == `"unlimited"`:
		t.max = 0
	case object.Max != nil:
		if err := json.Unmarshal(object.Max, &t.max); err != nil || t.max < 1 {
			return fmt.Errorf("the max of a type is %s: want a positive integer or %q", object.Max, "unlimited")
		}
	}
	if t.min < 0 || t.min > 1 {
		return fmt.Errorf("the min of a type is %d: want 0 or 1", t.min)
	}
	return nil
}

func (b *baseType) UnmarshalJSON(text []byte) error {
	var object struct {
		Type     string
		Enum     json.RawMessage
		RefTable string
	}
	var err error
	if text[0] == '"' {
		err = json.Unmarshal(text, &object.Type)
	} else {
		err = json.Unmarshal(text, &object)
	}
	if err != nil {
		return err
	}
	if goAtoms[object.Type] == "" {
		return fmt.Errorf("unknown type %q", object.Type)
	}
	b.atom, b.refTable = object.Type, object.RefTable
	b.enum, err = parseEnum(object.Enum, b.atom)
	return err
}

// parseEnum returns the elements of a <value>: ["set", [...]] or one <atom>.
func parseEnum(text json.RawMessage, atom string) ([]any, error) {
	if text == nil {
		return nil, nil
	}
	var elements []json.RawMessage
	var pair []json.RawMessage
	if json.Unmarshal(text, &pair) == nil && len(pair) == 2 && string(pair[0]) == `"set"` {
		if err := json.Unmarshal(pair[1], &elements); err != nil {
			return nil, fmt.Errorf("enum %s: %w", text, err)
		}
	} else {
		elements = []json.RawMessage{text}
	}
	values := make([]any, len(elements))
	for i, e := range elements {
		var err error
		if values[i], err = parseAtom(e, atom); err != nil {
			return nil, fmt.Errorf("enum %s: %s is no %s", text, e, atom)
		}
	}
	return values, nil
}

func parseAtom(text json.RawMessage, atom string) (any, error) {
	switch atom {
	case "integer":
		return decode[int64](text)
	case "real":
		return decode[float64](text)
	case "boolean":
		return decode[bool](text)
	case "string":
		return decode[string](text)
	default:
		uuid, err := decode[[2]string](text)
		return uuid[1], err
	}
}

// decode decodes a JSON value that is not null.
func decode[T any](text json.RawMessage) (T, error) {
	var v *T
	if err := json.Unmarshal(text, &v); err != nil || v == nil {
		var zero T
		return zero, errors.Join(err, errors.New("no value"))
	}
	return *v, nil
}
