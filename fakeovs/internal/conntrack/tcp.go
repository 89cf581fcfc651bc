// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// TCP flags (RFC 9293, 3.1).
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
	urg
)

// phase is how far one end of a TCP connection has come; the order matters.
type phase uint8

const (
	silent    phase = iota // nothing was seen from this end
	sent                   // something was, the other end has not acknowledged it
	acked                  // the other end has
	finished               // this end has sent its last
	finAcked               // and the other end acknowledged it
	timeWaits              // after a reset
)

// peer is one end of a TCP connection.
type peer struct {
	phase phase
	// next is the sequence number after the last one sent, limit the highest that may be sent.
	next, limit uint32
	window      uint32 // the largest window offered
	scale       uint8
	scaling     scaling
}

// scaling is what is known of the window scale of a peer (RFC 7323, 2).
type scaling uint8

const (
	unscaled scaling = iota
	scaled
	// midway: the connection was picked up after its beginning.
	midway
)

const (
	maxScale = 14
	// maxSkew is how far an acknowledgement may lie from what the other end has sent.
	maxSkew = 0xffff + 1500
)

// tcp follows the sequence windows of both ends, after Guido van Rooij's "Real stateful TCP packet filtering in IP
// Filter", as the pf packet filter does and Open vSwitch after it.
type tcp struct {
	// peers are the originator and the responder.
	peers [2]peer
}

// segment is a TCP header, with the sequence number after its payload.
type segment struct {
	flags         uint8
	seq, end, ack uint32
	window        uint32
	options       []byte
}

func parseSegment(l4 []byte) segment {
	header := packet.TCPHeaderLen(l4)
	s := segment{
		flags:   flagsOf(l4),
		seq:     binary.BigEndian.Uint32(l4[4:]),
		ack:     binary.BigEndian.Uint32(l4[8:]),
		window:  uint32(binary.BigEndian.Uint16(l4[14:])),
		options: l4[20:header],
	}
	s.end = s.seq + uint32(len(l4)-header)
	if s.flags&syn != 0 {
		s.end++
	}
	if s.flags&fin != 0 {
		s.end++
	}
	return s
}

func flagsOf(l4 []byte) uint8 { return l4[13] }

// impossible reports whether no TCP sends a segment with these flags.
func impossible(flags uint8) bool {
	if flags&syn != 0 {
		return flags&(rst|fin) != 0 || flags&ack == 0 && flags&(psh|urg) != 0
	}
	return flags&(ack|rst) == 0 || flags&ack == 0 && flags&(fin|psh|urg) != 0
}

// tcpMayOpen: a connection begins with a SYN, or is picked up midway, but not at its half.
func tcpMayOpen(flags uint8) bool {
	return !impossible(flags) && flags&(syn|ack) != syn|ack
}

func openTCP(l4 []byte) (c tcp) {
	s := parseSegment(l4)
	src, dst := &c.peers[0], &c.peers[1]
	*src = peer{phase: sent, next: s.seq, limit: s.end + 1, window: max(s.window, 1)}
	*dst = peer{limit: 1, window: 1}
	if s.flags&syn != 0 {
		src.offer(s.options)
		src.window = unscale(src.window, src.scale)
	} else {
		src.scaling, dst.scaling = midway, midway
	}
	return c
}

// offer takes the window scale from the options of a SYN.
func (p *peer) offer(options []byte) {
	p.scale, p.scaling = 0, unscaled
	for len(options) >= 3 {
		switch options[0] {
		case 0:
			return
		case 1:
			options = options[1:]
			continue
		case 3:
			p.scale, p.scaling = min(options[2], maxScale), scaled
		}
		options = options[min(max(int(options[1]), 2), len(options)):]
	}
}

// unscale is a window of a SYN, which is never scaled, in units of the scale.
func unscale(window uint32, scale uint8) uint32 { return (window + 1<<scale - 1) >> scale }

// update takes a segment of the connection. If lenient it does not have to be in its window.
func (c *tcp) update(l4 []byte, reply, lenient bool) (verdict, timeout) {
	src, dst := &c.peers[0], &c.peers[1]
	if reply {
		src, dst = dst, src
	}
	s := parseSegment(l4)
	if impossible(s.flags) {
		return invalid, unchanged
	}
	if s.flags&(syn|ack) == syn {
		if src.phase >= finAcked && dst.phase >= finAcked {
			src.phase, dst.phase = silent, silent
			return reopened, unchanged
		}
		if src.phase <= sent {
			src.phase = sent
			return unanswered, tcpSynSent
		}
	}
	srcScale, dstScale := scales(src, dst, s.flags)
	first := s.seq
	strict := true
	if src.phase < sent {
		if s.flags&syn != 0 && dst.scaling == scaled {
			if src.offer(s.options); src.scaling == scaled {
				srcScale, dstScale = src.scale, dst.scale
				s.window = unscale(s.window, srcScale)
			} else {
				dst.window = dst.window << dst.scale & 0xffff // in 16 bits, as in Open vSwitch
				dst.scale, dst.scaling = 0, unscaled
			}
		}
		src.next, src.phase = s.seq, sent
		limit := s.end + max(1, dst.window<<dstScale)
		if src.limit == 1 || !before(limit, src.limit) {
			src.limit = limit
			strict = false
		}
		src.window = max(src.window, s.window)
	}
	if s.flags&ack == 0 || s.ack == 0 && s.flags&rst != 0 {
		// There is nothing acknowledged, so nothing to find wrong.
		s.ack = dst.next
	}
	if s.seq == s.end {
		s.seq, s.end = src.next, src.next
	}
	var skew int64
	if strict {
		skew = int64(int32(dst.next - s.ack))
	}
	near := first == src.next || first == src.next+1 || first+1 == src.next
	switch {
	case lenient || !before(src.limit, s.end) && !before(s.seq, src.next-dst.window<<dstScale) &&
		skew >= -maxSkew && skew <= maxSkew<<srcScale && (s.flags&rst == 0 || near):
		src.advance(dst, &s, srcScale)
		c.move(src, dst, s.flags)
		return established, c.timeout()
	case (dst.phase < sent || dst.phase >= finAcked || src.phase >= finAcked) &&
		!before(src.limit+maxSkew, s.end) && !before(s.seq, src.next-maxSkew):
		// A connection on its way in or out: what is nearly right is let through, but does not prolong it.
		src.advance(dst, &s, srcScale)
		if s.flags&fin != 0 {
			src.phase = max(src.phase, finished)
		}
		if s.flags&rst != 0 {
			src.phase, dst.phase = timeWaits, timeWaits
		}
		return established, unchanged
	}
	return invalid, unchanged
}

// scales are the shifts of the windows that two peers announce.
func scales(src, dst *peer, flags uint8) (uint8, uint8) {
	switch {
	case flags&syn != 0:
	case src.scaling == scaled && dst.scaling == scaled:
		return src.scale, dst.scale
	case src.scaling == midway && dst.scaling == midway:
		return maxScale, maxScale
	}
	return 0, 0
}

// advance notes what was sent, and what the window allows the other end.
func (p *peer) advance(dst *peer, s *segment, scale uint8) {
	p.window = max(p.window, s.window)
	if before(p.next, s.end) {
		p.next = s.end
	}
	if window := s.window << scale; !before(s.ack+window, dst.limit) {
		dst.limit = s.ack + max(window, 1)
	}
}

// move brings both ends into their next phase.
func (c *tcp) move(src, dst *peer, flags uint8) {
	if flags&fin != 0 {
		src.phase = max(src.phase, finished)
	}
	if flags&ack != 0 {
		switch dst.phase {
		case sent:
			dst.phase = acked
		case finished:
			dst.phase = finAcked
		}
	}
	if flags&rst != 0 {
		src.phase, dst.phase = timeWaits, timeWaits
	}
}

func (c *tcp) timeout() timeout {
	low, high := c.peers[0].phase, c.peers[1].phase
	if low > high {
		low, high = high, low
	}
	switch {
	case low >= finAcked:
		return tcpClose
	case low >= finished:
		return tcpTimeWait
	case low < acked:
		return tcpSynRecv
	case high >= finished:
		return tcpFinWait
	}
	return tcpEstablished
}

// before compares sequence numbers, which wrap around.
func before(a, b uint32) bool { return int32(a-b) < 0 }
