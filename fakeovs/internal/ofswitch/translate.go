// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Open vSwitch's limits of one translation.
const (
	maxDepth     = 64
	maxResubmits = maxDepth * maxDepth
)

// op is a step of the datapath, which translation makes of flows and execution carries out on the packet.
type op struct {
	kind opKind
	// port is the port of an output.
	port uint32
	// set is what a write changes.
	set *rewrite
	// ct is the pass through the connection tracker.
	ct *conntrack.Request
	// resume is where the packet goes on after a recirculation.
	resume *frozen
	// in is what goes to the controller.
	in *packetIn
}

type opKind uint8

const (
	opWrite opKind = iota
	opOutput
	opController
	opTrack
	opForget
	opRecirculate
)

type rewrite struct{ from, to packet.Key }

// frozen is what a packet keeps over a recirculation.
type frozen struct {
	table     uint8
	metadata  packet.Key
	actionSet []openflow.Action
}

// packetIn is a packet on its way to the controllers with an ID.
type packetIn struct {
	message  openflow.PacketIn
	maxLen   uint16
	id       uint16
	userdata []byte
}

// translation follows a packet through the flow tables and notes what the datapath has to do. It works on the fields
// alone: the frame is changed afterwards, by the ops, and not at all if the translation fails.
type translation struct {
	s *Switch
	t *tracer
	// key is the packet as the flows see it, done as the ops so far leave it.
	key, done packet.Key
	size      int
	// tracked says that the packet's connection state is known.
	tracked bool

	ops       []op
	actionSet []openflow.Action
	table     uint8
	flow      *flow
	depth     int
	resubmits int
	// exited says that no more actions are to be done. ovs-actions(7) excepts the action set, Open vSwitch 3.1 does not.
	exited bool
	failed bool
}

// run translates from a table on, to the end.
func (x *translation) run(table uint8) []op {
	x.enter(table, uint32(x.key.Uint(openflow.FieldInPort)))
	return x.finish()
}

// finish carries out the action set and returns the ops.
func (x *translation) finish() []op {
	if !x.failed && !x.exited && len(x.actionSet) > 0 {
		x.t.note("action set:")
		x.actions(orderActionSet(x.actionSet))
	}
	if x.failed {
		return nil
	}
	return x.ops
}

// lookup goes on in a table, if the packet has not gone through too many.
func (x *translation) lookup(table uint8, inPort uint32) {
	switch {
	case x.depth >= maxDepth:
		x.fail("over max translation depth 64")
		return
	case x.resubmits >= maxResubmits:
		x.fail("over 4096 resubmit actions")
		return
	}
	oldDepth := x.depth
	if table <= x.table {
		x.depth++
	}
	x.resubmits++
	x.enter(table, inPort)
	x.depth = oldDepth
}

// enter finds the packet's flow in a table, as one that came in by inPort, and follows it.
func (x *translation) enter(table uint8, inPort uint32) {
	oldTable, oldFlow := x.table, x.flow
	x.table = table

	f := x.find(table, inPort)

	x.t.enter(table, f)
	if f != nil {
		f.hit(x.s.now, x.size)
		x.flow = f
		x.instructions(&f.Instructions)
	}
	x.t.leave()
	x.table, x.flow = oldTable, oldFlow
}

// find looks the packet up in a table. Fragments match as if they had no ports, even the first.
func (x *translation) find(table uint8, inPort uint32) *flow {
	port := x.key.Uint(openflow.FieldInPort)
	x.key.SetUint(openflow.FieldInPort, uint64(inPort))
	defer x.key.SetUint(openflow.FieldInPort, port)
	if t := x.key.Uint(openflow.FieldEthType); x.key.Uint(openflow.FieldIPFrag) == 0 ||
		t != openflow.EthTypeIPv4 && t != openflow.EthTypeIPv6 {
		return x.s.flows.lookup(table, &x.key)
	}
	whole := x.key
	whole.SetUint(openflow.FieldTCPSrc, 0)
	whole.SetUint(openflow.FieldTCPDst, 0)
	return x.s.flows.lookup(table, &whole)
}

func (x *translation) fail(reason string) {
	x.failed = true
	x.t.note(reason + ", dropping the packet")
}

func (x *translation) instructions(in *openflow.Instructions) {
	if !x.actions(in.Apply) {
		return
	}
	if in.ClearActions {
		x.actionSet = nil
	}
	if len(in.Write) > 0 {
		x.actionSet = append(x.actionSet[:len(x.actionSet):len(x.actionSet)], in.Write...)
	}
	if in.MetadataMask != 0 {
		m := x.key.Uint(openflow.FieldMetadata)
		x.key.SetUint(openflow.FieldMetadata, m&^in.MetadataMask|in.Metadata&in.MetadataMask)
	}
	if in.Goto != 0 {
		x.lookup(in.Goto, uint32(x.key.Uint(openflow.FieldInPort)))
	}
}

// actions does a list of actions. It returns false if nothing that follows them is to be done.
func (x *translation) actions(list []openflow.Action) bool {
	for _, a := range list {
		if x.failed || x.exited {
			return false
		}
		x.t.action(a)
		switch a := a.(type) {
		case openflow.Output:
			x.output(a)
		case openflow.OutputField:
			x.outputField(a)
		case openflow.Controller:
			x.controller(a)
		case openflow.SetField:
			if x.has(a.Field) {
				x.key.SetMasked(a.Field, a.Value, a.Mask)
				x.wrote(a.Field)
			}
		case openflow.Move:
			if x.has(a.Src.Field) && x.has(a.Dst.Field) {
				move(&x.key, a)
				x.wrote(a.Dst.Field)
			}
		case openflow.PushVLAN:
			x.pushVLAN()
		case openflow.SetVLANVID:
			x.setTag(a.Push, openflow.FieldVLANVID, uint64(a.VID)|tciPresent)
		case openflow.SetVLANPCP:
			x.setTag(a.Push, openflow.FieldVLANPCP, uint64(a.PCP))
		case openflow.SetTransport:
			x.setTransport(a)
		case openflow.EnqueueTo:
			x.output(openflow.Output{Port: a.Port})
		case openflow.PopVLAN:
			x.key.SetUint(openflow.FieldVLANTCI, 0)
		case openflow.Resubmit:
			port, table := a.InPort, a.Table
			if port == openflow.PortInPort {
				port = uint32(x.key.Uint(openflow.FieldInPort))
			}
			if table == openflow.CurrentTable {
				table = x.table
			}
			x.lookup(table, port)
		case openflow.DecTTL:
			if !x.decTTL(a) {
				return false
			}
		case openflow.CT:
			x.track(&a)
		case openflow.CTClear:
			if x.tracked {
				x.forget()
				x.ops = append(x.ops, op{kind: opForget})
			}
		case openflow.Note:
		case openflow.Exit:
			x.exited = true
		default:
			x.fail("no support for this action")
		}
	}
	return !x.failed && !x.exited
}

// has reports whether the packet has a field that the match of its flow does not ensure.
func (x *translation) has(f openflow.Field) bool {
	switch f {
	case openflow.FieldVLANPCP:
		return x.key.Uint(openflow.FieldVLANTCI)&tciPresent != 0
	case openflow.FieldTCPSrc, openflow.FieldTCPDst, openflow.FieldUDPSrc, openflow.FieldUDPDst,
		openflow.FieldSCTPSrc, openflow.FieldSCTPDst:
		return x.key.Uint(openflow.FieldIPFrag)&fragLater == 0
	}
	return true
}

// wrote makes good what a write of a field has left undone: that of 16 bits is one half of in_port.
func (x *translation) wrote(f openflow.Field) {
	if f == openflow.FieldInPort16 {
		x.key.SetUint(openflow.FieldInPort, uint64(port32(uint16(x.key.Uint(f)))))
	}
}

func move(k *packet.Key, a openflow.Move) {
	for done := uint16(0); done < a.Src.Bits; {
		n := min(64, a.Src.Bits-done)
		k.SetBits(a.Dst.Field, a.Dst.Offset+done, n, k.Bits(a.Src.Field, a.Src.Offset+done, n))
		done += n
	}
}

// decTTL returns false if the packet has lived too long.
func (x *translation) decTTL(a openflow.DecTTL) bool {
	if t := x.key.Uint(openflow.FieldEthType); t != openflow.EthTypeIPv4 && t != openflow.EthTypeIPv6 {
		return true
	}
	ttl := x.key.Uint(openflow.FieldIPTTL)
	if ttl > 1 {
		x.key.SetUint(openflow.FieldIPTTL, ttl-1)
		return true
	}
	x.t.note("TTL is used up, the rest of the actions is not done")
	in := openflow.Controller{MaxLen: openflow.WholePacket, Reason: openflow.PacketInInvalidTTL}
	if len(a.Controllers) == 0 {
		x.controller(in)
	}
	for _, in.ID = range a.Controllers {
		x.controller(in)
	}
	return false
}

// setTag writes a part of the VLAN tag, if there is one or push gives the packet one.
func (x *translation) setTag(push bool, f openflow.Field, v uint64) {
	if x.key.Uint(openflow.FieldVLANTCI)&tciPresent == 0 {
		if !push {
			return
		}
		x.pushVLAN()
	}
	x.key.SetUint(f, v)
}

// setTransport writes a port of a packet that has one.
func (x *translation) setTransport(a openflow.SetTransport) {
	if t := x.key.Uint(openflow.FieldEthType); t != openflow.EthTypeIPv4 && t != openflow.EthTypeIPv6 ||
		!x.has(openflow.FieldTCPSrc) {
		return
	}
	switch x.key.Uint(openflow.FieldIPProto) {
	case openflow.IPProtoTCP, openflow.IPProtoUDP, openflow.IPProtoSCTP:
		f := openflow.FieldTCPSrc
		if a.Dst {
			f = openflow.FieldTCPDst
		}
		x.key.SetUint(f, uint64(a.Port))
	}
}

// pushVLAN gives the packet an empty VLAN tag, if it has none: keys have room for one.
func (x *translation) pushVLAN() {
	if x.key.Uint(openflow.FieldVLANTCI)&tciPresent != 0 {
		x.fail("no support for a second VLAN tag")
		return
	}
	x.commit() // so that no tag that was there before lives on in the new one
	x.key.SetUint(openflow.FieldVLANTCI, tciPresent)
}

// commit makes the frame agree with the key, for the ops that follow.
func (x *translation) commit() {
	if x.key.SameHeader(&x.done) {
		return
	}
	x.ops = append(x.ops, op{kind: opWrite, set: &rewrite{from: x.done, to: x.key}})
	x.done = x.key
}

// track sends the packet through the connection tracker. If the action names a table, a copy of the packet goes on
// there; this one forgets what the tracker said, except the translation of its frame.
func (x *translation) track(a *openflow.CT) {
	r := &conntrack.Request{Zone: a.Zone, Commit: a.Commit, Force: a.Force, NAT: a.NAT, ALG: a.ALG}
	if z := a.ZoneFrom; z != nil {
		r.Zone = uint16(x.key.Bits(z.Field, z.Offset, z.Bits))
	}
	x.commit()
	x.exec(a.Exec, r)
	x.ops = append(x.ops, op{kind: opTrack, ct: r})
	if a.Resume {
		x.ops = append(x.ops, op{kind: opRecirculate, resume: &frozen{
			table: a.Table, metadata: x.key, actionSet: x.actionSet,
		}})
	}
	x.forget()
}

// exec finds which bits of mark and label actions write.
func (x *translation) exec(actions []openflow.Action, r *conntrack.Request) {
	if len(actions) == 0 {
		return
	}
	var mask packet.Key
	for _, a := range actions {
		switch a := a.(type) {
		case openflow.SetField:
			x.key.SetMasked(a.Field, a.Value, a.Mask)
			mask.SetMasked(a.Field, onesOf(a.Value), a.Mask)
		case openflow.Move:
			move(&x.key, a)
			for i := range a.Dst.Bits {
				mask.SetBits(a.Dst.Field, a.Dst.Offset+i, 1, 1)
			}
		}
	}
	r.Mark = uint32(x.key.Uint(openflow.FieldCTMark))
	r.MarkMask = uint32(mask.Uint(openflow.FieldCTMark))
	r.Label = [2]uint64{x.key.Bits(openflow.FieldCTLabel, 64, 64), x.key.Bits(openflow.FieldCTLabel, 0, 64)}
	r.LabelMask = [2]uint64{mask.Bits(openflow.FieldCTLabel, 64, 64), mask.Bits(openflow.FieldCTLabel, 0, 64)}
}

func onesOf(value []byte) []byte {
	b := make([]byte, len(value))
	for i := range b {
		b[i] = 0xff
	}
	return b
}

// forget makes the packet untracked.
func (x *translation) forget() {
	x.tracked = false
	for _, f := range [...]openflow.Field{
		openflow.FieldCTState, openflow.FieldCTZone, openflow.FieldCTMark, openflow.FieldCTLabel,
	} {
		x.key.SetUint(f, 0)
	}
}
