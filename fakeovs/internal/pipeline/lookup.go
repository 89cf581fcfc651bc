// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"reflect"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// resources reports whether the packet may go on to another table or group.
func (x *translation) resources() bool {
	switch {
	case x.depth >= maxDepth:
		x.fail(failedDepth, "over max translation depth %d", maxDepth)
	case x.resubmits >= maxResubmits:
		x.fail(failedResubmits, "over %d resubmit actions", maxResubmits)
	case x.bytes > maxActions:
		x.report(nodeError, "resubmits yielded over 64 kB of actions")
		x.exited = true
	case x.stackBytes() >= maxStack:
		x.fail(failedStack, "resubmits yielded over 64 kB of stack")
	default:
		return true
	}
	return false
}

// lookup goes on in a table, as a packet that came in by inPort. Tables that follow on it are looked at if the table
// says so and honor lets it; mayMiss hands a packet without flow to the controllers. Connection looks the packet up by the
// first one of its connection.
func (x *translation) lookup(inPort uint32, table uint8, mayMiss, honor, connection, last bool,
	do func(list steps, last, bucket bool)) {
	if x.wasMPLS {
		x.triggerFreeze()
		return
	}
	if !x.resources() {
		return
	}
	oldTable := x.table
	x.table = table
	defer func() { x.table = oldTable }()
	if connection {
		if x.flow.Uint(openflow.FieldCTNwProto) == 0 || !x.flow.IsIP() {
			x.report(nodeError, "resubmit(ct) with non-tracked or non-IP packet!")
			return
		}
		x.swapTuple()
	}
	f := x.find(&x.table, inPort, mayMiss, honor)
	if connection {
		x.swapTuple()
	}
	old := x.enterTable(f, x.table)
	oldRule, oldCookie := x.rule, x.cookie
	x.credit(f)
	x.resubmits++
	deeper := 0
	if table <= oldTable {
		deeper = 1
	}
	x.depth += deeper
	x.rule = f
	var list steps
	list, x.cookie = x.s.flows.actions(f)
	do(list, last, false)
	x.rule, x.cookie = oldRule, oldCookie
	x.depth -= deeper
	x.parent = old
}

func swap(k *packet.Key, fields [2]openflow.Field) {
	a, b := k.Uint(fields[0]), k.Uint(fields[1])
	k.SetUint(fields[0], b)
	k.SetUint(fields[1], a)
}

// find looks the packet up in a table, and in those behind it where the table says so and honor lets it. MayMiss hands a
// packet without a flow to the controllers. Fragments match as if they had no ports, even the first, unless the switch is
// told otherwise.
func (x *translation) find(table *uint8, inPort uint32, mayMiss, honor bool) *Flow {
	if *table == 0 && x.s.failOpen != nil {
		return x.s.failOpen
	}
	oldPort, src, dst := x.flow.Uint(openflow.FieldInPort), x.flow.Uint(openflow.FieldTCPSrc), x.flow.Uint(openflow.FieldTCPDst)
	if x.flow.Uint(openflow.FieldIPFrag)&1 != 0 {
		switch x.s.frags {
		case openflow.FragDrop:
			return x.s.internal.fragments
		case openflow.FragMatch:
		default:
			x.flow.SetUint(openflow.FieldTCPSrc, 0)
			x.flow.SetUint(openflow.FieldTCPDst, 0)
		}
	}
	x.flow.SetUint(openflow.FieldInPort, uint64(inPort))
	f := x.s.flows.lookup(*table, &x.flow, &x.wc, x.counts)
	for f == nil && honor && *table < flowcheck.VisibleTables-1 && x.s.miss(*table) == missContinue {
		*table++
		f = x.s.flows.lookup(*table, &x.flow, &x.wc, x.counts)
	}
	x.flow.SetUint(openflow.FieldTCPSrc, src)
	x.flow.SetUint(openflow.FieldTCPDst, dst)
	x.flow.SetUint(openflow.FieldInPort, oldPort)
	if f == nil && mayMiss {
		return x.missed(*table)
	}
	return f
}

// credit counts the packet for a flow.
func (x *translation) credit(f *Flow) {
	if x.counts && f != nil {
		f.hit(x.s.now, x.size)
	}
}

// actions are what the flow does, and its cookie. The bridge is locked.
func (t *flowTables) actions(f *Flow) (list steps, cookie uint64) {
	if f == nil {
		return steps{}, 0
	}
	if f.steps == nil {
		t.makeSteps(f)
	}
	return f.steps, f.told
}

// makeSteps makes the steps of a flow of its instructions. Often those of a table have the same, and then share the steps.
func (t *flowTables) makeSteps(f *Flow) {
	last := t.stepped[f.Table]
	t.stepped[f.Table] = f
	if last != nil && last.steps != nil && reflect.DeepEqual(&f.Instructions, &last.Instructions) {
		f.steps = last.steps
		return
	}
	f.steps = instructionSteps(&f.Instructions)
}

// swapTuple exchanges the packet's addresses and ports with those of its connection's first packet, in the packet and
// in what was looked at.
func (x *translation) swapTuple() {
	pairs := [...][2]openflow.Field{
		{openflow.FieldIPProto, openflow.FieldCTNwProto},
		{openflow.FieldTCPSrc, openflow.FieldCTTpSrc},
		{openflow.FieldTCPDst, openflow.FieldCTTpDst},
		{openflow.FieldIPv4Src, openflow.FieldCTNwSrc},
		{openflow.FieldIPv4Dst, openflow.FieldCTNwDst},
	}
	if x.flow.Uint(openflow.FieldEthType) == openflow.EthTypeIPv4 {
		for _, p := range pairs {
			swap(&x.flow, p)
			swap(&x.wc, p)
		}
		return
	}
	for _, p := range pairs[:3] {
		swap(&x.flow, p)
		swap(&x.wc, p)
	}
	for i := range 4 {
		x.flow[33+i], x.flow[37+i] = x.flow[37+i], x.flow[33+i]
		x.wc[33+i], x.wc[37+i] = x.wc[37+i], x.wc[33+i]
	}
}
