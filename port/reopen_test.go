// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/vishvananda/netlink"
)

// TestDeafPort has a device go and another one of the same name come, which the switch
// does not open. Check tells and Attach mends it.
func TestDeafPort(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	ctx := testContext(t)
	c, web := l.config(t, "web", "10.0.0.2/24")
	before := l.attach(t, c)
	_, db := l.endpoint(t, "db", "10.0.0.3/24")
	outer, inner := linkByName(t, l.Host(), "web"), linkByName(t, web, "eth0")
	h, err := l.Host().Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if err := h.LinkDel(outer); err != nil {
		t.Fatal(err)
	}
	again := netlink.NewVeth(netlink.LinkAttrs{Name: "web", HardwareAddr: outer.Attrs().HardwareAddr})
	again.PeerName, again.PeerNamespace, again.PeerHardwareAddr = "eth0", netlink.NsFd(web.Fd()), inner.Attrs().HardwareAddr
	if err := h.LinkAdd(again); err != nil {
		t.Fatal(err)
	}
	if err := h.LinkSetUp(again); err != nil {
		t.Fatal(err)
	}
	index := int64(linkByName(t, l.Host(), "web").Attrs().Index)
	// What the switch says is no evidence that it has opened the device.
	if err := l.db.Wait(ctx, func() (bool, error) {
		iface, ok := l.db.Interface("web")
		return ok && iface.IfIndex != nil && *iface.IfIndex == index && iface.Error == nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	where := `interface "eth0" in network namespace "` + web.Name() + `"`
	want := []string{`device "web" is not open in the switch, not open`, where + " is down, not up",
		"address 10.0.0.2/24 of " + where + " is missing"}
	if diff := cmp.Diff(want, differences(ctx, t, l.ports, "web")); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	after := l.attach(t, c)
	if after.OFPort != before.OFPort {
		t.Errorf("OpenFlow port number %d, want %d as before", after.OFPort, before.OFPort)
	}
	if iface, _ := l.db.Interface("web"); iface.OFPortRequest != nil {
		t.Errorf("ofport_request %d, want none", *iface.OFPortRequest)
	}
	if got := differences(ctx, t, l.ports, "web"); len(got) > 0 {
		t.Errorf("differences %q that Attach has not mended", got)
	}
	if err := ping(t, db, "10.0.0.2", "5"); err != nil {
		t.Errorf("ping: %v", err)
	}
}
