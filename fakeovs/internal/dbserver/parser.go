// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"slices"
)

// parser takes an object apart. It remembers the first error, and at the end it complains about members that nobody
// asked for.
type parser struct {
	name    string // of what is parsed, for errors
	nth, of int    // behind the name if it is one of several
	json    any
	object  map[string]any
	used    []string
	err     *Error
}

// presence says whether a member must be there.
type presence bool

const (
	required presence = true
	optional presence = false
)

func newParser(v any, name string) parser { return newNumberedParser(v, name, 0, 0) }

func newNumberedParser(v any, name string, nth, of int) parser {
	p := parser{name: name, nth: nth, of: of, json: v}
	o, ok := v.(map[string]any)
	if !ok {
		p.err = newError(tagSyntax, "Parsing %s failed: Object expected.", p.title())
		return p
	}
	p.object, p.used = o, make([]string, 0, min(len(o), 8))
	return p
}

func (p *parser) title() string {
	if p.of == 0 {
		return p.name
	}
	return fmt.Sprintf("%s %d of %d", p.name, p.nth, p.of)
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = syntaxError(p.json, "Parsing %s failed: %s", p.title(), fmt.Sprintf(format, args...))
	}
}

// finish returns the first error.
func (p *parser) finish() *Error {
	if unused := len(p.object) - len(p.used); p.err == nil && unused > 0 {
		for _, name := range memberNames(p.object) {
			if slices.Contains(p.used, name) {
				continue
			}
			switch unused {
			case 1:
				p.fail("Member '%s' is present but not allowed here.", name)
			case 2:
				p.fail("Member '%s' and 1 other member are present but not allowed here.", name)
			default:
				p.fail("Member '%s' and %d other members are present but not allowed here.", name, unused-1)
			}
			break
		}
	}
	return p.err
}

// member returns a member if it is there and if ok accepts it.
func member[T any](p *parser, name string, need presence, convert func(any) (T, bool)) (T, bool) {
	var zero T
	if p.object == nil {
		return zero, false
	}
	v, there := p.object[name]
	if !there {
		if need {
			p.fail("Required '%s' member is missing.", name)
		}
		return zero, false
	}
	t, ok := convert(v)
	if !ok {
		p.fail("Type mismatch for member '%s'.", name)
		return zero, false
	}
	if !slices.Contains(p.used, name) {
		p.used = append(p.used, name)
	}
	return t, true
}

func as[T any](v any) (T, bool) {
	t, ok := v.(T)
	return t, ok
}

func (p *parser) any(name string, need presence) (any, bool) {
	return member(p, name, need, func(v any) (any, bool) { return v, true })
}

func (p *parser) array(name string, need presence) ([]any, bool) {
	return member(p, name, need, as[[]any])
}

func (p *parser) string(name string, need presence) (string, bool) {
	return member(p, name, need, as[string])
}

func (p *parser) members(name string, need presence) (map[string]any, bool) {
	return member(p, name, need, as[map[string]any])
}

func (p *parser) integer(name string, need presence) (int64, bool) {
	return member(p, name, need, as[int64])
}

func (p *parser) number(name string, need presence) (float64, bool) {
	return member(p, name, need, func(v any) (float64, bool) {
		if n, ok := v.(int64); ok {
			return float64(n), true
		}
		return as[float64](v)
	})
}

// bool returns an optional boolean.
func (p *parser) bool(name string, otherwise bool) bool {
	v, ok := member(p, name, optional, as[bool])
	if !ok {
		return otherwise
	}
	return v
}

// id returns a string that is an <id>.
func (p *parser) id(name string, need presence) (string, bool) {
	return member(p, name, need, func(v any) (string, bool) {
		s, ok := v.(string)
		return s, ok && isID(s)
	})
}
