// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// TCIPresent is set in the TCI of a frame with a VLAN tag, so that it differs from the 0 of one without.
const TCIPresent = 0x1000

// EthType is the type of the packet that fields of the network layer go by.
func (k *Key) EthType() uint16 {
	switch t := k.Uint(openflow.FieldPacketType); {
	case t == 0:
		return uint16(k.Uint(openflow.FieldEthType))
	case t>>16 == 1:
		return uint16(t)
	}
	return typeNone
}

// IsIP reports whether a packet is one of IPv4 or IPv6.
func (k *Key) IsIP() bool {
	t := k.EthType()
	return t == openflow.EthTypeIPv4 || t == openflow.EthTypeIPv6
}

// IsMPLS reports whether an Ethernet type is one of MPLS.
func IsMPLS(t uint16) bool { return t == openflow.EthTypeMPLS || t == openflow.EthTypeMPLSMulticast }

// LaterFragment reports whether a packet is a fragment but the first, which has no ports.
func (k *Key) LaterFragment() bool { return k.Uint(openflow.FieldIPFrag)&fragLater != 0 }

// Tags is how many VLAN tags a packet has.
func (k *Key) Tags() int {
	switch {
	case k.Uint(openflow.FieldVLANTCI)&TCIPresent == 0:
		return 0
	case k.Uint(InnerVLANTCI)&TCIPresent == 0:
		return 1
	}
	return 2
}

// FixTagType gives a tag that has been made by a write the usual type.
func (k *Key) FixTagType() {
	if k.Uint(VLANTPID) == 0 && k.Uint(openflow.FieldVLANTCI) != 0 {
		k.SetUint(VLANTPID, openflow.EthTypeVLAN)
	}
}

// AddBits adds bits of a field to those that are set, as of a mask.
func (k *Key) AddBits(f openflow.Field, bits uint64) { k.SetUint(f, k.Uint(f)|bits) }

// CopyTunnel makes the tunnel of a packet another one, with its options.
func (k *Key) CopyTunnel(from *Key) {
	copy(k[:TunnelWords], from[:TunnelWords])
	copy(k[HeaderEnd:], from[HeaderEnd:])
}

// SameTunnel reports whether packets have the same tunnel, with its options.
func (k *Key) SameTunnel(o *Key) bool {
	return slices.Equal(k[:TunnelWords], o[:TunnelWords]) && slices.Equal(k[HeaderEnd:], o[HeaderEnd:])
}
