// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// ParseFilter reads the arguments of dpctl/flush-conntrack after the datapath: "zone=N" if it is there, then the original
// tuple and the reply tuple, such as "ct_nw_src=10.0.0.1,ct_nw_proto=17,ct_tp_src=1"; an empty one selects nothing. The
// errors are in the words of Open vSwitch.
func ParseFilter(args []string) (f openflow.CTFilter, err error) {
	if len(args) > 0 && strings.HasPrefix(args[0], "zone=") {
		zone, err := leadingNumber(args[0][len("zone="):])
		if err != nil {
			return f, errors.New("failed to parse zone")
		}
		f.Zone = &zone
		args = args[1:]
	}
	p := tupleParser{proto: &f.Proto}
	for _, u := range []*openflow.CTTuple{&f.Orig, &f.Reply} {
		if len(args) == 0 {
			break
		}
		if err := p.parse(u, args[0]); err != nil {
			return f, err
		}
		args = args[1:]
	}
	if len(args) > 1 {
		return f, errors.New("invalid arguments")
	}
	return f, nil
}

// leadingNumber is the number at the beginning of a text, of a greater one the low bits.
func leadingNumber(s string) (uint16, error) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	v, err := strconv.ParseUint(s[:n], 10, 64)
	return uint16(v), err
}

// tupleParser reads tuples of one filter, which share the protocol and the version of IP.
type tupleParser struct {
	proto *uint8
	// family is 4 or 6, 0 as long as there is no address.
	family int
	// complaint is one that does not end the parsing, but stands before one that does.
	complaint string
}

func (p *tupleParser) parse(u *openflow.CTTuple, text string) error {
	for rest := text; ; {
		key, value, more := nextField(&rest)
		if !more {
			break
		}
		if err := p.field(u, key, value); err != nil {
			return errors.New(p.complaint + err.Error())
		}
	}
	if *p.proto == 0 && u.SrcPort|u.DstPort != 0 {
		return errors.New(p.complaint + "port is set without protocol")
	}
	return nil
}

func (p *tupleParser) field(u *openflow.CTTuple, key, value string) (err error) {
	if value == "" {
		return fmt.Errorf("field %s missing value", key)
	}
	switch key {
	case "ct_nw_src":
		return p.addr(&u.Src, 4, key, value)
	case "ct_nw_dst":
		return p.addr(&u.Dst, 4, key, value)
	case "ct_ipv6_src":
		return p.addr(&u.Src, 6, key, value)
	case "ct_ipv6_dst":
		return p.addr(&u.Dst, 6, key, value)
	case "ct_nw_proto":
		if *p.proto != 0 {
			p.complaint += key + " is set multiple times"
		}
		err = number(p.proto, value)
	case "ct_tp_src":
		err = number(&u.SrcPort, value)
	case "ct_tp_dst":
		err = number(&u.DstPort, value)
	case "icmp_type", "icmp_code", "icmp_id":
		if *p.proto != openflow.IPProtoICMP && *p.proto != openflow.IPProtoICMPv6 {
			return errors.New("invalid L4 fields")
		}
		switch key {
		case "icmp_type":
			err = number(&u.ICMPType, value)
		case "icmp_code":
			err = number(&u.ICMPCode, value)
		default:
			err = number(&u.ICMPID, value)
		}
	default:
		return fmt.Errorf("invalid conntrack tuple field: %s", key)
	}
	if err != nil {
		return fmt.Errorf("failed to parse field %s", key)
	}
	return nil
}

func (p *tupleParser) addr(to *netip.Addr, family int, key, value string) error {
	if p.family != 0 && p.family != family {
		return fmt.Errorf("the L3 protocol does not match %s", value)
	}
	if to.IsValid() && to.As16() != [16]byte{} {
		return fmt.Errorf("%s is set multiple times", key)
	}
	a, err := netip.ParseAddr(value)
	if err != nil || a.Is4() != (family == 4) || a.Zone() != "" {
		return fmt.Errorf("failed to parse field %s", key)
	}
	*to, p.family = a, family
	return nil
}

// number reads a number in decimal, octal or hexadecimal as strtol(3) does.
func number[T uint8 | uint16](to *T, s string) error {
	if strings.ContainsAny(s, "_bBoO") && !strings.HasPrefix(strings.ToLower(s), "0x") {
		return strconv.ErrSyntax
	}
	v, err := strconv.ParseUint(s, 0, 64)
	if err == nil && v > uint64(^T(0)) {
		err = strconv.ErrRange
	}
	if err == nil {
		*to = T(v)
	}
	return err
}

const separators = ", \t\r\n"

// nextField takes the next "key=value" from a text.
func nextField(rest *string) (key, value string, ok bool) {
	s := strings.TrimLeft(*rest, separators)
	if s == "" {
		return "", "", false
	}
	n := strings.IndexAny(s, "=("+separators)
	if n < 0 {
		*rest = ""
		return s, "", true
	}
	key, s = s[:n], s[n:]
	if s[0] == '=' {
		s = s[1:]
		if n = strings.IndexAny(s, separators); n < 0 {
			n = len(s)
		}
		value, s = s[:n], s[n:]
	}
	*rest = s
	return key, value, true
}
