// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// Limits is how many packets a controller is sent (ovs-vswitchd.conf.db(5), "OpenFlow Rate Limiting"): those that no flow
// matches, and apart from them those that flows send.
type Limits struct {
	// Rate is in packets a second; 0 or less is no limit.
	Rate int64
	// Burst is how many packets go at once, and how many wait at most; 0 or less is a quarter of the rate.
	Burst int64
}

// LimitStats counts the packets for a controller to which limits apply.
type LimitStats struct {
	// Backlog is how many wait.
	Backlog int
	// Bypassed went at once; Queued had to wait, of which Dropped had no room.
	Bypassed, Queued, Dropped uint64
}

// limiter holds packets back that are more than a controller is to get. It has a queue for each port, which take turns.
type limiter struct {
	LimitStats
	rate, burst int64 // of tokens, of which a packet takes packetTokens: added in a millisecond, and the most there are
	tokens      int64
	filled      time.Time // when tokens were last added; zero: never
	queues      map[uint32][][]byte
	last        uint32 // the port whose turn it was
	bytes       int
}

// packetTokens is what a packet takes of tokens, so that a rate in packets a second is one in tokens a millisecond.
const packetTokens = 1000

func (l *limiter) set(limits Limits) {
	burst := limits.Burst
	if burst <= 0 {
		burst = limits.Rate / 4
	}
	l.rate = min(limits.Rate, math.MaxInt32)
	l.burst = min(max(burst, 1), math.MaxUint32/packetTokens) * packetTokens
	l.tokens = min(l.tokens, l.burst)
	for int64(l.Backlog)*packetTokens > l.burst {
		l.drop()
	}
}

// take reports whether a packet may go, and takes its tokens.
func (l *limiter) take(now time.Time) bool {
	if l.tokens < packetTokens {
		switch {
		case l.filled.IsZero():
			l.tokens, l.filled = l.burst, now
		case now.Sub(l.filled) >= time.Millisecond:
			passed := now.Sub(l.filled) / time.Millisecond
			l.tokens = min(l.tokens+l.rate*int64(min(passed, math.MaxInt32)), l.burst)
			l.filled = l.filled.Add(passed * time.Millisecond)
		}
	}
	if l.tokens < packetTokens {
		return false
	}
	l.tokens -= packetTokens
	return true
}

// due is when the next packet may go.
func (l *limiter) due() time.Time {
	return l.filled.Add(time.Duration((packetTokens-l.tokens)/l.rate+1) * time.Millisecond)
}

// add puts a packet from a port into its queue, unless it may go at once.
func (l *limiter) add(port uint32, b []byte, now time.Time) (goes bool) {
	if l.Backlog == 0 && l.take(now) {
		l.Bypassed++
		return true
	}
	for l.Backlog > 0 && (int64(l.Backlog)*packetTokens >= l.burst || l.bytes+len(b) > maxQueued) {
		l.drop()
	}
	if l.queues == nil {
		l.queues = make(map[uint32][][]byte)
	}
	l.queues[port] = append(l.queues[port], b)
	l.bytes += len(b)
	l.Backlog++
	l.Queued++
	return false
}

// drop drops the first packet of the longest queue.
func (l *limiter) drop() {
	var longest uint32
	for _, port := range slices.Sorted(maps.Keys(l.queues)) {
		if len(l.queues[port]) > len(l.queues[longest]) {
			longest = port
		}
	}
	l.pop(longest)
	l.Dropped++
}

func (l *limiter) pop(port uint32) []byte {
	q := l.queues[port]
	b := q[0]
	l.queues[port] = q[1:]
	if len(q) == 1 {
		delete(l.queues, port)
	}
	l.bytes -= len(b)
	l.Backlog--
	return b
}

// next takes the packet whose turn it is out of its queue, nil if none may go yet.
func (l *limiter) next(now time.Time) []byte {
	if l.Backlog == 0 || !l.take(now) {
		return nil
	}
	ports := slices.Sorted(maps.Keys(l.queues))
	i, found := slices.BinarySearch(ports, l.last)
	if found {
		i++
	}
	l.last = ports[i%len(ports)]
	return l.pop(l.last)
}

// The limiters of a connection.
const (
	limitActions = iota
	limitMisses
	limiterCount
)

// limit sets limits. The connection is locked.
func (c *conn) limit(limits Limits) {
	for i := range c.limiters {
		switch {
		case limits.Rate <= 0:
			c.limiters[i] = nil
			continue
		case c.limiters[i] == nil:
			c.limiters[i] = &limiter{}
		}
		c.limiters[i].set(limits)
	}
}

// putPacket queues a packet for the controller, now or when its limits let it. It reports whether it has to wait. The
// connection is locked.
func (c *conn) putPacket(in *openflow.PacketIn, b []byte) (waits bool) {
	l := c.limiters[limitActions]
	switch in.Reason {
	case openflow.PacketInNoMatch, pipeline.ReasonImplicitMiss, pipeline.ReasonExplicitMiss:
		l = c.limiters[limitMisses]
	}
	if l != nil {
		port := uint32(0)
		if mf, ok := in.Match.Get(openflow.FieldInPort); ok && len(mf.Value) == 4 {
			port = binary.BigEndian.Uint32(mf.Value)
		}
		if !l.add(port, b, c.s.dp.Now()) {
			return true
		}
	}
	c.put(b)
	return false
}

// release queues the packets that the limits let go now. It returns when it is to be called again, zero if none waits.
func (c *conn) release(now time.Time) (next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.limiters {
		if l == nil {
			continue
		}
		for b := l.next(now); b != nil; b = l.next(now) {
			if c.roomy() {
				c.put(b)
			}
		}
		if l.Backlog > 0 && (next.IsZero() || l.due().Before(next)) {
			next = l.due()
		}
	}
	return next
}

// Release sends controllers what their limits have held back so far. It returns when it is to be called again, zero if
// nothing waits.
func (s *Switch) Release() (next time.Time) {
	now := s.dp.Now()
	s.connMu.Lock()
	defer s.connMu.Unlock()
	for c := range s.conns {
		if at := c.release(now); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}
