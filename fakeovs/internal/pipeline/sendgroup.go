// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
	"github.com/ovskit/ovskit/openflow"
)

// group sends the packet to a group. It returns false if there is no such group, at which the list of actions ends.
func (x *translation) group(id uint32, last bool) bool {
	if !x.resources() {
		return true
	}
	g := x.s.group(id)
	if g == nil {
		x.report(nodeWarn, "output to nonexistent group %d", id)
		return false
	}
	if g.kind == openflow.GroupTypeAll || g.kind == openflow.GroupTypeIndirect {
		for i, b := range g.buckets {
			x.bucket(b, last && i == len(g.buckets)-1)
		}
		x.creditGroup(g, nil)
		return true
	}
	var b *bucket
	if g.kind == openflow.GroupTypeFastFailover {
		b = x.firstLive(g)
	} else {
		b = x.selected(g)
	}
	if b == nil {
		x.report(nodeDetail, "no live bucket")
		return true
	}
	x.report(nodeDetail, "using bucket %d", b.ID)
	x.bucket(b, last)
	x.creditGroup(g, b)
	return true
}

func (x *translation) creditGroup(g *group, b *bucket) {
	if x.counts {
		g.hit(b, x.size)
	}
}

// bucket does the actions of a bucket, as those of an action set, on the side.
func (x *translation) bucket(b *bucket, last bool) {
	old := x.enterNode(nodeBucket, "bucket %d", b.ID)
	flow, mpls := x.flow, x.wasMPLS
	x.depth++
	x.do(b.do().executed(), last, true)
	x.depth--
	if x.freezing {
		x.freeze()
	}
	x.flow, x.wasMPLS, x.exited = flow, mpls, false
	if x.failed == failedLabels || x.failed == failedPacketType {
		x.failed = ""
	}
	x.parent = old
}

// alive reports whether a bucket of a group may be used.
func (x *translation) alive(g *group, b *bucket) bool {
	return (g.kind != openflow.GroupTypeSelect || b.Weight != 0) && x.s.live(b)
}

func (x *translation) reportDead(b *bucket) {
	if !x.tracing() {
		return
	}
	text := ""
	if b.WatchPort != nil {
		text = "port " + portName(*b.WatchPort)
	}
	if b.WatchGroup != nil {
		if text != "" {
			text += " and "
		}
		text += "port " + decimalText(*b.WatchGroup) // Open vSwitch says so of groups
	}
	x.report(nodeDetail, "bucket %d: not live due to %s", b.ID, text)
}

func (x *translation) firstLive(g *group) *bucket {
	for _, b := range g.buckets {
		if x.alive(g, b) {
			return b
		}
		x.reportDead(b)
	}
	return nil
}

// best is the live bucket with the highest score, which is by the hash and the bucket's weight.
func (x *translation) best(g *group, basis uint32) *bucket {
	var best *bucket
	top := uint32(0)
	for _, b := range g.buckets {
		if !x.alive(g, b) {
			x.reportDead(b)
			continue
		}
		score := ovshash.Int(b.ID, basis) & 0xffff * uint32(b.Weight)
		if score >= top {
			best, top = b, score
		}
		x.report(nodeDetail, "bucket %d: score %d", b.ID, score)
	}
	return best
}

// selected chooses a bucket of a select group. Where the datapath's hash decides, the packet comes back with it first.
func (x *translation) selected(g *group) *bucket {
	if x.wasMPLS {
		x.triggerFreeze()
		return nil
	}
	method := g.chooser()
	switch {
	case method.slots != nil:
		hash := uint32(x.flow.Uint(openflow.FieldDPHash))
		if hash == 0 {
			x.triggerFreeze()
			x.hash = &datapath.Hash{Symmetric: method.symmetric, Basis: method.basis}
			return nil
		}
		mask := uint32(len(method.slots) - 1)
		x.wc.AddBits(openflow.FieldDPHash, uint64(mask))
		for i := range method.slots {
			if b := method.slots[(hash+uint32(i))&mask]; x.alive(g, b) {
				return b
			}
		}
		return nil
	case g.selection.Method == "hash" && len(g.selection.Fields) > 0:
		return x.best(g, x.hashSelection(&g.selection))
	}
	x.wc.MaskHash(&x.flow, openflow.HashSymmetricL4)
	return x.best(g, x.flow.HashSymmetricL4(0))
}

// hashSelection hashes the fields that a group names, of those that the packet has.
func (x *translation) hashSelection(s *openflow.Selection) uint32 {
	h := ovshash.Uint64(s.Param)
	for _, f := range s.Fields {
		if !x.has(f.Field) {
			continue
		}
		value := make([]byte, len(f.Value))
		for i := range value {
			value[i] = byte(x.flow.Bits(f.Field, uint16(8*(len(value)-1-i)), min(8, uint16(f.Field.Bits()-8*(len(value)-1-i))))) & f.Value[i]
		}
		h = ovshash.Bytes(value, h)
		x.wc.SetMasked(f.Field, f.Value, f.Value)
	}
	return h
}

// chooser is how a select group chooses by the datapath's hash: each value stands for a bucket. Without slots it does not.
type chooser struct {
	slots     []*bucket
	symmetric bool
	basis     uint32
}

// The most values that a hash is told apart by: if the switch chooses how to choose, and if the group does.
const (
	maxUsualSlots = 256
	maxSlots      = 256
)

// chooser works out how the group chooses.
func (g *group) chooser() chooser {
	switch g.selection.Method {
	case "":
		return chooser{slots: g.distribute(maxUsualSlots), symmetric: true}
	case "dp_hash":
		return chooser{slots: g.distribute(maxSlots), symmetric: g.selection.Param>>32 == 1, basis: uint32(g.selection.Param)}
	}
	return chooser{}
}

// distribute gives the buckets shares of values by their weights (the Webster method), nil if that takes more than limit.
func (g *group) distribute(limit uint64) []*bucket {
	var total uint64
	least := uint16(0xffff)
	for _, b := range g.buckets {
		if b.Weight > 0 {
			least = min(least, b.Weight)
		}
		total += uint64(b.Weight)
	}
	if total == 0 {
		return nil
	}
	n := uint64(16)
	for n < (total+uint64(least)-1)/uint64(least) {
		n *= 2
	}
	if n > limit {
		return nil
	}
	divisors, values := make([]uint32, len(g.buckets)), make([]float64, len(g.buckets))
	for i, b := range g.buckets {
		divisors[i], values[i] = 1, float64(b.Weight)
	}
	slots := make([]*bucket, n)
	for i := range slots {
		winner := 0
		for j, v := range values {
			if v > values[winner] {
				winner = j
			}
		}
		divisors[winner] += 2
		values[winner] = float64(g.buckets[winner].Weight) / float64(divisors[winner])
		slots[i] = g.buckets[winner]
	}
	return slots
}
