// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// tagFields are the type and the TCI of the VLAN tags, the outer one first.
var tagFields = [packet.MaxVLANs][2]openflow.Field{
	{packet.VLANTPID, openflow.FieldVLANTCI}, {packet.InnerVLANTPID, packet.InnerVLANTCI},
}

// tag writes a VLAN tag and, between its parentheses, what it encapsulates.
func (t *odpText) tag(i int) {
	if i >= max(t.VLANs, 1) || i == len(tagFields) {
		t.network(i > 0)
		return
	}
	tci := t.value.Uint(tagFields[i][1])
	typ := t.value.Uint(tagFields[i][0])
	if tci == 0 {
		// The type of a tag that is cut off is that of the frame.
		if typ = t.value.Uint(openflow.FieldEthType); !isVLAN(typ) {
			t.network(i > 0)
			return
		}
	} else if typ == 0 {
		typ = openflow.EthTypeVLAN
	}
	t.add("eth_type(0x%04x),", typ)
	if _, m, _ := t.bits(tagFields[i][1]); m != 0 || t.Verbose {
		t.add("vlan(")
		t.vlan(tci, m)
		t.chomp()
		t.add("),")
	}
	t.add("encap(")
	if tci != 0 {
		t.tag(i + 1)
	}
	t.chomp()
	t.add("),")
}

// vlan writes the parts of a tag that are matched or not zero.
func (t *odpText) vlan(tci, m uint64) {
	part := func(name string, v, m, all uint64) {
		if !t.Verbose && v|m == 0 {
			return
		}
		t.add("%s=%d", name, v)
		if m != all {
			t.add("/0x%x", m)
		}
		t.add(",")
	}
	part("vid", tci&0xfff, m&0xfff, 0xfff)
	part("pcp", tci>>13, m>>13, 7)
	if tci&0x1000 == 0 {
		t.add("cfi=0,")
	}
}

func isVLAN(typ uint64) bool {
	return typ == openflow.EthTypeVLAN || typ == openflow.EthTypeServiceVLAN
}
