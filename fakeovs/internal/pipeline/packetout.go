// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"unsafe"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// PacketOut is a checked openflow.PacketOut, ready to be carried out.
type PacketOut struct {
	packet  *packet.Packet
	actions []openflow.Action
	// evaluation and made are what the flows make of it.
	evaluation *evaluation
	made       []datapath.Action
	failed     failure // why there is nothing in made
}

// PreparePacketOut checks everything about a message that does not depend on the groups and meters there are. The error is or
// wraps the openflow.ErrorCode that a switch answers with.
func (s *Bridge) PreparePacketOut(m *openflow.PacketOut) (*PacketOut, error) {
	in := m.InPort
	if in == 0 {
		in = openflow.PortController
	}
	if in >= flowcheck.MaxPort && in != openflow.PortLocal && in != openflow.PortController && in != openflow.PortAny {
		return nil, openflow.ErrBadPort
	}
	p := new(packet.Packet)
	given, _ := packet.Match(m.Match)
	p.Init(append([]byte(nil), m.Data...), openflow.PacketType(given.Uint(openflow.FieldPacketType)), s.dp.VLANLimit())
	options := s.Options()
	for _, f := range flowcheck.Settled(m.Match, options) {
		if packet.Known(f.Field) || packet.IsOption(f.Field) {
			options.Write(&p.Key, f.Field, f.Value, f.Mask)
		}
	}
	if err := flowcheck.PacketOut(&p.Key, m.Actions, options); err != nil {
		return nil, err
	}
	p.Key.SetUint(openflow.FieldInPort, uint64(in))
	return &PacketOut{packet: p, actions: m.Actions}, nil
}

// Weight is about how many bytes the packet-out takes as long as it waits to be carried out.
func (out *PacketOut) Weight() int64 {
	return int64(unsafe.Sizeof(*out)+unsafe.Sizeof(*out.packet)) + int64(len(out.packet.Bytes())) + actionsWeight(out.actions)
}

// Made is how many actions of the datapath Translate has made of it.
func (out *PacketOut) Made() int { return len(out.made) }

// Output carries a packet-out out, or refuses one with groups or meters that there are not.
func (s *Bridge) Output(out *PacketOut) error {
	s.mu.Lock()
	err := s.CheckPacketOut(out)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	s.Begin()
	s.Translate(out)
	s.End()
	s.Send(out)
	return nil
}

// CheckPacketOut refuses a packet-out with groups or meters that there are not. The bridge is locked.
func (s *Bridge) CheckPacketOut(out *PacketOut) error {
	return s.flows.checkReferences(&openflow.Instructions{Apply: out.actions})
}

// Translate finds what the flows that there are make of a packet-out. The bridge is locked.
func (s *Bridge) Translate(out *PacketOut) {
	e := &evaluation{dp: s.dp, s: s}
	x := newTranslation(e, s, &out.packet.Key)
	x.size, x.counts, x.effects, x.packet, x.packetOut = len(out.packet.Bytes()), true, true, out.packet, true
	out.evaluation, out.made = e, x.run(actionSteps(out.actions))
	out.failed = x.failed
}

// Send carries out what has been made of a packet-out, as if its frame had come in by a port. The bridge is not locked.
func (s *Bridge) Send(out *PacketOut) {
	s.Begin()
	e := out.evaluation
	if len(out.made) == 0 {
		e.dp.drop(dropCounters[out.failed])
	}
	e.execute(out.packet, &conntrack.Meta{}, out.made)
	frames := s.deliveries(e.outputs, false)
	s.End()
	s.leave(frames, e.packetIns)
}
