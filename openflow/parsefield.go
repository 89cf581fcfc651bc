// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// fieldNamed finds a field by its name in a match or in a set_field action.
func fieldNamed(p piece) (Field, error) {
	if f, ok := FieldByName(p.s); ok {
		return f, nil
	}
	switch p.s {
	case "gtpu_flags": // as Open vSwitch 3.1 prints it
		return FieldTunGTPUFlags, nil
	case "gtpu_msgtype":
		return FieldTunGTPUMsgType, nil
	}
	return FieldInvalid, p.errorf("no field %q", p)
}

// parseValue reads a value of a field, and where it has one a mask, in the field's own form. Bits of the value outside
// of the mask are cleared; a mask of all bits becomes none. "*" is a mask of no bit.
func (f Field) parseValue(p piece, names *Names) (MatchField, error) {
	mf := MatchField{Field: f}
	var err error
	switch f.info().format {
	case formatMAC:
		err = mf.parseParts(p, parseMAC, nil)
	case formatIPv4:
		err = mf.parseParts(p, parseIPv4, parseIPv4Prefix)
	case formatIPv6:
		err = mf.parseParts(p, parseIPv6, parseIPv6Prefix)
	case formatPort:
		err = mf.parsePortValue(p, names)
	case formatCTState, formatTCPFlags, formatTunFlags:
		err = mf.parseFlags(p)
	case formatFrag:
		err = mf.parseFrag(p)
	case formatPacketType:
		err = mf.parsePacketType(p)
	default:
		number := func(p piece) ([]byte, error) { return p.bytes(f.Bytes()) }
		err = mf.parseParts(p, number, number)
		if f.isOption() && err == nil {
			mf.trim(4)
		}
	}
	if p.s == "*" && f.Bytes() > 0 {
		mf.Value, mf.Mask, err = make([]byte, f.Bytes()), make([]byte, f.Bytes()), nil
	}
	if err != nil {
		return mf, err
	}
	if mf.Mask != nil {
		mf = BytesMasked(f, mf.Value, mf.Mask)
		if _, full, _ := mf.maskBits(); full || slices.Min(mf.Mask) == 0xff {
			mf.Mask = nil
		}
	}
	return mf, nil
}

// parseParts reads a value, and what follows a slash as a mask; by default a mask is like a value.
func (f *MatchField) parseParts(p piece, value, mask func(piece) ([]byte, error)) (err error) {
	v, m, masked := p.cut("/")
	if f.Value, err = value(v); err != nil || !masked {
		return err
	}
	if mask == nil {
		mask = value
	}
	f.Mask, err = mask(m)
	return err
}

// bytes reads a number of so many bytes, which may be more than the 64 bits of other numbers if it is hexadecimal.
func (p piece) bytes(n int) ([]byte, error) {
	out := make([]byte, n)
	if len(p.s) < 2 || p.s[0] != '0' || p.s[1]|0x20 != 'x' {
		v, err := p.number(min(8*n, 64))
		for i := n - 1; i >= 0; i-- {
			out[i], v = byte(v), v>>8
		}
		return out, err
	}
	digits := strings.TrimLeft(p.s[2:], "0")
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	switch {
	case err != nil || len(p.s) == 2:
		return nil, p.errorf("%q is not a number", p)
	case len(b) > n:
		return nil, p.errorf("number %q does not fit into %d bytes", p, n)
	}
	copy(out[n-len(b):], b)
	return out, nil
}

// trim drops zeros at the front of an option's value: it is as long as the value and the mask need, in steps of so many
// bytes.
func (f *MatchField) trim(step int) {
	n := max(significant(f.Value), significant(f.Mask), 1)
	n = min((n+step-1)/step*step, len(f.Value))
	f.Value = f.Value[len(f.Value)-n:]
	if f.Mask != nil {
		f.Mask = f.Mask[len(f.Mask)-n:]
	}
}

// significant is how long a number is without the zeros at its front.
func significant(b []byte) int { return len(bytes.TrimLeft(b, "\x00")) }

func parseMAC(p piece) ([]byte, error) {
	parts := strings.Split(p.s, ":")
	b := make([]byte, 0, 6)
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 16, 8)
		if err != nil {
			break
		}
		b = append(b, byte(n))
	}
	if len(parts) != 6 || len(b) != 6 {
		return nil, p.errorf("%q is not an Ethernet address", p)
	}
	return b, nil
}

func parseIPv4(p piece) ([]byte, error) {
	a, err := netip.ParseAddr(p.s)
	if err != nil || !a.Is4() {
		return nil, p.errorf("%q is not an IPv4 address", p)
	}
	return a.AsSlice(), nil
}

func parseIPv6(p piece) ([]byte, error) {
	a, err := netip.ParseAddr(p.s)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return nil, p.errorf("%q is not an IPv6 address", p)
	}
	return a.AsSlice(), nil
}

func parseIPv4Prefix(p piece) ([]byte, error) { return parseMask(p, 4, parseIPv4) }
func parseIPv6Prefix(p piece) ([]byte, error) { return parseMask(p, 16, parseIPv6) }

// parseMask reads a mask of an address, either as an address or as the number of bits that are set at its front.
func parseMask(p piece, n int, address func(piece) ([]byte, error)) ([]byte, error) {
	bits, err := strconv.ParseUint(p.s, 10, 8)
	if err != nil {
		return address(p)
	}
	if int(bits) > 8*n {
		return nil, p.errorf("prefix of %d bits is longer than %d", bits, 8*n)
	}
	mask := make([]byte, n)
	for i := range mask {
		set := min(8, max(0, int(bits)-8*i))
		mask[i] = ^byte(0xff >> set)
	}
	return mask, nil
}

func (f *MatchField) parsePortValue(p piece, names *Names) error {
	port, err := names.parsePort(p)
	*f = Uint(f.Field, uint64(port))
	return err
}

// parseFlags reads "+a-b", which has a flag set and one not set, "a|b", which has these set and no other, or a number
// with or without a mask.
func (f *MatchField) parseFlags(p piece) error {
	names := f.Field.flagNames()
	flags, mask := uint64(0), uint64(1)<<len(names)-1
	defer func() {
		*f = UintMasked(f.Field, flags, mask)
	}()
	if p.s != "" && (p.s[0] == '+' || p.s[0] == '-') {
		return p.signedFlags(names, &flags, &mask)
	}
	if v, m, masked := p.cut("/"); masked {
		var err error
		if flags, err = v.number(32); err == nil {
			mask, err = m.number(32)
		}
		if err == nil && (flags|mask)>>len(names) != 0 {
			err = p.errorf("%q has unknown flags", p)
		}
		return err
	}
	for rest, more := p, !p.empty(); more; {
		var name piece
		name, rest, more = rest.cut("|")
		if i := slices.Index(names, name.s); i >= 0 {
			flags |= 1 << i
			continue
		}
		n, err := name.number(32)
		if err != nil || n>>len(names) != 0 {
			return name.errorf("no flag %q", name)
		}
		flags |= n
	}
	return nil
}

func (p piece) signedFlags(names []string, flags, mask *uint64) error {
	*mask = 0
	for !p.empty() {
		sign := p.s[0]
		name := p.from(1)
		if i := strings.IndexAny(name.s, "+-"); i >= 0 {
			name = name.to(i)
		}
		i := slices.Index(names, name.s)
		switch {
		case sign != '+' && sign != '-' || i < 0:
			return name.errorf("no flag %q", name)
		case *mask>>i&1 == 1:
			return name.errorf("flag %q stands twice", name)
		}
		*mask |= 1 << i
		if sign == '+' {
			*flags |= 1 << i
		}
		p = p.from(1 + len(name.s))
	}
	return nil
}

func (f *MatchField) parseFrag(p piece) error {
	for _, frag := range fragments {
		if strings.EqualFold(p.s, frag.name) {
			*f = UintMasked(f.Field, uint64(frag.value), uint64(frag.mask))
			return nil
		}
	}
	return p.errorf("no kind of fragment %q", p)
}

// parsePacketType reads "(namespace,type)".
func (f *MatchField) parsePacketType(p piece) error {
	if len(p.s) < 2 || p.s[0] != '(' || p.s[len(p.s)-1] != ')' {
		return p.errorf("%q is not a packet type in parentheses", p)
	}
	namespace, typ, _ := p.to(len(p.s) - 1).from(1).cut(",")
	var ns, t uint16
	err := num(namespace, &ns)
	if err == nil {
		err = num(typ, &t)
	}
	*f = Uint(f.Field, uint64(ns)<<16|uint64(t))
	return err
}
