// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A scanner walks through one JSON value without building a tree of it, so
// that rows are decoded from a message straight into their fields. It is
// strict: what it accepts is valid JSON.
type scanner struct {
	data  []byte
	pos   int
	depth int
}

var errTruncated = errors.New("unexpected end of JSON")

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\n', '\r', '\t':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the first byte of the next token without consuming it, 0 at the
// end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos == len(s.data) {
		return 0
	}
	return s.data[s.pos]
}

// expect consumes one punctuation byte.
func (s *scanner) expect(b byte) error {
	if got := s.peek(); got != b || s.pos == len(s.data) {
		return s.unexpected(fmt.Sprintf("%q", b))
	}
	s.pos++
	return nil
}

func (s *scanner) unexpected(want string) error {
	if s.pos >= len(s.data) {
		return errTruncated
	}
	return fmt.Errorf("unexpected %q where %s belongs", s.data[s.pos], want)
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.peek() != 0 || s.pos < len(s.data) {
		return s.unexpected("the end")
	}
	return nil
}

// object calls member for every member; member must consume its value.
func (s *scanner) object(member func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	return s.list('}', func() error {
		key, err := s.string()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return member(key)
	})
}

// array calls element for every element; element must consume it.
func (s *scanner) array(element func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	return s.list(']', element)
}

// list reads what follows an opening bracket up to the closing one.
func (s *scanner) list(closing byte, item func() error) error {
	if s.depth++; s.depth > maxDepth {
		return fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	defer func() { s.depth-- }()
	if s.peek() == closing {
		s.pos++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case closing:
			s.pos++
			return nil
		default:
			return s.unexpected(fmt.Sprintf("',' or %q", closing))
		}
	}
}

// string reads a string.
func (s *scanner) string() (string, error) {
	raw, escaped, err := s.rawString()
	if err != nil {
		return "", err
	}
	if escaped {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return "", err
		}
		return text, nil
	}
	return string(raw[1 : len(raw)-1]), nil
}

// rawString returns a string with its quotes, and whether it has escapes.
func (s *scanner) rawString() (raw []byte, escaped bool, err error) {
	if err := s.expect('"'); err != nil {
		return nil, false, err
	}
	start := s.pos - 1
	for ; s.pos < len(s.data); s.pos++ {
		switch b := s.data[s.pos]; {
		case b == '"':
			s.pos++
			if raw = s.data[start:s.pos]; !utf8.Valid(raw) {
				return nil, false, errors.New("string is not UTF-8")
			}
			return raw, escaped, nil
		case b == '\\':
			escaped = true
			s.pos++
		case b < ' ':
			return nil, false, fmt.Errorf("control character 0x%02x in a string", b)
		}
	}
	s.pos = len(s.data)
	return nil, false, errTruncated
}

// number returns the text of a number.
func (s *scanner) number() ([]byte, error) {
	s.space()
	start := s.pos
	if s.pos < len(s.data) && s.data[s.pos] == '-' {
		s.pos++
	}
	switch {
	case s.pos < len(s.data) && s.data[s.pos] == '0':
		s.pos++
	case s.digits() == 0:
		return nil, s.unexpected("a number")
	}
	if s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		if s.digits() == 0 {
			return nil, s.unexpected("a digit")
		}
	}
	if s.pos < len(s.data) && (s.data[s.pos] == 'e' || s.data[s.pos] == 'E') {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		if s.digits() == 0 {
			return nil, s.unexpected("a digit")
		}
	}
	return s.data[start:s.pos], nil
}

// digits consumes digits and returns how many.
func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}

// integer reads a number that has to be an int64, exactly.
func (s *scanner) integer() (int64, error) {
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a 64-bit integer", excerpt(text))
	}
	return n, nil
}

// real reads a number.
func (s *scanner) real() (float64, error) {
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, fmt.Errorf("%s is out of range", excerpt(text))
	}
	return n, nil
}

// boolean reads true or false.
func (s *scanner) boolean() (bool, error) {
	if s.peek() == 't' {
		return true, s.literal("true")
	}
	return false, s.literal("false")
}

// null consumes a null if it comes next and reports whether it did.
func (s *scanner) null() (bool, error) {
	if s.peek() != 'n' {
		return false, nil
	}
	return true, s.literal("null")
}

func (s *scanner) literal(word string) error {
	s.space()
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return s.unexpected(strconv.Quote(word))
	}
	s.pos += len(word)
	return nil
}

// raw consumes a value of any kind and returns its text.
func (s *scanner) raw() ([]byte, error) {
	s.space()
	start := s.pos
	err := s.skip()
	return s.data[start:s.pos], err
}

// skip consumes a value of any kind.
func (s *scanner) skip() error {
	switch b := s.peek(); b {
	case '{':
		return s.object(func(string) error { return s.skip() })
	case '[':
		return s.array(s.skip)
	case '"':
		raw, escaped, err := s.rawString()
		if err == nil && escaped && !json.Valid(raw) {
			err = fmt.Errorf("malformed string %s", excerpt(raw))
		}
		return err
	case 't', 'f':
		_, err := s.boolean()
		return err
	case 'n':
		return s.literal("null")
	default:
		_, err := s.number()
		return err
	}
}

// excerpt shortens a text from the peer for an error message.
func excerpt(text []byte) string {
	const most = 120
	if len(text) <= most {
		return strconv.Quote(string(text))
	}
	return strconv.Quote(string(text[:most])) + "..."
}
