// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Open vSwitch's limits of one translation.
const (
	maxDepth     = 64
	maxResubmits = maxDepth * maxDepth
	maxActions   = 0xffff
	maxStack     = 1 << 16
)

// translation makes the actions of the datapath of a packet's way through the flow tables, and notes which of the packet's
// bits they depend on: they are good for every packet that has the same.
type translation struct {
	// in is the packet as it came; flow as the flows see it, and base as the actions so far leave it. wc is the bits of in
	// that were looked at.
	in, flow, base, wc packet.Key
	progress
}

// progress is what a translation has beside the keys.
type progress struct {
	e *evaluation
	// s is the bridge that the packet is in.
	s *Bridge
	trace
	// options are those of tunnels that are fields in the bridge.
	options *packet.Options
	// size is the number of bytes to count, if counts says so. Without effects nothing is learned and sent.
	size            int
	counts, effects bool
	// again says that what was done with a packet is found out anew, to see whether it is still the same.
	again bool
	// packet is the packet itself, nil where there are only its fields.
	packet *packet.Packet

	actions []datapath.Action
	// bytes is about how much room the actions would take in Open vSwitch.
	bytes    int
	stack    []stacked
	set      steps
	setGroup bool
	table    uint8
	rule     *Flow
	cookie   uint64
	depth    int
	// resubmits counts look-ups and the like.
	resubmits int

	inSet, packetOut           bool
	pendingEncap, pendingDecap bool
	encapOptions               []byte
	// priority is the one that the packet came with.
	priority uint64
	// exited says that no more is to be done, be it because the translation is to be frozen.
	exited, freezing bool
	hash             *datapath.Hash
	frozenSteps      steps
	unrolled         *unroll
	pause            *openflow.Controller
	// wasMPLS says that the packet's headers are not known until it comes back, since its last label was popped.
	wasMPLS bool
	// tracked says that the packet's connection state is known.
	tracked bool
	nat     *openflow.NAT
	// thawed is what the translation goes on from, nil if the packet is new.
	thawed *frozen
	failed failure
	slow   slowReason
	// made is what came of it, and first the first of its nodes in the trace.
	made  []datapath.Action
	first int
	// mirrored are the mirrors that the packet was copied to, and snapLen how much of it the one that it is copied to takes; 0
	// is all.
	mirrored uint32
	snapLen  uint16
	// forks are the copies that went to the connection tracker, for a trace.
	forks []fork
}

// failure is why there are no actions.
type failure string

const (
	failedDepth      failure = "Recursion too deep"
	failedResubmits  failure = "Too many resubmits"
	failedStack      failure = "Stack too deep"
	failedRecirc     failure = "No recirculation context"
	failedLabels     failure = "Too many MPLS labels"
	failedPacketType failure = "Unsupported packet type"
)

// slowReason is why the datapath cannot do by itself what is to be done.
type slowReason uint8

const slowAction slowReason = 1

// portUnset is what actset_output is without an output in the action set.
const portUnset = 0xfffffff7

// newTranslation begins with a packet, of whose fields in_port is set.
func newTranslation(e *evaluation, s *Bridge, k *packet.Key) *translation {
	x := e.dp.translation()
	x.in, x.flow, x.base = *k, *k, *k
	x.progress = progress{e: e, s: s, options: s.Options(), trace: trace{t: e.t, parent: noNode}, actions: x.actions[:0]}
	x.flow.SetUint(openflow.FieldActsetOutput, portUnset)
	x.base.SetUint(openflow.FieldActsetOutput, portUnset)
	clear(x.base[:packet.TunnelWords])
	clear(x.base[packet.HeaderEnd:])
	x.priority = k.Uint(packet.SKBPriority)
	x.cookie = ^uint64(0)
	x.tracked = k.Uint(openflow.FieldCTState)&uint64(openflow.CTTracked) != 0
	x.wc.Mask(openflow.FieldPacketType, openflow.FieldInPort, openflow.FieldEthType, openflow.FieldRecircID)
	if k.IsIP() {
		x.wc.Mask(openflow.FieldIPFrag)
	}
	return x
}

// translation is one with a clear mask, whose memory may have been another's. The datapath is locked.
func (d *Datapath) translation() *translation {
	n := len(d.spare)
	if n == 0 {
		return new(translation)
	}
	x := d.spare[n-1]
	d.spare = d.spare[:n-1]
	return x
}

// done gives a translation back that nobody refers to any more, nor to its actions.
func (x *translation) done() {
	if x.tracing() {
		return
	}
	d := x.e.dp
	clear(x.actions)
	x.progress, x.wc = progress{actions: x.actions}, packet.Key{}
	d.spare = append(d.spare, x)
}

// run translates the actions, or if there are none what the flow tables say.
func (x *translation) run(list steps) []datapath.Action {
	root := x.enterNode(nodeBridge, "bridge(%q)", x.s.name)
	if f := x.thawed; f != nil {
		list = x.thaw(f)
	} else if id := x.in.Uint(openflow.FieldRecircID); id != 0 {
		x.fail(failedRecirc, "Recirculation context not found for ID %x", id)
	}
	// If the actions fail the mask stays as it is.
	if x.failed == "" && x.exec(list) {
		x.finishMask()
	}
	x.parent = root
	if x.failed != "" {
		x.slow = 0
		return nil
	}
	x.countOutputs()
	return optimize(x.actions)
}

func (x *translation) exec(list steps) (ok bool) {
	inPort := uint32(x.flow.Uint(openflow.FieldInPort))
	if list == nil {
		x.rule = x.find(&x.table, inPort, true, true)
		x.enterTable(x.rule, x.table)
		x.credit(x.rule)
		list, x.cookie = x.s.flows.actions(x.rule)
	}
	if p := x.s.ports[uint32(x.in.Uint(openflow.FieldInPort))]; p != nil {
		if p.link.mirrorOut != 0 {
			x.report(nodeError, "dropping packet received on port %s, which is reserved exclusively for mirroring",
				p.link.config.Name)
			return true
		}
		if !x.leaveTunnel() || !x.mayReceive(p) {
			return true
		}
	}
	x.mirrorIngress()
	x.do(list, true, false)
	if x.failed != "" {
		return false
	}
	x.finish()
	return true
}

// finish carries the action set out, or freezes the translation.
func (x *translation) finish() {
	if !x.freezing {
		x.doActionSet()
	}
	if x.freezing {
		x.freeze()
	}
}

// doActionSet carries the action set out.
func (x *translation) doActionSet() {
	list := x.set.executed()
	x.set = nil
	if len(list) == 0 {
		return
	}
	x.inSet = true
	old := x.enterNode(nodeTable, "--. Executing action set:")
	x.do(list, true, false)
	x.parent = old
	x.inSet = false
}

// emit adds an action.
func (x *translation) emit(a datapath.Action) {
	x.actions = append(x.actions, a)
	x.bytes += 8
	if _, ok := a.(datapath.Set); ok {
		x.bytes += 24
	}
}

// nested collects the actions that f adds.
func (x *translation) nested(f func()) []datapath.Action {
	old := x.actions
	x.actions = nil
	f()
	inner := x.actions
	x.actions = old
	return inner
}

// optimize puts the actions of a clone at the end in its place.
func optimize(actions []datapath.Action) []datapath.Action {
	if n := len(actions); n > 0 {
		if c, ok := actions[n-1].(datapath.Clone); ok {
			return append(actions[:n-1:n-1], c.Actions...)
		}
	}
	return actions
}

func (x *translation) fail(f failure, format string, args ...any) {
	x.failed = f
	x.report(nodeError, format, args...)
}

// finishMask makes the mask one that the datapath can have: without OpenFlow's metadata, and without what the packet
// does not have.
func (x *translation) finishMask() {
	wc, k := &x.wc, &x.flow
	clear(wc[packet.TunnelWords:frozenWords])
	wc.SetUint(openflow.FieldActsetOutput, 0)
	wc.SetUint(openflow.FieldConjID, 0)
	if x.in.Uint(openflow.FieldPacketType) != 0 {
		wc.SetUint(openflow.FieldEthDst, 0)
		wc.SetUint(openflow.FieldEthSrc, 0)
	}
	if isICMP(k) {
		wc.SetUint(openflow.FieldTCPSrc, wc.Uint(openflow.FieldTCPSrc)&0xff)
		wc.SetUint(openflow.FieldTCPDst, wc.Uint(openflow.FieldTCPDst)&0xff)
	}
	for _, f := range [...]openflow.Field{openflow.FieldVLANTCI, packet.InnerVLANTCI} {
		if wc.Has(f) {
			wc.AddBits(f, packet.TCIPresent)
		}
	}
	if k.LaterFragment() {
		wc.SetUint(openflow.FieldTCPSrc, 0)
		wc.SetUint(openflow.FieldTCPDst, 0)
	}
	if !packet.IsMPLS(uint16(x.in.Uint(openflow.FieldEthType))) {
		for _, f := range packet.LabelFields {
			wc.SetUint(f, 0)
		}
	}
	if x.in.Tags() < 1 {
		wc.SetUint(openflow.FieldVLANTCI, 0)
		wc.SetUint(packet.VLANTPID, 0)
	}
	if x.in.Tags() < 2 {
		wc.SetUint(packet.InnerVLANTCI, 0)
		wc.SetUint(packet.InnerVLANTPID, 0)
	}
	if !x.in.TunnelSet() {
		clear(wc[:packet.TunnelWords])
		clear(wc[packet.HeaderEnd:])
	}
}

func isICMP(k *packet.Key) bool {
	proto := k.Uint(openflow.FieldIPProto)
	switch k.EthType() {
	case openflow.EthTypeIPv4:
		return proto == openflow.IPProtoICMP
	case openflow.EthTypeIPv6:
		return proto == openflow.IPProtoICMPv6
	}
	return false
}

// mayReceive reports whether packets are taken from a port.
func (x *translation) mayReceive(p *Port) bool { return p.config&openflow.PortConfigNoReceive == 0 }
