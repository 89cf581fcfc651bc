// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import "github.com/ovskit/ovskit/openflow"

// MaxLabels is how many entries of an MPLS label stack are known.
const MaxLabels = 3

// LabelFields are the entries of the label stack, from the outermost one on.
var LabelFields = [MaxLabels]openflow.Field{MPLSLSE, MPLSLSE1, MPLSLSE2}

// Labels is how many entries of the label stack are known. It looks at their bottom bits.
func (k *Key) Labels(wc *Key) int {
	if !IsMPLS(uint16(k.Uint(openflow.FieldEthType))) {
		return 0
	}
	n := 0
	for i, p := range LabelFields {
		if wc != nil {
			wc.AddBits(p, bottomOfStack)
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

// PushLabel puts a label in front of n others: a copy of the first or, without any, one made of the network header,
// which is cleared then if clear says so.
func (k *Key) PushLabel(wc *Key, n int, ethType uint16, clearNetwork bool) {
	if n > 0 {
		for i := n; i >= 1; i-- {
			k.SetUint(LabelFields[i], k.Uint(LabelFields[i-1]))
			if wc != nil {
				wc.Mask(LabelFields[i-1])
			}
		}
		k.SetUint(LabelFields[0], k.Uint(LabelFields[1])&^bottomOfStack)
	} else {
		label, tc, ttl := uint64(0), uint64(0), uint64(64)
		if k.Uint(openflow.FieldEthType) == openflow.EthTypeIPv6 {
			label = 2
		}
		if k.IsIP() {
			tc = k.Uint(openflow.FieldIPDSCP) & 7
			if wc != nil {
				wc.Mask(openflow.FieldIPDSCP, openflow.FieldIPTTL)
			}
			if v := k.Uint(openflow.FieldIPTTL); v != 0 {
				ttl = v
			}
		}
		k.SetUint(LabelFields[0], label<<12|tc<<9|bottomOfStack|ttl)
		if clearNetwork {
			clear(k[LinkEnd:HeaderEnd])
			k.SetUint(openflow.FieldDPHash, 0)
		}
	}
	k.SetUint(openflow.FieldEthType, uint64(ethType))
}

// PopLabel takes the first of n labels off, after which the packet is of another type. It fails without labels, and where
// what follows on the last known one is not known.
func (k *Key) PopLabel(wc *Key, n int, ethType uint16) bool {
	if n == 0 {
		return false
	}
	if n == MaxLabels {
		if wc != nil {
			wc.AddBits(LabelFields[n-1], bottomOfStack)
		}
		if k.Uint(LabelFields[n-1])&bottomOfStack == 0 {
			return false
		}
	}
	for i := 1; i < n; i++ {
		if wc != nil {
			wc.Mask(LabelFields[i])
		}
		k.SetUint(LabelFields[i-1], k.Uint(LabelFields[i]))
	}
	k.SetUint(LabelFields[n-1], 0)
	k.SetUint(openflow.FieldEthType, uint64(ethType))
	return true
}
