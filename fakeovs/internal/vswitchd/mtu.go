// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"encoding/binary"
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// maxPayload is the MTU of internal ports in a bridge without others.
const maxPayload = 1500

// setMTUs lets the MTUs of internal ports follow the smallest of the other ports', unless they were requested.
func (b *bridge) setMTUs() {
	follows := func(p *port) bool {
		return slices.Contains([]string{openKind(b.datapathType, "internal"), patchType}, p.kind) && !p.mtuRequested
	}
	smallest := int64(0)
	for _, p := range b.ports {
		if !follows(p) && p.mtu != 0 && (smallest == 0 || p.mtu < smallest) {
			smallest = p.mtu
		}
	}
	if smallest == 0 {
		smallest = maxPayload
	}
	changed := smallest != b.smallestMTU
	b.smallestMTU = smallest
	for _, p := range b.ports {
		if follows(p) && p.mtu != 0 && (changed || p.mtu > smallest) {
			p.mtu = smallest
		}
		p.payload.Store(p.mtu)
	}
}

// fits reports whether a frame is no longer than the MTU allows, which does not count a VLAN tag (IEEE 802.1Q).
func (dev *device) fits(frame []byte) bool {
	const header, tag = 14, 4
	most := dev.payload.Load()
	if most == 0 {
		return true
	}
	if len(frame) >= header && binary.BigEndian.Uint16(frame[12:]) == openflow.EthTypeVLAN {
		most += tag
	}
	return int64(len(frame)) <= most+header
}
