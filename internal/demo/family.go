// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"net/netip"

	"github.com/ovskit/ovskit/internal/testbed"
)

// family is the scenario's addresses in one version of IP.
type family struct {
	name string
	// host has the length of its subnet with it; web and db are the gateways, likewise.
	host, web, db netip.Prefix
	// spare is for the networks to share in place of the host's.
	outside, beyond, spare netip.Addr
	web0, web1, db0        netip.Addr
	loopback               netip.Addr
}

var (
	ipv4 = family{
		name:    "IPv4",
		host:    testbed.HostAddr,
		web:     netip.MustParsePrefix("10.77.1.1/24"),
		db:      netip.MustParsePrefix("10.77.2.1/24"),
		outside: testbed.OutsideAddr.Addr(),
		beyond:  testbed.BeyondAddr,
		spare:   testbed.SpareAddr,
		web0:    netip.MustParseAddr("10.77.1.2"),
		web1:    netip.MustParseAddr("10.77.1.3"),
		db0:     netip.MustParseAddr("10.77.2.2"),

		loopback: netip.MustParseAddr("127.0.0.1"),
	}
	ipv6 = family{
		name:    "IPv6",
		host:    testbed.HostAddr6,
		web:     netip.MustParsePrefix("fd77:1::1/64"),
		db:      netip.MustParsePrefix("fd77:2::1/64"),
		outside: testbed.OutsideAddr6.Addr(),
		beyond:  testbed.BeyondAddr6,
		spare:   testbed.SpareAddr6,
		web0:    netip.MustParseAddr("fd77:1::2"),
		web1:    netip.MustParseAddr("fd77:1::3"),
		db0:     netip.MustParseAddr("fd77:2::2"),

		loopback: netip.IPv6Loopback(),
	}
	families = []family{ipv4, ipv6}
)

// each is what get takes out of each family.
func each[T any](get func(f family) T) (all []T) {
	for _, f := range families {
		all = append(all, get(f))
	}
	return all
}

// view is the scenario as one version of IP shows it: each machine has its addresses of that.
type view struct {
	*scenario
	in                             family
	host, outside, web0, web1, db0 *machine
	published                      netip.AddrPort // where web0's service is reached from outside
}

// seen is whom the outside sees in a machine.
func (v *view) seen(m *machine) netip.Addr {
	switch {
	case m == v.host || v.egress == Uplink:
		return v.in.host.Addr()
	case v.egress == Address:
		return v.in.spare
	}
	return m.addr
}
