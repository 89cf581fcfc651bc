// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"

	"github.com/ovskit/ovskit/openflow"
)

// output sends the packet to a port, or to what a reserved port number stands for.
func (x *translation) output(a openflow.Output) {
	inPort := uint32(x.key.Uint(openflow.FieldInPort))
	switch a.Port {
	case openflow.PortInPort:
		x.send(inPort)
	case openflow.PortTable:
		x.lookup(0, inPort)
	case openflow.PortNormal:
		x.normal(inPort)
	case openflow.PortFlood, openflow.PortAll:
		x.flood(inPort)
	case openflow.PortController:
		x.controller(openflow.Controller{MaxLen: a.MaxLen, Reason: openflow.PacketInAction})
	default:
		if a.Port == inPort {
			x.t.note("skipping output to input port")
			return
		}
		x.send(a.Port)
	}
}

// send puts the packet out of a port, be it the one it came in by.
func (x *translation) send(port uint32) {
	if x.s.ports[port] == nil {
		x.t.note(fmt.Sprintf("port %d does not exist", port))
		return
	}
	x.commit()
	x.ops = append(x.ops, op{kind: opOutput, port: port})
}

// flood sends the packet out of all ports but one.
func (x *translation) flood(except uint32) {
	for _, no := range x.s.portNos {
		if no != except {
			x.send(no)
		}
	}
}

// outputField sends the packet to the port whose 16-bit number a field has.
func (x *translation) outputField(a openflow.OutputField) {
	port := x.key.Bits(a.Src.Field, a.Src.Offset, a.Src.Bits)
	if port > 0xffff {
		x.t.note(fmt.Sprintf("port %d is out of range", port))
		return
	}
	x.output(openflow.Output{Port: port32(uint16(port)), MaxLen: a.MaxLen})
}

// port32 is a port's number of 16 bits as one of 32, of which the reserved ones are the highest.
func port32(no uint16) uint32 {
	if no >= maxPort {
		return 0xffff0000 | uint32(no)
	}
	return uint32(no)
}

// controller sends the packet to the controllers.
func (x *translation) controller(a openflow.Controller) {
	in := &packetIn{maxLen: a.MaxLen, id: a.ID, userdata: a.Userdata, message: openflow.PacketIn{
		BufferID: openflow.NoBuffer,
		Reason:   a.Reason,
		Table:    x.table,
		Cookie:   ^uint64(0),
		Match:    metadata(&x.key),
	}}
	if x.flow != nil {
		in.message.Cookie = x.flow.Cookie
	}
	x.commit()
	x.ops = append(x.ops, op{kind: opController, in: in})
}
