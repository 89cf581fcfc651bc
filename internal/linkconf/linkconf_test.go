// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkconf_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/linkconf"
)

func TestCheck(t *testing.T) {
	addrs := func(texts ...string) (all []netip.Prefix) {
		for _, s := range texts {
			all = append(all, netip.MustParsePrefix(s))
		}
		return all
	}
	route := func(dst, via string) linkconf.Route {
		r := linkconf.Route{Dst: netip.MustParsePrefix(dst)}
		if via != "" {
			r.Via = netip.MustParseAddr(via)
		}
		return r
	}
	for _, test := range []struct {
		c    linkconf.Config
		want string // part of the error, "" for none
	}{
		{linkconf.Config{}, ""},
		{linkconf.Config{Addrs: addrs("10.0.0.2/8", "10.0.0.3/24", "2001:db8::2/64"), MTU: 1280}, ""},
		{linkconf.Config{Addrs: addrs("10.0.0.2/32"), MTU: 68}, ""},
		{linkconf.Config{Addrs: addrs("10.0.0.2/24", "10.0.0.2/16")}, "10.0.0.2/16"},
		{linkconf.Config{Addrs: addrs("::ffff:10.0.0.2/120")}, "::ffff:10.0.0.2/120"},
		{linkconf.Config{Addrs: addrs("0.0.0.0/0")}, "0.0.0.0/0"},
		{linkconf.Config{Addrs: addrs("127.0.0.1/8")}, "127.0.0.1/8"},
		{linkconf.Config{Addrs: addrs("224.0.0.1/8")}, "224.0.0.1/8"},
		{linkconf.Config{Addrs: addrs("255.255.255.255/32")}, "255.255.255.255/32"},
		{linkconf.Config{Addrs: []netip.Prefix{{}}}, "not a valid address"},
		{linkconf.Config{Addrs: addrs("2001:db8::2/64"), MTU: 1279}, "IPv6 needs an MTU of 1280"},
		{linkconf.Config{MTU: 67}, "MTU 67"},
		{linkconf.Config{MTU: 65536}, "MTU 65536"},
		{linkconf.Config{MTU: -1}, "MTU -1"},
		{linkconf.Config{Addrs: addrs("10.0.0.2/24"), Routes: []linkconf.Route{route("10.1.0.0/16", "10.0.0.1"), route("10.2.0.0/16", "")}}, ""},
		{linkconf.Config{Routes: []linkconf.Route{route("2001:db8::/64", "fe80::1")}}, ""},
		{linkconf.Config{Routes: []linkconf.Route{route("2001:db8::/64", "fe80::1%eth0")}}, "zone"},
		{linkconf.Config{Routes: []linkconf.Route{route("::ffff:10.0.0.0/104", "")}}, "::ffff:10.0.0.0/104"},
		{linkconf.Config{Addrs: addrs("10.0.0.2/24"), Routes: []linkconf.Route{route("10.1.0.0/16", "10.0.1.1")}}, "10.0.1.1"},
		{linkconf.Config{Addrs: addrs("10.0.0.2/24"), Routes: []linkconf.Route{route("10.1.0.0/16", "10.0.0.2")}}, "10.0.0.2"},
		{linkconf.Config{Routes: []linkconf.Route{route("10.1.0.0/16", "fe80::1")}}, "family"},
		{linkconf.Config{Routes: []linkconf.Route{route("10.1.0.1/16", "")}}, "10.1.0.1/16"},
		{linkconf.Config{Routes: []linkconf.Route{{}}}, "not a valid destination"},
		{linkconf.Config{Addrs: addrs("10.0.0.2/24"), Routes: []linkconf.Route{route("0.0.0.0/0", "10.0.0.1"), route("0.0.0.0/0", "10.0.0.3")}},
			"another route"},
	} {
		err := test.c.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want an error with %q", test.c, err, test.want)
		}
	}
}
