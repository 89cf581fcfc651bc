// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// scanner reads text from its beginning on.
type scanner struct {
	rest string
	// options are the options of tunnels that are fields.
	options *packet.Options
}

// skip goes past a prefix, if it is there.
func (s *scanner) skip(prefix string) bool {
	rest, ok := strings.CutPrefix(s.rest, prefix)
	s.rest = rest
	return ok
}

// integer reads a number as scanf(3) does for %i, with space before it, a sign and in the base that it begins with, or for
// another base.
// What is too big for its place loses its upper bits.
func (s *scanner) integer(base uint64) (v uint64, ok bool) {
	r := strings.TrimLeft(s.rest, " \t\n\v\f\r")
	negative := strings.HasPrefix(r, "-")
	if negative || strings.HasPrefix(r, "+") {
		r = r[1:]
	}
	switch hexadecimal := len(r) > 1 && r[0] == '0' && r[1]|0x20 == 'x'; {
	case hexadecimal && (base == 0 || base == 16):
		base, r = 16, r[2:]
	case base == 0 && strings.HasPrefix(r, "0"):
		base = 8
	case base == 0:
		base = 10
	}
	digits := 0
	for ; digits < len(r); digits++ {
		d := digit(r[digits])
		if d >= base {
			break
		}
		v = v*base + d
	}
	if digits == 0 {
		return 0, false
	}
	if negative {
		v = -v
	}
	s.rest = r[digits:]
	return v, true
}

// digit is the value of a hexadecimal digit, or one beyond.
func digit(c byte) uint64 {
	switch {
	case '0' <= c && c <= '9':
		return uint64(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return uint64(c|0x20-'a') + 10
	}
	return 16
}

// A scan reads the value of a field and, if there is one behind a slash, its mask, which has all bits otherwise.
type scan func(s *scanner, f openflow.Field, value, mask *packet.Key) bool

// masked makes a scan out of what reads a value and what reads a mask.
func masked(one func(s *scanner) (uint64, bool)) scan {
	return func(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
		v, ok := one(s)
		if !ok {
			return false
		}
		value.SetUint(f, v)
		mask.Mask(f)
		if before := *s; s.skip("/") {
			if m, ok := one(s); ok {
				mask.SetUint(f, m)
			} else {
				*s = before
			}
		}
		return true
	}
}

func integer(s *scanner) (uint64, bool) { return s.integer(0) }

// parts reads numbers with a separator between them into the bytes of one.
func parts(n int, base uint64, separator string) func(*scanner) (uint64, bool) {
	return func(s *scanner) (v uint64, ok bool) {
		before := *s
		for i := range n {
			b, ok := s.integer(base)
			if !ok || i < n-1 && !s.skip(separator) {
				*s = before
				return 0, false
			}
			v = v<<8 | b&0xff
		}
		return v, true
	}
}

var (
	scanNumber = masked(integer)
	scanMAC    = masked(parts(6, 16, ":"))
	scanIPv4   = masked(parts(4, 10, "."))
)

// scanBits reads a number that must fit the field.
func scanBits(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	var full packet.Key
	full.Mask(f)
	return masked(func(s *scanner) (uint64, bool) {
		v, ok := s.integer(0)
		return v, ok && v&^full.Uint(f) == 0
	})(s, f, value, mask)
}

func (s *scanner) address() (hi, lo uint64, ok bool) {
	n := 0
	for n < len(s.rest) && n < 46 && (digit(s.rest[n]) < 16 || s.rest[n] == ':' || s.rest[n] == '.') {
		n++
	}
	a, err := netip.ParseAddr(s.rest[:n])
	if err != nil || !a.Is6() {
		return 0, 0, false
	}
	s.rest = s.rest[n:]
	b := a.As16()
	for i := range 8 {
		hi, lo = hi<<8|uint64(b[i]), lo<<8|uint64(b[8+i])
	}
	return hi, lo, true
}

func scanIPv6(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	hi, lo, ok := s.address()
	if !ok {
		return false
	}
	value.SetWords128(f, hi, lo)
	mask.Mask(f)
	if before := *s; s.skip("/") {
		if hi, lo, ok = s.address(); ok {
			mask.SetWords128(f, hi, lo)
		} else {
			*s = before
		}
	}
	return true
}

// wide reads a number of 128 bits: in hexadecimal, or in decimal if it fits 64.
func (s *scanner) wide() (hi, lo uint64, ok bool) {
	if len(s.rest) < 2 || s.rest[0] != '0' || s.rest[1]|0x20 != 'x' {
		lo, ok = s.integer(0)
		return 0, lo, ok
	}
	r := s.rest[2:]
	n := 0
	for ; n < len(r) && digit(r[n]) < 16; n++ {
		if hi>>60 != 0 {
			return 0, 0, false
		}
		hi, lo = hi<<4|lo>>60, lo<<4|digit(r[n])
	}
	s.rest = r[n:]
	return hi, lo, n > 0
}

func scanWide(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	hi, lo, ok := s.wide()
	if !ok {
		return false
	}
	value.SetWords128(f, hi, lo)
	mask.Mask(f)
	if s.skip("/") {
		if hi, lo, ok = s.wide(); !ok {
			return false
		}
		mask.SetWords128(f, hi, lo)
	}
	return true
}

func scanFragment(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
	n := 0
	for n < len(s.rest) && n < 7 && 'a' <= s.rest[n] && s.rest[n] <= 'z' {
		n++
	}
	for v, name := range fragments {
		if s.rest[:n] == name {
			value.SetUint(f, uint64(v))
			mask.Mask(f)
			s.rest = s.rest[n:]
			return true
		}
	}
	return false
}

// scanFlags reads flags up to a closing parenthesis.
func scanFlags(names []string, allowed uint64) scan {
	return func(s *scanner, f openflow.Field, value, mask *packet.Key) bool {
		v, m, err := s.flags(names, allowed, ")", "")
		value.SetUint(f, v)
		mask.SetUint(f, m)
		return err == nil
	}
}

// flags reads flags up to an end, which may be that of the text: names between bars, which stand for all flags, or each
// behind its sign, or two numbers, the value and the mask, which may have anything behind them. The errors name what.
func (s *scanner) flags(names []string, allowed uint64, end, what string) (v, m uint64, err error) {
	before := *s
	unknown := func() error { return fmt.Errorf("%s: unknown %s flag(s)", before.rest, what) }
	if v, ok := s.integer(0); ok && s.skip("/") {
		if m, ok := s.integer(0); ok {
			if uint32(v)&^uint32(allowed) != 0 || uint32(m)&^uint32(allowed) != 0 {
				return 0, 0, unknown()
			}
			return v, m, nil
		}
	}
	*s = before
	if strings.HasPrefix(s.rest, "+") || strings.HasPrefix(s.rest, "-") {
		return s.signedFlags(names, allowed, end, what)
	}
	for !s.at(end) {
		n, ok := s.integer(0)
		if !ok {
			n = s.flag(names, "|", end)
			ok = n != 0
		}
		if !ok || n&^allowed != 0 {
			return 0, 0, unknown()
		}
		v |= n
		s.skip("|")
	}
	return v, 1<<32 - 1, nil
}

func (s *scanner) signedFlags(names []string, allowed uint64, end, what string) (v, m uint64, err error) {
	for !s.at(end) {
		set := s.skip("+")
		if !set && !s.skip("-") {
			return 0, 0, fmt.Errorf("%s: %s must be preceded by '+' (for SET) or '-' (NOT SET)", s.rest, what)
		}
		before := s.rest
		switch bit := s.flag(names, "+-", end); {
		case bit != 0 && m&bit != 0:
			return 0, 0, fmt.Errorf("%s: Each %s flag can be specified only once", before, what)
		case bit == 0 || bit&^allowed != 0:
			return 0, 0, fmt.Errorf("%s: unknown %s flag(s)", before, what)
		default:
			if m |= bit; set {
				v |= bit
			}
		}
	}
	return v, m, nil
}

// at reports whether the text goes on with the end, or ends, for an empty one.
func (s *scanner) at(end string) bool {
	if end == "" {
		return s.rest == ""
	}
	return strings.HasPrefix(s.rest, end)
}

// flag reads one name that one of the characters or the end follows; 0 if there is none.
func (s *scanner) flag(names []string, ends, end string) uint64 {
	for bit, name := range names {
		rest, ok := strings.CutPrefix(s.rest, name)
		if !ok {
			continue
		}
		after := scanner{rest: rest}
		if after.at(end) || rest != "" && strings.ContainsRune(ends, rune(rest[0])) {
			s.rest = rest
			return 1 << bit
		}
	}
	return 0
}
