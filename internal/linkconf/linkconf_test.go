// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkconf_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/linkconf"
)

func prefixes(list ...string) (p []netip.Prefix) {
	for _, text := range list {
		p = append(p, netip.MustParsePrefix(text))
	}
	return p
}

func route(dst, via string) linkconf.Route {
	r := linkconf.Route{Dst: netip.MustParsePrefix(dst)}
	if via != "" {
		r.Via = netip.MustParseAddr(via)
	}
	return r
}

func TestCheck(t *testing.T) {
	t.Parallel()
	addrs := prefixes("10.0.0.1/24", "2001:db8::1/64")
	for _, tt := range []struct {
		config linkconf.Config
		want   string // part of the error; empty: none
	}{
		{linkconf.Config{}, ""},
		{linkconf.Config{Addrs: addrs, MTU: linkconf.MinMTU6, Routes: []linkconf.Route{
			route("0.0.0.0/0", "10.0.0.254"), route("::/0", "2001:db8::fe"), route("2001:db8:1::/48", "fe80::1"), route("10.1.0.0/16", "")}}, ""},
		{linkconf.Config{Addrs: []netip.Prefix{{}}}, "not a valid address"},
		{linkconf.Config{Addrs: prefixes("::ffff:10.0.0.1/120")}, "not a valid address"},
		{linkconf.Config{Addrs: prefixes("0.0.0.0/0")}, "not an address for an interface"},
		{linkconf.Config{Addrs: prefixes("127.0.0.1/8")}, "not an address for an interface"},
		{linkconf.Config{Addrs: prefixes("ff02::1/64")}, "not an address for an interface"},
		{linkconf.Config{Addrs: prefixes("10.0.0.1/24", "10.0.0.1/16")}, `address "10.0.0.1/16": given twice`},
		{linkconf.Config{Routes: []linkconf.Route{{}}}, "not a valid destination"},
		{linkconf.Config{Routes: []linkconf.Route{route("10.0.0.1/24", "")}}, "route to 10.0.0.1/24: destination has bits"},
		{linkconf.Config{Addrs: addrs, Routes: []linkconf.Route{route("::/0", "10.0.0.2")}}, "route to ::/0 via 10.0.0.2: not of the same family"},
		{linkconf.Config{Addrs: addrs, Routes: []linkconf.Route{route("0.0.0.0/0", "10.0.1.2")}}, "next hop is not in the subnet"},
		{linkconf.Config{Addrs: addrs, Routes: []linkconf.Route{route("0.0.0.0/0", "10.0.0.1")}}, "next hop is not in the subnet"}, // itself
		{linkconf.Config{MTU: linkconf.MinMTU - 1}, "MTU 67"},
		{linkconf.Config{MTU: linkconf.MaxMTU + 1}, "MTU 65536"},
	} {
		err := tt.config.Check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Check of %+v: %v, want %q", tt.config, err, tt.want)
		}
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	here := linkconf.Config{Addrs: prefixes("10.0.0.1/24", "10.0.1.1/24"), Routes: []linkconf.Route{route("10.2.0.0/16", "10.0.0.2"), route("10.3.0.0/16", "")}}
	there := linkconf.Config{Addrs: prefixes("10.0.1.1/24", "10.0.9.1/24"), Routes: []linkconf.Route{route("10.2.0.0/16", "10.0.0.3"), route("10.3.0.0/16", "")}}
	want := linkconf.Config{Addrs: prefixes("10.0.0.1/24"), Routes: []linkconf.Route{route("10.2.0.0/16", "10.0.0.2")}}
	if got := here.Without(there); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What no interface takes, and what looks like it and is good.
func TestCheckFamilies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		c    linkconf.Config
		want string // part of the error, "" for none
	}{
		{linkconf.Config{}, ""},
		{linkconf.Config{Addrs: prefixes("10.0.0.2/8", "10.0.0.3/24", "2001:db8::2/64"), MTU: 1280}, ""},
		{linkconf.Config{Addrs: prefixes("10.0.0.2/32"), MTU: 68}, ""},
		{linkconf.Config{Addrs: prefixes("10.0.0.2/24", "10.0.0.2/16")}, "10.0.0.2/16"},
		{linkconf.Config{Addrs: prefixes("::ffff:10.0.0.2/120")}, "::ffff:10.0.0.2/120"},
		{linkconf.Config{Addrs: prefixes("0.0.0.0/0")}, "0.0.0.0/0"},
		{linkconf.Config{Addrs: prefixes("127.0.0.1/8")}, "127.0.0.1/8"},
		{linkconf.Config{Addrs: prefixes("224.0.0.1/8")}, "224.0.0.1/8"},
		{linkconf.Config{Addrs: prefixes("255.255.255.255/32")}, "255.255.255.255/32"},
		{linkconf.Config{Addrs: []netip.Prefix{{}}}, "not a valid address"},
		{linkconf.Config{Addrs: prefixes("2001:db8::2/64"), MTU: 1279}, "IPv6 needs an MTU of 1280"},
		{linkconf.Config{MTU: 67}, "MTU 67"},
		{linkconf.Config{MTU: 65536}, "MTU 65536"},
		{linkconf.Config{MTU: -1}, "MTU -1"},
		{linkconf.Config{Addrs: prefixes("10.0.0.2/24"), Routes: []linkconf.Route{route("10.1.0.0/16", "10.0.0.1"), route("10.2.0.0/16", "")}}, ""},
		{linkconf.Config{Routes: []linkconf.Route{route("2001:db8::/64", "fe80::1")}}, ""},
		{linkconf.Config{Routes: []linkconf.Route{route("2001:db8::/64", "fe80::1%eth0")}}, "zone"},
		{linkconf.Config{Routes: []linkconf.Route{route("::ffff:10.0.0.0/104", "")}}, "::ffff:10.0.0.0/104"},
		{linkconf.Config{Addrs: prefixes("10.0.0.2/24"), Routes: []linkconf.Route{route("10.1.0.0/16", "10.0.1.1")}}, "10.0.1.1"},
		{linkconf.Config{Addrs: prefixes("10.0.0.2/24"), Routes: []linkconf.Route{route("10.1.0.0/16", "10.0.0.2")}}, "10.0.0.2"},
		{linkconf.Config{Routes: []linkconf.Route{route("10.1.0.0/16", "fe80::1")}}, "family"},
		{linkconf.Config{Routes: []linkconf.Route{route("10.1.0.1/16", "")}}, "10.1.0.1/16"},
		{linkconf.Config{Routes: []linkconf.Route{{}}}, "not a valid destination"},
		{linkconf.Config{Addrs: prefixes("10.0.0.2/24"), Routes: []linkconf.Route{route("0.0.0.0/0", "10.0.0.1"), route("0.0.0.0/0", "10.0.0.3")}},
			"another route"},
	} {
		err := test.c.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want an error with %q", test.c, err, test.want)
		}
	}
}
