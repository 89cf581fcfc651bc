// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"math/bits"
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Mirror copies packets (ovs-vswitchd.conf.db(5), "Mirror").
type Mirror struct {
	// ID tells mirrors apart.
	ID string
	// Sources and Destinations are the names of the links by which the packets come in or go out that are copied.
	Sources, Destinations []string
	// VLANs are those of the packets that are copied; nil for all.
	VLANs []int64
	// Output is the link that the copies go to, which then takes nothing else. Where it is empty, they go to OutputVLAN.
	Output     string
	OutputVLAN uint16
	// SnapLen is how much of a packet is copied; 0 is all.
	SnapLen uint16
}

// maxMirrors is how many mirrors a switch has at most.
const maxMirrors = 32

// mirror is a Mirror as it is.
type mirror struct {
	config         Mirror
	vlans          *vlanSet // nil: all
	out            *link
	same           uint32 // the mirrors with the same output, a bit for each
	packets, bytes uint64
}

// SetMirrors says which mirrors there are. Those beyond the 32nd are left out.
func (s *Bridge) SetMirrors(mirrors []Mirror) {
	s.Begin()
	defer s.End()
	for i, m := range s.mirrors {
		if m != nil && !slices.ContainsFunc(mirrors, func(c Mirror) bool { return c.ID == m.config.ID }) {
			s.mirrors[i] = nil
		}
	}
	for _, c := range mirrors {
		if m := s.mirrorWith(c.ID); m != nil {
			m.config = c
		}
	}
	s.updateMirrors()
}

// mirrorWith is the mirror with an ID, a new one if there is none; nil if there are too many.
func (s *Bridge) mirrorWith(id string) *mirror {
	free := -1
	for i, m := range s.mirrors {
		switch {
		case m != nil && m.config.ID == id:
			return m
		case m == nil && free < 0:
			free = i
		}
	}
	if free < 0 {
		return nil
	}
	s.mirrors[free] = new(mirror)
	return s.mirrors[free]
}

// updateMirrors works out what the mirrors mean for the links.
func (s *Bridge) updateMirrors() {
	s.mirroring = false
	for _, l := range s.links {
		l.sources, l.destinations, l.mirrorOut = 0, 0, 0
	}
	for i, m := range s.mirrors {
		if m == nil {
			continue
		}
		s.mirroring = true
		bit := uint32(1) << i
		m.vlans = nil
		if len(m.config.VLANs) > 0 {
			m.vlans = newVLANSet(m.config.VLANs)
		}
		m.out = nil
		for _, l := range s.links {
			if slices.Contains(m.config.Sources, l.config.Name) {
				l.sources |= bit
			}
			if slices.Contains(m.config.Destinations, l.config.Name) {
				l.destinations |= bit
			}
			if m.config.Output != "" && l.config.Name == m.config.Output {
				l.mirrorOut |= bit
				m.out = l
			}
		}
	}
	for i, m := range s.mirrors {
		if m == nil {
			continue
		}
		m.same = 0
		for j, o := range s.mirrors {
			if i == j || o != nil && o.out == m.out && (m.out != nil || o.config.OutputVLAN == m.config.OutputVLAN) {
				m.same |= 1 << j
			}
		}
	}
}

// MirrorCounts returns how many packets and bytes a mirror has copied; false if there is no such mirror.
func (s *Bridge) MirrorCounts(id string) (packets, bytes uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.mirrors {
		if m != nil && m.config.ID == id {
			return m.packets, m.bytes, true
		}
	}
	return 0, 0, false
}

// mirrorIngress copies a packet to the mirrors of the link by which it comes in.
func (x *translation) mirrorIngress() {
	if !x.s.mirroring {
		return
	}
	if l, ok := x.inputLink(uint32(x.flow.Uint(openflow.FieldInPort))); ok && l != nil {
		x.mirror(l, l.sources)
	}
}

// mirror copies a packet of a link to mirrors that it has not been copied to.
func (x *translation) mirror(l *link, which uint32) {
	if which == 0 {
		return
	}
	in := extractTags(&x.flow)
	if !x.acceptsVLAN(l, in[0].vid) {
		return
	}
	t := l.inward(in)
	used := uint32(0)
	for which &^= x.mirrored; which != 0; which &^= x.mirrored {
		i := bits.TrailingZeros32(which)
		m := x.s.mirrors[i]
		if m.vlans != nil {
			x.wc.AddBits(openflow.FieldVLANTCI, packet.TCIPresent|vlanID)
			if !m.vlans.has(t[0].vid) {
				which &^= 1 << i
				continue
			}
		}
		used |= 1 << i
		x.mirrored |= m.same
		x.snapLen = m.config.SnapLen
		if m.config.Output != "" {
			if m.out != nil {
				x.outputLink(m.out, t)
			}
		} else {
			x.mirrorToVLAN(m, t)
		}
		x.snapLen = 0
	}
	if x.counts {
		for ; used != 0; used &= used - 1 {
			m := x.s.mirrors[bits.TrailingZeros32(used)]
			m.packets++
			m.bytes += uint64(x.size)
		}
	}
}

func (x *translation) mirrorToVLAN(m *mirror, t tagPair) {
	if t[0].vid == m.config.OutputVLAN || reservedAddress(x.flow.Uint(openflow.FieldEthDst)) {
		return
	}
	t[0].vid = m.config.OutputVLAN
	for _, l := range x.s.links {
		if l.includes(t) && l.mirrorOut == 0 {
			x.outputLink(l, t)
		}
	}
}

// truncateCopy cuts what a mirror copies.
func (x *translation) truncateCopy() {
	if x.snapLen > 0 {
		x.emit(datapath.Truncate{MaxLen: uint32(x.snapLen)})
		x.needs(FeatureTruncate)
	}
}
