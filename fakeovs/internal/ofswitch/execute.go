// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// maxRecirculations is how often a packet may come back from the connection tracker, as in Open vSwitch.
const maxRecirculations = 6

// evaluation is what becomes of one frame, from its coming in to the last copy's going out.
type evaluation struct {
	s       *Switch
	t       *tracer
	outputs []Output
	// packetIns are messages to the controllers, in order.
	packetIns      []packetIn
	recirculations int
}

// execute carries the ops of a translation out on a packet.
func (e *evaluation) execute(p *packet.Packet, m *conntrack.Meta, ops []op) {
	for i := range ops {
		o := &ops[i]
		switch o.kind {
		case opWrite:
			if p.Update(&o.set.from, &o.set.to) {
				m.Forget()
			}
		case opOutput:
			e.outputs = append(e.outputs, Output{Port: o.port, Frame: append([]byte(nil), p.Bytes()...)})
		case opController:
			e.packetIns = append(e.packetIns, o.in.with(p.Bytes()))
		case opTrack:
			if p.IP() {
				e.track(p, m, o.ct, ops[i+1:])
				return
			}
		case opForget:
			*m = conntrack.Meta{}
		case opRecirculate:
			e.resume(p, *m, o.resume, i == len(ops)-1)
		}
	}
}

// track sends a packet through the connection tracker, and on its way what comes out there: mostly the packet, but it may
// be held as a fragment, and others may be released.
func (e *evaluation) track(p *packet.Packet, m *conntrack.Meta, r *conntrack.Request, rest []op) {
	held, released := e.s.dp.conns.Track(p, m, r)
	if !held {
		e.t.tracked(r.Zone, m.State)
		e.execute(p, m, rest)
	}
	for _, f := range released {
		e.execute(f.Packet, &f.Meta, rest)
	}
}

// with completes a message with the frame or its beginning.
func (in packetIn) with(frame []byte) packetIn {
	in.message.TotalLen = uint16(len(frame))
	in.message.Data = append([]byte(nil), frame[:min(len(frame), int(in.maxLen))]...)
	return in
}

// resume lets a copy of the packet go on in the flow tables with its connection state known. The last user of a packet
// needs no copy.
func (e *evaluation) resume(p *packet.Packet, m conntrack.Meta, f *frozen, last bool) {
	if e.recirculations >= maxRecirculations {
		e.t.note("recirculated too often, dropping the packet")
		return
	}
	if !last {
		p = p.Clone()
	}
	e.recirculations++
	p.Reparse()
	x := translation{s: e.s, t: e.t, key: p.Key, size: len(p.Bytes()), actionSet: f.actionSet}
	x.key.SetMetadata(&f.metadata)
	x.tracked = m.State != 0
	x.key.SetUint(openflow.FieldCTState, uint64(m.State))
	x.key.SetUint(openflow.FieldCTZone, uint64(m.Zone))
	x.key.SetUint(openflow.FieldCTMark, uint64(m.Mark))
	x.key.SetBits(openflow.FieldCTLabel, 64, 64, m.Label[0])
	x.key.SetBits(openflow.FieldCTLabel, 0, 64, m.Label[1])
	x.done = x.key
	e.t.resume(f.table)
	ops := x.run(f.table)
	e.execute(p, &m, ops)
	e.recirculations--
}

// metadata is a packet's metadata as a packet-in message has it: in_port, and the other fields where they are not zero.
func metadata(k *packet.Key) openflow.Match {
	m := openflow.Match{openflow.InPort(uint32(k.Uint(openflow.FieldInPort)))}
	some := func(f openflow.Field) {
		if v := k.Uint(f); v != 0 {
			m = append(m, openflow.Uint(f, v))
		}
	}
	some(openflow.FieldMetadata)
	for f := openflow.FieldReg0; f <= openflow.FieldReg15; f++ {
		some(f)
	}
	some(openflow.FieldCTState)
	some(openflow.FieldCTZone)
	some(openflow.FieldCTMark)
	if hi, lo := k.Bits(openflow.FieldCTLabel, 64, 64), k.Bits(openflow.FieldCTLabel, 0, 64); hi|lo != 0 {
		m = append(m, openflow.CTLabel(openflow.Label{Hi: hi, Lo: lo}, openflow.Label{Hi: ^uint64(0), Lo: ^uint64(0)}))
	}
	return m
}
