// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// A baseType is a <base-type>, RFC 7047 section 3.2: what bounds the atoms of a
// column. It is read here since libovsdb v0.7.0 takes maxLength for minLength
// and has integers rounded to float64.
type baseType struct {
	atom     atomType
	enum     []string // the atoms allowed, in JSON; nil if all are
	refTable string

	minInteger, maxInteger *int64
	minReal, maxReal       *float64
	minLength, maxLength   *int // in characters
}

// UnmarshalJSON reads an atomic type's name or an object.
func (b *baseType) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &b.atom) == nil {
		return b.atom.check()
	}
	var object struct {
		Type                   atomType
		Enum                   json.RawMessage
		RefTable               string
		MinInteger, MaxInteger *int64
		MinReal, MaxReal       *float64
		MinLength, MaxLength   *int
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	*b = baseType{atom: object.Type, refTable: object.RefTable}
	// Bounds of another type than the atoms mean nothing.
	switch b.atom {
	case atomInteger:
		b.minInteger, b.maxInteger = object.MinInteger, object.MaxInteger
	case atomReal:
		b.minReal, b.maxReal = object.MinReal, object.MaxReal
	case atomString:
		b.minLength, b.maxLength = object.MinLength, object.MaxLength
	}
	if err := b.atom.check(); err != nil {
		return err
	}
	return b.readEnum(object.Enum)
}

// readEnum reads an <atom> or a <set> of them, into the form that the encoder
// gives them.
func (b *baseType) readEnum(data json.RawMessage) error {
	if data == nil {
		return nil
	}
	s := scanner{data: data}
	b.enum = []string{}
	free := baseType{atom: b.atom}
	err := s.set(func() error {
		var v any
		raw, err := s.raw()
		if err != nil {
			return err
		}
		one := scanner{data: raw}
		switch b.atom {
		case atomInteger:
			v, err = one.integer()
		case atomReal:
			v, err = one.real()
		case atomBoolean:
			v, err = one.boolean()
		case atomString:
			v, err = one.string()
		case atomUUID:
			v, err = one.uuid()
		}
		if err != nil {
			return err
		}
		text, err := (&encoder{}).atom(nil, &free, reflect.ValueOf(v))
		b.enum = append(b.enum, string(text))
		return err
	})
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return fmt.Errorf("enum: %w", err)
	}
	return nil
}

// check checks an atom of the right kind, given as it is and encoded.
func (b *baseType) check(v reflect.Value, encoded []byte) error {
	if b.enum != nil && !slices.Contains(b.enum, string(encoded)) {
		return fmt.Errorf("%s is none of %s", encoded, strings.Join(b.enum, ", "))
	}
	switch {
	case b.minInteger != nil && v.CanInt() && v.Int() < *b.minInteger,
		b.minInteger != nil && v.CanUint() && *b.minInteger > 0 && v.Uint() < uint64(*b.minInteger):
		return fmt.Errorf("%v is less than %d", v, *b.minInteger)
	case b.maxInteger != nil && v.CanInt() && v.Int() > *b.maxInteger,
		b.maxInteger != nil && v.CanUint() && (*b.maxInteger < 0 || v.Uint() > uint64(*b.maxInteger)):
		return fmt.Errorf("%v is more than %d", v, *b.maxInteger)
	case b.minReal != nil && v.Float() < *b.minReal:
		return fmt.Errorf("%v is less than %v", v, *b.minReal)
	case b.maxReal != nil && v.Float() > *b.maxReal:
		return fmt.Errorf("%v is more than %v", v, *b.maxReal)
	case b.minLength != nil && utf8.RuneCountInString(v.String()) < *b.minLength:
		return fmt.Errorf("%q is shorter than %d characters", v, *b.minLength)
	case b.maxLength != nil && utf8.RuneCountInString(v.String()) > *b.maxLength:
		return fmt.Errorf("%q is longer than %d characters", v, *b.maxLength)
	}
	return nil
}

// checkDefault says why a column cannot be left to its default by an insert:
// the default of one that has to hold something is zero, empty, false or the
// UUID of no row, RFC 7047 section 5.2.1.
func (c *column) checkDefault() error {
	if c.min == 0 {
		return nil
	}
	for _, b := range []*baseType{&c.key, &c.value} {
		if b.refTable != "" {
			return errors.New("has to be given: it refers to a row")
		}
		zero := b.atom.zero()
		if !zero.IsValid() {
			continue
		}
		if _, err := (&encoder{}).atom(nil, b, zero); err != nil {
			return fmt.Errorf("has to be given: %w", err)
		}
	}
	return nil
}

// zero is the default, invalid where it needs no check.
func (a atomType) zero() reflect.Value {
	switch a {
	case atomInteger:
		return reflect.ValueOf(int64(0))
	case atomReal:
		return reflect.ValueOf(0.0)
	case atomBoolean:
		return reflect.ValueOf(false)
	case atomString:
		return reflect.ValueOf("")
	default:
		return reflect.Value{}
	}
}
