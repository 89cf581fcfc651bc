// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"encoding/binary"
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// overlaps reports whether one of the ends of a new fragment lies in one that is there.
func (l *fragmentList) overlaps(start, end uint16) bool {
	for i := range l.fragments {
		f := &l.fragments[i]
		if start >= f.start && start <= f.end || end >= f.start && end <= f.end {
			return true
		}
	}
	return false
}

// sort brings the fragments into their order and reports whether none is missing between them.
func (l *fragmentList) sort() bool {
	slices.SortStableFunc(l.fragments, func(a, b fragment) int { return int(a.start) - int(b.start) })
	for i := 1; i < len(l.fragments); i++ {
		if l.fragments[i-1].end+1 != l.fragments[i].start {
			return false
		}
	}
	return true
}

// reassemble makes a packet out of fragments; it returns nil if the packet is too long. One of IPv6 is without the
// extension headers.
func (l *fragmentList) reassemble() *packet.Packet {
	first := l.fragments[0].Packet
	l3, at := first.Network(), first.NetworkOffset()
	header := len(l3) - len(first.Transport())
	if l.key.v6 {
		header = 40
	}
	b := append([]byte(nil), first.Bytes()[:at+header]...)
	for i := range l.fragments {
		b = append(b, l.fragments[i].Packet.Transport()...)
	}
	own := b[at:]
	if l.key.v6 {
		if len(own)-header > maxPacket {
			return nil
		}
		binary.BigEndian.PutUint16(own[4:], uint16(len(own)-header))
		own[6] = uint8(first.Key.Uint(openflow.FieldIPProto))
	} else {
		if len(own) > maxPacket {
			return nil
		}
		binary.BigEndian.PutUint16(own[2:], uint16(len(own)))
		own[6] &^= 0x20
		sumIPv4(own[:header])
	}
	return packet.Parse(b)
}

// sumIPv4 computes the checksum of a network header.
func sumIPv4(header []byte) {
	header[10], header[11] = 0, 0
	binary.BigEndian.PutUint16(header[10:], packet.Checksum(header))
}

// divide gives the fragments of a packet what the tracker made of it.
func (w *whole) divide() {
	l3 := w.packet.Network()
	for i := range w.list.fragments {
		f := &w.list.fragments[i]
		m := &f.Meta
		m.State, m.Zone, m.Mark, m.Label, m.Orig = w.meta.State, w.meta.Zone, w.meta.Mark, w.meta.Label, w.meta.Orig
		if l3 == nil {
			continue
		}
		if i == 0 {
			copy(f.Packet.Transport(), w.packet.Transport())
		}
		own := f.Packet.Network()
		if w.list.key.v6 {
			copy(own[8:40], l3[8:40])
		} else {
			copy(own[12:20], l3[12:20])
			sumIPv4(own[:len(own)-len(f.Packet.Transport())])
		}
		f.Packet.Reparse()
	}
}
