// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"slices"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// cache is the flows that Open vSwitch would have in the datapath. Nothing is forwarded by them, since each packet is
// translated anew: they are there to be shown, with the packets that they would have forwarded. The datapath is locked.
type cache struct {
	// tables has the flows by their masks.
	tables []*cacheTable
	size   int
	// actions is how many actions the flows have together.
	actions int
	serial  uint64
	// exact has new flows match all of a packet.
	exact bool
	swept time.Time
}

type cacheTable struct {
	mask  packet.Key
	flows map[cacheKey]*cachedFlow
}

// cacheKey is the bits of a packet that a mask lets through. The in_port is that of the bridge.
type cacheKey struct {
	s *Bridge
	k packet.Key
}

type cachedFlow struct {
	// serial orders flows by their coming, since when they are there.
	serial uint64
	since  time.Time
	// s is the bridge that the packet came in to, which the flow was made for, and key that packet; thawed is what it came
	// back for, nil if it was new.
	s      *Bridge
	key    packet.Key
	thawed *frozen

	actions []datapath.Action
	slow    slowReason
	// packets and bytes are without the packet that the flow was made for; used is when the last one came.
	packets, bytes uint64
	used           time.Time
	tcpFlags       uint16
}

const (
	// maxCached is how many flows a cache has, and maxCacheTables how many masks.
	maxCached      = 10_000
	maxCacheTables = 512
	// maxCacheActions is how many actions the flows of a cache have, of which each may be a kilobyte.
	maxCacheActions = 1 << 18
	// maxIdle is how long a flow stays without a packet.
	maxIdle = 10 * time.Second
	// sweepInterval is how often a full cache looks for flows that may go.
	sweepInterval = time.Second
)

// note counts a translated packet on the flow that it would have found, or adds one for packets like it.
func (c *cache) note(x *translation) {
	s, now := x.e.s, x.e.s.now
	if f := c.find(s, x, now); f != nil {
		s.hits++
		f.packets++
		f.bytes += uint64(x.size)
		f.used, f.slow = now, x.slow
		if more := len(x.made) - len(f.actions); more <= 0 || c.actions+more <= maxCacheActions {
			c.actions += more
			if more < 0 {
				f.actions = nil
			}
			f.actions = append(f.actions[:0], x.made...) // whose memory is the translation's
		}
		if x.in.Uint(openflow.FieldIPProto) == openflow.IPProtoTCP && x.in.IsIP() {
			f.tcpFlags |= uint16(x.in.Uint(openflow.FieldTCPFlags))
		}
		return
	}
	s.misses++
	if c.size >= maxCached && now.Sub(c.swept) >= sweepInterval {
		c.swept = now
		c.keep(func(f *cachedFlow, _ *packet.Key) bool { return !f.idle(now) })
	}
	mask := x.cacheMask()
	if c.exact {
		mask = packet.PacketMask(&x.in)
	}
	t := c.table(&mask)
	if c.size >= maxCached || t == nil || c.actions+len(x.made) > maxCacheActions {
		return
	}
	c.serial++
	c.size++
	c.actions += len(x.made)
	f := &cachedFlow{serial: c.serial, since: now, s: s, key: x.in, thawed: x.thawed, actions: slices.Clone(x.made), slow: x.slow}
	t.flows[cacheKey{s, masked(&x.in, &mask)}] = f
}

// vlanOrNone is the bits of a TCI that tell whether there is a tag, and of which VLAN.
const vlanOrNone = 0x1fff

// cacheMask is the mask of the datapath's flow: it cannot leave out whether there is a tag, and of which VLAN.
func (x *translation) cacheMask() packet.Key {
	mask := x.wc
	if !mask.Has(openflow.FieldVLANTCI) && !x.in.Has(openflow.FieldPacketType) {
		mask.AddBits(openflow.FieldVLANTCI, vlanOrNone)
	}
	return mask
}

func masked(k, mask *packet.Key) packet.Key {
	m := *k
	m.And(mask)
	return m
}

// find returns the flow that a packet matches, unless that is too wide for what the flow tables say now; then it goes.
func (c *cache) find(s *Bridge, x *translation, now time.Time) *cachedFlow {
	for i := 0; i < len(c.tables); i++ {
		t := c.tables[i]
		k := cacheKey{s, masked(&x.in, &t.mask)}
		f := t.flows[k]
		if f == nil {
			continue
		}
		if i > 0 { // the masks that match more often are looked at earlier
			c.tables[i], c.tables[i-1] = c.tables[i-1], t
		}
		if !f.idle(now) && covers(&t.mask, &x.wc) {
			return f
		}
		delete(t.flows, k)
		c.size--
		c.actions -= len(f.actions)
		return nil
	}
	return nil
}

// covers reports whether a mask has all the bits of another one.
func covers(mask, other *packet.Key) bool {
	for i, bits := range other {
		if bits&^mask[i] != 0 {
			return false
		}
	}
	return true
}

// table returns the flows with a mask; nil if there are too many masks.
func (c *cache) table(mask *packet.Key) *cacheTable {
	for _, t := range c.tables {
		if t.mask == *mask {
			return t
		}
	}
	if len(c.tables) >= maxCacheTables {
		return nil
	}
	t := &cacheTable{mask: *mask, flows: make(map[cacheKey]*cachedFlow)}
	c.tables = append(c.tables, t)
	return t
}

// keep removes the flows for which stay is false.
func (c *cache) keep(stay func(f *cachedFlow, mask *packet.Key) bool) {
	c.actions = 0
	c.tables = slices.DeleteFunc(c.tables, func(t *cacheTable) bool {
		for k, f := range t.flows {
			if !stay(f, &t.mask) || c.actions+len(f.actions) > maxCacheActions {
				delete(t.flows, k)
				c.size--
				continue
			}
			c.actions += len(f.actions)
		}
		return len(t.flows) == 0
	})
}

// idle reports whether no packet has come for long.
func (f *cachedFlow) idle(now time.Time) bool {
	last := f.used
	if last.IsZero() {
		last = f.since
	}
	return now.Sub(last) > maxIdle
}

// revalidate makes the actions of a flow those that the flow tables say now. It is false if the flow is not good any more.
func (f *cachedFlow) revalidate(d *Datapath, mask *packet.Key) bool {
	if f.s.ports[uint32(f.key.Uint(openflow.FieldInPort))] == nil {
		return false
	}
	x := newTranslation(&evaluation{dp: d, s: f.s}, f.s, &f.key)
	x.thawed, x.again = f.thawed, true
	f.actions = x.run(nil)
	f.slow = x.slow
	return covers(mask, &x.wc)
}
