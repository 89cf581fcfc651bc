// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Output sends the packet out of a port (ovs-actions(7), "The output action"). Output to the port the packet came in by
// does nothing unless Port is PortInPort.
type Output struct {
	Port uint32
	// MaxLen is how many bytes of the packet go to the controller if Port is PortController.
	MaxLen uint16
}

// WholePacket is the MaxLen that sends all of a packet to the controller.
const WholePacket uint16 = 0xffff

// String is the action in the words of ovs-actions(7).
func (a Output) String() string { return a.text(nil) }

func (a Output) text(names *Names) string {
	switch name, reserved := portNames[a.Port]; {
	case a.Port == PortController:
		return fmt.Sprintf("CONTROLLER:%d", a.MaxLen)
	case reserved:
		return name
	}
	return "output:" + names.port(a.Port)
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

// OutputField sends the packet out of the port whose number is the value of a field (ovs-actions(7), "The output
// action").
type OutputField struct {
	// Src is at most 64 bits.
	Src Subfield
	// MaxLen is how many bytes of the packet go to the controller if the value is PortController. Text has no place for
	// it: ovs-ofctl(8) makes it WholePacket.
	MaxLen uint16
}

// String is the action in the words of ovs-actions(7).
func (a OutputField) String() string { return "output:" + a.Src.String() }

func (a OutputField) appendTo(b []byte, _ Version) ([]byte, error) {
	start := len(b)
	b, err := a.Src.appendRange(appendNicira(b, nxOutputReg, 24))
	if err != nil {
		return b, err
	}
	afterRange := len(b)
	if b, err = appendNXMHeader(b, a.Src.Field); err != nil {
		return b, err
	}
	if len(b)-afterRange == 4 {
		return pad(be.AppendUint16(b, a.MaxLen), 6), nil
	}
	// The older action has room for a header of 32 bits only.
	be.PutUint16(b[start+8:], nxOutputReg2)
	b = be.AppendUint16(b[:afterRange], a.MaxLen)
	b, err = appendNXMHeader(b, a.Src.Field)
	return pad(b, start+24-len(b)), err
}

// decodeOutputField reads an output_reg action, of which the second form has the field last.
func decodeOutputField(b []byte, r *reader, second bool) (Action, error) {
	a := OutputField{Src: decodeRange(r)}
	if second {
		a.MaxLen = r.u16()
	}
	a.Src.Field = decodeHeader(r)
	if !second {
		a.MaxLen = r.u16()
	}
	if a.Src.Field == FieldUnknown {
		return RawAction{b}, nil
	}
	if !a.Src.fits() {
		return nil, a.Src.misfit("output")
	}
	return sized(b, 24, a)
}

// OutputTruncated sends the first bytes of the packet out of a port (ovs-actions(7), "The output action").
type OutputTruncated struct {
	Port uint32
	// MaxLen is how many bytes are sent, at least the 14 of an Ethernet header.
	MaxLen uint32
}

// minTruncated is the shortest that a packet is truncated to.
const minTruncated = 14

// String is the action in the words of ovs-actions(7).
func (a OutputTruncated) String() string { return a.text(nil) }

func (a OutputTruncated) text(names *Names) string {
	return fmt.Sprintf("output(port=%s,max_len=%d)", names.port(a.Port), a.MaxLen)
}

func (a OutputTruncated) appendTo(b []byte, _ Version) ([]byte, error) {
	port, ok := port16(a.Port)
	switch {
	case !ok:
		return b, errPort16(a.Port)
	case a.MaxLen < minTruncated:
		return b, fmt.Errorf("truncated to %d bytes, which are less than %d", a.MaxLen, minTruncated)
	}
	return be.AppendUint32(be.AppendUint16(appendNicira(b, nxOutputTrunc, 16), port), a.MaxLen), nil
}

func decodeOutputTruncated(b []byte, r *reader) (Action, error) {
	a := OutputTruncated{Port: port32(r.u16()), MaxLen: r.u32()}
	if a.MaxLen < minTruncated {
		return nil, malformed(ErrBadActionArgument, "output truncated to %d bytes", a.MaxLen)
	}
	return sized(b, 16, a)
}

// errPort16 is that a port is not among those that 16 bits can name.
func errPort16(port uint32) error { return fmt.Errorf("port %d does not fit into 16 bits", port) }
