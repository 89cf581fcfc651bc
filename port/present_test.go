// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/port"
	"github.com/vishvananda/netlink"
)

// deleteDevice deletes a device of a namespace.
func deleteDevice(t *testing.T, ns *netns.NS, name string) {
	t.Helper()
	h, err := ns.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	link, err := h.LinkByName(name)
	if err == nil {
		err = h.LinkDel(link)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestForeignInterfaceIsUntouched has somebody else's device in the place of a port's
// interface: neither its MAC address nor its addresses are changed, and the port stays.
func TestForeignInterfaceIsUntouched(t *testing.T) {
	t.Parallel()
	for name, takeAway := range map[string]func(t *testing.T, ns *netns.NS){
		"the pair is gone": func(t *testing.T, ns *netns.NS) { deleteDevice(t, ns, "eth0") },
		"the interface has another name": func(t *testing.T, ns *netns.NS) {
			h, err := ns.Netlink()
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			link, err := h.LinkByName("eth0")
			if err == nil {
				err = errors.Join(h.LinkSetDown(link), h.LinkSetName(link, "eth1"))
			}
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, bridge.Secure)
			c, web := l.config(t, "web", "10.0.0.2/24")
			l.attach(t, c)
			takeAway(t, web)
			addVeth(t, web, "eth0", "x")
			h, err := web.Netlink()
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			before, err := h.LinkByName("eth0")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.ports.Attach(testContext(t), c); !errors.Is(err, port.ErrExists) || !strings.Contains(err.Error(), `"eth0"`) {
				t.Errorf("Attach: %v, want %v with the interface", err, port.ErrExists)
			}
			after, err := h.LinkByName("eth0")
			if err != nil {
				t.Fatal(err)
			}
			if got, want := after.Attrs().HardwareAddr.String(), before.Attrs().HardwareAddr.String(); got != want {
				t.Errorf("the other device has the MAC address %s, want %s as before", got, want)
			}
			if addrs, err := h.AddrList(after, netlink.FAMILY_ALL); err != nil || len(addrs) > 0 {
				t.Errorf("the other device has the addresses %v, want none: %v", addrs, err)
			}
			if _, ok := l.db.Port("web"); !ok {
				t.Error("the port is gone")
			}
			if got := differences(testContext(t), t, l.ports, "web"); len(got) != 1 {
				t.Errorf("differences %q, want one", got)
			}
			l.detach(t, "web")
			if got := links(t, web); !slices.Contains(got, "eth0") {
				t.Errorf("devices %v: Detach has removed the other one", got)
			}
		})
	}
}

// TestInternalInterfaceComesBack has the device of an internal port end, as it does
// with its namespace.
func TestInternalInterfaceComesBack(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Kind = port.Internal
	c.QoS = &port.QoS{Queues: map[uint32]port.Queue{0: {MaxRate: 1e9}}}
	first := l.attach(t, c)
	peer, db := l.config(t, "db", "10.0.0.3/24")
	l.attach(t, peer)
	deleteDevice(t, web, "web")
	again := l.attach(t, c)
	if again.MAC.String() != first.MAC.String() || again.OFPort != first.OFPort {
		t.Errorf("MAC address %s and OpenFlow port %d, want %s and %d as before", again.MAC, again.OFPort, first.MAC, first.OFPort)
	}
	if err := ping(t, db, "10.0.0.2", "10"); err != nil {
		t.Errorf("ping: %v", err)
	}
	if got := differences(testContext(t), t, l.ports, "web"); len(got) > 0 {
		t.Errorf("differences %q", got)
	}
	deleteDevice(t, web, "web")
	addVeth(t, web, "web", "x")
	c.Addrs = append(c.Addrs, netip.MustParsePrefix("10.0.1.2/24"))
	if _, err := l.ports.Attach(testContext(t), c); !errors.Is(err, port.ErrExists) {
		t.Errorf("Attach in place of another device: %v, want %v", err, port.ErrExists)
	}
}

// TestInterfaceWithoutIPv6 has an interface lose its IPv6 addresses with its MTU: they
// can be given up, and be had again.
func TestInterfaceWithoutIPv6(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	both := c
	both.Addrs = append(slices.Clone(c.Addrs), netip.MustParsePrefix("2001:db8::2/64"))
	h, err := web.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for _, next := range []port.Config{c, both} {
		l.attach(t, both)
		link, err := h.LinkByName("eth0")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.LinkSetMTU(link, 1000); err != nil {
			t.Fatal(err)
		}
		next.MTU = 1400
		l.attach(t, next)
		if got := differences(testContext(t), t, l.ports, "web"); len(got) > 0 {
			t.Errorf("differences %q", got)
		}
	}
}

// TestDeviceComesBack has a device end and another one get its name, as the tap device
// of a VM does that starts again.
func TestDeviceComesBack(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	_, web := l.config(t, "web", "10.0.0.2/24")
	peer, db := l.config(t, "db", "10.0.0.3/24")
	l.attach(t, peer)
	h, err := l.Host().Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	plug := func() {
		addVeth(t, l.Host(), "tap", "eth0")
		for name, do := range map[string]func(netlink.Link) error{
			"tap": h.LinkSetUp, "eth0": func(link netlink.Link) error { return h.LinkSetNsFd(link, web.Fd()) },
		} {
			link, err := h.LinkByName(name)
			if err == nil {
				err = do(link)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		inside, err := web.Netlink()
		if err != nil {
			t.Fatal(err)
		}
		defer inside.Close()
		if _, err := linkconf.Apply(inside, "eth0", linkconf.Config{Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")}}); err != nil {
			t.Fatal(err)
		}
	}
	c := port.Config{Bridge: "br0", Name: "tap", Kind: port.Device}
	plug()
	before := ipSettings(t, l.Host(), "tap")
	first := l.attach(t, c)
	deleteDevice(t, l.Host(), "tap")
	plug()
	if got, want := differences(testContext(t), t, l.ports, "tap"), []string{`device "tap" is another device, not the port's`}; !slices.Equal(got, want) {
		t.Errorf("differences %q, want %q", got, want)
	}
	if again := l.attach(t, c); again.OFPort != first.OFPort {
		t.Errorf("OpenFlow port %d, want %d as before", again.OFPort, first.OFPort)
	}
	if err := ping(t, db, "10.0.0.2", "10"); err != nil {
		t.Errorf("ping: %v", err)
	}
	if got := differences(testContext(t), t, l.ports, "tap"); len(got) > 0 {
		t.Errorf("differences %q", got)
	}
	l.detach(t, "tap")
	if got := ipSettings(t, l.Host(), "tap"); got != before {
		t.Errorf("IP settings %q, want %q as before Attach", got, before)
	}
}
