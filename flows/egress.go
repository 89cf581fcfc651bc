// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

// Egress is a network's way out. The zero value is none: an internal network.
type Egress struct{ v4, v6 way }

// way is the way out of one family.
type way struct {
	mode mode
	name string // of the uplink or the address
}

type mode uint8

const (
	internal mode = iota
	viaUplink
	behindAddress
	routed
)

// Via is the way out through the uplink of that name, masqueraded as the uplink's address.
func Via(uplink string) Egress { return both(way{viaUplink, uplink}) }

// Behind is the way out through the host's own routing, translated to the [Address] of that name.
func Behind(address string) Egress { return both(way{behindAddress, address}) }

// Routed is the way out through the host's own routing with the endpoints' own addresses. From outside, the ports that an
// endpoint publishes are reached at its own address, and it answers pings.
func Routed() Egress { return both(way{mode: routed}) }

// PerFamily is one way out for IPv4 and another for IPv6: PerFamily(Via("eth0"), Routed()).
func PerFamily(v4, v6 Egress) Egress { return Egress{v4: v4.v4, v6: v6.v6} }

func both(w way) Egress { return Egress{v4: w, v6: w} }

// way is the way out of a family.
func (e Egress) way(f *family) way {
	if f.v6 {
		return e.v6
	}
	return e.v4
}

// uses reports whether either family's way out is this one.
func (e Egress) uses(m mode, name string) bool {
	w := way{m, name}
	return e.v4 == w || e.v6 == w
}
