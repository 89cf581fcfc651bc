// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Fragment is one that has waited in the tracker.
type Fragment struct {
	Packet *packet.Packet
	Meta   Meta
}

// reassembly holds fragments back until the tracker can look at the whole packet.
type reassembly struct {
	settings [2]FragmentSettings // of IPv4 and IPv6
	counts   [2]FragmentCounts
	max      uint32
	held     uint32

	lists map[fragmentKey]*fragmentList
	// waiting are in the order in which they expire; done are those of which fragments are still to be released.
	waiting, done []*fragmentList
	purged        int64
}

// In milliseconds: how long fragments wait for the missing ones, how long those that have waited in vain wait for a packet
// to leave with, and how often those are looked for that have not found one.
const (
	fragmentTimeout = 15_000
	fragmentRelease = 10_000
	fragmentPurge   = 60_000
)

// maxBatch is how many packets leave the tracker at a time.
const maxBatch = 32

const (
	maxHeldDefault  = 1000
	maxHeldLimit    = 5000
	maxPacket       = 65535
	maxIPv4Header   = 60
	minFragmentSize = 400
)

// fragmentKey is what the fragments of a packet have in common.
type fragmentKey struct {
	src, dst [16]byte
	id       uint32
	recircID uint32
	zone     uint16
	proto    uint8
	v6       bool
}

// fragmentState is which fragments of a packet have been seen.
type fragmentState uint8

const (
	seenFirst fragmentState = 1 << iota
	seenLast
	failed
	complete
)

type fragmentList struct {
	key       fragmentKey
	state     fragmentState
	fragments []fragment
	sent      int
	expires   int64
}

// fragment has the bytes from start to end of the network payload, both included.
type fragment struct {
	Fragment
	start, end uint16
}

// whole is a packet out of fragments, on its way through the tracker.
type whole struct {
	packet *packet.Packet
	meta   Meta
	list   *fragmentList
}

func newReassembly(now int64) reassembly {
	return reassembly{
		settings: [2]FragmentSettings{{Enabled: true, MinSize: 1200}, {Enabled: true, MinSize: 1280}},
		max:      maxHeldDefault,
		lists:    make(map[fragmentKey]*fragmentList),
		purged:   now,
	}
}

// take takes a packet if it is a fragment that can be held, and returns the whole packet if it was the last to be missing.
func (r *reassembly) take(p *packet.Packet, m *Meta, req *Request, now int64) (held bool, w *whole) {
	if !p.Fragment() || !r.settings[0].Enabled && !r.settings[1].Enabled || p.Network() == nil {
		return false, nil
	}
	f, ok := parseFragment(p)
	if !ok {
		m.State = openflow.CTInvalid
		return false, nil
	}
	family := familyOf(f.key.v6)
	if !f.last && uint32(len(p.Network())) < r.settings[family].MinSize {
		r.counts[family].TooSmall++
		m.State = openflow.CTInvalid
		return false, nil
	}
	if !r.settings[family].Enabled || r.held >= r.max {
		return false, nil
	}
	f.key.zone, f.key.recircID = req.Zone, req.RecircID
	l := r.lists[f.key]
	switch {
	case l == nil:
		l = &fragmentList{key: f.key, expires: now + fragmentTimeout}
		r.lists[f.key] = l
		r.waiting = append(r.waiting, l)
	case l.state&(failed|complete) != 0 || len(l.fragments) >= r.maxList(f.key.v6):
		return false, nil
	}
	if l.overlaps(f.start, f.end) {
		r.counts[family].Overlapped++
		m.State = openflow.CTInvalid
		return false, nil
	}
	l.fragments = append(l.fragments, fragment{Fragment: Fragment{Packet: p.Clone(), Meta: *m}, start: f.start, end: f.end})
	r.held++
	r.counts[family].Accepted++
	return true, r.advance(l, &f)
}

// maxList is how many fragments a packet may have.
func (r *reassembly) maxList(v6 bool) int {
	if v6 {
		return maxPacket
	}
	each := int(r.settings[0].MinSize) - maxIPv4Header
	return (maxPacket - maxIPv4Header + each - 1) / each
}

// advance notes a new fragment of a list.
func (r *reassembly) advance(l *fragmentList, f *parsedFragment) *whole {
	if f.first {
		l.state |= seenFirst
	} else if f.last {
		l.state |= seenLast
	}
	if l.state != seenFirst|seenLast || !l.sort() {
		return nil
	}
	p := l.reassemble()
	if p == nil {
		l.state |= failed
		return nil
	}
	l.state |= complete
	r.waiting = without(r.waiting, l)
	r.done = append(r.done, l)
	return &whole{packet: p, meta: l.fragments[0].Meta, list: l}
}

// release gives out what is complete, and of what has waited too long one packet's fragments. As in Open vSwitch it counts
// them for the version of IP of the packet that they leave with.
func (r *reassembly) release(held, v6 bool, now int64) (out []Fragment) {
	room := maxBatch
	if !held {
		room--
	}
	for len(r.done) > 0 && r.send(r.done[0], &out, room, v6, now) {
		r.done = r.done[1:]
	}
	if len(r.waiting) > 0 && now > r.waiting[0].expires && r.send(r.waiting[0], &out, room, v6, now) {
		r.waiting = r.waiting[1:]
	}
	return out
}

// send puts the fragments of a list out as long as there is room, and reports whether all have gone.
func (r *reassembly) send(l *fragmentList, out *[]Fragment, room int, v6 bool, now int64) bool {
	if r.stale(l, now) {
		return true
	}
	for ; l.sent < len(l.fragments); l.sent++ {
		if len(*out) >= room {
			return false
		}
		f := l.fragments[l.sent].Fragment
		r.held--
		if l.state&complete != 0 {
			r.counts[familyOf(v6)].Completed++
		} else {
			r.counts[familyOf(v6)].Expired++
			f.Meta.State = openflow.CTInvalid
		}
		*out = append(*out, f)
	}
	delete(r.lists, l.key)
	return true
}

// stale drops a list that has found nothing to leave with.
func (r *reassembly) stale(l *fragmentList, now int64) bool {
	if now < l.expires+fragmentRelease {
		return false
	}
	left := len(l.fragments) - l.sent
	r.held -= uint32(left)
	r.counts[familyOf(l.key.v6)].Purged += uint64(left)
	delete(r.lists, l.key)
	return true
}

// purge drops the lists that are stale by then.
func (r *reassembly) purge(then int64) {
	r.purged = then
	for _, lists := range []*[]*fragmentList{&r.waiting, &r.done} {
		kept := (*lists)[:0]
		for _, l := range *lists {
			if !r.stale(l, then) {
				kept = append(kept, l)
			}
		}
		clear((*lists)[len(kept):])
		*lists = kept
	}
}

func without(lists []*fragmentList, l *fragmentList) []*fragmentList {
	for i := range lists {
		if lists[i] == l {
			return append(lists[:i], lists[i+1:]...)
		}
	}
	return lists
}

// parsedFragment is what a fragment says of itself.
type parsedFragment struct {
	key         fragmentKey
	start, end  uint16
	first, last bool
}

// parseFragment fails where the network header is broken.
func parseFragment(p *packet.Packet) (f parsedFragment, ok bool) {
	l3, l4 := p.Network(), p.Transport()
	var offset uint16
	var more bool
	if p.IPv6() {
		h := fragmentHeader(l3)
		if h == nil {
			return f, false
		}
		offset = binary.BigEndian.Uint16(h[2:])
		if offset&^6 == 0 {
			return f, false // nothing but bits that mean nothing
		}
		more = offset&1 != 0
		f.start = offset&0xfff8 + 8
		f.key = fragmentKey{v6: true, id: binary.BigEndian.Uint32(h[4:])}
		copy(f.key.src[:], l3[8:24])
		copy(f.key.dst[:], l3[24:40])
	} else {
		if packet.Checksum(l3[:len(l3)-len(l4)]) != 0 {
			return f, false
		}
		offset = binary.BigEndian.Uint16(l3[6:])
		more = offset&0x2000 != 0
		f.start = offset << 3
		f.key = fragmentKey{id: uint32(binary.BigEndian.Uint16(l3[4:])), proto: l3[9]}
		copy(f.key.src[:], l3[12:16])
		copy(f.key.dst[:], l3[16:20])
		offset <<= 3
	}
	f.end = f.start + uint16(len(l4)) - 1
	f.first = offset&0xfff8 == 0 && more
	f.last = offset&0xfff8 != 0 && !more
	return f, true
}

// fragmentHeader is the fragment header of an IPv6 packet (RFC 8200, 4.5), nil without one.
func fragmentHeader(l3 []byte) []byte {
	for proto, off := l3[6], 40; off+8 <= len(l3); {
		h := l3[off:]
		switch proto {
		case 44:
			return h
		case 0, 43, 60:
			off += (int(h[1]) + 1) * 8
		case 51:
			off += (int(h[1]) + 2) * 4
		default:
			return nil
		}
		proto = h[0]
	}
	return nil
}

func familyOf(v6 bool) int {
	if v6 {
		return 1
	}
	return 0
}
