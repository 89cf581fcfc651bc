// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"github.com/vishvananda/netlink"
)

func TestTrafficPasses(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	webConfig, web := l.config(t, "web", "10.0.0.2/24")
	webConfig.Addrs = append(webConfig.Addrs, netip.MustParsePrefix("2001:db8::2/64"))
	dbConfig, db := l.config(t, "db", "10.0.0.3/24")
	dbConfig.Addrs = append(dbConfig.Addrs, netip.MustParsePrefix("2001:db8::3/64"))
	l.attach(t, webConfig)
	l.attach(t, dbConfig)
	for _, to := range []string{"10.0.0.3", "2001:db8::3"} {
		if err := ping(t, web, to, "10"); err != nil {
			t.Errorf("ping %s: %v", to, err)
		}
	}
	data := make([]byte, 1<<20)
	rand.Read(data)
	got, err := transfer(t, db, web, "10.0.0.2:80", data)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("TCP: got %d bytes, %v; want the %d sent", len(got), err, len(data))
	}
}

func TestInterfaceInNamespace(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Name = ""
	c.Ifname = "net7"
	c.MAC = net.HardwareAddr{2, 0, 0, 0, 0, 7}
	c.MTU = 1400
	c.Gateway = netip.MustParseAddr("10.0.0.1")
	c.Routes = []port.Route{
		{Dst: netip.MustParsePrefix("10.5.0.0/16"), Via: netip.MustParseAddr("10.0.0.5")},
		{Dst: netip.MustParsePrefix("10.6.0.0/16")},
	}
	c.ContainerID = "c1"
	p := l.attach(t, c)

	if p.OFPort == 0 || len(p.Name) != 15 {
		t.Errorf("port number %d, name %q; want a number and a name of 15 bytes", p.OFPort, p.Name)
	}
	h := nodetest.Netlink(t, web)
	defer h.Close()
	link := nodetest.Link(t, web, "net7")
	addrs, err := h.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := h.RouteList(link, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{"MAC " + link.Attrs().HardwareAddr.String()}
	if link.Attrs().MTU == 1400 {
		got = append(got, "MTU 1400")
	}
	for _, a := range addrs {
		got = append(got, "address "+a.IPNet.String())
	}
	for _, r := range routes {
		got = append(got, "route "+r.Dst.String()+" "+r.Gw.String())
	}
	slices.Sort(got)
	want := []string{"MAC 02:00:00:00:00:07", "MTU 1400", "address 10.0.0.2/24", "route 0.0.0.0/0 10.0.0.1",
		"route 10.0.0.0/24 <nil>", "route 10.5.0.0/16 10.0.0.5", "route 10.6.0.0/16 <nil>"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the interface (-want +got):\n%s", diff)
	}

	if got, want := nodetest.Link(t, l.Host(), p.Name).Attrs().MTU, 1400; got != want {
		t.Errorf("MTU on the switch's side = %d, want %d", got, want)
	}
	iface, _ := l.db.Interface(p.Name)
	wantIDs := map[string]string{
		mark.Owner: "ovskit", mark.Kind: "veth",
		"container_id": "c1", "container_iface": "net7", "attached-mac": "02:00:00:00:00:07",
		mark.Config: iface.ExternalIDs[mark.Config],
	}
	if diff := cmp.Diff(wantIDs, iface.ExternalIDs); diff != "" {
		t.Errorf("external_ids (-want +got):\n%s", diff)
	}

	again, err := l.ports.Get(p.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, again, sameAddrs); diff != "" {
		t.Errorf("Get (-Attach +Get):\n%s", diff)
	}

	l.detach(t, p.Name)
	if got, want := links(t, web), []string{"lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace after Detach = %v, want %v", got, want)
	}
	// The same two always get the same name.
	if again := l.attach(t, c); again.Name != p.Name {
		t.Errorf("name %q, the first time %q", again.Name, p.Name)
	}
}

// TestHostDoesNotHear proves that the host's own IP stack takes nothing from a
// port past the switch, which here forwards nothing.
func TestHostDoesNotHear(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	_, err := bridge.Ensure(testContext(t), l.db, bridge.Config{
		Name: "br0", SwitchNetns: l.Host().Path(), Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, web := l.config(t, "web", "10.0.0.2/24")
	l.attach(t, c)
	inside := nodetest.Netlink(t, web)
	defer inside.Close()
	eth0 := nodetest.Link(t, web, "eth0")

	if err := ping(t, web, "10.0.0.1", "1"); err == nil {
		t.Error("the host answered a ping")
	}
	neighbours, err := inside.NeighList(eth0.Attrs().Index, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range neighbours {
		if n.HardwareAddr != nil {
			t.Errorf("%s answered an ARP request for %s", n.HardwareAddr, n.IP)
		}
	}

	// The host's end of the pair is addressed directly: first as it is, then
	// with the host's ears open.
	device := nodetest.Link(t, l.Host(), "web")
	err = inside.NeighSet(&netlink.Neigh{LinkIndex: eth0.Attrs().Index, State: netlink.NUD_PERMANENT,
		IP: net.IPv4(10, 0, 0, 1), HardwareAddr: device.Attrs().HardwareAddr})
	if err != nil {
		t.Fatal(err)
	}
	sender, listener := udp(t, web, l.Host(), "10.0.0.1:9")
	defer sender.Close()
	defer listener.Close()
	if _, err := sender.Write([]byte("past the switch")); err != nil {
		t.Fatal(err)
	}
	last := "ears open"
	if nodetest.Datapath() == nodetest.KernelDatapath { // which takes all, before the IP stack sees it
		last = "from the host itself"
		if err := l.Host().Do(func() (err error) {
			sender, err = net.Dial("udp4", "10.0.0.1:9")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		defer sender.Close()
	}
	if err := l.Host().SetSysctl("net/ipv4/conf/web/rp_filter", "0"); err != nil {
		t.Fatal(err)
	}
	if _, err := sender.Write([]byte(last)); err != nil {
		t.Fatal(err)
	}
	listener.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 100)
	n, _, err := listener.ReadFrom(buf)
	if got := string(buf[:n]); err != nil || got != last {
		t.Errorf("the host heard %q, %v; want only %q", got, err, last)
	}
}

func TestFailedAttachLeavesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	hostLinks := links(t, l.Host())

	addVeth(t, web, "taken0", "taken1")
	webLinks := links(t, web)

	for _, tt := range []struct {
		name   string
		change func(*port.Config)
		is     error
		want   string
	}{
		{"interface taken", func(c *port.Config) { c.Ifname = "taken0" }, port.ErrExists, `interface "taken0" in network namespace`},
		{"device taken", func(c *port.Config) { c.Name = node.Uplink }, port.ErrExists, `device "uplink0" on the switch's side`},
		{"both names the same", func(c *port.Config) { c.Netns, c.Name, c.Ifname = l.Host().Path(), "same0", "same0" },
			port.ErrExists, `port "same0" and interface "same0"`},
		{"route refused", func(c *port.Config) {
			c.Routes = []port.Route{{Dst: netip.MustParsePrefix("10.0.0.0/24"), Via: netip.MustParseAddr("10.0.0.7")},
				{Dst: netip.MustParsePrefix("10.0.0.0/24"), Via: netip.MustParseAddr("10.0.0.8")}}
		}, nil, "another route"},
	} {
		config := c
		tt.change(&config)
		_, err := l.ports.Attach(testContext(t), config)
		expectError(t, tt.name, err, tt.is, tt.want)
		l.expectUntouched(t, hostLinks)
		if got := links(t, web); !slices.Equal(got, webLinks) {
			t.Errorf("%s: devices in the namespace = %v, want %v", tt.name, got, webLinks)
		}
	}
}

func TestSwitchGoesAwayInTheMiddle(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	if err := l.OVS().KillSwitch(); err != nil {
		t.Fatal(err)
	}
	hostLinks := links(t, l.Host())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := l.ports.Attach(ctx, c)
	if !errors.Is(err, vswitch.ErrNotApplied) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Attach: %v, want %v and %v", err, vswitch.ErrNotApplied, context.DeadlineExceeded)
	}
	l.expectUntouched(t, hostLinks)
	if got, want := links(t, web), []string{"lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace = %v, want %v", got, want)
	}

	// When it is back, the same works.
	if err := l.OVS().StartSwitch(testContext(t)); err != nil {
		t.Fatal(err)
	}
	l.attach(t, c)
}

func TestDatabaseGoesAway(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	hostLinks := links(t, l.Host())
	l.db.Close()
	if _, err := l.ports.Attach(testContext(t), c); err == nil {
		t.Error("Attach with a closed session succeeded")
	}
	if got := links(t, l.Host()); !slices.Equal(got, hostLinks) {
		t.Errorf("devices of the host = %v, want %v", got, hostLinks)
	}
	if got, want := links(t, web), []string{"lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace = %v, want %v", got, want)
	}
}

func TestDetachOfWhatIsHalfGone(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	l.attach(t, c)
	nodetest.DeleteLink(t, web, "eth0") // the pair goes as it does with the namespace
	if err := l.ports.Detach(testContext(t), "web"); err != nil {
		t.Errorf("Detach: %v", err)
	}
	if _, ok := l.db.Port("web"); ok {
		t.Error("the port is still there")
	}
}

func BenchmarkAttach(b *testing.B) {
	n := nodetest.New(b)
	db := switchtest.Dial(b, n.OVS().DatabaseEndpoint())
	ctx := b.Context()
	if _, err := bridge.Ensure(ctx, db, bridge.Config{Name: "br0", Datapath: nodetest.Datapath(), SwitchNetns: n.Host().Path()}); err != nil {
		b.Fatal(err)
	}
	web := nodetest.Endpoint(b, n, "web")
	c := port.Config{Bridge: "br0", Name: "web", Netns: web.Path(),
		Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")}, Gateway: netip.MustParseAddr("10.0.0.1")}
	m, err := port.Open(db, port.Options{SwitchNetns: n.Host().Path()})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Attach(ctx, c); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := m.Detach(ctx, "web"); err != nil {
			b.Fatal(err)
		}
		if _, err := db.Apply(ctx); err != nil { // until the switch has followed
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
