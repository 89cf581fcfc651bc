// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// maxPaused is how many paused packets may be gone on with; older ones are stale.
const maxPaused = 4096

// pauses are the translations that controllers have in their hands. What a controller gets, and gives back, names one: an
// ID in the place of a bridge's UUID.
type pauses struct {
	secret, last uint64
	known        map[uint64]paused
}

type paused struct {
	frozen *frozen
	meta   conntrack.Meta
}

func newPauses() pauses {
	return pauses{secret: rand.Uint64() | 1, known: make(map[uint64]paused)}
}

// The properties of a continuation.
const (
	continuationBridge  = 0x8000
	continuationTracked = 0x8003
)

// keep returns what goes on with a translation.
func (p *pauses) keep(f *frozen, m *conntrack.Meta) []byte {
	p.last++
	p.known[p.last] = paused{f, *m}
	delete(p.known, p.last-maxPaused)
	b := []byte{continuationBridge >> 8, continuationBridge & 0xff, 0, 20}
	b = binary.BigEndian.AppendUint64(b, p.secret)
	b = binary.BigEndian.AppendUint64(b, p.last)
	b = append(b, 0, 0, 0, 0)
	if f.tracked {
		b = append(b, continuationTracked>>8, continuationTracked&0xff, 0, 4, 0, 0, 0, 0)
	}
	return b
}

func (p *pauses) find(b []byte) (paused, bool) {
	if len(b) < 24 || binary.BigEndian.Uint16(b) != continuationBridge || binary.BigEndian.Uint64(b[4:]) != p.secret {
		return paused{}, false
	}
	found, ok := p.known[binary.BigEndian.Uint64(b[12:])]
	return found, ok
}

// resumable are the fields that a controller may change before it goes on with a packet.
var resumable = [...]openflow.Field{
	openflow.FieldTunID, openflow.FieldTunSrc, openflow.FieldTunDst, openflow.FieldMetadata,
	openflow.FieldXXReg0, openflow.FieldXXReg1, openflow.FieldXXReg2, openflow.FieldXXReg3,
}

// Resume goes on with a packet that a controller action has paused.
func (s *Bridge) Resume(in *openflow.PacketIn) error {
	p := s.dp.parse(append([]byte(nil), in.Data...))
	given, _ := packet.Match(in.Match)
	s.Begin()
	stopped, ok := s.dp.pauses.find(in.Continuation)
	if !ok {
		s.End()
		return openflow.ErrResumeStale
	}
	f := *stopped.frozen
	if len(f.steps) == 0 {
		f.steps = steps{openflow.Note{}} // lest the packet be looked up
	}
	var k packet.Key
	copy(k[:], f.metadata[:])
	for _, field := range resumable {
		for at := 0; at < field.Bits(); at += 64 {
			n := uint16(min(64, field.Bits()-at))
			k.SetBits(field, uint16(at), n, given.Bits(field, uint16(at), n))
		}
	}
	copy(f.metadata[:], k[:])
	f.inPort = given.Uint(openflow.FieldInPort)
	p.Key.SetUint(openflow.FieldInPort, f.inPort)
	p.Key.SetUint(openflow.FieldPktMark, given.Uint(openflow.FieldPktMark))
	meta := stopped.meta
	e := &evaluation{dp: s.dp, s: f.s}
	e.restore(p, &meta)
	e.pass(p, &meta, &f, false)
	frames := s.deliveries(e.outputs, false)
	s.End()
	s.leave(frames, e.packetIns)
	return nil
}
