// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// geneve writes the options of a Geneve tunnel (RFC 8926, 3.5), all of which a datapath looks for.
func (t *odpText) geneve() {
	for _, f := range packet.OptionsOf(t.value) {
		m := t.Options.Map(f)
		t.add("{class=%s,type=%s,len=%d", hex(uint64(m.Class)), hex(uint64(m.Type)), m.Length)
		mask := bytes.Repeat([]byte{0xff}, int(m.Length))
		if t.mask != nil {
			mask = t.Options.Value(t.mask, f)
		}
		if t.Verbose || len(bytes.Trim(mask, "\x00")) > 0 {
			t.add(",%s", hexBytes(t.Options.Value(t.value, f)))
			if len(bytes.Trim(mask, "\xff")) > 0 {
				t.add("/%s", hexBytes(mask))
			}
		}
		t.add("}")
	}
}

// scanGeneve reads the options of a Geneve tunnel. Those that no field stands for do not count.
func scanGeneve(s *scanner, _ openflow.Field, value, mask *packet.Key) bool {
	const space = 256 // of all options with their headers
	left := space
	for left >= 4 && s.skip("{") {
		left -= 4
		const class, typ, length = openflow.FieldCTZone, packet.TunToS, packet.TunTTL
		var v, m packet.Key
		if !s.optional("class=", class, &v, &m) {
			return false
		}
		s.skip(",")
		if !s.optional("type=", typ, &v, &m) {
			return false
		}
		s.skip(",")
		if !s.optional("len=", length, &v, &m) {
			return false
		}
		n := int(v.Uint(length))
		if n > 124 || n%4 != 0 || n > left {
			return false
		}
		left -= n
		data, dataMask := make([]byte, n), bytes.Repeat([]byte{0xff}, n)
		if s.skip(",") && !s.bytes(data) || s.skip("/") && !s.bytes(dataMask) || !s.skip("}") {
			return false
		}
		if s.options == nil {
			continue
		}
		f, ok := s.options.Field(uint16(v.Uint(class)), uint8(v.Uint(typ)))
		if ok && int(s.options.Map(f).Length) == n {
			s.options.Set(value, f, data)
			s.options.Set(mask, f, dataMask)
		}
	}
	return s.skip(")")
}

// bytes reads a number of so many bytes.
func (s *scanner) bytes(b []byte) bool {
	v, rest, err := wideNumber(s.rest, len(b))
	if err != nil {
		return false
	}
	clear(b)
	copy(b[len(b)-len(v):], v)
	s.rest = rest
	return true
}

// wideNumber is number for any number of bytes. The value has no zeros at its beginning.
func wideNumber(s string, n int) (v []byte, rest string, err error) {
	if !strings.HasPrefix(s, "0x") && !strings.HasPrefix(s, "0X") {
		_, lo, rest, err := decimalNumber(s, min(n, 8))
		for ; lo != 0; lo >>= 8 {
			v = append([]byte{byte(lo)}, v...)
		}
		return v, rest, err
	}
	var digits []byte
	for rest = s[2:]; ; rest = rest[1:] {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if rest == "" || digit(rest[0]) > 15 {
			break
		}
		if d := byte(digit(rest[0])); d != 0 || len(digits) > 0 {
			digits = append(digits, d)
		}
		if len(digits) > 2*n {
			return nil, s, errRange
		}
	}
	if len(digits)%2 != 0 {
		digits = append([]byte{0}, digits...)
	}
	for i := 0; i < len(digits); i += 2 {
		v = append(v, digits[i]<<4|digits[i+1])
	}
	return v, rest, nil
}

// setOption gives the option of a field its value. An option that no field stands for does not count.
func (n Notation) setOption(k *packet.Key, f openflow.Field, text, value string) error {
	if k.Present(f) {
		return fmt.Errorf("%s: field %v set multiple times", text, f)
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%s: bad value for %v (%s)", text, f, fmt.Sprintf(format, args...))
	}
	if value == "*" {
		return bad(errWildcards, value)
	}
	v, rest, err := wideNumber(value, f.Bytes())
	what := "value"
	if err == nil && strings.HasPrefix(rest, "/") {
		what = "mask"
		var mask []byte
		if mask, rest, err = wideNumber(rest[1:], f.Bytes()); err == nil && rest == "" &&
			(len(mask) < f.Bytes() || len(bytes.Trim(mask, "\xff")) > 0) {
			return bad(errWildcards, value)
		}
	}
	switch {
	case errors.Is(err, errRange):
		return bad("%s: %s too large for %d-byte field %v", value, what, f.Bytes(), f)
	case err != nil || rest != "":
		return bad("%s: bad syntax for %v %s", value, f, what)
	}
	if n.Options != nil && n.Options.Mapped(f) {
		n.Options.Set(k, f, v)
	}
	return nil
}
