// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// output sends the packet to a port, or to what a reserved port number stands for. MayMiss lets a look-up hand the packet
// to the controllers where it finds no flow; truncated says that the packet is cut.
func (x *translation) output(port uint32, maxLen uint16, mayMiss, last, truncated, bucket bool) {
	inPort := uint32(x.flow.Uint(openflow.FieldInPort))
	switch port {
	case openflow.PortInPort:
		x.send(inPort, true, last, truncated)
	case openflow.PortTable:
		x.lookup(inPort, 0, mayMiss, true, false, false, x.do)
	case openflow.PortNormal:
		x.normal(inPort)
	case openflow.PortFlood:
		x.flood(inPort, false, last)
	case openflow.PortAll:
		x.flood(inPort, true, last)
	case openflow.PortController:
		reason := openflow.PacketInAction
		switch {
		case x.packetOut:
			reason = openflow.PacketInPacketOut
		case bucket:
			reason = openflow.PacketInGroup
		case x.inSet:
			reason = openflow.PacketInActionSet
		}
		x.controller(openflow.Controller{MaxLen: maxLen, Reason: reason})
	case openflow.PortAny:
	default:
		if port == inPort {
			x.report(nodeWarn, "skipping output to input port")
			return
		}
		x.send(port, true, last, truncated)
	}
}

// send puts the packet out of a port, be it the one it came in by. CheckState leaves out ports that are not to forward.
func (x *translation) send(no uint32, checkState, last, truncated bool) {
	p := x.s.ports[no]
	if !x.maySend(p, checkState) {
		return
	}
	if p.Patch {
		if peer := p.peer(); peer != nil {
			if truncated {
				x.report(nodeError, "Cannot truncate output to patch port")
			}
			x.cross(peer, last)
		}
		return
	}
	if p.Tunnel != nil {
		x.sendTunnel(p)
	} else {
		tos := x.flow.Uint(openflow.FieldIPToS)
		x.markDSCP(p)
		x.commit()
		x.truncateCopy()
		x.emit(datapath.Output{Port: p.Datapath, Context: p})
		x.flow.SetUint(openflow.FieldIPToS, tos)
	}
	if x.s.mirroring {
		x.mirror(p.link, p.link.destinations)
	}
}

// markDSCP gives the packet the DSCP that a port wants for its priority.
func (x *translation) markDSCP(p *Port) {
	if len(p.DSCP) == 0 {
		return
	}
	x.lookPriority()
	if dscp, ok := p.DSCP[uint32(x.flow.Uint(packet.SKBPriority))]; ok {
		x.wc.AddBits(openflow.FieldIPToS, dscpMask)
		x.flow.SetUint(openflow.FieldIPToS, x.flow.Uint(openflow.FieldIPToS)&^dscpMask|uint64(dscp)<<2)
	}
}

const dscpMask = 0xfc

// maySend reports whether a packet may leave by a port.
func (x *translation) maySend(p *Port, _ bool) bool {
	if p == nil {
		x.report(nodeWarn, "Nonexistent output port")
		return false
	}
	if p.config&openflow.PortConfigNoForward != 0 {
		x.report(nodeDetail, "OFPPC_NO_FWD set, skipping output")
		return false
	}
	if x.snapLen != 0 && p.Patch {
		x.report(nodeWarn, "Mirror truncate to ODPP_NONE, skipping output")
		return false
	}
	if x.between(p) {
		x.report(nodeWarn, "Flow is between protected ports, skipping output.")
		return false
	}
	if x.flow.Uint(openflow.FieldPacketType) != 0 {
		x.report(nodeWarn, "Trying to send non-Ethernet packet through legacy L2 port. Dropping packet.")
		return false
	}
	return true
}

// cross goes on in the bridge of another port. What happens there the packet in this bridge does not see, except that
// the datapath does it in between.
func (x *translation) cross(peer *Port, last bool) {
	oldFlow, oldMask := x.flow, x.wc
	oldTracked, oldMPLS, oldStack, oldSet, oldSwitch := x.tracked, x.wasMPLS, x.stack, x.set, x.s
	x.stack, x.set = nil, nil
	x.flow.SetUint(openflow.FieldInPort, uint64(peer.No))
	x.flow.CopyTunnel(new(packet.Key))
	x.wc.CopyTunnel(new(packet.Key))
	clear(x.flow[packet.TunnelWords:frozenWords])
	x.flow.SetUint(openflow.FieldActsetOutput, portUnset)
	x.tracked = false
	clearConnection(&x.flow)
	oldMirrored := x.mirrored
	if peer.s != x.s {
		x.mirrored = 0
	}
	old := x.enterNode(nodeBridge, "bridge(%q)", peer.s.name)
	x.s, x.options = peer.s, peer.s.Options()
	x.s.pass(x.e.s.now)
	if x.mayReceive(peer) {
		x.lookup(peer.No, 0, true, true, false, last, func(list steps, last, _ bool) { x.clone(list, last, false) })
		x.finish()
	}
	x.parent = old
	if oldSwitch != peer.s {
		x.mirrored = oldMirrored
	}
	x.flow, x.s, x.set, x.stack, x.options = oldFlow, oldSwitch, oldSet, oldStack, oldSwitch.Options()
	x.wc.CopyTunnel(&oldMask)
	x.wasMPLS, x.tracked = oldMPLS, oldTracked
	x.exited, x.failed = false, ""
}

// flood sends the packet out of all ports but one; all says to do so even where a port is not for it.
func (x *translation) flood(except uint32, all, last bool) {
	var ports []uint32
	for _, no := range x.s.floodOrder() {
		if no != except && (all || x.s.ports[no].floods()) {
			ports = append(ports, no)
		}
	}
	for i, no := range ports {
		x.send(no, !all, last && i == len(ports)-1, false)
	}
}

// outputField sends the packet to the port whose 16-bit number a field has.
func (x *translation) outputField(a openflow.OutputField, last, bucket bool) {
	port := x.options.Bits(&x.flow, a.Src.Field, a.Src.Offset, min(64, a.Src.Bits))
	if port > 0xffff {
		x.report(nodeWarn, "output port %d is out of range", port)
		return
	}
	x.report(nodeDetail, "output port is %d", port)
	x.look(a.Src)
	x.output(port32(uint16(port)), a.MaxLen, false, last, false, bucket)
}

// outputTruncated sends the beginning of the packet out of a port.
func (x *translation) outputTruncated(a openflow.OutputTruncated, last, bucket bool) {
	switch a.Port {
	case openflow.PortTable, openflow.PortNormal, openflow.PortFlood, openflow.PortAll, openflow.PortController,
		openflow.PortAny:
		x.report(nodeWarn, "output_trunc does not support port: %s", portName(a.Port))
		return
	}
	if a.Port == uint32(x.flow.Uint(openflow.FieldInPort)) {
		x.report(nodeWarn, "skipping output to input port")
		return
	}
	if p := x.s.ports[a.Port]; p == nil || p.Patch {
		x.report(nodeError, "output_trunc does not support patch port %s", portName(a.Port))
		return
	}
	x.emit(datapath.Truncate{MaxLen: a.MaxLen})
	x.needs(FeatureTruncate)
	x.output(a.Port, 0, false, last, true, bucket)
}

// port32 is a port's number of 16 bits as one of 32, of which the reserved ones are the highest.
func port32(no uint16) uint32 {
	if no >= flowcheck.MaxPort {
		return 0xffff0000 | uint32(no)
	}
	return uint32(no)
}

// portName is a port in the words of ovs-ofctl(8).
func portName(no uint32) string {
	text := openflow.InPort(no).String()
	return text[len("in_port="):]
}

func (x *translation) lookPriority() { x.wc.Mask(packet.SKBPriority) }

// setQueue gives the packet the priority that the datapath knows a queue by: in userspace its number.
func (x *translation) setQueue(id uint32) { x.flow.SetUint(packet.SKBPriority, uint64(id)) }

// enqueue puts the packet out of a port with the priority of a queue.
func (x *translation) enqueue(a openflow.EnqueueTo, last bool) {
	x.lookPriority()
	inPort, priority := uint32(x.flow.Uint(openflow.FieldInPort)), x.flow.Uint(packet.SKBPriority)
	switch a.Port {
	case openflow.PortInPort:
		a.Port = inPort
	case inPort:
		return
	}
	x.setQueue(a.Queue)
	x.send(a.Port, true, last, false)
	x.flow.SetUint(packet.SKBPriority, priority)
}

// popQueue gives the packet back the priority that it came with.
func (x *translation) popQueue() {
	if x.flow.Uint(packet.SKBPriority) != x.priority {
		x.flow.SetUint(packet.SKBPriority, x.priority)
		x.report(nodeDetail, "queue = %s", hexNumber(x.priority))
	}
}
