// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr_test

import (
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/internal/node/nodetest"
)

// TestParametersChangedInBetween has somebody change a parameter while addresses need
// another value: in the end it has theirs.
func TestParametersChangedInBetween(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	const delay, acceptRA = "net/ipv4/neigh/uplink0/proxy_delay", "net/ipv6/conf/uplink0/accept_ra"
	set := func(key, value string) {
		t.Helper()
		if err := l.Host().SetSysctl(key, value); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when, key, want string) {
		t.Helper()
		if got, err := l.Host().Sysctl(key); err != nil || got != want {
			t.Errorf("%s: %s is %s, %v; want %s", when, key, got, err, want)
		}
	}
	set(delay, "80")
	for _, order := range [][]netip.Addr{{spareV4, anotherV4}, {anotherV4, spareV4}} {
		l.ensure(t, spareV4)
		set(delay, "40")
		l.ensure(t, anotherV4)
		expect("another address is added", delay, "0")
		l.remove(t, order[0])
		expect("one address is deleted", delay, "0")
		l.remove(t, order[1])
		expect("both are deleted", delay, "40")
		set(delay, "80")
	}

	l.ensure(t, spareV4)
	set(delay, "40")
	l.recover(t)
	expect("recovered", delay, "0")
	l.remove(t, spareV4)
	expect("recovered and deleted", delay, "40")

	set(delay, "0")
	l.ensure(t, spareV4)
	set(delay, "30")
	l.ensure(t, spareV4)
	expect("ensured again", delay, "0")
	l.remove(t, spareV4)
	expect("ensured again and deleted", delay, "30")

	set(acceptRA, "1")
	l.ensure(t, spareV6)
	expect("added", acceptRA, "2")
	set(acceptRA, "0")
	l.recover(t)
	expect("turned off and recovered", acceptRA, "0")
	l.remove(t, spareV6)
	expect("turned off and deleted", acceptRA, "0")
}

// TestElsewhere adds an address that is in no subnet of the link. The link's router
// has a route to it.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	before := l.dump(t)
	addr := netip.MustParseAddr("198.51.100.7")
	nodetest.Command(t, l.end, "ip addr add 198.51.100.7/32 dev eth0")
	nodetest.Command(t, l.Outside(), "ip route add 198.51.100.7/32 dev up0")
	l.ensure(t, addr)
	l.expectReached(t, addr)
	l.remove(t, addr)
	l.expect(t, "deleted", before)
}
