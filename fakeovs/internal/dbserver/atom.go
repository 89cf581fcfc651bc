// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
)

// Kind is an atomic type: RFC 7047, section 3.1, <atomic-type>.
type Kind uint8

// The atomic types; void is the value type of what is not a map.
const (
	void Kind = iota
	Integer
	Real
	Boolean
	String
	UUID
)

var kindNames = [...]string{void: "void", Integer: "integer", Real: "real", Boolean: "boolean", String: "string", UUID: "uuid"}

func (k Kind) String() string { return kindNames[k] }

func kindByName(name string) (Kind, bool) {
	for k := Integer; k <= UUID; k++ {
		if kindNames[k] == name {
			return k, true
		}
	}
	return void, false
}

// atom is one value of an atomic type. Atoms of one kind are equal exactly if == says so.
type atom struct {
	num int64  // the integer, the bits of the real, 0 or 1
	str string // the string, or the UUID as 36 lower-case characters
}

const zeroUUID = "00000000-0000-0000-0000-000000000000"

func intAtom(n int64) atom { return atom{num: n} }

func realAtom(f float64) atom {
	if f == 0 {
		f = 0 // there is no negative zero
	}
	return atom{num: int64(math.Float64bits(f))}
}

func boolAtom(v bool) atom {
	if v {
		return atom{num: 1}
	}
	return atom{}
}

func strAtom(s string) atom { return atom{str: s} }

func (a atom) real() float64 { return math.Float64frombits(uint64(a.num)) }

func defaultAtom(k Kind) atom {
	if k == UUID {
		return atom{str: zeroUUID}
	}
	return atom{}
}

// compareAtoms orders atoms of one kind as ovsdb-server does.
func compareAtoms(k Kind, a, b atom) int {
	switch k {
	case Real:
		return cmp.Compare(a.real(), b.real())
	case String, UUID:
		return strings.Compare(a.str, b.str)
	default:
		return cmp.Compare(a.num, b.num)
	}
}

func (a atom) appendJSON(b []byte, k Kind) []byte {
	switch k {
	case Integer:
		return strconv.AppendInt(b, a.num, 10)
	case Real:
		return appendReal(b, a.real())
	case Boolean:
		return strconv.AppendBool(b, a.num != 0)
	case String:
		return appendString(b, a.str)
	default:
		b = append(b, `["uuid","`...)
		b = append(b, a.str...)
		return append(b, `"]`...)
	}
}

// text is the form of an atom in the texts of errors: strings are quoted unless they look like identifiers.
func (a atom) text(k Kind) string {
	switch k {
	case UUID:
		return a.str
	case String:
		if !needsQuotes(a.str) {
			return a.str
		}
	}
	return string(a.appendJSON(nil, k))
}

func needsQuotes(s string) bool {
	if s == "" || s == "true" || s == "false" || !isLetter(s[0]) {
		return true
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '.' {
			return true
		}
	}
	_, ok := parseUUID(s)
	return ok
}

func isLetter(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isID reports whether s is an <id>: RFC 7047, section 3.1.
func isID(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isLetter(s[i]) && !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// parseUUID returns a UUID in lower case.
func parseUUID(s string) (string, bool) {
	if len(s) != len(zeroUUID) {
		return "", false
	}
	lower := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case zeroUUID[i] == '-':
			if c != '-' {
				return "", false
			}
		case isDigit(c) || 'a' <= c && c <= 'f':
		case 'A' <= c && c <= 'F':
			lower = false
		default:
			return "", false
		}
	}
	if !lower {
		s = strings.ToLower(s)
	}
	return s, true
}

// newUUID returns a random UUID: RFC 4122, section 4.4.
func newUUID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], u[0:4])
	hex.Encode(s[9:13], u[4:6])
	hex.Encode(s[14:18], u[6:8])
	hex.Encode(s[19:23], u[8:10])
	hex.Encode(s[24:36], u[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}
