// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"math"
)

// Unlimited is the Max of a type without a limit, and the maxRows of a table without one.
const Unlimited = math.MaxUint32

// Type is the type of a column: RFC 7047, section 3.2, <type>.
type Type struct {
	Key, Value BaseType // Value.Kind is zero unless the type is a map
	Min, Max   int
}

// BaseType is the type of the keys or of the values of a column: RFC 7047, section 3.2, <base-type>.
type BaseType struct {
	Kind             Kind
	Enum             *Datum // nil: any value
	MinInt, MaxInt   int64
	MinReal, MaxReal float64
	MinLen, MaxLen   int64
	RefTable         string // "": no reference
	Weak             bool   // the reference does not keep its row alive
}

func baseType(k Kind) BaseType {
	return BaseType{
		Kind:   k,
		MinInt: math.MinInt64, MaxInt: math.MaxInt64,
		MinReal: -math.MaxFloat64, MaxReal: math.MaxFloat64,
		MaxLen: Unlimited,
	}
}

func scalarType(k Kind) Type { return Type{Key: baseType(k), Min: 1, Max: 1} }

func (t *Type) isMap() bool            { return t.Value.Kind != void }
func (t *Type) isScalar() bool         { return !t.isMap() && t.Min == 1 && t.Max == 1 }
func (t *Type) isOptionalScalar() bool { return !t.isMap() && t.Min == 0 && t.Max == 1 }

// english describes a type in the texts of errors.
func (t *Type) english() string {
	if t.isScalar() {
		return t.Key.Kind.String()
	}
	s := "set"
	if t.isMap() {
		s = "map"
	}
	switch {
	case t.Max == Unlimited && t.Min > 0:
		s += fmt.Sprintf(" of %d or more", t.Min)
	case t.Max == Unlimited:
		s += " of"
	case t.Min > 0:
		s += fmt.Sprintf(" of %d to %d", t.Min, t.Max)
	default:
		s += fmt.Sprintf(" of up to %d", t.Max)
	}
	if t.isMap() {
		return fmt.Sprintf("%s (%s, %s) pairs", s, t.Key.Kind, t.Value.Kind)
	}
	return fmt.Sprintf("%s %ss", s, t.Key.Kind)
}

func typeFromJSON(v any) (Type, *Error) {
	if _, ok := v.(string); ok {
		key, err := baseTypeFromJSON(v)
		return Type{Key: key, Min: 1, Max: 1}, err
	}
	if _, ok := v.(map[string]any); !ok {
		return Type{}, syntaxError(v, "ovsdb type expected")
	}
	t := Type{Min: 1, Max: 1}
	p := newParser(v, "ovsdb type")
	key, _ := member(&p, "key", required, typeLike)
	value, isMap := member(&p, "value", optional, typeLike)
	minimum, hasMin := p.integer("min", optional)
	maximum, hasMax := member(&p, "max", optional, func(v any) (any, bool) {
		switch v.(type) {
		case int64, string:
			return v, true
		}
		return nil, false
	})
	err := p.finish()
	if err == nil {
		t.Key, err = baseTypeFromJSON(key)
	}
	if err == nil && isMap {
		t.Value, err = baseTypeFromJSON(value)
	}
	if err == nil && hasMin {
		t.Min, err = countFromJSON(minimum)
	}
	if err == nil && hasMax {
		if maximum == "unlimited" {
			t.Max = Unlimited
		} else {
			t.Max, err = countFromJSON(maximum)
		}
	}
	if err == nil && (t.Min > 1 || t.Max < 1) {
		err = syntaxError(v, "ovsdb type fails constraint checks")
	}
	return t, err
}

// typeLike accepts what may be a type.
func typeLike(v any) (any, bool) {
	switch v.(type) {
	case string, map[string]any:
		return v, true
	}
	return nil, false
}

func countFromJSON(v any) (int, *Error) {
	n, ok := v.(int64)
	if !ok || n < 0 || n >= Unlimited {
		return 0, syntaxError(v, "bad min or max value")
	}
	return int(n), nil
}

func baseTypeFromJSON(v any) (BaseType, *Error) {
	if name, ok := v.(string); ok {
		return kindFromJSON(v, name)
	}
	p := newParser(v, "ovsdb type")
	name, _ := p.string("type", required)
	if p.err != nil {
		return BaseType{}, p.finish()
	}
	b, err := kindFromJSON(name, name)
	if err != nil {
		return b, err
	}
	if enum, ok := p.any("enum", optional); ok {
		// Other constraints next to an enum are not allowed: they stay unused and finish reports them.
		d, err := datumFromJSON(b.enumType(), enum, nil)
		if err != nil {
			return b, err
		}
		b.Enum = &d
		return b, p.finish()
	}
	switch b.Kind {
	case Integer:
		b.parseIntegerRange(&p)
		if b.MinInt > b.MaxInt {
			err = syntaxError(v, "minInteger exceeds maxInteger")
		}
	case Real:
		b.parseRealRange(&p)
		if b.MinReal > b.MaxReal {
			err = syntaxError(v, "minReal exceeds maxReal")
		}
	case String:
		err = b.parseLengths(v, &p)
	case UUID:
		err = b.parseReference(v, &p)
	}
	if err == nil {
		err = p.finish()
	}
	return b, err
}

func kindFromJSON(v any, name string) (BaseType, *Error) {
	k, ok := kindByName(name)
	if !ok {
		return BaseType{}, syntaxError(v, "%q is not an atomic-type", name)
	}
	return baseType(k), nil
}

func (b *BaseType) parseIntegerRange(p *parser) {
	if n, ok := p.integer("minInteger", optional); ok {
		b.MinInt = n
	}
	if n, ok := p.integer("maxInteger", optional); ok {
		b.MaxInt = n
	}
}

func (b *BaseType) parseRealRange(p *parser) {
	if f, ok := p.number("minReal", optional); ok {
		b.MinReal = f
	}
	if f, ok := p.number("maxReal", optional); ok {
		b.MaxReal = f
	}
}

func (b *BaseType) parseLengths(v any, p *parser) *Error {
	for _, length := range []struct {
		name string
		at   *int64
	}{{"minLength", &b.MinLen}, {"maxLength", &b.MaxLen}} {
		n, ok := p.integer(length.name, optional)
		if !ok {
			continue
		}
		if n < 0 || n > Unlimited {
			return syntaxError(n, "%s out of valid range 0 to %d", length.name, int64(Unlimited))
		}
		*length.at = n
	}
	if b.MinLen > b.MaxLen {
		return syntaxError(v, "minLength exceeds maxLength")
	}
	return nil
}

func (b *BaseType) parseReference(v any, p *parser) *Error {
	table, ok := p.id("refTable", optional)
	if !ok {
		return nil
	}
	b.RefTable = table
	switch kind, ok := p.id("refType", optional); {
	case !ok || kind == "strong":
	case kind == "weak":
		b.Weak = true
	default:
		return syntaxError(v, `refType must be "strong" or "weak" (not %q)`, kind)
	}
	return nil
}
