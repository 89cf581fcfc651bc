// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "time"

// stats are the statistics of flows as OpenFlow 1.5 has them; nil is not said (OpenFlow 1.5.1, 7.2.4).
type stats struct {
	duration, idle *time.Duration
	flows          *uint32
	packets, bytes *uint64
}

// The OXS class, and the fields in it with the lengths of their values.
const (
	classStats = 0x8002

	statsDuration = classStats<<16 | 0<<9 | 8
	statsIdle     = classStats<<16 | 1<<9 | 8
	statsFlows    = classStats<<16 | 3<<9 | 4
	statsPackets  = classStats<<16 | 4<<9 | 8
	statsBytes    = classStats<<16 | 5<<9 | 8
)

// appendStats appends an ofp_stats with its padding.
func appendStats(b []byte, s stats) []byte {
	start := len(b)
	b = pad(b, 4)
	if s.duration != nil {
		b = appendDuration(be.AppendUint32(b, statsDuration), *s.duration)
	}
	if s.idle != nil {
		b = appendDuration(be.AppendUint32(b, statsIdle), *s.idle)
	}
	if s.flows != nil {
		b = be.AppendUint32(be.AppendUint32(b, statsFlows), *s.flows)
	}
	if s.packets != nil {
		b = be.AppendUint64(be.AppendUint32(b, statsPackets), *s.packets)
	}
	if s.bytes != nil {
		b = be.AppendUint64(be.AppendUint32(b, statsBytes), *s.bytes)
	}
	be.PutUint16(b[start+2:], uint16(len(b)-start))
	return padded(b, start)
}

// decodeStats reads an ofp_stats with its padding, and passes over fields that it does not know.
func decodeStats(r *reader) (s stats, err error) {
	n := 0
	if len(r.b) >= 4 {
		n = int(be.Uint16(r.b[2:]))
	}
	e := &reader{b: r.bytes(n)}
	r.skip((8 - n%8) % 8)
	e.skip(4)
	if r.short || e.short {
		return s, malformed(ErrBadMatchLen, "statistics of %d bytes", n)
	}
	for len(e.b) > 0 {
		header := e.u32()
		value := &reader{b: e.bytes(int(header & 0xff))}
		if e.short || header>>16 == classExperimenter && len(value.b) < 4 {
			return s, malformed(ErrBadMatchLen, "statistics end within a field")
		}
		switch header {
		case statsDuration:
			d := decodeDuration(value)
			s.duration = &d
		case statsIdle:
			d := decodeDuration(value)
			s.idle = &d
		case statsFlows:
			v := value.u32()
			s.flows = &v
		case statsPackets:
			v := value.u64()
			s.packets = &v
		case statsBytes:
			v := value.u64()
			s.bytes = &v
		}
	}
	return s, nil
}
