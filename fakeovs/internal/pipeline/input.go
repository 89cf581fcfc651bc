// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Output is a frame that left the switch.
type Output struct {
	Port  uint32
	Frame []byte
	// Tunnel has the fields of the tunnel that the frame is sent through; nil without one.
	Tunnel *packet.Key

	port *Port
}

// Bridge is the bridge that the frame left by: another one than it came in to if it crossed a patch.
func (o *Output) Bridge() string { return o.port.s.name }

// Result is what became of a frame.
type Result struct {
	// Outputs are the frames that left the switch, in their order. None means that the frame was dropped.
	Outputs []Output

	in     uint32
	size   int
	tracer *tracer
	// dropped is why the frame did not come as far as the flow tables.
	dropped drop
}

// drop is why a frame that comes in is none of the bridge's.
type drop string

const (
	cameIn   drop = ""
	noPort   drop = "there is no such port"
	dropHeld drop = "dropped, since flows are being restored"
	policed  drop = "dropped by ingress policing"
)

// Policed reports whether the policing of the port dropped the frame, so that the bridge did not see it.
func (r *Result) Policed() bool { return r.dropped == policed }

// Input evaluates a frame that comes in by a port, hands what leaves the switch to the ports' Receive functions, and
// says what happened. A frame on a port that does not exist is dropped.
//
// Receive functions run before Input returns, except those of frames that come of an Input within a Receive function
// or beside one in another goroutine: the Input that is handing frames over hands over those as well.
func (s *Bridge) Input(port uint32, frame []byte) *Result { return s.InputTunnel(port, frame, nil) }

// Forward is Input without the account of what happened.
func (s *Bridge) Forward(port uint32, frame []byte) {
	p := s.dp.parse(append([]byte(nil), frame...))
	s.Begin()
	e := &evaluation{dp: s.dp, s: s}
	s.enter(e, p, port, len(frame))
	frames := s.deliveries(e.outputs, false)
	s.End()
	s.leave(frames, e.packetIns)
}

// enter lets a packet come in by a port, or says why not. The bridge is locked.
func (s *Bridge) enter(e *evaluation, p *packet.Packet, port uint32, size int) drop {
	in := s.ports[port]
	if in == nil {
		return noPort
	}
	in.countIn(size)
	switch {
	case in.polices(s.now, size):
		return policed
	case s.dp.held.Load():
		return dropHeld
	}
	p.Key.SetUint(openflow.FieldInPort, uint64(port))
	e.pass(p, &conntrack.Meta{}, nil, true)
	return cameIn
}

// InputTunnel is Input for a frame that came through a tunnel with these fields; nil for none.
func (s *Bridge) InputTunnel(port uint32, frame []byte, tunnel *packet.Key) *Result {
	p := s.dp.parse(append([]byte(nil), frame...))
	if tunnel != nil {
		p.Key.CopyTunnel(tunnel)
	}
	r := &Result{in: port, size: len(frame), tracer: newTracer()}
	s.Begin()
	e := &evaluation{dp: s.dp, s: s, t: r.tracer}
	r.dropped = s.enter(e, p, port, len(frame))
	frames := s.deliveries(e.outputs, true)
	s.End()
	r.Outputs = e.outputs
	s.leave(frames, e.packetIns)
	return r
}

// deliveries pairs frames with their receivers, who own them: kept says that the outputs are somebody else's.
func (s *Bridge) deliveries(outputs []Output, kept bool) []delivery {
	frames := make([]delivery, 0, len(outputs))
	var failed []*Port
	for _, o := range outputs {
		if o.port.Fits != nil && (slices.Contains(failed, o.port) || !o.port.Fits(o.Frame)) {
			failed = append(failed, o.port)
			continue
		}
		o.port.countOut(len(o.Frame))
		if o.port.Receive == nil {
			continue
		}
		frame := o.Frame
		if kept {
			frame = append([]byte(nil), frame...)
		}
		frames = append(frames, delivery{o.port.Receive, frame})
	}
	return frames
}

// leave sends what an evaluation has yielded on its way. The bridge is not locked.
func (s *Bridge) leave(frames []delivery, ins []PacketIn) {
	for i := range ins {
		ins[i].frozen.s.controllers.PacketIn(&ins[i])
	}
	if len(frames) > 0 {
		s.dp.deliver(frames)
	}
}
