// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may be nested in a message.
const maxDepth = 1000

// parseJSON parses one JSON value that fills b. Values are nil, bool, int64, float64, string, []any and
// map[string]any. A number is an int64 if its value is an integer in range, however it is written, as in
// ovsdb-server; no integer goes through a float64. Strings are not checked to be UTF-8.
func parseJSON(b []byte) (any, error) { return parseJSONWithin(b, math.MaxInt) }

// parseJSONWithin is parseJSON for text from anywhere: it fails when the value takes more than about room bytes of
// memory, which can be many times the length of its text.
func parseJSONWithin(b []byte, room int) (any, error) {
	p := jsonParser{b: b, room: room}
	return p.all()
}

// all parses the whole text.
func (p *jsonParser) all() (any, error) {
	v, err := p.value(0)
	return v, p.end(err)
}

// end returns the error of parsing, and one if that has not come to the end of the text.
func (p *jsonParser) end(err error) error {
	if err != nil {
		return fmt.Errorf("byte %d: %w", p.i, err)
	}
	p.space()
	if p.i != len(p.b) {
		return fmt.Errorf("byte %d: data after the end of the value", p.i)
	}
	return nil
}

type jsonParser struct {
	b       []byte
	i       int
	room    int  // bytes of memory that are left
	partial bool // there may be more of the text
}

// incompleteJSON reports whether a text is the beginning of an object or array, as far as can be seen.
func incompleteJSON(b []byte) bool {
	p := jsonParser{b: b, room: math.MaxInt, partial: true}
	_, err := p.value(0)
	return errors.Is(err, errJSONEnd)
}

// About what values take on a 64-bit machine, in bytes: an element of an array while that grows, an array, an object,
// its first member, each further one, and a string or number.
const (
	elementSize     = 32
	arraySize       = 24
	objectSize      = 48
	firstMemberSize = 264
	memberSize      = 80
	scalarSize      = 16
)

var (
	errJSONEnd  = errors.New("unexpected end of JSON")
	errJSONRoom = errors.New("takes too much memory")
)

// take counts memory before it is used.
func (p *jsonParser) take(n int) error {
	if p.room -= n; p.room < 0 {
		return errJSONRoom
	}
	return nil
}

func (p *jsonParser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *jsonParser) value(depth int) (any, error) {
	p.space()
	if p.i == len(p.b) {
		return nil, errJSONEnd
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	switch c := p.b[p.i]; c {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		if w := p.word(); w != nil {
			return w, nil
		}
		return p.string()
	case 't':
		return true, p.literal("true")
	case 'f':
		return false, p.literal("false")
	case 'n':
		return nil, p.literal("null")
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return p.number()
		}
		return nil, fmt.Errorf("unexpected character %q", c)
	}
}

func (p *jsonParser) literal(word string) error {
	if rest := p.b[p.i:]; len(rest) < len(word) && string(rest) == word[:len(rest)] {
		return errJSONEnd
	} else if len(rest) < len(word) || string(rest[:len(word)]) != word {
		return fmt.Errorf("%s expected", word)
	}
	p.i += len(word)
	return nil
}

func (p *jsonParser) object(depth int) (any, error) {
	p.i++
	if err := p.take(objectSize); err != nil {
		return nil, err
	}
	o := map[string]any{}
	if err := p.members(depth, func(name string, v any) { o[name] = v }); err != nil {
		return nil, err
	}
	return o, nil
}

// members parses an object from behind its brace on, and gives its members to put.
func (p *jsonParser) members(depth int, put func(name string, v any)) error {
	for size := firstMemberSize; ; size = memberSize {
		p.space()
		if p.i == len(p.b) {
			return errJSONEnd
		}
		if p.b[p.i] == '}' && size == firstMemberSize {
			p.i++
			return nil
		}
		if p.b[p.i] != '"' {
			return errors.New("member name expected")
		}
		name, ok := p.word().(string)
		if !ok {
			var err error
			if name, err = p.string(); err != nil {
				return err
			}
		}
		p.space()
		if p.i == len(p.b) {
			return errJSONEnd
		}
		if p.b[p.i] != ':' {
			return errors.New("colon expected")
		}
		p.i++
		if err := p.take(size); err != nil {
			return err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		put(name, v)
		more, err := p.more('}')
		if err != nil || !more {
			return err
		}
	}
}

func (p *jsonParser) array(depth int) (any, error) {
	p.i++
	if err := p.take(arraySize); err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.b) && p.b[p.i] == ']' {
		p.i++
		return []any{}, nil
	}
	var first [8]any // short arrays are allocated once
	var a []any
	n := 0
	for {
		if err := p.take(elementSize); err != nil {
			return nil, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if n < len(first) {
			first[n] = v
		} else {
			if n == len(first) {
				a = append(a, first[:]...)
			}
			a = append(a, v)
		}
		n++
		more, err := p.more(']')
		if err != nil {
			return nil, err
		}
		if !more {
			if n <= len(first) {
				a = append(a, first[:n]...)
			}
			return a, nil
		}
	}
}

// more consumes what follows an element: a comma, after which there is another, or the closing bracket.
func (p *jsonParser) more(end byte) (bool, error) {
	p.space()
	if p.i == len(p.b) {
		return false, errJSONEnd
	}
	c := p.b[p.i]
	if c != ',' && c != end {
		return false, fmt.Errorf("comma or %q expected", end)
	}
	p.i++
	return c == ',', nil
}

// numberBytes are those of which ovsdb-server makes a number before it looks whether it is one.
const numberBytes = ".0123456789eE-+"

// number is an integer if its value is one, however it is written, unless there are more digits than can be told apart.
func (p *jsonParser) number() (any, error) {
	start := p.i
	for p.i < len(p.b) && strings.IndexByte(numberBytes, p.b[p.i]) >= 0 {
		p.i++
	}
	if p.i == len(p.b) && p.partial {
		return nil, errJSONEnd
	}
	if err := p.take(scalarSize); err != nil {
		return nil, err
	}
	if n, ok := shortInteger(p.b[start:p.i]); ok {
		return n, nil
	}
	text := string(p.b[start:p.i])
	d := decimal{rest: text}
	if err := d.parse(); err != nil {
		return nil, err
	}
	if n, ok := d.integer(); ok {
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != 0 && math.Abs(f) < smallestNormal {
		return nil, fmt.Errorf("number %s outside of the valid range", text)
	}
	return f, nil
}

func (p *jsonParser) string() (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			if err := p.take(scalarSize + p.i - start); err != nil {
				return "", err
			}
			s := string(p.b[start:p.i])
			p.i++
			return s, nil
		case c == '\\':
			return p.escapedString(start)
		case c < 0x20:
			return "", errors.New("control character in a string")
		}
		p.i++
	}
	return "", errJSONEnd
}

var jsonEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escapedString goes on with a string that begins at start and has its first escape at p.i.
func (p *jsonParser) escapedString(start int) (string, error) {
	out := append([]byte(nil), p.b[start:p.i]...)
	for p.i < len(p.b) {
		c := p.b[p.i]
		p.i++
		switch {
		case c == '"':
			if err := p.take(scalarSize + len(out)); err != nil {
				return "", err
			}
			return string(out), nil
		case c < 0x20:
			return "", errors.New("control character in a string")
		case c != '\\':
			out = append(out, c)
			continue
		}
		if p.i == len(p.b) {
			break
		}
		c = p.b[p.i]
		p.i++
		if e, ok := jsonEscapes[c]; ok {
			out = append(out, e)
			continue
		}
		if c != 'u' {
			return "", fmt.Errorf("bad escape \\%c", c)
		}
		r, err := p.hex4()
		if err != nil {
			return "", err
		}
		if 0xd800 <= r && r < 0xdc00 {
			if r, err = p.trailingSurrogate(r); err != nil {
				return "", err
			}
		}
		if r == 0 {
			return "", errors.New("null byte in a string")
		}
		if 0xdc00 <= r && r < 0xe000 {
			// No character, but ovsdb-server lets it pass here, in the form in which UTF-8 would have it.
			out = append(out, 0xed, byte(0x80|r>>6&0x3f), byte(0x80|r&0x3f))
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return "", errJSONEnd
}

// trailingSurrogate parses the escape that must follow a leading surrogate, and returns the character that they make.
func (p *jsonParser) trailingSurrogate(leading rune) (rune, error) {
	for _, c := range []byte(`\u`) {
		if p.i == len(p.b) {
			return 0, errJSONEnd
		}
		if p.b[p.i] != c {
			return 0, errors.New("lone surrogate in a string")
		}
		p.i++
	}
	trailing, err := p.hex4()
	if err != nil {
		return 0, err
	}
	r := utf16.DecodeRune(leading, trailing)
	if r == utf8.RuneError {
		return 0, errors.New("bad surrogate pair in a string")
	}
	return r, nil
}

func (p *jsonParser) hex4() (rune, error) {
	if len(p.b)-p.i < 4 {
		return 0, errJSONEnd
	}
	n, err := strconv.ParseUint(string(p.b[p.i:p.i+4]), 16, 16)
	if err != nil {
		return 0, errors.New("four hexadecimal digits expected after \\u")
	}
	p.i += 4
	return rune(n), nil
}
