// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/node"
)

// rich is a machine with everything on its NIC that can be moved.
var rich = append(slices.Clone(plain),
	"link add other0 type veth peer name other1",
	"link set other0 up", "link set other1 up",
	"addr add 172.30.0.2/24 dev other0",
	"addr add 192.0.2.9/24 brd + dev uplink0 label uplink0:web",
	"addr add 10.9.0.1/24 brd 10.9.0.200 dev uplink0 valid_lft 3600 preferred_lft 1800 noprefixroute",
	"addr add 10.10.0.1 peer 10.10.0.2/32 dev uplink0",
	"addr add 198.51.100.7/32 scope link dev uplink0",
	"addr add 10.11.0.1/24 dev uplink0 metric 300",
	"addr add 2001:db8:2::1/64 dev uplink0 nodad noprefixroute",
	"addr add 2001:db8:3::1/64 dev uplink0 valid_lft 900 preferred_lft 0 mngtmpaddr",
	"addr add 2001:db8:4::1 peer 2001:db8:4::2/128 dev uplink0",
	"route add default via 192.0.2.253 metric 500 proto dhcp src 192.0.2.1",
	"route add 198.18.0.0/24 via 192.0.2.254 src 192.0.2.9 mtu lock 1300 advmss 1200 initcwnd 20",
	"route add 198.18.1.0/24 via 172.16.0.1 dev uplink0 onlink",
	"route add 198.18.2.0/24 dev uplink0 scope link table 77",
	"route add 198.18.3.0/24 nexthop via 192.0.2.254 weight 3 nexthop via 172.30.0.1",
	"route add 198.18.4.0/24 via inet6 fe80::9 dev uplink0",
	"route add local 198.18.5.0/24 dev uplink0",
	"route add 10.9.0.0/24 dev uplink0 proto kernel scope link src 10.9.0.1 metric 100",
	"route append 198.18.6.0/24 via 192.0.2.254", "route append 198.18.6.0/24 via 192.0.2.253 tos 0x10",
	"-6 route add 2001:db8:10::/48 via fe80::9 dev uplink0 metric 77 mtu 1290",
	"-6 route add 2001:db8:11::/48 dev uplink0 table 77",
	"-6 route add 2001:db8:12::/48 nexthop via fe80::9 dev uplink0 nexthop via fe80::a dev other0",
	"-6 route add 2001:db8:13::/48 via 2001:db8:1::fe expires 5000",
	"rule add oif uplink0 fwmark 0x7 lookup 77 pref 1001", "rule add not iif uplink0 from 10.0.0.0/8 lookup 77 pref 1002",
	"-6 rule add iif uplink0 lookup 77 pref 1003",
	"neigh add proxy 192.0.2.88 dev uplink0", "-6 neigh add proxy 2001:db8:1::88 dev uplink0",
	"-6 neigh add 2001:db8:1::77 lladdr 02:00:00:00:00:77 nud permanent dev uplink0",
	"link set uplink0 mtu 1400",
	// The bridge's own port has something by itself.
	"link set br0 up", "addr add 10.77.0.1/24 dev br0", "route add 10.78.0.0/16 via 10.77.0.9",
	"-6 addr add 2001:db8:77::1/64 dev br0 nodad", "-6 route add 2001:db8:78::/48 via 2001:db8:77::9",
)

func TestAdoptAndRelease(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", rich)
	before := l.dump(t)
	u := l.adopt(t)
	if u.State != uplink.Adopted || u.OFPort == 0 || u.MAC == nil {
		t.Errorf("Adopt: %+v, want it adopted with a port number and a MAC address", u)
	}
	l.expectConnected(t, "adopted")
	adopted := l.dump(t)
	expectMoved(t, before, adopted)

	// Neither a second time, nor Recover, changes anything.
	l.adopt(t)
	if changed, err := uplink.Recover(testContext(t), l.db); err != nil || len(changed) != 0 {
		t.Errorf("Recover of what is in order: %v, %v; want nothing", changed, err)
	}
	l.expect(t, "after a second Adopt", adopted)

	l.release(t)
	l.expect(t, "after Release", before)
	l.expectConnected(t, "released")
	if _, err := uplink.Get(l.db, node.Uplink); !errors.Is(err, uplink.ErrNotFound) {
		t.Errorf("Get after Release: %v, want %v", err, uplink.ErrNotFound)
	}
	if err := uplink.Release(testContext(t), l.db, node.Uplink); !errors.Is(err, uplink.ErrNotFound) {
		t.Errorf("a second Release: %v, want %v", err, uplink.ErrNotFound)
	}
}

// expectMoved wants everything that named the NIC to name the bridge's own port
// now.
func expectMoved(t *testing.T, before, adopted dump) {
	t.Helper()
	for _, line := range before {
		if strings.Contains(line, `"protocol":"2"`) || strings.Contains(line, `"ifname"`) || strings.Contains(line, "fe80::") ||
			strings.Contains(line, `"dst":"2001:db8:12::/48"`) || !strings.Contains(line, "uplink0") || !strings.HasPrefix(line, "ip ") {
			continue // the kernel's own, and devices
		}
		if want := strings.ReplaceAll(line, "uplink0", "br0"); !slices.Contains(adopted, want) {
			t.Errorf("the bridge's own port lacks\n%s", want)
		}
		if slices.Contains(adopted, line) {
			t.Errorf("still there:\n%s", line)
		}
	}
}
