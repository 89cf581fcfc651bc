// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"net/netip"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// compileMulticast lets what is for all of a network's endpoints through to them, by a group with the network's number.
func compileMulticast(b *builder, n *networkState) {
	var buckets []of.Bucket
	for i, port := range slices.Sorted(n.ports()) {
		buckets = append(buckets, of.Bucket{ID: uint32(i), Actions: []of.Action{of.Output{Port: port}}})
	}
	b.groups = append(b.groups, of.Group{ID: uint32(n.id), Type: of.GroupTypeAll, Buckets: buckets})
	toAll := of.OutputGroup{ID: uint32(n.id)}
	for _, f := range families {
		g, ok := n.gateway(f)
		if !ok {
			continue
		}
		for _, p := range toMany(f, g) {
			b.add(tableFromEndpoint, 310, f.ip(network(n.id), f.dst(p)), 0, toAll)
		}
	}
}

// toMany are the destinations in a subnet that more than one has.
func toMany(f *family, gateway netip.Prefix) []netip.Prefix {
	if f.v6 {
		return prefixes("ff00::/8")
	}
	all := prefixes("224.0.0.0/4", "255.255.255.255/32")
	if _, last := broadcasts(gateway); last.IsValid() {
		all = append(all, single(last))
	}
	return all
}
