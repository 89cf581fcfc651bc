// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// A codec decodes the values of one column into the Go type that the package
// comment gives for it.
type codec interface {
	// goType is the type of values and of the fields that hold them.
	goType() reflect.Type
	// value reads a <value>.
	value(s *scanner) (any, error)
	// decode reads a <value> into a field, given by its address.
	decode(s *scanner, field any) error
	// apply reads a difference as monitor_cond sends it, see
	// ovsdb-server(7), and applies it to a field. The field's old value,
	// which others may hold, stays as it is.
	apply(s *scanner, field any) error
	// equal compares two fields.
	equal(a, b any) bool
}

// newCodec returns the codec of a column's type.
func newCodec(c *column) codec {
	switch c.key.atom {
	case atomInteger:
		return codecOf(c, (*scanner).integer)
	case atomReal:
		return codecOf(c, (*scanner).real)
	case atomUUID:
		return codecOf(c, (*scanner).uuid)
	case atomString:
		return codecOf(c, (*scanner).string)
	default:
		return booleanCodec(c)
	}
}

func codecOf[K cmp.Ordered](c *column, read func(*scanner) (K, error)) codec {
	switch {
	case c.isMap():
		return mapCodecOf(c, read)
	case c.isScalar():
		return scalarCodec[K]{read}
	case c.isOptional():
		return optionalCodec[K]{read}
	default:
		return setCodec[K]{read: read, compare: cmp.Compare[K]}
	}
}

func booleanCodec(c *column) codec {
	read := (*scanner).boolean
	switch {
	case c.isMap():
		return mapCodecOf(c, read)
	case c.isScalar():
		return scalarCodec[bool]{read}
	case c.isOptional():
		return optionalCodec[bool]{read}
	default:
		return setCodec[bool]{read: read, compare: compareBooleans}
	}
}

func compareBooleans(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

func mapCodecOf[K comparable](c *column, key func(*scanner) (K, error)) codec {
	replaces := c.max == 1
	switch c.value.atom {
	case atomInteger:
		return mapCodec[K, int64]{key, (*scanner).integer, replaces}
	case atomReal:
		return mapCodec[K, float64]{key, (*scanner).real, replaces}
	case atomBoolean:
		return mapCodec[K, bool]{key, (*scanner).boolean, replaces}
	case atomUUID:
		return mapCodec[K, string]{key, (*scanner).uuid, replaces}
	default:
		return mapCodec[K, string]{key, (*scanner).string, replaces}
	}
}

var errFieldType = errors.New("field has another type than its column")

// scalarCodec is for columns with exactly one value.
type scalarCodec[T comparable] struct {
	read func(*scanner) (T, error)
}

func (scalarCodec[T]) goType() reflect.Type             { return reflect.TypeFor[T]() }
func (c scalarCodec[T]) value(s *scanner) (any, error)  { return c.one(s) }
func (c scalarCodec[T]) apply(s *scanner, f any) error  { return c.decode(s, f) }
func (c scalarCodec[T]) decode(s *scanner, f any) error { return decodeInto(s, f, c.one) }
func (scalarCodec[T]) equal(a, b any) bool              { return *a.(*T) == *b.(*T) }
func (c scalarCodec[T]) one(s *scanner) (one T, _ error) {
	n := 0
	err := s.set(func() (err error) {
		n++
		one, err = c.read(s)
		return err
	})
	if err == nil && n != 1 {
		err = fmt.Errorf("%d values where there is one", n)
	}
	return one, err
}

// optionalCodec is for columns with at most one value.
type optionalCodec[T comparable] struct {
	read func(*scanner) (T, error)
}

func (optionalCodec[T]) goType() reflect.Type             { return reflect.TypeFor[*T]() }
func (c optionalCodec[T]) value(s *scanner) (any, error)  { return c.optional(s) }
func (c optionalCodec[T]) apply(s *scanner, f any) error  { return c.decode(s, f) }
func (c optionalCodec[T]) decode(s *scanner, f any) error { return decodeInto(s, f, c.optional) }
func (optionalCodec[T]) equal(a, b any) bool {
	x, y := *a.(**T), *b.(**T)
	return x == y || x != nil && y != nil && *x == *y
}

func (c optionalCodec[T]) optional(s *scanner) (*T, error) {
	var one *T
	n := 0
	err := s.set(func() error {
		n++
		v, err := c.read(s)
		one = &v
		return err
	})
	if err == nil && n > 1 {
		err = fmt.Errorf("%d values where there is at most one", n)
	}
	return one, err
}

// setCodec is for sets, which it keeps sorted.
type setCodec[T comparable] struct {
	read    func(*scanner) (T, error)
	compare func(a, b T) int
}

func (setCodec[T]) goType() reflect.Type             { return reflect.TypeFor[[]T]() }
func (c setCodec[T]) value(s *scanner) (any, error)  { return c.set(s) }
func (c setCodec[T]) decode(s *scanner, f any) error { return decodeInto(s, f, c.set) }
func (setCodec[T]) equal(a, b any) bool              { return slices.Equal(*a.(*[]T), *b.(*[]T)) }

func (c setCodec[T]) set(s *scanner) ([]T, error) {
	var set []T
	err := s.set(func() error {
		v, err := c.read(s)
		set = append(set, v)
		return err
	})
	if !slices.IsSortedFunc(set, c.compare) {
		slices.SortFunc(set, c.compare)
	}
	return set, err
}

// apply takes the elements that are in only one of the old and the new set.
func (c setCodec[T]) apply(s *scanner, f any) error {
	field, ok := f.(*[]T)
	if !ok {
		return errFieldType
	}
	diff, err := c.set(s)
	if err != nil {
		return err
	}
	old := *field
	next := make([]T, 0, len(old)+len(diff))
	for _, v := range diff {
		at, found := slices.BinarySearchFunc(old, v, c.compare)
		next = append(next, old[:at]...)
		old = old[at:]
		if found {
			old = old[1:]
		} else {
			next = append(next, v)
		}
	}
	*field = append(next, old...)
	return nil
}

// mapCodec is for maps.
type mapCodec[K, V comparable] struct {
	key      func(*scanner) (K, error)
	element  func(*scanner) (V, error)
	replaces bool // a difference is the whole new value
}

func (mapCodec[K, V]) goType() reflect.Type             { return reflect.TypeFor[map[K]V]() }
func (c mapCodec[K, V]) value(s *scanner) (any, error)  { return c.mapping(s) }
func (c mapCodec[K, V]) decode(s *scanner, f any) error { return decodeInto(s, f, c.mapping) }
func (mapCodec[K, V]) equal(a, b any) bool              { return maps.Equal(*a.(*map[K]V), *b.(*map[K]V)) }

func (c mapCodec[K, V]) mapping(s *scanner) (map[K]V, error) {
	m := map[K]V{}
	err := s.pairs(func() error {
		k, err := c.key(s)
		if err != nil {
			return err
		}
		if err := s.expect(','); err != nil {
			return err
		}
		m[k], err = c.element(s)
		return err
	})
	return m, err
}

// apply takes the pairs that are in only one of the old and the new map, and
// the new pair of keys that are in both with different values.
func (c mapCodec[K, V]) apply(s *scanner, f any) error {
	field, ok := f.(*map[K]V)
	if !ok {
		return errFieldType
	}
	diff, err := c.mapping(s)
	if err != nil {
		return err
	}
	if c.replaces {
		*field = diff
		return nil
	}
	next := maps.Clone(*field)
	if next == nil {
		next = make(map[K]V, len(diff))
	}
	for k, v := range diff {
		if old, ok := next[k]; ok && old == v {
			delete(next, k)
		} else {
			next[k] = v
		}
	}
	*field = next
	return nil
}

func decodeInto[T any](s *scanner, field any, read func(*scanner) (T, error)) error {
	p, ok := field.(*T)
	if !ok {
		return errFieldType
	}
	v, err := read(s)
	if err != nil {
		return err
	}
	*p = v
	return nil
}

// uuid reads ["uuid", UUID].
func (s *scanner) uuid() (string, error) {
	if err := s.expect('['); err != nil {
		return "", err
	}
	if err := s.word("uuid"); err != nil {
		return "", err
	}
	if err := s.expect(','); err != nil {
		return "", err
	}
	text, err := s.string()
	if err != nil {
		return "", err
	}
	if !isUUID(text) {
		return "", fmt.Errorf("%s is not a UUID", excerpt([]byte(text)))
	}
	return text, s.expect(']')
}

// noUUID is the UUID of no row, which is the default of a column that holds one.
const noUUID = "00000000-0000-0000-0000-000000000000"

// isUUID reports whether a text has the form of RFC 4122 in lower case, as
// Open vSwitch writes it.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		switch b := text[i]; i {
		case 8, 13, 18, 23:
			if b != '-' {
				return false
			}
		default:
			if (b < '0' || b > '9') && (b < 'a' || b > 'f') {
				return false
			}
		}
	}
	return true
}

// word reads one particular string.
func (s *scanner) word(want string) error {
	raw, _, err := s.rawString()
	if err != nil {
		return err
	}
	if string(raw[1:len(raw)-1]) != want {
		return fmt.Errorf("%s where %q belongs", excerpt(raw), want)
	}
	return nil
}

// set reads a <set>: ["set", [<atom>...]], or a single <atom>.
func (s *scanner) set(element func() error) error {
	if !s.startsWith("set") {
		return element()
	}
	return s.tagged("set", func() error { return s.array(element) })
}

// pairs reads a <map>: ["map", [[<atom>, <atom>]...]]. The callback reads
// what is between the brackets of a pair.
func (s *scanner) pairs(pair func() error) error {
	return s.tagged("map", func() error {
		return s.array(func() error {
			if err := s.expect('['); err != nil {
				return err
			}
			if err := pair(); err != nil {
				return err
			}
			return s.expect(']')
		})
	})
}

// tagged reads [tag, content].
func (s *scanner) tagged(tag string, content func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if err := s.word(tag); err != nil {
		return err
	}
	if err := s.expect(','); err != nil {
		return err
	}
	if err := content(); err != nil {
		return err
	}
	return s.expect(']')
}

// startsWith looks ahead for an array that begins with a word.
func (s *scanner) startsWith(word string) bool {
	if s.peek() != '[' {
		return false
	}
	ahead := scanner{data: s.data, pos: s.pos + 1}
	if ahead.peek() != '"' {
		return false
	}
	rest := s.data[ahead.pos+1:]
	return len(rest) > len(word) && string(rest[:len(word)]) == word && rest[len(word)] == '"'
}
