// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "time"

// The numbers of statistics of Nicira's in OpenFlow 1.0.
const (
	nxStatsFlow          = 0
	nxStatsAggregate     = 1
	nxStatsFlowMonitor   = 2
	nxStatsGroup         = 7
	nxStatsGroupDesc     = 8
	nxStatsGroupFeatures = 9
)

// appendStatsHead10 appends the head of statistics of OpenFlow 1.0, which has no padding.
func appendStatsHead10(b []byte, typ uint16, more bool) []byte {
	return be.AppendUint16(be.AppendUint16(b, typ), uint16(bits(more)))
}

// appendLegacyStatsHead appends the head of a reply with statistics, and returns the type of the message.
func appendLegacyStatsHead(b []byte, v Version, typ uint16, more bool) ([]byte, uint8) {
	if v == Version10 {
		return appendStatsHead10(b, typ, more), type10StatsReply
	}
	return appendMultipart(b, typ, more), typeMultipartReply
}

func appendNXStatsHead10(b []byte, subtype uint32, more bool) []byte {
	b = appendStatsHead10(b, multipartExperimenter, more)
	return pad(be.AppendUint32(be.AppendUint32(b, experimenterNicira), subtype), 4)
}

func appendStats10(b []byte, m Message, xid uint32) (out []byte, typ uint8, err error) {
	typ = type10StatsRequest
	switch m := m.(type) {
	case FlowStatsRequest:
		b, err = m.append10(b, multipartFlow, nxStatsFlow, m.Plain)
		return b, typ, err
	case AggregateRequest:
		b, err = m.append10(b, multipartAggregate, nxStatsAggregate, m.Plain)
		return b, typ, err
	case FlowStatsReply:
		b, err = m.append10(b)
		return b, type10StatsReply, err
	case AggregateReply:
		if m.Plain {
			b = appendStatsHead10(b, multipartAggregate, false)
		} else {
			b = appendNXStatsHead10(b, nxStatsAggregate, false)
		}
		b = be.AppendUint64(be.AppendUint64(b, m.Packets), m.Bytes)
		return pad(be.AppendUint32(b, m.Flows), 4), type10StatsReply, nil
	case PortStatsRequest:
		b = appendStatsHead10(b, multipartPort, false)
		return pad(be.AppendUint16(b, portOrNone10(m.Port)), 6), typ, nil
	case QueueStatsRequest:
		b = be.AppendUint16(appendStatsHead10(b, multipartQueue, false), portOrAll10(m.Port))
		return be.AppendUint32(pad(b, 2), m.Queue), typ, nil
	case PortDescReply:
		b = appendStatsHead10(b, multipartPortDesc, m.More)
		for _, p := range m.Ports {
			if b, err = appendPort10(b, p); err != nil {
				return b, 0, err
			}
		}
		return b, type10StatsReply, nil
	case GroupDescRequest:
		b = appendNXStatsHead10(b, nxStatsGroupDesc, false)
		return pad(be.AppendUint32(b, m.ID), 4), typ, nil
	case MultipartRequest:
		return append(appendStatsHead10(b, m.Type, m.More), m.Body...), typ, nil
	case MultipartReply:
		return append(appendStatsHead10(b, m.Type, m.More), m.Body...), type10StatsReply, nil
	}
	return appendConverted10(b, m, xid)
}

// appendConverted10 appends statistics whose body is that of a later version.
func appendConverted10(b []byte, m Message, xid uint32) (out []byte, typ uint8, err error) {
	v, subtype, nicira := Version11, uint32(0), true
	switch m.(type) {
	case GroupStatsRequest, GroupStatsReply:
		subtype = nxStatsGroup
	case GroupDescReply:
		v, subtype = Version10, nxStatsGroupDesc
	case GroupFeaturesRequest, GroupFeaturesReply:
		subtype = nxStatsGroupFeatures
	default:
		nicira = false
	}
	body, typ, err := m.appendTo(nil, v, xid)
	if err != nil {
		return b, 0, err
	}
	number, more := be.Uint16(body), be.Uint16(body[2:]) == multipartMore
	if nicira {
		b = appendNXStatsHead10(b, subtype, more)
	} else {
		b = appendStatsHead10(b, number, more)
	}
	return append(b, body[multipartHeadLen:]...), typ - typeMultipartRequest + type10StatsRequest, nil
}

// multipartHeadLen is how many bytes stand before the body of a multipart message, behind the message's header.
const multipartHeadLen = 8

func portOrAll10(port uint32) uint16 {
	if port == 0 {
		return 0xfffc // OFPP_ALL
	}
	return portOrNone10(port)
}

func (f FlowFilter) append10(b []byte, typ uint16, subtype uint32, plain bool) ([]byte, error) {
	table := AllTables
	if f.Table != nil {
		table = *f.Table
	}
	if plain {
		b = appendMatch10(appendStatsHead10(b, typ, false), f.Match)
		return be.AppendUint16(append(b, table, 0), portOrNone10(f.OutPort)), nil
	}
	b = be.AppendUint16(appendNXStatsHead10(b, subtype, false), portOrNone10(f.OutPort))
	length := len(b)
	b = pad(append(b, 0, 0, table), 3)
	start := len(b)
	b, err := appendNXMatch(b, f.Match, f.Cookie, f.CookieMask, 0)
	if err != nil {
		return b, err
	}
	// The length of the match stands before the table.
	copy(b[length:], b[start:start+2])
	return padded(append(b[:start], b[start+2:start+2+int(be.Uint16(b[length:]))]...), start), nil
}

func (m FlowStatsReply) append10(b []byte) (out []byte, err error) {
	if m.Plain {
		b = appendStatsHead10(b, multipartFlow, m.More)
	} else {
		b = appendNXStatsHead10(b, nxStatsFlow, m.More)
	}
	for _, s := range m.Flows {
		if b, err = appendFlowStats10(b, s, m.Plain); err != nil {
			return b, err
		}
	}
	return b, nil
}

func appendFlowStats10(b []byte, s FlowStats, plain bool) (out []byte, err error) {
	start := len(b)
	b = append(b, 0, 0, s.Table, 0)
	if plain {
		b = appendMatch10(b, s.Match)
	}
	b = appendDuration(b, s.Duration)
	b = be.AppendUint16(b, s.Priority)
	b = be.AppendUint16(b, s.IdleTimeout)
	b = be.AppendUint16(b, s.HardTimeout)
	length := len(b)
	if plain {
		b = pad(b, 6)
	} else {
		b = be.AppendUint16(pad(b, 2), age(s.Idle))
		b = be.AppendUint16(b, age(min(s.Duration, s.Age)))
	}
	b = be.AppendUint64(b, s.Cookie)
	b = be.AppendUint64(be.AppendUint64(b, s.Packets), s.Bytes)
	if !plain {
		match := len(b)
		if b, err = appendNXM(b, s.Match); err != nil {
			return b, err
		}
		be.PutUint16(b[length:], uint16(len(b)-match))
		b = padded(b, match)
	}
	if b, err = appendActions(b, Version10, s.Instructions.list()); err != nil {
		return b, err
	}
	return putLength(b, start, 0)
}

// age is a time in seconds plus one, as Nicira's flow statistics have it; 0 is not known.
func age(d time.Duration) uint16 { return uint16(min(d/time.Second+1, 0xffff)) }

func decodeStats10(r *reader, reply bool) (Message, error) {
	typ, flags := r.u16(), r.u16()
	if r.short {
		return nil, malformed(ErrBadRequestLen, "statistics message is too short")
	}
	if reply {
		return MultipartReply{Type: typ, Body: r.rest(), More: flags&multipartMore != 0}, nil
	}
	switch typ {
	case multipartDesc:
		return ended(r, DescRequest{})
	case multipartFlow, multipartAggregate:
		f := FlowFilter{Match: decodeMatch10(r)}
		f.setTable(r.u8())
		r.skip(1)
		f.OutPort = orNone10(r.u16())
		if typ == multipartAggregate {
			return ended(r, AggregateRequest{FlowFilter: f, Plain: true})
		}
		return ended(r, FlowStatsRequest{FlowFilter: f, Plain: true})
	case multipartTable:
		return ended(r, TableStatsRequest{})
	case multipartPort:
		port := orNone10(r.u16())
		r.skip(6)
		return ended(r, PortStatsRequest{port})
	case multipartQueue:
		port := port32(r.u16())
		r.skip(2)
		if port == PortAll {
			port = PortAny
		}
		return ended(r, QueueStatsRequest{fromAny(port), r.u32()})
	case multipartPortDesc:
		return ended(r, PortDescRequest{})
	case multipartExperimenter:
		return decodeNXStats10(r)
	}
	return MultipartRequest{Type: typ, Body: r.rest(), More: flags&multipartMore != 0}, nil
}

func (f *FlowFilter) setTable(table uint8) {
	if table != AllTables {
		f.Table = &table
	}
}

func decodeNXStats10(r *reader) (Message, error) {
	body := r.b
	id, subtype := r.u32(), r.u32()
	r.skip(4)
	unknown := MultipartRequest{Type: multipartExperimenter, Body: body}
	if id != experimenterNicira {
		return unknown, nil
	}
	if r.short {
		return nil, malformed(ErrBadRequestLen, "statistics message is too short")
	}
	switch subtype {
	case nxStatsFlow, nxStatsAggregate:
		f := FlowFilter{OutPort: orNone10(r.u16())}
		n := int(r.u16())
		f.setTable(r.u8())
		r.skip(3)
		var err error
		if f.Match, f.Cookie, f.CookieMask, err = decodeNXMatch(r, n, true); err != nil {
			return nil, err
		}
		if subtype == nxStatsAggregate {
			return ended(r, AggregateRequest{FlowFilter: f})
		}
		return ended(r, FlowStatsRequest{FlowFilter: f})
	case nxStatsFlowMonitor:
		return decodeNXMonitors(r)
	case nxStatsGroup:
		return decodeGroupStatsRequest(r)
	case nxStatsGroupDesc:
		return decodeGroupDescRequest(r, Version10)
	case nxStatsGroupFeatures:
		return ended(r, GroupFeaturesRequest{})
	}
	return unknown, nil
}

// decodeLegacyMultipart reads statistics of OpenFlow 1.1 and 1.2, of which replies are not understood.
func decodeLegacyMultipart(r *reader, v Version, reply bool) (Message, error) {
	head := reader{b: r.b}
	typ, flags := head.u16(), head.u16()
	head.skip(4)
	switch {
	case head.short:
		return nil, malformed(ErrBadRequestLen, "multipart message is too short")
	case reply:
		return MultipartReply{Type: typ, Body: head.rest(), More: flags&multipartMore != 0}, nil
	case typ == multipartExperimenter && len(head.b) >= 8 && be.Uint32(head.b) == experimenterNicira &&
		be.Uint32(head.b[4:]) == nxStatsFlowMonitor:
		head.skip(8)
		return decodeNXMonitors(&head)
	case typ >= multipartMeter && typ <= multipartTableFeatures || typ == multipartGroupFeatures && v < Version12:
		return MultipartRequest{Type: typ, Body: head.rest(), More: flags&multipartMore != 0}, nil
	}
	return decodeMultipartRequest(r, v)
}

// appendLegacy appends table statistics with the names and the abilities of tables, which later versions tell of
// elsewhere.
func (m TableStatsReply) appendLegacy(b []byte, v Version) (out []byte, typ uint8, err error) {
	b, typ = appendLegacyStatsHead(b, v, multipartTable, m.More)
	for _, t := range m.Tables {
		if b, err = t.appendLegacy(b, v); err != nil {
			return b, 0, err
		}
	}
	return b, typ, nil
}

// What the tables of a switch can do in OpenFlow 1.1 and 1.2, as bits.
const (
	instructions11 = 0x3e                           // goto, write_metadata, write_actions, apply_actions, clear_actions
	actions11      = 0x01ff_ffff &^ (1<<11 | 1<<12) // output to dec_nw_ttl, but for copies of a TTL
	actions12      = 1 | 0x03ff_8000                // output, and set_mpls_ttl to set_field
	fields11       = 0xffff &^ (1 << 10)            // all but the type of a match
	fields12       = (1<<36 - 1) &^ (1 << 1)        // all but in_phy_port
	settable12     = fields12 &^ (1<<5 | 1<<10)     // but the protocols
)

func (t TableStats) appendLegacy(b []byte, v Version) (out []byte, err error) {
	b = append(b, t.Table)
	if v == Version10 {
		b = pad(b, 3)
	} else {
		b = pad(b, 7)
	}
	if b, err = appendCString(b, t.Name, 32); err != nil {
		return b, err
	}
	switch v {
	case Version10:
		b = be.AppendUint32(b, wild10All)
	case Version11:
		b = be.AppendUint32(be.AppendUint32(b, fields11), fields11)
		b = be.AppendUint32(b, t.instructions11())
		b = be.AppendUint32(be.AppendUint32(b, actions11), actions11)
		b = be.AppendUint32(b, uint32(t.Config))
	default:
		b = be.AppendUint64(be.AppendUint64(b, fields12), fields12)
		b = be.AppendUint32(be.AppendUint32(b, actions12), actions12)
		b = be.AppendUint64(be.AppendUint64(b, settable12), settable12)
		b = be.AppendUint64(be.AppendUint64(b, ^uint64(0)), ^uint64(0))
		b = be.AppendUint32(be.AppendUint32(b, t.instructions11()), uint32(t.Config))
	}
	b = be.AppendUint32(be.AppendUint32(b, t.MaxEntries), t.Active)
	return be.AppendUint64(be.AppendUint64(b, t.Lookups), t.Matches), nil
}

// instructions11 are those of the table's flows: the last table, of Open vSwitch's, has none to go on to.
func (t TableStats) instructions11() uint32 {
	if t.Last {
		return instructions11 &^ (1 << instructionGoto)
	}
	return instructions11
}

func (m PortStatsReply) appendLegacy(b []byte, v Version) (out []byte, typ uint8, err error) {
	b, typ = appendLegacyStatsHead(b, v, multipartPort, m.More)
	for _, s := range m.Ports {
		if v == Version10 {
			b = pad(be.AppendUint16(b, portOrNone10(s.Port)), 6)
		} else {
			b = pad(be.AppendUint32(b, s.Port), 4)
		}
		b = appendCounters(appendCounters(b, s.counters()), s.ethernetCounters())
	}
	return b, typ, nil
}

func (m QueueStatsReply) appendLegacy(b []byte, v Version) (out []byte, typ uint8, err error) {
	b, typ = appendLegacyStatsHead(b, v, multipartQueue, m.More)
	for _, s := range m.Queues {
		if v == Version10 {
			b = pad(be.AppendUint16(b, portOrNone10(s.Port)), 2)
		} else {
			b = be.AppendUint32(b, s.Port)
		}
		b = be.AppendUint32(b, s.Queue)
		for _, n := range []uint64{s.TxBytes, s.TxPackets, s.Errors} {
			b = be.AppendUint64(b, n)
		}
	}
	return b, typ, nil
}

// appendLegacy leaves out how long the group has existed, which Nicira's extension of OpenFlow 1.0 does not.
func (m GroupStatsReply) appendLegacy(b []byte, v Version) (out []byte, typ uint8, err error) {
	if v == Version10 {
		return appendConverted10(b, m, 0)
	}
	b = appendMultipart(b, multipartGroup, m.More)
	for _, g := range m.Groups {
		start := len(b)
		b = be.AppendUint32(pad(b, 4), g.ID)
		b = pad(be.AppendUint32(b, g.References), 4)
		b = be.AppendUint64(be.AppendUint64(b, g.Packets), g.Bytes)
		for _, s := range g.Buckets {
			b = be.AppendUint64(be.AppendUint64(b, s.Packets), s.Bytes)
		}
		if b, err = putLength(b, start, 0); err != nil {
			return b, 0, err
		}
	}
	return b, typeMultipartReply, nil
}
