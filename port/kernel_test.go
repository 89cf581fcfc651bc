// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/vishvananda/netlink"
)

// addVeth makes a pair of devices in one namespace, as somebody else would.
func addVeth(t *testing.T, ns *netns.NS, name, peer string) {
	t.Helper()
	h := nodetest.Netlink(t, ns)
	defer h.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	pair := netlink.NewVeth(attrs)
	pair.PeerName = peer
	if err := h.LinkAdd(pair); err != nil {
		t.Fatal(err)
	}
}

func ipSettings(t *testing.T, ns *netns.NS, device string) string {
	t.Helper()
	settings, err := ns.IPSettings(device)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

const silent = "ipv4/arp_ignore=8 ipv4/rp_filter=1 ipv4/forwarding=0 ipv6/disable_ipv6=1"

// silenced are the IP settings of a device that is a port, and those that are recorded.
// The kernel's datapath takes all packets of a device before the IP stack sees them:
// there is nothing to be done.
func silenced(before string) (settings, recorded string) {
	if nodetest.Datapath() == nodetest.KernelDatapath {
		return before, ""
	}
	return silent, before
}

// arpReplies lists the MAC addresses that a namespace has learnt of an address
// after it was pinged.
func arpReplies(t *testing.T, from *netns.NS, addr netip.Addr) (macs []string) {
	t.Helper()
	_ = ping(t, from, addr.String(), "1") // what counts is who answers the question for the MAC address
	h := nodetest.Netlink(t, from)
	defer h.Close()
	neighbours, err := h.NeighList(0, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range neighbours {
		if n.HardwareAddr != nil && n.IP.Equal(addr.AsSlice()) {
			macs = append(macs, n.HardwareAddr.String())
			if err := h.NeighDel(&n); err != nil {
				t.Fatal(err)
			}
		}
	}
	return macs
}

// TestDeviceIsTakenFromTheKernel has the uplink as a port of a bridge that
// forwards nothing: the host's own IP stack must not answer past the bridge.
func TestDeviceIsTakenFromTheKernel(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	if _, err := bridge.Ensure(testContext(t), l.db, bridge.Config{
		Name: "br0", SwitchNetns: l.Host().Path(), Addrs: []netip.Prefix{node.HostAddr},
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.Host().SetSysctl("net/ipv4/conf/"+node.Uplink+"/arp_ignore", "3"); err != nil { // other than the default
		t.Fatal(err)
	}
	const before = "ipv4/arp_ignore=3 ipv4/rp_filter=0 ipv4/forwarding=1 ipv6/disable_ipv6=0"
	if got := ipSettings(t, l.Host(), node.Uplink); got != before {
		t.Fatalf("IP settings before Attach = %q, want %q", got, before)
	}
	if got := arpReplies(t, l.Outside(), node.HostAddr.Addr()); len(got) == 0 {
		t.Error("without the bridge the host does not answer: the test is void")
	}

	c := port.Config{Bridge: "br0", Name: node.Uplink, Kind: port.Device}
	l.attach(t, c)
	settings, recorded := silenced(before)
	if got := ipSettings(t, l.Host(), node.Uplink); got != settings {
		t.Errorf("IP settings after Attach = %q, want %q", got, settings)
	}
	if iface, _ := l.db.Interface(node.Uplink); iface.ExternalIDs[mark.IPSettings] != recorded {
		t.Errorf("recorded IP settings = %q, want %q", iface.ExternalIDs[mark.IPSettings], recorded)
	}
	if got := arpReplies(t, l.Outside(), node.HostAddr.Addr()); len(got) > 0 {
		t.Errorf("%v answered for the host's address past the bridge", got)
	}

	l.detach(t, node.Uplink)
	if got := ipSettings(t, l.Host(), node.Uplink); got != before {
		t.Errorf("IP settings after Detach = %q, want %q", got, before)
	}
}

// TestDeviceElsewhereIsUntouched has a namespace given that is not the switch's,
// with a device of the same name.
func TestDeviceElsewhereIsUntouched(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	_, web := l.config(t, "web", "10.0.0.2/24")
	addVeth(t, web, node.Uplink, "peer0")
	hostLinks := links(t, l.Host())
	before := []string{ipSettings(t, web, node.Uplink), ipSettings(t, l.Host(), node.Uplink)}

	elsewhere, err := port.Open(l.db, port.Options{SwitchNetns: web.Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	c := port.Config{Bridge: "br0", Name: node.Uplink, Kind: port.Device}
	_, err = elsewhere.Attach(testContext(t), c)
	if nodetest.Datapath() == nodetest.KernelDatapath { // for which devices need no change
		if err == nil {
			err = l.ports.Detach(testContext(t), node.Uplink)
		}
		if err != nil {
			t.Error(err)
		}
	} else if err == nil || !strings.Contains(err.Error(), web.Path()) {
		t.Errorf("Attach: %v, want an error that names the namespace", err)
	}
	after := []string{ipSettings(t, web, node.Uplink), ipSettings(t, l.Host(), node.Uplink)}
	if !slices.Equal(after, before) {
		t.Errorf("IP settings there and in the switch's namespace = %q, want %q", after, before)
	}
	l.expectUntouched(t, hostLinks)
}

// orphan attaches a port and takes its rows away, as if its maker had been
// killed before it could write them.
func (l *lab) orphan(t *testing.T, c port.Config) {
	t.Helper()
	l.attach(t, c)
	br, _ := l.db.Bridge("br0")
	row, _ := l.db.Port(c.Name)
	if _, err := l.db.Apply(testContext(t), vswitch.RemovePorts(br.UUID, row.UUID)); err != nil {
		t.Fatal(err)
	}
}

func TestOrphanIsReplaced(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	other, db := l.config(t, "db", "10.0.0.3/24")
	l.attach(t, other)
	l.orphan(t, c)
	if got, want := links(t, web), []string{"eth0", "lo"}; !slices.Equal(got, want) {
		t.Fatalf("devices in the namespace = %v, want %v: the test is void", got, want)
	}

	somebody := l.manager(t, port.Options{Owner: "somebody"})
	if _, err := somebody.Attach(testContext(t), c); !errors.Is(err, port.ErrExists) {
		t.Errorf("Attach by another owner: %v, want %v", err, port.ErrExists)
	}
	l.attach(t, c)
	if err := ping(t, db, "10.0.0.2", "10"); err != nil {
		t.Errorf("ping: %v", err)
	}
}

// TestAttachInProgressIsNoOrphan has two attach the same port, of whom the first
// cannot write its rows yet. The second waits, and finds the port made.
func TestAttachInProgressIsNoOrphan(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	second, err := port.Open(switchtest.Dial(t, l.OVS().DatabaseEndpoint()), port.Options{SwitchNetns: l.Host().Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	managers := []*port.Manager{l.ports, second}
	thaw := switchtest.Freeze(t, l.OVS())
	ctx := testContext(t)
	done, writes := make(chan error, len(managers)), make(chan bool, len(managers))
	for _, m := range managers {
		m.Hook(func(step string) error {
			if step == "insert the rows" {
				writes <- true
			}
			return nil
		})
		go func() {
			_, err := m.Attach(ctx, c)
			done <- err
		}()
	}
	<-writes
	thaw()
	for range managers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if len(writes) > 0 {
		t.Error("both have made the port")
	}
	if got, want := links(t, web), []string{"eth0", "lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace = %v, want %v", got, want)
	}
}

func TestDetachLeavesForeignDevice(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	l.attach(t, c)
	nodetest.DeleteLink(t, web, "eth0")
	addVeth(t, l.Host(), "web", "web-peer")
	err := l.ports.Detach(testContext(t), "web")
	if err == nil || !strings.Contains(err.Error(), `device "web"`) || !strings.Contains(err.Error(), "left as it is") {
		t.Errorf("Detach: %v, want that the device is left as it is", err)
	}
	if got := links(t, l.Host()); !slices.Contains(got, "web") {
		t.Errorf("devices of the host = %v: somebody else's was removed", got)
	}
	if _, ok := l.db.Port("web"); ok {
		t.Error("the port is still in the database")
	}
}

// TestIdentityIsTheSwitchsOwn has two switches with ports of the same name: the
// devices of one are not orphans to the other.
func TestIdentityIsTheSwitchsOwn(t *testing.T) {
	t.Parallel()
	var macs []net.HardwareAddr
	for range 2 {
		l := newLab(t, bridge.Secure)
		c, _ := l.config(t, "web", "10.0.0.2/24")
		l.attach(t, c)
		macs = append(macs, nodetest.Link(t, l.Host(), "web").Attrs().HardwareAddr)
	}
	if slices.Equal(macs[0], macs[1]) {
		t.Errorf("the devices of both switches have the identity %s", macs[0])
	}
}
