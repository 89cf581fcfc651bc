// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An encoder writes values in the notation of RFC 7047 section 5.1. libovsdb's
// own notation leaves out empty rows and conditions and rounds integers to
// float64.
type encoder struct {
	// names are the rows inserted by the operations at hand: what a uuid may
	// be besides a UUID.
	names map[string]bool
	// prefix is put before a name where it is written.
	prefix string
}

// value appends the value of a column.
func (e *encoder) value(out []byte, t *table, c *column, v reflect.Value) ([]byte, error) {
	start := len(out)
	out, err := e.datum(out, c, v)
	if err != nil {
		return out[:start], &SchemaError{Table: t.name, Column: c.name, Problem: err.Error()}
	}
	return out, nil
}

func (e *encoder) datum(out []byte, c *column, v reflect.Value) ([]byte, error) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
		if err := c.checkSize(0); err != nil {
			return out, err
		}
		if c.isMap() {
			return append(out, `["map",[]]`...), nil
		}
		return append(out, `["set",[]]`...), nil
	case c.isMap():
		return e.mapping(out, c, v)
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		return e.set(out, c, v)
	default:
		return e.atom(out, &c.key, v)
	}
}

func (e *encoder) set(out []byte, c *column, v reflect.Value) ([]byte, error) {
	if err := c.checkSize(v.Len()); err != nil {
		return out, err
	}
	if v.Len() == 1 {
		return e.atom(out, &c.key, v.Index(0))
	}
	out = append(out, `["set",[`...)
	var err error
	for i := range v.Len() {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = e.atom(out, &c.key, v.Index(i)); err != nil {
			return out, err
		}
	}
	return append(out, `]]`...), nil
}

// mapping writes the pairs in the order of their keys, so that equal maps have
// equal encodings.
func (e *encoder) mapping(out []byte, c *column, v reflect.Value) ([]byte, error) {
	if v.Kind() != reflect.Map {
		return out, c.mismatch(v)
	}
	if err := c.checkSize(v.Len()); err != nil {
		return out, err
	}
	pairs := make([][]byte, 0, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		pair, err := e.atom([]byte{'['}, &c.key, iter.Key())
		if err != nil {
			return out, err
		}
		if pair, err = e.atom(append(pair, ','), &c.value, iter.Value()); err != nil {
			return out, err
		}
		pairs = append(pairs, append(pair, ']'))
	}
	slices.SortFunc(pairs, bytes.Compare)
	out = append(out, `["map",[`...)
	out = append(out, bytes.Join(pairs, []byte{','})...)
	return append(out, `]]`...), nil
}

func (e *encoder) atom(out []byte, b *baseType, v reflect.Value) ([]byte, error) {
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	start := len(out)
	var err error
	switch {
	case b.atom == atomInteger && v.CanInt():
		out = strconv.AppendInt(out, v.Int(), 10)
	case b.atom == atomInteger && v.CanUint():
		if v.Uint() > math.MaxInt64 {
			return out, fmt.Errorf("%d exceeds a 64-bit signed integer", v.Uint())
		}
		out = strconv.AppendUint(out, v.Uint(), 10)
	case b.atom == atomReal && v.CanFloat():
		if math.IsInf(v.Float(), 0) || math.IsNaN(v.Float()) {
			return out, fmt.Errorf("%v is not a finite number", v.Float())
		}
		out = strconv.AppendFloat(out, v.Float(), 'g', -1, 64)
	case b.atom == atomBoolean && v.Kind() == reflect.Bool:
		out = strconv.AppendBool(out, v.Bool())
	case b.atom == atomString && v.Kind() == reflect.String:
		out, err = appendText(out, v.String())
	case b.atom == atomUUID && v.Kind() == reflect.String:
		out, err = e.uuid(out, v.String())
	default:
		return out, fmt.Errorf("want %s, got %s", b.atom, describe(v))
	}
	if err != nil {
		return out, err
	}
	return out, b.check(v, out[start:])
}

// appendText writes a string for a server to keep.
func appendText(out []byte, text string) ([]byte, error) {
	switch {
	case !utf8.ValidString(text):
		return out, fmt.Errorf("%q is not UTF-8", text)
	case strings.IndexByte(text, 0) >= 0:
		// Open vSwitch drops the connection over these.
		return out, fmt.Errorf("%q contains a zero byte", text)
	}
	return appendString(out, text), nil
}

func (e *encoder) uuid(out []byte, text string) ([]byte, error) {
	switch {
	case isUUID(text):
		out = append(out, `["uuid",`...)
	case e.names[text]:
		out = append(out, `["named-uuid",`...)
		text = e.prefix + text
	default:
		return out, fmt.Errorf("%q is neither a UUID nor the name of a row inserted by the same transaction", text)
	}
	return append(appendString(out, text), ']'), nil
}

// appendString writes a JSON string. Bytes that are not UTF-8 are replaced.
func appendString(out []byte, text string) []byte {
	out = append(out, '"')
	if isPlain(text) {
		return append(append(out, text...), '"')
	}
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r < ' ':
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}

// isPlain reports whether a text stands for itself in JSON.
func isPlain(text string) bool {
	for i := range len(text) {
		if b := text[i]; b < ' ' || b >= utf8.RuneSelf || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

func (c *column) checkSize(n int) error {
	if n < c.min || c.max >= 0 && n > c.max {
		return fmt.Errorf("%s cannot hold %d elements", c, n)
	}
	return nil
}

func (c *column) mismatch(v reflect.Value) error {
	return fmt.Errorf("want %s, got %s", c, describe(v))
}

func describe(v reflect.Value) string {
	if !v.IsValid() {
		return "nil"
	}
	if v.Kind() == reflect.String {
		return fmt.Sprintf("%q (%s)", v, v.Type())
	}
	return fmt.Sprintf("%v (%s)", v, v.Type())
}

// row appends the columns of a row in the order of their names. All columns
// must be of those that a client may set.
func (e *encoder) row(out []byte, t *table, row []columnValue, settable func(*column) error) ([]byte, error) {
	out = append(out, '{')
	for i, cv := range row {
		c, err := t.column(cv.column)
		if err != nil {
			return out, err
		}
		if err := settable(c); err != nil {
			return out, &SchemaError{Table: t.name, Column: c.name, Problem: err.Error()}
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, c.name), ':')
		if out, err = e.value(out, t, c, cv.value); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

func sortedKeys[V any, K cmp.Ordered](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
