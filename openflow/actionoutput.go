// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Output sends the packet out of a port. Output to the port the packet came in by does nothing unless Port is
// PortInPort.
type Output struct {
	Port uint32
	// MaxLen is how many bytes of the packet go to the controller if Port is PortController.
	MaxLen uint16
}

// WholePacket is the MaxLen that sends all of a packet to the controller.
const WholePacket uint16 = 0xffff

// String is the action in the words of ovs-actions(7).
func (a Output) String() string {
	switch name, reserved := portNames[a.Port]; {
	case a.Port == PortController:
		return fmt.Sprintf("CONTROLLER:%d", a.MaxLen)
	case reserved:
		return name
	}
	return fmt.Sprintf("output:%d", a.Port)
}

func (a Output) appendTo(b []byte, _ Version) ([]byte, error) {
	if a.Port != PortController {
		a.MaxLen = 0
	}
	b = be.AppendUint32(appendAction(b, actionOutput, 16), a.Port)
	return pad(be.AppendUint16(b, a.MaxLen), 6), nil
}

func decodeOutput(b []byte, r *reader) (Action, error) {
	a := Output{Port: r.u32(), MaxLen: r.u16()}
	if _, ok := port16(a.Port); !ok {
		return nil, malformed(ErrBadOutPort, "output to port %#x", a.Port)
	}
	if a.Port != PortController {
		a.MaxLen = 0
	}
	return sized(b, 16, a)
}
