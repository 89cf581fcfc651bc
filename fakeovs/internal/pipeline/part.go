// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// labelFields are the entries of the MPLS label stack, from the outermost one on.
var labelFields = [maxLabels]openflow.Field{packet.MPLSLSE, packet.MPLSLSE1, packet.MPLSLSE2}

const maxLabels = 3

// lookSome adds bits of a field to a mask.
func lookSome(wc *packet.Key, f openflow.Field, bits uint64) { wc.SetUint(f, wc.Uint(f)|bits) }

// lookBits adds the bits of a part of a field to a mask.
func lookBits(wc *packet.Key, s openflow.Subfield) { lookIn(wc, s, new(packet.Options)) }

// look notes that a part of a field, which may be the option of a tunnel, is looked at.
func (x *translation) look(s openflow.Subfield) { lookIn(&x.wc, s, x.options) }

func lookIn(wc *packet.Key, s openflow.Subfield, o *packet.Options) {
	for done := uint16(0); done < s.Bits; {
		n := min(64, s.Bits-done)
		o.SetBits(wc, s.Field, s.Offset+done, n, ^uint64(0))
		done += n
	}
	if s.Field == openflow.FieldVLANPCP {
		lookSome(wc, openflow.FieldVLANTCI, tciPresent)
	}
}

// copyTunnel makes the tunnel of a packet another one, with its options.
func copyTunnel(to, from *packet.Key) {
	copy(to[:tunnelWords], from[:tunnelWords])
	copy(to[headerEnd:], from[headerEnd:])
}

// sameTunnel reports whether packets have the same tunnel, with its options.
func sameTunnel(a, b *packet.Key) bool {
	return slices.Equal(a[:tunnelWords], b[:tunnelWords]) && slices.Equal(a[headerEnd:], b[headerEnd:])
}

// The layers of a key: what follows the metadata, and what follows the link layer.
const (
	metadataWords = 26
	linkEnd       = 31
	headerEnd     = 51
	// tunnelWords are those of the tunnel, but for its options.
	tunnelWords = 9
	// frozenWords are those of the metadata that live on in a frozen translation, beside in_port.
	frozenWords = 18
)

// portUnset is what actset_output is without an output in the action set.
const portUnset = 0xfffffff7

// ethType is the type of the packet that fields of the network layer go by.
func ethType(k *packet.Key) uint16 {
	switch t := k.Uint(openflow.FieldPacketType); {
	case t == 0:
		return uint16(k.Uint(openflow.FieldEthType))
	case t>>16 == 1:
		return uint16(t)
	}
	return typeNone
}

// typeNone is the Ethernet type of a frame that has none.
const typeNone = 0x05ff

func isIP(k *packet.Key) bool {
	t := ethType(k)
	return t == openflow.EthTypeIPv4 || t == openflow.EthTypeIPv6
}

func isMPLS(t uint16) bool { return t == openflow.EthTypeMPLS || t == openflow.EthTypeMPLSMulticast }

func laterFragment(k *packet.Key) bool { return k.Uint(openflow.FieldIPFrag)&fragLater != 0 }

// tags is how many VLAN tags a packet has.
func tags(k *packet.Key) int {
	switch {
	case k.Uint(openflow.FieldVLANTCI)&tciPresent == 0:
		return 0
	case k.Uint(packet.InnerVLANTCI)&tciPresent == 0:
		return 1
	}
	return 2
}

// fixTagType gives a tag that has been made by a write the usual type.
func fixTagType(k *packet.Key) {
	if k.Uint(packet.VLANTPID) == 0 && k.Uint(openflow.FieldVLANTCI) != 0 {
		k.SetUint(packet.VLANTPID, openflow.EthTypeVLAN)
	}
}

// labels is how many entries of the label stack are known. It looks at their bottom bits.
func labels(k, wc *packet.Key) int {
	if !isMPLS(uint16(k.Uint(openflow.FieldEthType))) {
		return 0
	}
	n := 0
	for i, p := range labelFields {
		if wc != nil {
			lookSome(wc, p, bottomOfStack)
		}
		v := k.Uint(p)
		if v&bottomOfStack != 0 {
			return i + 1
		}
		if v != 0 {
			n++
		}
	}
	return n
}

const bottomOfStack = 1 << 8

// pushLabel puts a label in front of n others: a copy of the first or, without any, one made of the network header,
// which is cleared then if clear says so.
func pushLabel(k, wc *packet.Key, n int, ethType uint16, clearNetwork bool) {
	if n > 0 {
		for i := n; i >= 1; i-- {
			k.SetUint(labelFields[i], k.Uint(labelFields[i-1]))
			if wc != nil {
				wc.Mask(labelFields[i-1])
			}
		}
		k.SetUint(labelFields[0], k.Uint(labelFields[1])&^bottomOfStack)
	} else {
		label, tc, ttl := uint64(0), uint64(0), uint64(64)
		if k.Uint(openflow.FieldEthType) == openflow.EthTypeIPv6 {
			label = 2
		}
		if isIP(k) {
			tc = k.Uint(openflow.FieldIPDSCP) & 7
			if wc != nil {
				wc.Mask(openflow.FieldIPDSCP, openflow.FieldIPTTL)
			}
			if v := k.Uint(openflow.FieldIPTTL); v != 0 {
				ttl = v
			}
		}
		k.SetUint(labelFields[0], label<<12|tc<<9|bottomOfStack|ttl)
		if clearNetwork {
			clear(k[linkEnd:headerEnd])
			k.SetUint(openflow.FieldDPHash, 0)
		}
	}
	k.SetUint(openflow.FieldEthType, uint64(ethType))
}

// popLabel takes the first of n labels off, after which the packet is of another type. It fails without labels, and where
// what follows on the last known one is not known.
func popLabel(k, wc *packet.Key, n int, ethType uint16) bool {
	if n == 0 {
		return false
	}
	if n == maxLabels {
		if wc != nil {
			lookSome(wc, labelFields[n-1], bottomOfStack)
		}
		if k.Uint(labelFields[n-1])&bottomOfStack == 0 {
			return false
		}
	}
	for i := 1; i < n; i++ {
		if wc != nil {
			wc.Mask(labelFields[i])
		}
		k.SetUint(labelFields[i-1], k.Uint(labelFields[i]))
	}
	k.SetUint(labelFields[n-1], 0)
	k.SetUint(openflow.FieldEthType, uint64(ethType))
	return true
}
