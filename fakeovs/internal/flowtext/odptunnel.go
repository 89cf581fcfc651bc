// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// tunnel writes the tunnel that a packet came through. Of its fields that are zero only the TTL counts.
func (t *odpText) tunnel() {
	v := t.value
	flags := v.Uint(packet.TunFlags)
	key := v.Has(openflow.FieldTunID) || flags&packet.TunFlagKey != 0
	flags &^= packet.TunFlagKey
	if key {
		flags |= packet.TunFlagKey
		t.field("tun_id", openflow.FieldTunID, prefixedHex, hex)
	}
	for _, part := range [...]struct {
		name string
		f    openflow.Field
		v, m func(uint64) string
	}{
		{"src", openflow.FieldTunSrc, ipv4Of, ipv4Of},
		{"dst", openflow.FieldTunDst, ipv4Of, ipv4Of},
		{"ipv6_src", openflow.FieldTunIPv6Src, nil, nil},
		{"ipv6_dst", openflow.FieldTunIPv6Dst, nil, nil},
		{"tos", packet.TunToS, hex, hex},
		{"ttl", packet.TunTTL, decimal, hex},
		{"tp_src", packet.TunTPSrc, decimal, hex},
		{"tp_dst", packet.TunTPDst, decimal, hex},
	} {
		switch {
		case !v.Has(part.f) && (part.f != packet.TunTTL || t.raw != nil && !t.raw.mask.Has(part.f)):
		case part.v == nil:
			t.in6(part.name, part.f)
		default:
			t.field(part.name, part.f, part.v, part.m)
		}
	}
	t.tunnelOptions()
	if t.mask == nil {
		t.add("flags(%s)", flagNames(tunFlags, flags))
		return
	}
	m := t.mask.Uint(packet.TunFlags) &^ packet.TunFlagKey
	if key {
		m |= packet.TunFlagKey
	}
	if m != 0 || t.Verbose {
		t.add("flags(%s)", maskedFlags(tunFlags, flags, m, 0xf))
	}
}

// tunnelOptions writes what VXLAN, ERSPAN and GTP-U carry beside the tunnel's key.
func (t *odpText) tunnelOptions() {
	nested := func(before string, body func(), after string) {
		t.add("%s", before)
		body()
		t.chomp()
		t.add("%s,", after)
	}
	v := t.value
	if v.Has(openflow.FieldTunGBPID) || v.Has(openflow.FieldTunGBPFlags) {
		nested("vxlan(gbp(", func() {
			t.field("id", openflow.FieldTunGBPID, decimal, hex)
			t.field("flags", openflow.FieldTunGBPFlags, hex, hex)
		}, "))")
	}
	if t.Options != nil && len(packet.OptionsOf(v)) > 0 {
		nested("geneve(", t.geneve, ")")
	}
	switch version := v.Uint(openflow.FieldTunERSPANVersion); version {
	case 1, 2:
		nested("erspan(", func() {
			t.field("ver", openflow.FieldTunERSPANVersion, decimal, hex)
			if version == 1 {
				idx, m, _ := t.bits(openflow.FieldTunERSPANIndex)
				t.add("idx=%s", hex(idx))
				if t.mask != nil {
					t.add("/%s", hex(m))
				}
				t.add(",")
				return
			}
			t.field("dir", openflow.FieldTunERSPANDir, decimal, hex)
			t.field("hwid", openflow.FieldTunERSPANHWID, hex, hex)
		}, ")")
	}
	if v.Has(openflow.FieldTunGTPUFlags) && v.Has(openflow.FieldTunGTPUMsgType) {
		nested("gtpu(", func() {
			t.field("flags", openflow.FieldTunGTPUFlags, hex, hex)
			t.field("msgtype", openflow.FieldTunGTPUMsgType, decimal, hex)
		}, ")")
	}
}
