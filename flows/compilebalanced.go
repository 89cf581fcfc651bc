// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"bytes"
	"hash/fnv"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// compileBalanced gives the flow of a port that endpoints share, and the group that chooses one of them for the first packet
// of each connection. Those that follow are known to the zone of translations.
func compileBalanced(v env, p *balancedState) compiled {
	b := v.builder(p.ref())
	f := p.family()
	where, priority := publishedWhere(f, p.addr)
	_, field := p.proto.ports()
	b.add(tableInbound, priority, f.ip(fresh, of.IPProto(uint8(p.proto)), where, of.Uint(field, uint64(p.port))), 0,
		setPublished, of.OutputGroup{ID: uint32(p.group)})

	g := of.Group{ID: uint32(p.group), Type: of.GroupTypeSelect, Selection: of.Selection{Method: "dp_hash"}}
	// The datapath hashes connections: with their ports, which it leaves out of UDP's unless it is asked. The switch gives each
	// bucket as many of the hash's values as the others, or one more.
	times := copies(len(p.backends))
	if p.balance == ByClientIP {
		// The switch hashes the client's address with each bucket's number, and the highest hash wins.
		g.Selection = of.Selection{Method: "hash", Fields: []of.MatchField{f.wholeSource()}}
		times = 1
	}
	for i, id := range bucketNumbers(p.backends, times) {
		g.Buckets = append(g.Buckets, bucketTo(v, id, p.backends[i%len(p.backends)]))
	}
	b.groups = append(b.groups, g)
	return b.compiled
}

// share is an endpoint's of the buckets.
func (p *balancedState) share(endpoint string) share {
	nth := slices.IndexFunc(p.backends, func(b backend) bool { return b.endpoint == endpoint })
	return share{uint32(p.group), nth, len(p.backends)}
}

// bucketTo translates and commits a connection that is for a backend.
func bucketTo(v env, id uint32, to backend) of.Bucket {
	nat := of.NAT{Type: of.NATDestination, AddrMin: to.to.Addr(), PortMin: to.to.Port()}
	return of.Bucket{ID: id, Weight: 1, Actions: []of.Action{
		of.CT{Commit: true, Zone: v.natZone, Resume: true, Table: tableRoute, NAT: &nat},
	}}
}

// bucketNumbers are numbers that follow from the backends' names, so many for each, in turn: each keeps its own whoever comes
// and goes, but for two names that have the same.
func bucketNumbers(backends []backend, times int) []uint32 {
	ids, taken := make([]uint32, len(backends)*times), map[uint32]bool{}
	for i := range ids {
		id := bucketNumber(backends[i%len(backends)].endpoint, i/len(backends))
		for taken[id] {
			id = (id + 1) % of.BucketMax
		}
		ids[i], taken[id] = id, true
	}
	return ids
}

// bucketNumber is the number of an endpoint's bucket, of several the nth.
func bucketNumber(endpoint string, nth int) uint32 {
	h := fnv.New32a()
	h.Write([]byte(endpoint))
	if nth > 0 {
		h.Write([]byte{0, byte(nth)})
	}
	return h.Sum32() % of.BucketMax
}

// copies is how many buckets each of n backends has: the switch tells 16 values of a hash apart or, with more buckets, the
// next power of two, up to 256, so that one value more than others have is to be little.
func copies(n int) int {
	if n <= 4 {
		return 1
	}
	return max(1, min(5, maxBackends/n))
}

// wholeSource is the source address as a field to hash.
func (f *family) wholeSource() of.MatchField {
	if f.v6 {
		return of.MatchField{Field: of.FieldIPv6Src, Value: bytes.Repeat([]byte{0xff}, 16)}
	}
	return of.MatchField{Field: of.FieldIPv4Src, Value: bytes.Repeat([]byte{0xff}, 4)}
}
