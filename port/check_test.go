// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/vishvananda/netlink"
)

// differences runs a Check and tells what it found.
func differences(ctx context.Context, t *testing.T, m *port.Manager, name string) (found []string) {
	t.Helper()
	all, err := m.Check(ctx, name)
	if err != nil {
		t.Error(err)
	}
	for _, d := range all {
		found = append(found, d.String())
	}
	return found
}

func TestCheckRows(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withPolicingBridge(t, sw)
		sw.AddDevice(t, "p1")
		m := manager(t, sw.DB)
		c := port.Config{
			Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType, OFPort: 7,
			VLAN: port.VLAN{Tag: 5}, Policing: port.Policing{Rate: 1000},
		}
		attach(t, m, c)
		if got := differences(ctx, t, m, "p1"); len(got) > 0 {
			t.Errorf("differences %q right after Attach", got)
		}
		row, _ := sw.DB.Port("p1")
		iface, _ := sw.DB.Interface("p1")
		_, err := sw.DB.Apply(ctx,
			ovsdb.Update(vswitch.TablePort, ovsdb.Row{"tag": int64(6), "trunks": []int64{1, 2}}, ovsdb.ByUUID(row.UUID)),
			ovsdb.Update(vswitch.TableInterface, ovsdb.Row{"ingress_policing_rate": int64(0)}, ovsdb.ByUUID(iface.UUID)))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"Interface.ingress_policing_rate is 0, not 1000", "Port.tag is 6, not 5", "Port.trunks is [1 2], not []",
		}
		if diff := cmp.Diff(want, differences(ctx, t, m, "p1")); diff != "" {
			t.Errorf("differences (-want +got):\n%s", diff)
		}
		attach(t, m, c)
		if got := differences(ctx, t, m, "p1"); len(got) > 0 {
			t.Errorf("differences %q that Attach has not mended", got)
		}
		if _, err := m.Check(ctx, "p2"); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("Check of no port: %v, want %v", err, port.ErrNotFound)
		}
		if _, err := m.Check(ctx, "br0"); !errors.Is(err, port.ErrForeign) {
			t.Errorf("Check of the bridge's own port: %v, want %v", err, port.ErrForeign)
		}
	})
}

func TestCheckInterface(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	ctx := testContext(t)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Addrs = append(c.Addrs, netip.MustParsePrefix("2001:db8::2/64"))
	c.Gateway = netip.MustParseAddr("10.0.0.1")
	c.Routes = []port.Route{{Dst: netip.MustParsePrefix("10.5.0.0/16"), Via: netip.MustParseAddr("10.0.0.5")}}
	c.MTU = 1400
	c.Sysctls = map[string]string{"net.ipv4.conf.eth0.arp_notify": "1"}
	l.attach(t, c)
	if got := differences(ctx, t, l.ports, "web"); len(got) > 0 {
		t.Errorf("differences %q right after Attach", got)
	}
	h := nodetest.Netlink(t, web)
	defer h.Close()
	link := nodetest.Link(t, web, "eth0")
	addr, err := netlink.ParseAddr("10.0.0.2/24")
	if err != nil {
		t.Fatal(err)
	}
	// The routes by way of its subnet go with it.
	if err := errors.Join(h.AddrDel(link, addr), h.LinkSetMTU(link, 1300)); err != nil {
		t.Fatal(err)
	}
	if err := web.SetSysctl("net.ipv4.conf.eth0.arp_notify", "0"); err != nil {
		t.Fatal(err)
	}
	where := `interface "eth0" in network namespace "` + web.Name() + `"`
	want := []string{
		"MTU of " + where + " is 1300, not 1400",
		"address 10.0.0.2/24 of " + where + " is missing",
		"route to 0.0.0.0/0 via 10.0.0.1 of " + where + " is missing",
		"route to 10.5.0.0/16 via 10.0.0.5 of " + where + " is missing",
		`sysctl net.ipv4.conf.eth0.arp_notify of network namespace "` + web.Name() + `" is 0, not 1`,
	}
	if diff := cmp.Diff(want, differences(ctx, t, l.ports, "web")); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	l.attach(t, c)
	if got := differences(ctx, t, l.ports, "web"); len(got) > 0 {
		t.Errorf("differences %q that Attach has not mended", got)
	}
	nodetest.DeleteLink(t, web, "eth0")
	if got := differences(ctx, t, l.ports, "web"); len(got) == 0 {
		t.Error("no difference of a port whose interface is gone")
	}
}
