// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// CheckPacketLarger writes 1 to a bit if the packet is longer than some length, else 0 (ovs-actions(7), "The
// check_pkt_larger action").
type CheckPacketLarger struct {
	// Length is in bytes, the Ethernet header and VLAN tags included.
	Length uint16
	// Dst is one bit.
	Dst Subfield
}

// String is the action in the words of ovs-actions(7).
func (a CheckPacketLarger) String() string {
	return fmt.Sprintf("check_pkt_larger(%d)->%v", a.Length, a.Dst)
}

func (a CheckPacketLarger) appendTo(b []byte, _ Version) ([]byte, error) {
	if a.Dst.Bits != 1 {
		return b, fmt.Errorf("%v is not one bit", a.Dst)
	}
	if err := a.Dst.check(); err != nil {
		return b, err
	}
	start := len(b)
	b = be.AppendUint16(appendNicira(b, nxCheckPktLarger, 24), a.Length)
	b, err := appendNXMHeader(be.AppendUint16(b, a.Dst.Offset), a.Dst.Field)
	return pad(b, start+24-len(b)), err
}

func decodeCheckPacketLarger(b []byte, r *reader) (Action, error) {
	a := CheckPacketLarger{Length: r.u16(), Dst: Subfield{Offset: r.u16(), Field: decodeHeader(r), Bits: 1}}
	if a.Dst.Field == FieldUnknown {
		return RawAction{b}, nil
	}
	if !a.Dst.fits() {
		return nil, a.Dst.misfit("check_pkt_larger")
	}
	return sized(b, 24, a)
}
