// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// SyntaxError is text that is not what it should be in the syntax of ovs-ofctl(8), ovs-fields(7) and ovs-actions(7).
type SyntaxError struct {
	// Input is the text.
	Input string
	// Offset is where in it the part stands that is wrong, in bytes.
	Offset int
	// Reason says what is wrong and names the part.
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%.200q, offset %d: %s", e.Input, e.Offset, e.Reason)
}

// maxText is how long a text may be in bytes: much more than the text of the longest message.
const maxText = 1 << 20

// piece is a part of a text, and where it stands there.
type piece struct {
	s  string
	at int
}

// String is the part, shortened for a message.
func (p piece) String() string {
	const most = 60
	if len(p.s) > most {
		return p.s[:most] + "..."
	}
	return p.s
}

func (p piece) errorf(format string, args ...any) error {
	return &SyntaxError{Offset: p.at, Reason: fmt.Sprintf(format, args...)}
}

// within completes an error of a part of the text.
func within(text string, err error) error {
	var e *SyntaxError
	if errors.As(err, &e) && e.Input == "" {
		e.Input = text
	}
	return err
}

// whole is a text as a piece, if it is not too long.
func whole(text string) (piece, error) {
	if len(text) > maxText {
		return piece{}, &SyntaxError{Input: text[:64], Reason: fmt.Sprintf("text of more than %d bytes", maxText)}
	}
	return piece{s: text}, nil
}

// from is the piece from an offset on.
func (p piece) from(i int) piece { return piece{p.s[i:], p.at + i} }

// to is the piece up to an offset.
func (p piece) to(i int) piece { return piece{p.s[:i], p.at} }

func (p piece) empty() bool { return p.s == "" }

// cut splits the piece around a separator.
func (p piece) cut(separator string) (before, after piece, found bool) {
	i := strings.Index(p.s, separator)
	if i < 0 {
		return p, p.from(len(p.s)), false
	}
	return p.to(i), p.from(i + len(separator)), true
}

// skip drops bytes of a set from the front.
func (p *piece) skip(set string) { *p = p.from(len(p.s) - len(strings.TrimLeft(p.s, set))) }

// token takes what stands before the next byte of a set off the front, after skipping such bytes.
func (p *piece) token(set string) piece {
	p.skip(set)
	i := strings.IndexAny(p.s, set)
	if i < 0 {
		i = len(p.s)
	}
	t := p.to(i)
	*p = p.from(i)
	return t
}

const (
	space      = " \t\r\n"
	separators = ", \t\r\n"
)

// pair takes the next of several words off the front: a key alone, or "key=value", "key:value", "key(value)" or
// "key(value)->value", which has all that follows the parenthesis for its value. Between words stand commas and white
// space; within parentheses and in names in quotes they are a part of the value. It reports false where nothing is left.
func (p *piece) pair() (key, value piece, ok bool) {
	p.skip(separators)
	if p.empty() {
		return piece{}, piece{}, false
	}
	name := quotedLen(p.s)
	i := strings.IndexAny(p.s[name:], ":=("+separators)
	if i >= 0 {
		i += name
	} else {
		key, *p = *p, p.from(len(p.s))
		return key, *p, true
	}
	key = p.to(i)
	delimiter := p.s[i]
	*p = p.from(i + 1)
	ends := separators
	switch delimiter {
	case '(':
		ends = ")"
	case ':', '=':
	default:
		return key, p.to(0), true
	}
	n := p.valueLen(ends)
	if delimiter == '(' && strings.HasPrefix(p.s[n:], ")->") {
		n += p.from(n).valueLen(separators)
	}
	value = p.to(n)
	*p = p.from(min(n+1, len(p.s)))
	return key, value, true
}

// each hands on the words of a list until there is an error; a key that is not known is one.
func (p piece) each(word func(key, value piece) (known bool, err error)) error {
	for {
		key, value, ok := p.pair()
		if !ok {
			return nil
		}
		known, err := word(key, value)
		if err == nil && !known {
			err = key.errorf("unknown word %q", key)
		}
		if err != nil {
			return err
		}
	}
}

// trim is the piece without white space around it.
func (p piece) trim() piece {
	p.skip(space)
	return p.to(len(strings.TrimRight(p.s, space)))
}

// valueLen is how far it is to the first byte of a set that is not in parentheses or quotes.
func (p piece) valueLen(ends string) int {
	level := 0
	for i := 0; i < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == '"':
			i += max(0, quotedLen(p.s[i:])-1)
		case level == 0 && strings.IndexByte(ends, c) >= 0:
			return i
		case c == '(':
			level++
		case c == ')' && level > 0:
			level--
		}
	}
	return len(p.s)
}

// quotedLen is the length of the name in quotes that s begins with, 0 if there is none.
func quotedLen(s string) int {
	if s == "" || s[0] != '"' {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// number reads a number of so many bits in decimal, hexadecimal (0x) or octal (0) digits. A negative one of 64 bits
// counts down from 2 to the power of 64.
func (p piece) number(bits int) (uint64, error) {
	digits := strings.TrimPrefix(p.s, "-")
	negative := len(digits) != len(p.s)
	n, err := parseDigits(digits)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && bits < 64 && n>>bits != 0:
		return 0, p.errorf("number %q does not fit into %d bits", p, bits)
	case err != nil || negative && bits < 64:
		return 0, p.errorf("%q is not a number", p)
	case negative:
		n = -n
	}
	return n, nil
}

// parseDigits reads a number without sign in the syntax of C.
func parseDigits(s string) (uint64, error) {
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		return strconv.ParseUint(s[2:], 16, 64)
	}
	if len(s) > 1 && s[0] == '0' {
		return strconv.ParseUint(s[1:], 8, 64)
	}
	return strconv.ParseUint(s, 10, 64)
}

// num reads a number into its place.
func num[N uint8 | uint16 | uint32 | uint64](p piece, to *N) error {
	bits := 0
	for n := ^N(0); n != 0; n >>= 1 {
		bits++
	}
	n, err := p.number(bits)
	*to = N(n)
	return err
}
