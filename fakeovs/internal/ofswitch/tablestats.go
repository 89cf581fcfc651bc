// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// sendTables answers a request for the counters of the tables (OpenFlow 1.3.5, 7.3.5.4).
func (c *conn) sendTables(xid uint32) {
	var body []byte
	s := c.s
	s.begin()
	for i := range s.flows.tables {
		t := &s.flows.counts[i]
		active := 0
		if cls := s.flows.tables[i]; cls != nil {
			active = cls.count
		}
		body = append(body, byte(i), 0, 0, 0)
		body = binary.BigEndian.AppendUint32(body, uint32(active))
		body = binary.BigEndian.AppendUint64(body, t.lookups)
		body = binary.BigEndian.AppendUint64(body, t.matches)
	}
	s.end()
	c.reply(openflow.MultipartReply{Type: multipartTable, Body: body}, xid)
}

// The properties of a table: each stands for packets that match a flow and, as the next number, for those that do not.
const (
	propInstructions = 0
	propNextTables   = 2
	propWriteActions = 4
	propApplyActions = 6
	propMatch        = 8 // without a second form
	propWildcards    = 10
	propWriteSet     = 12
	propApplySet     = 14
)

// What flows may have: the instructions but meter, and OpenFlow's own actions.
var (
	instructionIDs = []uint16{1, 2, 3, 4, 5}
	actionIDs      = []uint16{0, 24, 25} // output, decrement the TTL, set a field
)

// tableFeaturesLen is the length of a table's description without its properties.
const tableFeaturesLen = 64

// sendTableFeatures answers a request for what the tables can do (OpenFlow 1.3.5, 7.3.5.5).
func (c *conn) sendTableFeatures(xid uint32) {
	const room = openflow.MaxMessage - multipartHeaderLen
	matched, settable := fieldHeaders()
	var body []byte
	for table := range visibleTables {
		f := tableFeatures(table, matched, settable)
		if len(body)+len(f) > room {
			c.reply(openflow.MultipartReply{Type: multipartTableFeatures, Body: body, More: true}, xid)
			body = body[:0]
		}
		body = append(body, f...)
	}
	c.reply(openflow.MultipartReply{Type: multipartTableFeatures, Body: body}, xid)
}

// fieldHeaders are the headers of the fields that flows can match and of those that they can set.
func fieldHeaders() (matched, settable []byte) {
	for f := openflow.FieldInvalid + 1; packet.Known(f); f++ {
		// A message whose match is the one field has its header at a known place.
		const at = 28
		m := openflow.PacketIn{Match: openflow.Match{{Field: f, Value: make([]byte, f.Bytes())}}}
		b, err := openflow.Encode(openflow.Version13, m, 0)
		if err != nil {
			continue
		}
		header := b[at : at+4]
		header[2] &^= 1 // a condition may stand there with a mask
		header[3] = byte(f.Bytes())
		matched = append(matched, header...)
		if writable(f) {
			settable = append(settable, header...)
		}
	}
	return matched, settable
}

func tableFeatures(table int, matched, settable []byte) []byte {
	b := make([]byte, tableFeaturesLen)
	b[2] = byte(table)
	binary.BigEndian.PutUint64(b[40:], ^uint64(0)) // the metadata bits that can be matched
	binary.BigEndian.PutUint64(b[48:], ^uint64(0)) // and those that can be written
	binary.BigEndian.PutUint32(b[60:], maxFlows)
	var next []byte
	for t := table + 1; t < visibleTables; t++ {
		next = append(next, byte(t))
	}
	for miss := range uint16(2) {
		b = appendProperty(b, propInstructions+miss, identifiers(instructionIDs))
		b = appendProperty(b, propNextTables+miss, next)
		b = appendProperty(b, propWriteActions+miss, identifiers(actionIDs))
		b = appendProperty(b, propApplyActions+miss, identifiers(actionIDs))
		b = appendProperty(b, propWriteSet+miss, settable)
		b = appendProperty(b, propApplySet+miss, settable)
	}
	b = appendProperty(b, propMatch, matched)
	b = appendProperty(b, propWildcards, matched)
	binary.BigEndian.PutUint16(b, uint16(len(b)))
	return b
}

// identifiers are types with the length of their own header, as lists of instructions and actions have them.
func identifiers(types []uint16) (b []byte) {
	for _, t := range types {
		b = binary.BigEndian.AppendUint16(b, t)
		b = binary.BigEndian.AppendUint16(b, 4)
	}
	return b
}

// appendProperty appends a property, padded to 8 bytes.
func appendProperty(b []byte, typ uint16, value []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, typ)
	b = binary.BigEndian.AppendUint16(b, uint16(4+len(value)))
	b = append(b, value...)
	return append(b, make([]byte, (8-(4+len(value))%8)%8)...)
}
