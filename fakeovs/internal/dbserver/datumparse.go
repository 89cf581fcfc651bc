// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"math"
	"sort"
	"unicode/utf8"
)

// symbols are the named UUIDs of a transaction: RFC 7047, section 3.1, <named-uuid>.
type symbols map[string]*symbol

type symbol struct {
	uuid    string
	created bool // by an insert
}

func (s symbols) get(name string) *symbol {
	sym := s[name]
	if sym == nil {
		sym = &symbol{uuid: newUUID()}
		s[name] = sym
	}
	return sym
}

// datumFromJSON parses a <value> of a type and checks it against the type's constraints. Named UUIDs are allowed only
// where there are symbols.
func datumFromJSON(t *Type, v any, syms symbols) (Datum, *Error) {
	a, _ := v.([]any)
	if !t.isMap() && (len(a) == 0 || a[0] != "set") {
		k, err := atomFromJSON(&t.Key, v, syms)
		return scalar(k), err
	}
	class := "set"
	if t.isMap() {
		class = "map"
	}
	var members []any
	ok := false
	if len(a) == 2 && a[0] == class {
		members, ok = a[1].([]any)
	}
	if !ok {
		return Datum{}, syntaxError(v, "expected [\"%s\", <array>]", class)
	}
	if n := len(members); n < t.Min || n > t.Max {
		if t.Min == 1 && t.Max == 1 {
			return Datum{}, syntaxError(v, "%s must have exactly one member but %d are present", class, n)
		}
		return Datum{}, syntaxError(v, "%s must have %d to %d members but %d are present", class, t.Min, t.Max, n)
	}
	keys, values := make([]atom, 0, len(members)), []atom(nil)
	for _, m := range members {
		key, value := m, any(nil)
		if t.isMap() {
			pair, _ := m.([]any)
			if len(pair) != 2 {
				return Datum{}, syntaxError(m, "expected 2-element array")
			}
			key, value = pair[0], pair[1]
		}
		k, err := atomFromJSON(&t.Key, key, syms)
		if err != nil {
			return Datum{}, err
		}
		keys = append(keys, k)
		if t.isMap() {
			v, err := atomFromJSON(&t.Value, value, syms)
			if err != nil {
				return Datum{}, err
			}
			values = append(values, v)
		}
	}
	return sortedDatum(t, keys, values)
}

// sortedDatum makes a value of members in any order.
func sortedDatum(t *Type, keys, values []atom) (Datum, *Error) {
	sort.Sort(memberSorter{keys, values, t.Key.Kind})
	for i := 1; i < len(keys); i++ {
		if keys[i] == keys[i-1] {
			if t.isMap() {
				return Datum{}, newError(tagBare, "map contains duplicate key")
			}
			return Datum{}, newError(tagBare, "set contains duplicate")
		}
	}
	return newDatum(keys, values), nil
}

type memberSorter struct {
	keys, values []atom
	kind         Kind
}

func (s memberSorter) Len() int           { return len(s.keys) }
func (s memberSorter) Less(i, j int) bool { return compareAtoms(s.kind, s.keys[i], s.keys[j]) < 0 }
func (s memberSorter) Swap(i, j int) {
	s.keys[i], s.keys[j] = s.keys[j], s.keys[i]
	if s.values != nil {
		s.values[i], s.values[j] = s.values[j], s.values[i]
	}
}

func atomFromJSON(b *BaseType, v any, syms symbols) (atom, *Error) {
	a, err := rawAtomFromJSON(b.Kind, v, syms)
	if err == nil {
		err = b.check(a)
	}
	return a, err
}

func rawAtomFromJSON(k Kind, v any, syms symbols) (atom, *Error) {
	switch k {
	case Integer:
		if n, ok := v.(int64); ok {
			return intAtom(n), nil
		}
	case Real:
		switch n := v.(type) {
		case int64:
			return realAtom(float64(n)), nil
		case float64:
			return realAtom(n), nil
		}
	case Boolean:
		if t, ok := v.(bool); ok {
			return boolAtom(t), nil
		}
	case String:
		if s, ok := v.(string); ok {
			return strAtom(s), nil
		}
	case UUID:
		return uuidFromJSON(v, syms)
	}
	return atom{}, syntaxError(v, "expected %s", k)
}

func uuidFromJSON(v any, syms symbols) (atom, *Error) {
	if a, _ := v.([]any); len(a) == 2 {
		if s, ok := a[1].(string); ok {
			switch {
			case a[0] == "uuid":
				u, ok := parseUUID(s)
				if !ok {
					return atom{}, syntaxError(v, "%q is not a valid UUID", s)
				}
				return atom{str: u}, nil
			case a[0] == "named-uuid" && syms != nil:
				if !isID(s) {
					return atom{}, syntaxError(v, "named-uuid string is not a valid <id>")
				}
				return atom{str: syms.get(s).uuid}, nil
			}
		}
	}
	return atom{}, syntaxError(v, `expected ["uuid", <string>]`)
}

// check checks an atom against the constraints of its type. Those of references are checked when a transaction is
// committed.
func (b *BaseType) check(a atom) *Error {
	if b.Enum != nil {
		if _, ok := b.Enum.get(b.Kind, a); !ok {
			valid := b.Enum.text(b.enumType())
			return newError(tagConstraint, "%s is not one of the allowed values (%s)", a.text(b.Kind), valid)
		}
	}
	switch b.Kind {
	case Integer:
		return outOfRange(a.num, b.MinInt, b.MaxInt, math.MinInt64, math.MaxInt64)
	case Real:
		return outOfRange(realText(a.real()), realText(b.MinReal), realText(b.MaxReal), -math.MaxFloat64, math.MaxFloat64)
	case String:
		if bad := invalidUTF8(a.str); bad != "" {
			return newError(tagConstraint, "not a valid UTF-8 string: invalid UTF-8 sequence%s", bad)
		}
		n := int64(utf8.RuneCountInString(a.str))
		if n < b.MinLen {
			return newError(tagConstraint, "\"%s\" length %d is less than minimum allowed length %d", a.str, n, b.MinLen)
		}
		if n > b.MaxLen {
			return newError(tagConstraint, "\"%s\" length %d is greater than maximum allowed length %d", a.str, n, b.MaxLen)
		}
	}
	return nil
}

// invalidUTF8 returns the bytes up to the first one that makes a string invalid, as far as they belong to one character;
// "" if the string is valid.
func invalidUTF8(s string) (bytes string) {
	for s != "" && bytes == "" {
		_, size := utf8.DecodeRuneInString(s)
		if size == 1 && s[0] >= utf8.RuneSelf {
			// The longest beginning that could still become a character, and the byte after it.
			n := 1
			for !utf8.FullRuneInString(s[:min(n, len(s))]) && n <= len(s) {
				n++
			}
			for _, c := range append([]byte(s), 0)[:n] {
				bytes += fmt.Sprintf(" 0x%02x", c)
			}
		}
		s = s[size:]
	}
	return bytes
}

// realText is a real that prints as in ovsdb-server's errors.
type realText float64

func (f realText) String() string { return string(appendReal(nil, float64(f))) }

func outOfRange[T int64 | realText](v, least, most, unboundedBelow, unboundedAbove T) *Error {
	switch {
	case v >= least && v <= most:
		return nil
	case least == unboundedBelow:
		return newError(tagConstraint, "%v is greater than maximum allowed value %v", v, most)
	case most == unboundedAbove:
		return newError(tagConstraint, "%v is less than minimum allowed value %v", v, least)
	default:
		return newError(tagConstraint, "%v is not in the valid range %v to %v (inclusive)", v, least, most)
	}
}

// checkCount checks how many members a value has.
func (t *Type) checkCount(d Datum) *Error {
	if n := d.Len(); n < t.Min || n > t.Max {
		return newError(tagConstraint, "Attempted to store %d elements in %s.", n, t.english())
	}
	return nil
}

// checkDefault checks the value of a column that an insert left at its default, which may violate the constraints.
func (t *Type) checkDefault(d Datum) *Error {
	if d.Len() != 1 {
		return nil
	}
	key, value := d.first()
	if err := t.Key.check(key); err != nil || !t.isMap() {
		return err
	}
	return t.Value.check(value)
}
