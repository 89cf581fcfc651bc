// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package strictjson decodes JSON that people write. It goes by the tags that encoding/json goes by, but a key has to be
// spelled as in its tag, may come once only and has to be known, and an error says where in the text it is.
package strictjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// Error is what is wrong with a text.
type Error struct {
	// Path leads to the value, such as endpoints[2].port; it is empty for the whole text.
	Path string
	// Offset is that of the first byte of the value, and Line its line, from 1.
	Offset, Line int
	Err          error
}

func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("line %d: %v", e.Line, e.Err)
	}
	return fmt.Sprintf("line %d: %s: %v", e.Line, e.Path, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Unmarshal decodes one JSON value into what v points to: structs, slices, maps of text, pointers, text, numbers and what
// decodes itself. Errors are of type [*Error]. What a type's own UnmarshalJSON gets from Unmarshal is told as a part of the
// whole.
func Unmarshal(data []byte, v any) error {
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		at := len(data)
		var syntax *json.SyntaxError
		// The offset is that behind the byte that is wrong.
		if errors.As(err, &syntax) && syntax.Offset > 0 {
			at = min(int(syntax.Offset)-1, at)
		}
		return placed(data, &Error{Offset: at, Err: err})
	}
	start := len(data) - len(bytes.TrimLeft(data, " \t\r\n"))
	if err := decode(whole, reflect.ValueOf(v).Elem()); err != nil {
		err.Offset += start
		return placed(data, err)
	}
	return nil
}

// placed completes an error with its line.
func placed(data []byte, e *Error) *Error {
	e.Line = 1 + bytes.Count(data[:e.Offset], []byte("\n"))
	return e
}

// decode decodes a value whose syntax is right.
func decode(raw []byte, v reflect.Value) *Error {
	if v.CanAddr() {
		switch to := v.Addr().Interface().(type) {
		case json.Unmarshaler:
			return wrap(to.UnmarshalJSON(raw))
		case encoding.TextUnmarshaler:
			text, err := str(raw)
			if err == nil {
				err = to.UnmarshalText([]byte(text))
			}
			return wrap(err)
		}
	}
	null := string(raw) == "null"
	switch v.Kind() {
	case reflect.Pointer:
		if null {
			v.SetZero()
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return decode(raw, v.Elem())
	case reflect.Struct:
		return object(raw, v)
	case reflect.Slice:
		if null {
			v.SetZero()
			return nil
		}
		return array(raw, v)
	case reflect.Map:
		if null {
			v.SetZero()
			return nil
		}
		return texts(raw, v)
	default:
		return wrap(scalar(raw, v))
	}
}

// wrap makes an Error of one that a value alone is the place of.
func wrap(err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	}
	return &Error{Err: err}
}

// under makes a path part of a longer one.
func (e *Error) under(step string, offset int) *Error {
	switch {
	case e.Path == "" || e.Path[0] == '[':
		e.Path = step + e.Path
	default:
		e.Path = step + "." + e.Path
	}
	e.Offset += offset
	return e
}

// members calls do with every member of an object, and the offset of its value.
func members(raw []byte, do func(key string, value []byte, offset int) *Error) *Error {
	if raw[0] != '{' {
		return &Error{Err: fmt.Errorf("want an object, got %s", short(raw))}
	}
	seen := map[string]bool{}
	return walk(raw, func(d *json.Decoder) *Error {
		token, err := d.Token()
		if err != nil {
			return wrap(err)
		}
		key, at := token.(string), int(d.InputOffset())
		value, offset, err := next(d)
		switch {
		case err != nil:
			return wrap(err)
		case seen[key]:
			return (&Error{Err: errors.New("the key comes twice")}).under(key, at)
		}
		seen[key] = true
		if e := do(key, value, offset); e != nil {
			return e.under(key, offset)
		}
		return nil
	})
}

// walk calls do as long as there are more elements.
func walk(raw []byte, do func(d *json.Decoder) *Error) *Error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return wrap(err)
	}
	for d.More() {
		if err := do(d); err != nil {
			return err
		}
	}
	return nil
}

// next is the next value, with its offset.
func next(d *json.Decoder) (value json.RawMessage, offset int, err error) {
	err = d.Decode(&value)
	return value, int(d.InputOffset()) - len(value), err
}

func object(raw []byte, v reflect.Value) *Error {
	known := fields(v)
	return members(raw, func(key string, value []byte, _ int) *Error {
		field, ok := known[key]
		if !ok {
			return &Error{Err: fmt.Errorf("no such key%s", meant(known, key))}
		}
		return decode(value, field)
	})
}

// fields are those of a struct by key. Those of an embedded one are the struct's own, unless it has one of the same key.
func fields(v reflect.Value) map[string]reflect.Value {
	known := map[string]reflect.Value{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.Anonymous {
			continue
		}
		for key, field := range fields(reflect.Indirect(v.Field(i))) {
			known[key] = field
		}
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.Anonymous && f.IsExported() && key != "-" && key != "" {
			known[key] = v.Field(i)
		}
	}
	return known
}

// meant is the key that differs in case alone.
func meant(known map[string]reflect.Value, key string) string {
	for k := range known {
		if strings.EqualFold(k, key) {
			return fmt.Sprintf(" (it is %q)", k)
		}
	}
	return ""
}

func array(raw []byte, v reflect.Value) *Error {
	if raw[0] != '[' {
		return &Error{Err: fmt.Errorf("want an array, got %s", short(raw))}
	}
	all := reflect.MakeSlice(v.Type(), 0, 0)
	err := walk(raw, func(d *json.Decoder) *Error {
		value, offset, err := next(d)
		if err != nil {
			return wrap(err)
		}
		element := reflect.New(v.Type().Elem()).Elem()
		if e := decode(value, element); e != nil {
			return e.under(fmt.Sprintf("[%d]", all.Len()), offset)
		}
		all = reflect.Append(all, element)
		return nil
	})
	v.Set(all)
	return err
}

// texts decodes a map of text.
func texts(raw []byte, v reflect.Value) *Error {
	m := reflect.MakeMap(v.Type())
	v.Set(m)
	return members(raw, func(key string, value []byte, _ int) *Error {
		text, err := str(value)
		if err != nil {
			return wrap(err)
		}
		m.SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(text))
		return nil
	})
}

func str(raw []byte) (text string, err error) {
	if raw[0] != '"' {
		return "", fmt.Errorf("want a string, got %s", short(raw))
	}
	err = json.Unmarshal(raw, &text)
	return text, err
}

func scalar(raw []byte, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		text, err := str(raw)
		v.SetString(text)
		return err
	case reflect.Bool:
		if string(raw) != "true" && string(raw) != "false" {
			return fmt.Errorf("want true or false, got %s", short(raw))
		}
		v.SetBool(raw[0] == 't')
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		n, err := strconv.ParseUint(string(raw), 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("want a number from 0 to %d, got %s", ^uint64(0)>>(64-v.Type().Bits()), short(raw))
		}
		v.SetUint(n)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int:
		n, err := strconv.ParseInt(string(raw), 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("want a whole number of %d bits, got %s", v.Type().Bits(), short(raw))
		}
		v.SetInt(n)
	default:
		return fmt.Errorf("a %s is not decoded", v.Type())
	}
	return nil
}

// short is a value as errors show it.
func short(raw []byte) string {
	const most = 40
	switch {
	case raw[0] == '{':
		return "an object"
	case raw[0] == '[':
		return "an array"
	case len(raw) > most:
		return string(raw[:most]) + "..."
	}
	return string(raw)
}
