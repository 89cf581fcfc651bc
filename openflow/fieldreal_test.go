// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// isOption reports whether a field is an option of a tunnel.
func isOption(f of.Field) bool { return of.FieldTunMetadata0 <= f && f <= of.FieldTunMetadata63 }

// neededBy is what a match must have besides a condition on f.
func neededBy(f of.Field) of.Match {
	eth := func(t uint16, more ...of.MatchField) of.Match { return append(of.Match{of.EthType(t)}, more...) }
	icmp6 := func(more ...of.MatchField) of.Match {
		return append(eth(of.EthTypeIPv6, of.IPProto(of.IPProtoICMPv6)), more...)
	}
	switch f {
	case of.FieldCTNwProto:
		return of.Match{of.CTState(of.CTEstablished, 0)}
	case of.FieldCTNwSrc, of.FieldCTNwDst:
		return eth(of.EthTypeIPv4, of.CTState(of.CTNew, 0))
	case of.FieldCTIPv6Src, of.FieldCTIPv6Dst:
		return eth(of.EthTypeIPv6, of.CTState(of.CTReply, 0))
	case of.FieldCTTpSrc, of.FieldCTTpDst:
		return of.Match{of.CTState(of.CTTracked, of.CTInvalid), of.CTNwProto(of.IPProtoTCP)}
	case of.FieldVLANPCP:
		return of.Match{of.Uint(of.FieldVLANVID, 0x1005)}
	case of.FieldMPLSLabel, of.FieldMPLSTC, of.FieldMPLSBOS, of.FieldMPLSTTL:
		return eth(of.EthTypeMPLS)
	case of.FieldIPFrag, of.FieldIPProto, of.FieldIPDSCP, of.FieldIPToS, of.FieldIPECN, of.FieldIPTTL, of.FieldIPv6Src,
		of.FieldIPv6Dst, of.FieldIPv6Label:
		return eth(of.EthTypeIPv6)
	case of.FieldIPv4Src, of.FieldIPv4Dst:
		return eth(of.EthTypeIPv4)
	case of.FieldTCPSrc, of.FieldTCPDst, of.FieldTCPFlags:
		return eth(of.EthTypeIPv4, of.IPProto(of.IPProtoTCP))
	case of.FieldUDPSrc, of.FieldUDPDst:
		return eth(of.EthTypeIPv6, of.IPProto(of.IPProtoUDP))
	case of.FieldSCTPSrc, of.FieldSCTPDst:
		return eth(of.EthTypeIPv4, of.IPProto(of.IPProtoSCTP))
	case of.FieldICMPv4Type, of.FieldICMPv4Code:
		return eth(of.EthTypeIPv4, of.IPProto(of.IPProtoICMP))
	case of.FieldICMPv6Type, of.FieldICMPv6Code:
		return icmp6()
	case of.FieldNDTarget, of.FieldNDReserved, of.FieldNDOptionsType, of.FieldNDSLL:
		return icmp6(of.ICMPv6Type(of.ICMPv6NeighborSolicit))
	case of.FieldNDTLL:
		return icmp6(of.ICMPv6Type(of.ICMPv6NeighborAdvert))
	case of.FieldARPOp, of.FieldARPSPA, of.FieldARPTPA, of.FieldARPSHA, of.FieldARPTHA:
		return eth(of.EthTypeARP)
	case of.FieldNSHFlags, of.FieldNSHTTL, of.FieldNSHMDType, of.FieldNSHNP, of.FieldNSHSPI, of.FieldNSHSI, of.FieldNSHC1,
		of.FieldNSHC2, of.FieldNSHC3, of.FieldNSHC4:
		return eth(of.EthTypeNSH)
	}
	return nil
}

// condition is an exact condition on f that a switch accepts.
func condition(f of.Field) of.MatchField {
	switch f {
	case of.FieldPacketType:
		return of.Uint(f, 1<<16|of.EthTypeIPv4)
	case of.FieldInPort, of.FieldInPort16, of.FieldActsetOutput, of.FieldARPOp, of.FieldNSHMDType:
		return of.Uint(f, 2)
	case of.FieldCTState:
		return of.Uint(f, 0x22)
	case of.FieldVLANTCI:
		return of.VLANTag(0x5a5, 5)
	case of.FieldVLANVID:
		return of.Uint(f, 0x1abc)
	case of.FieldNSHTTL:
		return of.Uint(f, 63)
	case of.FieldIPToS:
		return of.Uint(f, 0xa4)
	case of.FieldTunGTPUFlags, of.FieldTunGTPUMsgType, of.FieldTunERSPANVersion, of.FieldTunERSPANDir, of.FieldTunERSPANHWID:
		return of.Uint(f, 1<<f.Bits()-1) // the switch takes the value for the mask
	}
	n := f.Bytes()
	if isOption(f) {
		n = 4
	}
	mf := of.MatchField{Field: f, Value: bytes.Repeat([]byte{0xa5}, n)}
	for bit := f.Bits(); bit < 8*n; bit++ {
		mf.Value[n-1-bit/8] &^= 1 << (bit % 8)
	}
	return mf
}

// withMask is a condition on some bits of f, a maskable field, that a switch accepts.
func withMask(f of.Field) of.MatchField {
	mf := condition(f)
	mf.Mask = bytes.Clone(mf.Value)
	switch f {
	case of.FieldTunGTPUFlags, of.FieldTunGTPUMsgType, of.FieldTunERSPANVersion, of.FieldTunERSPANDir, of.FieldTunERSPANHWID:
		return mf
	case of.FieldVLANTCI:
		return of.UintMasked(f, 0x15a1, 0x15a5) // the priority is matched as a whole or not at all
	}
	mf.Value[len(mf.Value)-1] &^= 4
	return mf
}

// fieldFlows are flows with an exact condition, and one on some bits, on every field.
func fieldFlows() (flows []of.Flow) {
	for f := of.FieldInvalid + 1; f < of.FieldUnknown; f++ {
		conditions := []of.MatchField{condition(f)}
		if f.Maskable() {
			conditions = append(conditions, withMask(f))
		}
		for i, mf := range conditions {
			flows = append(flows, of.Flow{
				Cookie: uint64(f)<<8 | uint64(i), Priority: uint16(len(flows) + 1), Match: append(neededBy(f), mf),
			})
		}
	}
	return flows
}

// mapOptions gives all options of tunnels a length of four bytes.
func mapOptions(t *testing.T, endpoint string) {
	t.Helper()
	var options []string
	for i := range 64 {
		options = append(options, fmt.Sprintf("{class=0xffff,type=%d,len=4}->tun_metadata%d", i, i))
	}
	ofctl(t, of.Version13, "add-tlv-map", endpoint, strings.Join(options, ","))
}

// TestRealFields adds flows on every field, finds them in the dump, and has ovs-ofctl read and print them.
func TestRealFields(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	endpoint := ovs.Management("br0")
	mapOptions(t, endpoint)
	c := dial(t, endpoint)
	var text strings.Builder
	want := map[uint64]of.Flow{}
	for _, f := range fieldFlows() {
		err := c.Apply(ctx, of.Add(f))
		if field := f.Match[0].Field; field == of.FieldDPHash || field == of.FieldRecircID {
			if !errors.Is(err, of.ErrRequestPermission) {
				t.Errorf("%v: %v, want %v", f, err, of.ErrRequestPermission)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", f, err)
			continue
		}
		want[f.Cookie] = f
		inText := f
		inText.Table = 1
		fmt.Fprintln(&text, inText)
	}
	addFlowLines(t, of.Version13, endpoint, text.String())
	stats, err := c.Flows(ctx, of.FlowFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(stats) != 2*len(want) {
		t.Errorf("%d flows are dumped, want %d in two tables", len(stats), len(want))
	}
	for _, got := range stats {
		f := want[got.Cookie]
		f.Table = got.Table
		if got.Key() != f.Key() {
			t.Errorf("dumped\n%v\nadded\n%v", got.Flow, f)
		}
	}
	printed := map[string]int{}
	for line := range strings.Lines(ofctl(t, of.Version13, "--no-stats", "dump-flows", endpoint)) {
		printed[strings.Replace(line, " table=1,", "", 1)]++
	}
	for line, n := range printed {
		if n != 2 && strings.Contains(line, "cookie=") {
			t.Errorf("printed %d times, not for the flow and its text alike: %s", n, line)
		}
	}
}

// unchecked is a condition that goes over the wire as it is.
func unchecked(t *testing.T, mf of.MatchField) of.MatchField {
	t.Helper()
	b, err := of.AppendField(nil, mf)
	if err != nil {
		t.Fatal(err)
	}
	return of.MatchField{Field: of.FieldUnknown, Value: b}
}

// TestRealRefusedMatches has the switch refuse what Validate refuses, by the same code.
func TestRealRefusedMatches(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	ctx := testContext(t)
	mapOptions(t, ovs.Management("br0"))
	c := dial(t, ovs.Management("br0"))
	// The conditions go out in the order of their bytes.
	try := func(name string, want of.ErrorCode, m ...of.MatchField) {
		t.Helper()
		raw := make(of.Match, len(m))
		for i, mf := range m {
			raw[i] = unchecked(t, mf)
		}
		err := of.Match(m).Validate()
		var refused *of.MatchError
		if want == 0 {
			if err != nil {
				t.Errorf("%s: Validate(%v) = %v", name, of.Match(m), err)
			}
		} else if !errors.As(err, &refused) || refused.Code != want || !errors.Is(err, want) {
			t.Errorf("%s: Validate(%v) = %v, want %v", name, of.Match(m), err, want)
		}
		err = c.Apply(ctx, of.Add(of.Flow{Match: raw}))
		if want == 0 && err != nil || want != 0 && !errors.Is(err, want) {
			t.Errorf("%s: the switch answers %v to %v, want %v", name, err, of.Match(m), want)
		}
	}
	for f := of.FieldInvalid + 1; f < of.FieldUnknown; f++ {
		name, good := f.String(), condition(f)
		if neededBy(f) != nil {
			try(name+" alone", of.ErrBadPrereq, good)
		}
		if neededBy(f) == nil && of.FieldEthDst <= f {
			wrong := of.Match{of.Uint(of.FieldPacketType, 1<<16), good}
			if err := wrong.Validate(); !errors.Is(err, of.ErrBadPrereq) {
				t.Errorf("%v: %v, want %v", wrong, err, of.ErrBadPrereq)
			}
			if printed := print(t, wrong); !strings.Contains(printed, of.ErrBadPrereq.Error()) {
				t.Errorf("ovs-ofctl prints %v as %s, want %v", wrong, printed, of.ErrBadPrereq)
			}
		}
		if !f.Maskable() {
			part := of.MatchField{Field: f, Value: make([]byte, f.Bytes()), Mask: make([]byte, f.Bytes())}
			part.Mask[f.Bytes()-1] = 1
			if f.Bits() > 1 {
				try(name+" with a mask", of.ErrBadMask, part)
			}
		}
	}
	for name, bad := range map[string]of.MatchField{
		"port": of.InPort(0xff00), "port of the action set": of.Uint(of.FieldActsetOutput, 0xfffffeff),
		"connection state": of.Uint(of.FieldCTState, 0x100), "VLAN": of.Uint(of.FieldVLANVID, 0x2000),
		"priority": of.Uint(of.FieldVLANPCP, 8), "type of service": of.Uint(of.FieldIPToS, 1),
		"code point": of.Uint(of.FieldIPDSCP, 64), "congestion": of.IPECN(4), "fragment": of.Uint(of.FieldIPFrag, 4),
		"operation": of.ARPOp(256), "flags": of.Uint(of.FieldTCPFlags, 0x1000), "flow label": of.IPv6Label(1 << 20),
		"MPLS label": of.MPLSLabel(1 << 20), "traffic class": of.Uint(of.FieldMPLSTC, 8), "bottom": of.Uint(of.FieldMPLSBOS, 2),
		"tunnel flags": of.Uint(of.FieldTunFlags, 2), "NSH TTL": of.Uint(of.FieldNSHTTL, 64),
		"NSH type": of.Uint(of.FieldNSHMDType, 3), "NSH path": of.Uint(of.FieldNSHSPI, 1<<24),
	} {
		try(name, of.ErrBadValue, bad)
	}
	reg := of.RegMasked(0, 5, 0xff)
	reg.Mask[3] = 1
	try("value outside of the mask", of.ErrBadWildcards, reg)
	try("two conditions on a register", of.ErrDupField, of.Reg(0, 1), of.Reg(0, 2))
	try("two registers and one of them", of.ErrDupField, of.Reg(1, 1), of.Uint(of.FieldXReg0, 2))
	try("ND of another code", of.ErrBadPrereq, of.EthType(of.EthTypeIPv6), of.IPProto(of.IPProtoICMPv6),
		of.ICMPv6Type(of.ICMPv6NeighborSolicit), of.ICMPv6Code(1), of.NDTarget(prefix("fc00::/64")))
	try("addresses of a connection", of.ErrMatchInconsistent, of.CTState(of.CTNew, 0), of.CTNwSrc(prefix("10.0.0.0/8")))
	try("IPv6 addresses of an IPv4 connection", of.ErrMatchInconsistent, of.CTState(of.CTNew, 0),
		of.CTNwDst(prefix("fc00::/7")), of.EthType(of.EthTypeIPv4))
	try("connection that may be invalid", of.ErrBadPrereq, of.CTState(of.CTTracked, 0), of.CTNwProto(6))
	try("RARP", 0, of.EthType(of.EthTypeRARP), of.ARPOp(3))
	try("multicast MPLS", 0, of.EthType(of.EthTypeMPLSMulticast), of.MPLSLabel(1<<20-1))
	try("ERSPAN index wider than its field", 0, of.Uint(of.FieldTunERSPANIndex, 1<<20))
	short := of.MatchField{Field: of.FieldUnknown, Value: []byte{0, 1, 0, 3, 1, 2, 3}}
	if err := c.Apply(ctx, of.Add(of.Flow{Match: of.Match{short}})); !errors.Is(err, of.ErrBadField) {
		t.Errorf("reg0 of three bytes: the switch answers %v, want %v", err, of.ErrBadField)
	}
}

// print has ovs-ofctl print a flow-mod with the match as it is.
func print(t *testing.T, m of.Match) string {
	t.Helper()
	empty, err := of.Encode(of.Version13, of.Add(of.Flow{}), 1)
	if err != nil {
		t.Fatal(err)
	}
	const matchAt = 48
	b, err := of.AppendMatch(empty[:matchAt:matchAt], m)
	if err != nil {
		t.Fatal(err)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return ofpPrint(t, b)
}

// series is a part of a list of fields in which ovs-ofctl leaves out what counts up, and braces is one in which it
// leaves out what names have in common.
var (
	series = regexp.MustCompile(`([a-z_]+)(\d+)\.\.\.([a-z_]+)(\d+)`)
	braces = regexp.MustCompile(`([a-z0-9_]*)\{([^{}]*)\}`)
)

// expand is the names in a list of fields as ovs-ofctl prints it.
func expand(list string) []string {
	list = series.ReplaceAllStringFunc(list, func(s string) string {
		part := series.FindStringSubmatch(s)
		first, _ := strconv.Atoi(part[2])
		last, _ := strconv.Atoi(part[4])
		var names []string
		for i := first; i <= last; i++ {
			names = append(names, part[1]+strconv.Itoa(i))
		}
		if strings.Count(list, "{") == 0 || !strings.Contains(list, ","+s) {
			return strings.Join(names, " ")
		}
		return strings.Join(names, ",")
	})
	for braces.MatchString(list) {
		list = braces.ReplaceAllStringFunc(list, func(s string) string {
			part := braces.FindStringSubmatch(s)
			names := strings.Split(part[2], ",")
			for i := range names {
				names[i] = part[1] + names[i]
			}
			return strings.Join(names, ",")
		})
	}
	return strings.FieldsFunc(list, func(r rune) bool { return r == ' ' || r == ',' })
}

// TestRealFieldNames compares the table with what the switch says of its fields.
func TestRealFieldNames(t *testing.T) {
	t.Parallel()
	out := ofctl(t, of.Version13, "dump-table-features", realSwitch(t).Management("br0"))
	list := func(label string) map[of.Field]bool {
		_, rest, _ := strings.Cut(out, label+": ")
		line, _, _ := strings.Cut(rest, "\n")
		fields := map[of.Field]bool{}
		for _, name := range expand(line) {
			f, ok := of.FieldByName(name)
			if !ok {
				t.Errorf("no field has the name %q", name)
			}
			fields[f] = true
			if name == "in_port" {
				fields[of.FieldInPort16] = true
			}
		}
		return fields
	}
	writable, masked, exact := list("supported on Set-Field"), list("arbitrary mask"), list("exact match or wildcard")
	if n := int(of.FieldUnknown - 1); len(masked)+len(exact) != n {
		t.Errorf("the switch has %d and %d fields, this package %d", len(masked), len(exact), n)
	}
	for f := of.FieldInvalid + 1; f < of.FieldUnknown; f++ {
		if f.Maskable() != masked[f] || f.Maskable() == exact[f] || f.Writable() != writable[f] {
			t.Errorf("%v: maskable %t, writable %t; the switch lists it with mask %t, without %t, writable %t",
				f, f.Maskable(), f.Writable(), masked[f], exact[f], writable[f])
		}
	}
}
