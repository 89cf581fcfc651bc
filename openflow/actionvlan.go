// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// PushVLAN adds a VLAN tag, outside of others, with a VLAN identifier and priority of 0 (ovs-actions(7), "The push_vlan
// action").
type PushVLAN struct {
	// EthType is EthTypeVLAN or EthTypeServiceVLAN; 0 is EthTypeVLAN.
	EthType uint16
}

// The Ethernet types of VLAN tags (IEEE 802.1Q and 802.1ad).
const (
	EthTypeVLAN        = 0x8100
	EthTypeServiceVLAN = 0x88a8
)

func (a PushVLAN) ethType() uint16 {
	if a.EthType == 0 {
		return EthTypeVLAN
	}
	return a.EthType
}

// String is the action in the words of ovs-actions(7).
func (a PushVLAN) String() string { return fmt.Sprintf("push_vlan:%#x", a.ethType()) }

func (a PushVLAN) appendTo(b []byte, _ Version) ([]byte, error) {
	typ := a.ethType()
	if typ != EthTypeVLAN && typ != EthTypeServiceVLAN {
		return b, fmt.Errorf("%#x is not the Ethernet type of a VLAN tag", typ)
	}
	return appendEthType(b, actionPushVLAN, typ), nil
}

// appendEthType appends an action with an Ethernet type.
func appendEthType(b []byte, typ, ethType uint16) []byte {
	return pad(be.AppendUint16(appendAction(b, typ, 8), ethType), 2)
}

func decodePushVLAN(b []byte, r *reader) (Action, error) {
	a := PushVLAN{EthType: r.u16()}
	if a.EthType != EthTypeVLAN && a.EthType != EthTypeServiceVLAN {
		return nil, malformed(ErrBadActionArgument, "%v", a)
	}
	return sized(b, 8, a)
}

// PopVLAN removes the outermost VLAN tag (ovs-actions(7), "The strip_vlan and pop actions").
type PopVLAN struct{}

// String is the action in the words of ovs-actions(7).
func (PopVLAN) String() string { return "pop_vlan" }

func (PopVLAN) appendTo(b []byte, _ Version) ([]byte, error) {
	return pad(appendAction(b, actionPopVLAN, 8), 4), nil
}
