// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// longest is a message of which a unit fills all that the head leaves, as far as whole units go.
func longest(v of.Version, typ byte, head, unit []byte) []byte {
	b := append([]byte{byte(v), typ, 0, 0, 0, 0, 0, 7}, head...)
	b = append(b, bytes.Repeat(unit, (of.MaxMessage-len(b))/len(unit))...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// TestDecodeMemory decodes the longest messages of the smallest parts of each kind: what is allocated for a byte that comes
// in is bounded, for messages that are refused in the end as well.
func TestDecodeMemory(t *testing.T) {
	const most = 30
	measure := func(name string, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, _ = of.Decode(b)
		runtime.ReadMemStats(&after)
		if got := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(b)); got > most {
			t.Errorf("%s: %.1f bytes allocated for each of %d bytes, want at most %d", name, got, len(b), most)
		}
	}
	multipart := func(typ byte) []byte { return []byte{0, typ, 0, 0, 0, 0, 0, 0} }
	const request, reply = 18, 19
	for _, v := range versions {
		// Entries of some length behind each other, whose first bytes or whose third and fourth say something.
		for typ := range byte(20) {
			for _, n := range []int{8, 16, 24, 40, 64, 120} {
				for _, more := range []byte{0, 1, 4} {
					unit := make([]byte, n)
					unit[1], unit[3], unit[7] = byte(n), more, 1
					name := fmt.Sprintf("%v: multipart %d, %d bytes with %d", v, typ, n, more)
					measure(name, longest(v, request, multipart(typ), unit))
					measure(name, longest(v, reply, multipart(typ), unit))
				}
			}
		}
		if v == of.Version13 {
			head := append(multipart(0xff), 0x4f, 0x4e, 0x46, 0, 0, 0, 7, 0x4e)
			head[0] = 0xff
			measure("flow updates of ONF", longest(v, reply, head, []byte{0, 8, 0, 3, 0, 0, 0, 1}))
		}
		for name, b := range longMatches(t, v) {
			measure(fmt.Sprintf("%v: match of %s", v, name), b)
		}
		for name, b := range longActions(t, v) {
			measure(fmt.Sprintf("%v: actions of %s", v, name), b)
		}
		measure(fmt.Sprint(v, " buckets"), longBuckets(v))
	}
}

// longMatches are flow-mods and flow-removed messages whose match is one condition over and over.
func longMatches(t *testing.T, v of.Version) map[string][]byte {
	out := map[string][]byte{}
	for name, unit := range map[string]string{
		"xreg": "800100080000000000000000", "xxreg": "0001de1000000000000000000000000000000000", "unknown": "7701000100", "no length": "80010000",
		"tci": "0000080400000000", "vid": "80000c0400000000", "short register": "8001000100", "outside of mask": "0001010800000003 00000001",
		"no register": "80010101", "option": "000150010f", "option's mask": "000151020fff", "option without value": "00015000",
	} {
		u := unhex(t, unit)
		for typ, fixed := range map[byte]int{11: 40, 14: 40} {
			if v == of.Version15 && typ == 11 {
				fixed = 16
			}
			head := make([]byte, fixed+4)
			b := longest(v, typ, head, u)
			match := b[of.HeaderLen+fixed:]
			binary.BigEndian.PutUint16(match, 1)
			length := len(match) &^ 7
			binary.BigEndian.PutUint16(match[2:], uint16(length))
			out[fmt.Sprintf("%s in message %d", name, typ)] = b
		}
	}
	return out
}

// longActions are packet-outs and flow statistics with one action over and over.
func longActions(t *testing.T, v of.Version) map[string][]byte {
	units := map[string][]byte{"raw": {0, 99, 0, 8, 0, 0, 0, 0}}
	for _, tc := range toldActions {
		units[tc.name] = unhex(t, tc.hex)
	}
	for _, tc := range everyAction {
		if b, err := of.Encode(v, of.Add(of.Flow{Instructions: apply(tc.action)}), 1); err == nil {
			units[tc.text] = b[56+8:]
		}
	}
	out := map[string][]byte{}
	for name, unit := range units {
		f := of.Flow{Instructions: apply()}
		for range (of.MaxMessage - 200) / len(unit) {
			f.Apply = append(f.Apply, of.RawAction{Bytes: unit})
		}
		for _, m := range []of.Message{of.PacketOut{Actions: f.Apply}, of.FlowStatsReply{Flows: []of.FlowStats{{Flow: f}}}} {
			if b, err := of.Encode(v, m, 1); err == nil {
				out[fmt.Sprintf("%s in %T", name, m)] = b
			}
		}
	}
	return out
}

// longBuckets is a group-mod of many buckets without actions.
func longBuckets(v of.Version) []byte {
	m := of.GroupMod{Group: of.Group{ID: 1, Type: of.GroupTypeAll}}
	n := 4000
	if v >= of.Version15 {
		n = 8000
	}
	for i := range n {
		m.Buckets = append(m.Buckets, of.Bucket{ID: uint32(i)})
	}
	b, err := of.Encode(v, m, 1)
	if err != nil {
		panic(err)
	}
	return b
}
