// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// flowField is a field as ovs-fields(7) names it.
type flowField struct {
	name  string
	field openflow.Field
	bytes int
	need  need
	// old is of the fields of VLANs that OpenFlow 1.0 has.
	old bool
}

// unnumbered are the fields that have no header of their own in OpenFlow.
var unnumbered = map[string]flowField{
	"dl_vlan":      {"dl_vlan", openflow.FieldVLANVID, 2, needEthernet, true},
	"dl_vlan_pcp":  {"dl_vlan_pcp", openflow.FieldVLANPCP, 1, needEthernet, true},
	"tun_ttl":      {"tun_ttl", packet.TunTTL, 1, needNothing, false},
	"tun_tos":      {"tun_tos", packet.TunToS, 1, needNothing, false},
	"skb_priority": {"skb_priority", packet.SKBPriority, 4, needNothing, false},
}

func flowFieldNamed(name string) (flowField, bool) {
	if f, ok := unnumbered[name]; ok {
		return f, true
	}
	f, ok := openflow.FieldByName(name)
	if !ok || strings.ToLower(name) != name || !packet.Known(f) {
		return flowField{}, false
	}
	found := flowField{name: f.String(), field: f, bytes: f.Bytes()}
	if name == "in_port" || name == "in_port_oxm" {
		found.name, found.field = name, openflow.FieldInPort
	}
	for _, n := range needs {
		if n.first <= f && f <= n.last {
			found.need = n.need
		}
	}
	return found, true
}

// get reports whether the field is not zero.
func (f flowField) get(k *packet.Key) bool {
	v := k.Uint(f.field)
	switch {
	case f.field == openflow.FieldVLANVID && f.old:
		return v&0xfff != 0
	case f.field == openflow.FieldTunFlags:
		return v&packet.TunFlagOAM != 0
	}
	return k.Has(f.field)
}

const errWildcards = "%s: wildcards not allowed here"

// parse gives the field its value.
func (f flowField) parse(k *packet.Key, s string, names *openflow.Names) error {
	if s == "*" {
		return fmt.Errorf(errWildcards, s)
	}
	switch f.field {
	case openflow.FieldInPort, openflow.FieldActsetOutput:
		return f.parsePort(k, s, names)
	case openflow.FieldEthSrc, openflow.FieldEthDst, openflow.FieldARPSHA, openflow.FieldARPTHA, openflow.FieldNDSLL,
		openflow.FieldNDTLL:
		return f.parseMAC(k, s)
	case openflow.FieldIPv4Src, openflow.FieldIPv4Dst, openflow.FieldARPSPA, openflow.FieldARPTPA, openflow.FieldCTNwSrc,
		openflow.FieldCTNwDst, openflow.FieldTunSrc, openflow.FieldTunDst:
		return f.parseIPv4(k, s)
	case openflow.FieldIPv6Src, openflow.FieldIPv6Dst, openflow.FieldNDTarget, openflow.FieldCTIPv6Src,
		openflow.FieldCTIPv6Dst, openflow.FieldTunIPv6Src, openflow.FieldTunIPv6Dst:
		return f.parseIPv6(k, s)
	case openflow.FieldCTState:
		return f.parseFlags(k, s, ctStates, 0xff, "ct_state")
	case openflow.FieldTCPFlags:
		return f.parseFlags(k, s, tcpFlags, 0xfff, "TCP")
	case openflow.FieldTunFlags:
		return f.parseFlags(k, s, tunFlags, packet.TunFlagOAM, "tunnel")
	case openflow.FieldIPFrag:
		return f.parseFragment(k, s)
	case openflow.FieldPacketType:
		return f.parsePacketType(k, s)
	}
	return f.parseInteger(k, s)
}

func (f flowField) parseInteger(k *packet.Key, s string) error {
	hi, lo, rest, err := number(s, f.bytes)
	what := "value"
	if err == nil && strings.HasPrefix(rest, "/") {
		what = "mask"
		var mhi, mlo uint64
		if mhi, mlo, rest, err = number(rest[1:], f.bytes); err == nil && rest == "" {
			full := ^uint64(0)
			if f.bytes < 8 {
				full = 1<<(8*f.bytes) - 1
			}
			if mlo != full || f.bytes > 8 && mhi != ^uint64(0) {
				return fmt.Errorf(errWildcards, s)
			}
		}
	}
	switch {
	case errors.Is(err, errRange):
		return fmt.Errorf("%s: %s too large for %d-byte field %s", s, what, f.bytes, f.name)
	case err != nil || rest != "":
		return fmt.Errorf("%s: bad syntax for %s %s", s, f.name, what)
	}
	switch {
	case f.bytes > 8:
		k.SetWords128(f.field, hi, lo)
	case f.field == openflow.FieldVLANPCP:
		k.SetUint(f.field, lo)
		k.SetUint(openflow.FieldVLANTCI, k.Uint(openflow.FieldVLANTCI)|0x1000)
	case f.old && lo == 0xffff:
		k.SetUint(openflow.FieldVLANTCI, 0)
	case f.old:
		k.SetUint(f.field, 0x1000|lo&0xfff)
	case f.field == openflow.FieldIPToS:
		k.SetUint(openflow.FieldIPDSCP, lo>>2)
	default:
		k.SetUint(f.field, lo)
	}
	return nil
}

var (
	errRange  = errors.New("too large")
	errNumber = errors.New("no number")
)

// number reads a number of at most so many bytes: in hexadecimal, among whose digits there may be blanks, or as
// strtoull(3) does.
func number(s string, bytes int) (hi, lo uint64, rest string, err error) {
	if !strings.HasPrefix(s, "0x") && !strings.HasPrefix(s, "0X") {
		return decimalNumber(s, bytes)
	}
	rest = s[2:]
	digits := 0
	for {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if rest == "" || digit(rest[0]) > 15 {
			return hi, lo, rest, nil
		}
		if d := digit(rest[0]); d != 0 || digits > 0 {
			if digits++; digits > 2*bytes {
				return 0, 0, s, errRange
			}
			hi, lo = hi<<4|lo>>60, lo<<4|d
		}
		rest = rest[1:]
	}
}

func decimalNumber(s string, bytes int) (hi, lo uint64, rest string, err error) {
	rest = strings.TrimLeft(s, " \t\n\v\f\r")
	sign := ""
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		sign, rest = rest[:1], rest[1:]
	}
	base := uint64(10)
	switch {
	case len(rest) > 2 && rest[0] == '0' && rest[1]|0x20 == 'x' && digit(rest[2]) < 16:
		base, rest = 16, rest[2:]
	case strings.HasPrefix(rest, "0"):
		base = 8
	}
	n := 0
	for n < len(rest) && digit(rest[n]) < base {
		n++
	}
	if n == 0 {
		return 0, 0, s, errNumber
	}
	if lo, err = strconv.ParseUint(rest[:n], int(base), 64); err != nil {
		return 0, 0, s, errRange
	}
	if sign == "-" {
		lo = -lo
	}
	if bytes < 8 && lo>>(8*bytes) != 0 {
		return 0, 0, s, errRange
	}
	return 0, lo, rest[n:], nil
}

func (f flowField) parsePort(k *packet.Key, s string, names *openflow.Names) error {
	port, ok := portNumber(s, names)
	switch {
	case ok:
		k.SetUint(f.field, uint64(port))
		return nil
	case f.name == "in_port":
		return fmt.Errorf("%s: invalid or unknown port for %s", s, f.name)
	}
	return fmt.Errorf("%s: port value out of range for %s", s, f.name)
}

// portNumber is a port that has a number of OpenFlow, a name that all switches know, or one of this switch's.
func portNumber(s string, names *openflow.Names) (uint32, bool) {
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		switch {
		case n < 0xfff7:
			return uint32(n), true
		case n <= 0xffff:
			return uint32(n) | 0xffff0000, true // a reserved one of OpenFlow 1.0
		}
		return uint32(n), n >= 0xffffff00
	}
	for port := uint32(0xfffffff7); ; port++ {
		if strings.EqualFold(s, (*openflow.Names)(nil).Port(port)) {
			return port, true
		}
		if port == openflow.PortAny {
			break
		}
	}
	if strings.EqualFold(s, "NONE") {
		return openflow.PortAny, true
	}
	if names == nil {
		return 0, false
	}
	if strings.HasPrefix(s, `"`) {
		var err error
		if s, err = strconv.Unquote(s); err != nil {
			return 0, false
		}
	}
	found, count := uint32(0), 0
	for port, name := range names.Ports {
		if name == s {
			found = port
			count++
		}
	}
	return found, count == 1
}

func (f flowField) parseMAC(k *packet.Key, s string) error {
	r := scanner{rest: s}
	mac := parts(6, 16, ":")
	v, ok := mac(&r)
	if ok && r.rest == "" {
		k.SetUint(f.field, v)
		return nil
	}
	if ok && r.skip("/") {
		if m, ok := mac(&r); ok && r.rest == "" {
			if m != 1<<48-1 {
				return fmt.Errorf(errWildcards, s)
			}
			k.SetUint(f.field, v)
			return nil
		}
	}
	return fmt.Errorf("%s: invalid Ethernet address", s)
}

func (f flowField) parseIPv4(k *packet.Key, s string) error {
	r := scanner{rest: s}
	quad := parts(4, 10, ".")
	v, ok := quad(&r)
	if !ok {
		return fmt.Errorf("%s: invalid IP address", s)
	}
	if before := r; r.skip("/") {
		at := r
		if m, ok := quad(&r); ok {
			if r.rest == "" && m != 1<<32-1 {
				return fmt.Errorf(errWildcards, s)
			}
		} else if r = at; true {
			n, ok := r.integer(10)
			switch {
			case !ok:
				r = before
			case n > 32:
				return fmt.Errorf("%s: IPv4 network prefix bits not between 0 and 32, inclusive", s)
			case r.rest == "" && n != 32:
				return fmt.Errorf(errWildcards, s)
			}
		}
	}
	if r.rest != "" {
		return fmt.Errorf("%s: invalid IP address", s)
	}
	k.SetUint(f.field, v)
	return nil
}

func (f flowField) parseIPv6(k *packet.Key, s string) error {
	r := scanner{rest: s}
	hi, lo, ok := r.address()
	if !ok {
		return fmt.Errorf("%s: invalid IPv6 address", s)
	}
	if before := r; r.skip("/") {
		at := r
		n, ok := r.integer(10)
		switch {
		case ok && n > 128:
			return fmt.Errorf("%s: IPv6 network prefix bits not between 0 and 128, inclusive", s)
		case ok && r.rest == "" && n != 128:
			return fmt.Errorf(errWildcards, s)
		case !ok:
			r = at
			if mask, err := netip.ParseAddr(r.rest); err == nil && mask.Is6() {
				if mask != allOnes {
					return fmt.Errorf(errWildcards, s)
				}
				r.rest = ""
			} else if r.rest != "" && (digit(r.rest[0]) < 16 || r.rest[0] == ':' || r.rest[0] == '.') {
				return fmt.Errorf("%s: Invalid IPv6 mask", s)
			} else {
				r = before
			}
		}
	}
	if r.rest != "" {
		return fmt.Errorf("%s: invalid IPv6 address", s)
	}
	k.SetWords128(f.field, hi, lo)
	return nil
}

var allOnes = netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")

func (f flowField) parseFlags(k *packet.Key, s string, names []string, allowed uint64, what string) error {
	r := scanner{rest: s}
	v, m, err := r.flags(names, allowed, "", what)
	if err != nil {
		return err
	}
	if full := uint64(1)<<(8*f.bytes) - 1; m&full != full {
		return fmt.Errorf(errWildcards, s)
	}
	k.SetUint(f.field, v)
	return nil
}

func (f flowField) parseFragment(k *packet.Key, s string) error {
	switch strings.ToLower(s) {
	case "no", "first", "later":
		k.SetUint(f.field, map[string]uint64{"no": 0, "first": 1, "later": 3}[strings.ToLower(s)])
		return nil
	case "yes", "not_later":
		return fmt.Errorf(errWildcards, s)
	}
	return fmt.Errorf(`%s: unknown fragment type (valid types are "no", "yes", "first", "later", "not_later"`, s)
}

func (f flowField) parsePacketType(k *packet.Key, s string) error {
	bad := func(at, what string) error { return fmt.Errorf("%s: bad syntax for packet type %s", at, what) }
	if !strings.HasPrefix(s, "(") {
		return bad(s, "missing '('")
	}
	s = s[1:]
	_, ns, rest, err := number(s, 2)
	if err != nil {
		return bad(s, "ns")
	}
	if !strings.HasPrefix(rest, ",") {
		return bad(s, "missing ','")
	}
	s = rest[1:]
	_, typ, rest, err := number(s, 2)
	if err != nil {
		return bad(s, "ns_type")
	}
	if !strings.HasPrefix(rest, ")") {
		return bad(s, "missing ')'")
	}
	k.SetUint(f.field, ns<<16|typ)
	return nil
}
