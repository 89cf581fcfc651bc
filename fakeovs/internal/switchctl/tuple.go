// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package switchctl

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// tupleParser reads the tuples of a filter, which have the protocols in common, with the errors of Open vSwitch.
type tupleParser struct {
	filter *openflow.CTFilter
	family int // 4, 6, or 0 while no address says so
}

func (p *tupleParser) parse(t *openflow.CTTuple, text string) error {
	for _, field := range fields(text) {
		if field.value == "" {
			return fmt.Errorf("field %s missing value", field.key)
		}
		if err := p.field(t, field.key, field.value); err != nil {
			return err
		}
	}
	if p.filter.Proto == 0 && (t.SrcPort != 0 || t.DstPort != 0) {
		return errors.New("port is set without protocol")
	}
	return nil
}

// keyValue is "key=value", or a key alone.
type keyValue struct{ key, value string }

// fields splits a list of keys and values.
func fields(text string) []keyValue {
	var list []keyValue
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
		key, value, _ := strings.Cut(word, "=")
		list = append(list, keyValue{key, value})
	}
	return list
}

func (p *tupleParser) field(t *openflow.CTTuple, key, value string) (err error) {
	isICMP := p.filter.Proto == openflow.IPProtoICMP || p.filter.Proto == openflow.IPProtoICMPv6
	switch key {
	case "ct_nw_src":
		return p.address(&t.Src, 4, key, value)
	case "ct_nw_dst":
		return p.address(&t.Dst, 4, key, value)
	case "ct_ipv6_src":
		return p.address(&t.Src, 6, key, value)
	case "ct_ipv6_dst":
		return p.address(&t.Dst, 6, key, value)
	case "ct_nw_proto":
		err = number(&p.filter.Proto, value, 8)
	case "ct_tp_src":
		err = number(&t.SrcPort, value, 16)
	case "ct_tp_dst":
		err = number(&t.DstPort, value, 16)
	case "icmp_type", "icmp_code", "icmp_id":
		switch {
		case !isICMP:
			return errors.New("invalid L4 fields")
		case key == "icmp_type":
			err = number(&t.ICMPType, value, 8)
		case key == "icmp_code":
			err = number(&t.ICMPCode, value, 8)
		default:
			err = number(&t.ICMPID, value, 16)
		}
	default:
		return fmt.Errorf("invalid conntrack tuple field: %s", key)
	}
	if err != nil {
		return fmt.Errorf("failed to parse field %s", key)
	}
	return nil
}

func (p *tupleParser) address(a *netip.Addr, family int, key, value string) error {
	switch {
	case p.family != 0 && p.family != family:
		return fmt.Errorf("the L3 protocol does not match %s", value)
	case a.IsValid() && !a.IsUnspecified():
		return fmt.Errorf("%s is set multiple times", key)
	}
	addr, err := netip.ParseAddr(value)
	if err != nil || addr.Is4() != (family == 4) || addr.Zone() != "" {
		return fmt.Errorf("failed to parse field %s", key)
	}
	p.family, *a = family, addr
	return nil
}

// number reads an unsigned number of so many bits, decimal, octal or hexadecimal as C has them.
func number[T uint8 | uint16 | uint32](n *T, text string, bits int) error {
	if strings.ContainsRune(text, '_') {
		return strconv.ErrSyntax
	}
	v, err := strconv.ParseUint(text, 0, bits)
	*n = T(v)
	return err
}
