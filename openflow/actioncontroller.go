// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strconv"
)

// Controller hands the packet to the controllers with an ID, as a PacketIn (ovs-actions(7), "The controller action").
// Without anything but MaxLen and the reason PacketInAction it does what Output does with PortController.
type Controller struct {
	// Reason is what the PacketIn says why it was sent; ovs-ofctl(8) takes PacketInAction where the text says nothing.
	Reason PacketInReason
	// MaxLen is how many bytes of the packet are sent; WholePacket is all.
	MaxLen uint16
	// ID is the ID of the connections that the packet goes to; a connection's own is 0 unless it has been set.
	ID uint16
	// Userdata goes along with the packet.
	Userdata []byte
	// Pause keeps the packet's state in the switch so that it can be resumed.
	Pause bool
	// Meter is the meter that the packet passes before it is sent; 0 is none.
	Meter uint32
}

// plain reports whether the packet goes there without more than an ID and a reason.
func (a Controller) plain() bool { return len(a.Userdata) == 0 && !a.Pause && a.Meter == 0 }

// String is the action in the words of ovs-actions(7).
func (a Controller) String() string {
	if a.plain() && a.Reason == PacketInAction && a.ID == 0 {
		return fmt.Sprintf("CONTROLLER:%d", a.MaxLen)
	}
	var list args
	list.add(a.Reason != PacketInAction, "reason=%s", reasonString(a.Reason))
	list.add(a.MaxLen != WholePacket, "max_len=%d", a.MaxLen)
	list.add(a.ID != 0, "id=%d", a.ID)
	list.add(len(a.Userdata) > 0, "userdata=%s", dottedHex(a.Userdata))
	list.add(a.Pause, "pause")
	list.add(a.Meter != 0, "meter_id=%d", a.Meter)
	return list.of("controller")
}

var packetInReasons = [...]string{"no_match", "action", "invalid_ttl", "action_set", "group", "packet_out"}

func reasonString(r PacketInReason) string {
	if int(r) < len(packetInReasons) {
		return packetInReasons[r]
	}
	return strconv.Itoa(int(r))
}

// The properties of the second form of the action.
const (
	controllerMaxLen = iota
	controllerID
	controllerReason
	controllerUserdata
	controllerPause
	controllerMeter
)

func (a Controller) appendTo(b []byte, _ Version) ([]byte, error) {
	if a.plain() {
		b = be.AppendUint16(appendNicira(b, nxController, 16), a.MaxLen)
		return append(be.AppendUint16(b, a.ID), byte(a.Reason), 0), nil
	}
	start := len(b)
	b = pad(appendNicira(b, nxController2, 0), 6)
	if a.MaxLen != WholePacket {
		b = appendProperty16(b, controllerMaxLen, a.MaxLen)
	}
	if a.ID != 0 {
		b = appendProperty16(b, controllerID, a.ID)
	}
	if a.Reason != PacketInAction {
		b, _ = appendPropertyBytes(b, controllerReason, byte(a.Reason))
	}
	if len(a.Userdata) > 0 {
		var err error
		if b, err = appendPropertyBytes(b, controllerUserdata, a.Userdata...); err != nil {
			return b, fmt.Errorf("userdata: %w", err)
		}
	}
	if a.Pause {
		b = pad(be.AppendUint32(b, controllerPause<<16|4), 4)
	}
	if a.Meter != 0 {
		b = appendProperty32(b, controllerMeter, a.Meter)
	}
	return putLength(b, start, 2)
}

func decodeController(b []byte, r *reader) (Action, error) {
	return sized(b, 16, Controller{MaxLen: r.u16(), ID: r.u16(), Reason: PacketInReason(r.u8())})
}

// decodeController2 reads the form with properties. One with properties of a later time stays raw.
func decodeController2(b []byte, r *reader) (Action, error) {
	a := Controller{MaxLen: WholePacket, Reason: PacketInAction}
	r.skip(6)
	for len(r.b) > 0 {
		typ, length := r.u16(), int(r.u16())
		value := &reader{b: r.bytes(length - 4)}
		r.skip(-length & 7)
		switch typ {
		case controllerMaxLen:
			a.MaxLen = value.u16()
		case controllerID:
			a.ID = value.u16()
		case controllerReason:
			a.Reason = PacketInReason(value.u8())
		case controllerUserdata:
			a.Userdata = value.rest()
		case controllerPause:
			a.Pause = true
		case controllerMeter:
			a.Meter = value.u32()
		default:
			if !r.short {
				return RawAction{b}, nil
			}
		}
		if r.short || value.short {
			return nil, malformed(ErrBadActionLen, "controller action whose property %d has %d bytes", typ, length)
		}
	}
	return a, nil
}
