// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/internal/tier"
	of "github.com/ovskit/ovskit/openflow"
)

func TestFieldNames(t *testing.T) {
	for f := of.FieldInvalid + 1; f < of.FieldUnknown; f++ {
		if g, ok := of.FieldByName(f.String()); !ok || g != f || f.String() == "" {
			t.Errorf("field %d has the name %q, which is that of %d", f, f, g)
		}
		if g, ok := of.FieldByName(f.OXMName()); !ok || g != f {
			t.Errorf("%v has the name %q, which is that of %v", f, f.OXMName(), g)
		}
		if f.Bits() == 0 || f.Bits() > 8*f.Bytes() {
			t.Errorf("%v has %d bits in %d bytes", f, f.Bits(), f.Bytes())
		}
	}
	for name, want := range map[string]of.Field{
		"dl_src": of.FieldEthSrc, "NXM_OF_ETH_SRC": of.FieldEthSrc, "OXM_OF_ETH_SRC": of.FieldEthSrc, "tp_dst": of.FieldTCPDst,
		"ip_proto": of.FieldIPProto, "nw_frag": of.FieldIPFrag, "tunnel_id": of.FieldTunID, "nshc4": of.FieldNSHC4,
		"tun_metadata63": of.FieldTunMetadata63, "NXM_NX_XXREG3": of.FieldXXReg3, "OXM_OF_PKT_REG7": of.FieldXReg7,
		"NXM_OF_IN_PORT": of.FieldInPort16, "in_port_oxm": of.FieldInPort, "ONFOXM_ET_TCP_FLAGS": of.FieldTCPFlags,
	} {
		if f, ok := of.FieldByName(name); !ok || f != want {
			t.Errorf("%q is the name of %v, want %v", name, f, want)
		}
	}
	for f, want := range map[of.Field]string{
		of.FieldEthSrc: "NXM_OF_ETH_SRC", of.FieldTCPFlags: "NXM_NX_TCP_FLAGS", of.FieldActsetOutput: "ONFOXM_ET_ACTSET_OUTPUT",
		of.FieldSCTPSrc: "OXM_OF_SCTP_SRC", of.FieldNSHTTL: "NXOXM_NSH_TTL", of.FieldUnknown: "",
	} {
		if f.OXMName() != want {
			t.Errorf("header of %v is named %q, want %q", f, f.OXMName(), want)
		}
	}
	if f, ok := of.FieldByName("dl_vlan"); ok {
		t.Errorf("dl_vlan, which has no header, is the name of %v", f)
	}
}

func TestFieldHeaders(t *testing.T) {
	for f := of.FieldInvalid + 1; f < of.FieldUnknown; f++ {
		b, err := of.AppendFieldHeader([]byte("x"), f)
		if err != nil {
			t.Fatal(err)
		}
		if g, rest, ok := of.DecodeFieldHeader(b[1:]); !ok || g != f || len(rest) != 0 {
			t.Errorf("header % x of %v is read as that of %v, with %d bytes left", b[1:], f, g, len(rest))
		}
		b[1+2] |= 1
		if g, _, ok := of.DecodeFieldHeader(b[1:]); ok {
			t.Errorf("header % x with a mask is read as that of %v", b[1:], g)
		}
	}
	for _, f := range []of.Field{of.FieldInvalid, of.FieldUnknown, 255} {
		if b, err := of.AppendFieldHeader([]byte("x"), f); err == nil || string(b) != "x" {
			t.Errorf("header of field %d is % x, error %v", f, b, err)
		}
	}
	for name, b := range of.FieldHeaders() {
		want, _ := of.FieldByName(name)
		if f, rest, ok := of.DecodeFieldHeader(b); !ok || f != want || len(rest) != 0 {
			t.Errorf("%s, % x, is read as the header of %v, want %v", name, b, f, want)
		}
	}
}

// TestHeaderNames has ovs-ofctl read each header by its name and by its number, which say the same.
func TestHeaderNames(t *testing.T) {
	tier.Need(t, tier.Sandbox)
	headers := of.FieldHeaders()
	var input strings.Builder
	var names []string
	for name, header := range headers {
		f, _ := of.FieldByName(name)
		value := condition(f).Value
		value = append(make([]byte, f.Bytes()-len(value)), value...)
		var before strings.Builder
		for _, mf := range neededBy(f) {
			b, err := of.AppendFieldHeader(nil, mf.Field)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&before, "%x(%x), ", b, mf.Value)
		}
		names = append(names, name)
		fmt.Fprintf(&input, "%v%s(%x)\n%v%x(%x)\n", &before, name, value, &before, header, value)
	}
	lines := strings.Split(strings.TrimSpace(run(t, input.String(), "ovs-ofctl", "parse-oxm", "OpenFlow13")), "\n")
	if len(lines) != 2*len(names) {
		t.Fatalf("ovs-ofctl prints %d lines, want %d", len(lines), 2*len(names))
	}
	for i, name := range names {
		if a, b := lines[2*i], lines[2*i+1]; a != b || a == "<any>" {
			t.Errorf("%s is read as %s, its header % x as %s", name, a, headers[name], b)
		}
	}
}

// TestMatchRoundTrip encodes a match on each field and reads it back.
func TestMatchRoundTrip(t *testing.T) {
	for _, f := range fieldFlows() {
		b, err := of.AppendMatch([]byte("x"), f.Match)
		if err != nil {
			t.Fatal(err)
		}
		if len(b)%8 != 1 {
			t.Errorf("%v: %d bytes", f.Match, len(b)-1)
		}
		got, rest, err := of.DecodeMatch(b[1:])
		if err != nil || len(rest) != 0 {
			t.Errorf("%v: error %v, %d bytes are left", f.Match, err, len(rest))
		}
		if diff := cmp.Diff(f.Match.Canonical(), got, cmpOptions); diff != "" {
			t.Errorf("%v (-want +got):\n%s", f.Match, diff)
		}
		if err := f.Match.Validate(); err != nil {
			t.Errorf("Validate(%v) = %v", f.Match, err)
		}
	}
}

func TestMatchWidths(t *testing.T) {
	for _, mf := range []of.MatchField{
		{Field: of.FieldReg0, Value: make([]byte, 3)}, {Field: of.FieldReg0, Value: make([]byte, 4), Mask: make([]byte, 3)},
		{Field: of.FieldTunMetadata0}, {Field: of.FieldTunMetadata0, Value: make([]byte, 125)}, {Field: 255}, {},
		{Field: of.FieldXReg0, Value: make([]byte, 7)}, {Field: of.FieldVLANVID, Value: make([]byte, 1)},
		{Field: of.FieldUnknown, Value: []byte{0xff, 0xff, 0, 3, 1, 2, 3}},
	} {
		var refused *of.MatchError
		m := of.Match{mf}
		if err := m.Validate(); !errors.As(err, &refused) || refused.Code != of.ErrBadField || refused.Field != mf.Field {
			t.Errorf("Validate(%v) = %v, want %v", m, err, of.ErrBadField)
		}
		if b, err := of.AppendMatch([]byte("x"), m); err == nil || string(b) != "x" {
			t.Errorf("%v is encoded as % x, error %v", m, b, err)
		}
	}
}

// aMatch is a match of a flow such as drivers install, in canonical form.
var aMatch = tcp(of.InPort(3), of.CTState(of.CTTracked|of.CTNew, of.CTInvalid), of.CTZone(4), of.RegMasked(2, 1, 1),
	of.IPv4Src(prefix("10.1.0.0/24")), of.TCPDst(8080)).Canonical()

func TestMatchAllocations(t *testing.T) {
	buffer := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := of.AppendMatch(buffer, aMatch); err != nil || aMatch.Validate() != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("encoding a match allocates %v times, want 0", n)
	}
	for _, tc := range []struct {
		m    of.Match
		want float64
	}{{aMatch, 2}, {of.Match{of.VLANID(5), of.Uint(of.FieldXReg1, 7)}.Canonical(), 2}} {
		b, err := of.AppendMatch(nil, tc.m)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() {
			if _, _, err := of.DecodeMatch(b); err != nil {
				t.Fatal(err)
			}
		}); n > tc.want {
			t.Errorf("decoding %v allocates %v times, want %v", tc.m, n, tc.want)
		}
	}
}

func BenchmarkAppendMatch(b *testing.B) {
	buffer := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := of.AppendMatch(buffer, aMatch); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeMatch(b *testing.B) {
	encoded, err := of.AppendMatch(nil, aMatch)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := of.DecodeMatch(encoded); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzMatch reads any match. What is read is canonical, and reads the same after it is encoded.
func FuzzMatch(f *testing.F) {
	for _, flow := range fieldFlows() {
		b, err := of.AppendMatch(nil, flow.Match)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, m := range []of.Match{aMatch, nil, {of.Untagged()}, {of.VLANTag(5, 3)}} {
		b, err := of.AppendMatch(nil, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	// A match in the headers that Open vSwitch writes over OpenFlow 1.5, and VLAN fields as it writes them.
	f.Add([]byte("\x00\x01\x00\x20\x80\x01\x01\x10" +
		"\x00\x00\x00\x07\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00\x80\x00\x0c\x02\x10\x05\x80\x00"))
	f.Add([]byte("\x00\x01\x00\x0f\x80\x00\x0c\x02\x10\x05\x80\x00\x0e\x01\x05\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, _, err := of.DecodeMatch(b)
		if err != nil {
			return
		}
		_ = m.String()
		if diff := cmp.Diff(m, m.Canonical(), cmpOptions); diff != "" {
			t.Fatalf("what is read is not canonical (-read +canonical):\n%s", diff)
		}
		again, err := of.AppendMatch(nil, m)
		if err != nil {
			t.Fatalf("AppendMatch(%v): %v", m, err)
		}
		m2, rest, err := of.DecodeMatch(again)
		if err != nil || len(rest) != 0 {
			t.Fatalf("%v is encoded as % x: %v, %d bytes are left", m, again, err, len(rest))
		}
		if third, err := of.AppendMatch(nil, m2); err != nil || !bytes.Equal(third, again) {
			t.Fatalf("encoded again as % x, error %v, first\n% x", third, err, again)
		}
		if err, err2 := m.Validate(), m2.Validate(); (err == nil) != (err2 == nil) {
			t.Fatalf("Validate gives %v and, after a round trip, %v", err, err2)
		}
	})
}

// TestCanonicalForms has the ways to write a condition that are one.
func TestCanonicalForms(t *testing.T) {
	for name, forms := range map[string][]of.Match{
		"64-bit register": {{of.Uint(of.FieldXReg1, 7)}, {of.Reg(3, 7), of.Reg(2, 0)}},
		"half of it":      {{of.UintMasked(of.FieldXReg7, 5<<32, 0xf<<32)}, {of.RegMasked(14, 5, 0xf)}},
		"128-bit register": {{of.Bytes(of.FieldXXReg1, []byte("aaaabbbbccccdddd"))},
			{of.Uint(of.FieldXReg3, 0x6363636364646464), of.Reg(4, 0x61616161), of.Reg(5, 0x62626262)}},
		"16-bit port":     {{of.Uint(of.FieldInPort16, 0xfffe)}, {of.InPort(of.PortLocal)}},
		"type of service": {ipv4(of.Uint(of.FieldIPToS, 0xb8)), ipv4(of.IPDSCP(46))},
		"VLAN":            {{of.VLANID(5)}, {of.Uint(of.FieldVLANVID, 0x1005)}, {of.UintMasked(of.FieldVLANTCI, 0x1005, 0x1fff)}},
		"VLAN tag": {{of.VLANTag(5, 3)}, {of.Uint(of.FieldVLANPCP, 3), of.Uint(of.FieldVLANVID, 0x1005)},
			{of.Uint(of.FieldVLANTCI, 0x7005)}, {of.VLANPCP(3), of.UintMasked(of.FieldVLANTCI, 5, 0xfff)}},
		"no tag":           {{of.Untagged()}, {of.Uint(of.FieldVLANVID, 0)}, {of.Uint(of.FieldVLANTCI, 0)}},
		"Ethernet":         {ipv4(), ipv4(of.Uint(of.FieldPacketType, 0))},
		"connection state": {{of.Uint(of.FieldCTState, 0x22)}, {of.UintMasked(of.FieldCTState, 0x22, 0xff)}},
		"option":           {{of.TunMetadata(3, []byte{1, 2})}, {of.BytesMasked(of.FieldTunMetadata0+3, []byte{1, 2}, []byte{0xff, 0xff})}},
	} {
		for _, m := range forms {
			if diff := cmp.Diff(forms[0].Canonical(), m.Canonical(), cmpOptions); diff != "" {
				t.Errorf("%s, %v (-first form +this):\n%s", name, m, diff)
			}
		}
	}
	present := of.Match{of.BytesMasked(of.FieldTunMetadata0, []byte{1}, []byte{0})}
	if got := present.Canonical(); len(got) != 1 {
		t.Errorf("presence of an option becomes %v", got)
	}
}
