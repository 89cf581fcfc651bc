// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// A lab is a node with a bridge br0.
type lab struct {
	*node.Node
	db *vswitch.DB
}

func newLab(t *testing.T, mode bridge.FailMode) *lab {
	t.Helper()
	n := nodetest.New(t)
	l := &lab{Node: n, db: switchtest.Dial(t, n.OVS().DatabaseEndpoint())}
	_, err := bridge.Ensure(testContext(t), l.db, bridge.Config{
		Name: "br0", Datapath: "netdev", FailMode: mode, SwitchNetns: n.Host().Path(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// config is that of a veth port into a new namespace.
func (l *lab) config(t *testing.T, endpoint, addr string) (port.Config, *netns.NS) {
	t.Helper()
	ns := nodetest.Endpoint(t, l.Node, endpoint)
	return port.Config{
		Bridge: "br0", Name: endpoint, Netns: ns.Path(), Addrs: []netip.Prefix{netip.MustParsePrefix(addr)},
		SwitchNetns: l.Host().Path(),
	}, ns
}

func (l *lab) attach(t *testing.T, c port.Config) *port.Port {
	t.Helper()
	p, err := port.Attach(testContext(t), l.db, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// links lists the devices of a namespace.
func links(t *testing.T, ns *netns.NS) (names []string) {
	t.Helper()
	h, err := ns.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	all, err := h.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		names = append(names, l.Attrs().Name)
	}
	slices.Sort(names)
	return names
}

// ping sends echo requests until one is answered.
func ping(t *testing.T, from *netns.NS, to string, seconds string) error {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ping", "-c1", "-w"+seconds, "-i0.2", to)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := from.Do(cmd.Start); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		return errors.New(err.Error() + ": " + out.String())
	}
	return nil
}

// transfer sends data over TCP between namespaces and returns what came.
func transfer(t *testing.T, from, to *netns.NS, addr string, data []byte) ([]byte, error) {
	t.Helper()
	var listener net.Listener
	if err := to.Do(func() (err error) {
		listener, err = net.Listen("tcp", addr)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	sent := make(chan error, 1)
	var conn net.Conn
	if err := from.Do(func() (err error) {
		conn, err = net.DialTimeout("tcp", addr, 10*time.Second)
		return err
	}); err != nil {
		return nil, err
	}
	defer conn.Close()
	go func() {
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, err := conn.Write(data)
		sent <- errors.Join(err, conn.(*net.TCPConn).CloseWrite())
	}()
	accepted, err := listener.Accept()
	if err != nil {
		return nil, err
	}
	defer accepted.Close()
	accepted.SetDeadline(time.Now().Add(10 * time.Second))
	got, err := io.ReadAll(accepted)
	return got, errors.Join(err, <-sent)
}

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
	h, err := web.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	link, err := h.LinkByName("net7")
	if err != nil {
		t.Fatal(err)
	}
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

	hostSide, err := l.Host().Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer hostSide.Close()
	if link, err = hostSide.LinkByName(p.Name); err != nil {
		t.Fatal(err)
	}
	if got, want := link.Attrs().MTU, 1400; got != want {
		t.Errorf("MTU on the switch's side = %d, want %d", got, want)
	}
	iface, _ := l.db.Interface(p.Name)
	wantIDs := map[string]string{
		mark.Owner: "ovskit", mark.Kind: "veth", mark.SwitchNetns: l.Host().Path(),
		"container_id": "c1", "container_iface": "net7", "attached-mac": "02:00:00:00:00:07",
	}
	if diff := cmp.Diff(wantIDs, iface.ExternalIDs); diff != "" {
		t.Errorf("external_ids (-want +got):\n%s", diff)
	}

	if err := port.Detach(testContext(t), l.db, p.Name); err != nil {
		t.Fatal(err)
	}
	if got, want := links(t, web), []string{"lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace after Detach = %v, want %v", got, want)
	}
	// The same two always get the same name.
	if again := l.attach(t, c); again.Name != p.Name {
		t.Errorf("name %q, the first time %q", again.Name, p.Name)
	}
}

// TestHostDoesNotHear proves that the host's own IP stack does not answer at a
// port past the switch, which here forwards nothing.
func TestHostDoesNotHear(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	h, err := l.Host().Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	lo, err := h.LinkByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := netlink.ParseAddr("10.0.0.9/32")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.AddrAdd(lo, secret); err != nil {
		t.Fatal(err)
	}
	c, web := l.config(t, "web", "10.0.0.2/24")
	l.attach(t, c)
	if err := ping(t, web, "10.0.0.9", "1"); err == nil {
		t.Error("the host answered at the port's device")
	}

	// Nor when its end of the pair is addressed directly.
	device, err := h.LinkByName("web")
	if err != nil {
		t.Fatal(err)
	}
	inside, err := web.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	eth0, err := inside.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	err = inside.NeighSet(&netlink.Neigh{LinkIndex: eth0.Attrs().Index, State: netlink.NUD_PERMANENT,
		IP: net.IPv4(10, 0, 0, 9), HardwareAddr: device.Attrs().HardwareAddr})
	if err != nil {
		t.Fatal(err)
	}
	if err := ping(t, web, "10.0.0.9", "1"); err == nil {
		t.Error("the host answered to what was sent to its device's MAC address")
	}
}

// expectUntouched fails unless only the bridge is there.
func (l *lab) expectUntouched(t *testing.T, hostLinks []string) {
	t.Helper()
	if got := links(t, l.Host()); !slices.Equal(got, hostLinks) {
		t.Errorf("devices of the host = %v, want %v", got, hostLinks)
	}
	if got := len(l.db.Ports()) + len(l.db.Interfaces()); got != 2 {
		t.Errorf("%d rows of ports and interfaces, want the 2 of the bridge's own port", got)
	}
}

func TestFailedAttachLeavesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	c, web := l.config(t, "web", "10.0.0.2/24")
	hostLinks := links(t, l.Host())

	inside, err := web.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "taken0"
	other := netlink.NewVeth(attrs)
	other.PeerName = "taken1"
	if err := inside.LinkAdd(other); err != nil {
		t.Fatal(err)
	}
	webLinks := links(t, web)

	for _, tt := range []struct {
		name   string
		change func(*port.Config)
		is     error
		want   string
	}{
		{"interface taken", func(c *port.Config) { c.Ifname = "taken0" }, port.ErrExists, `interface "taken0" in network namespace`},
		{"device taken", func(c *port.Config) { c.Name = node.Uplink }, port.ErrExists, `device "uplink0" on the switch's side`},
		{"route refused", func(c *port.Config) {
			c.Routes = []port.Route{{Dst: netip.MustParsePrefix("10.0.0.0/24"), Via: netip.MustParseAddr("10.0.0.7")},
				{Dst: netip.MustParsePrefix("10.0.0.0/24"), Via: netip.MustParseAddr("10.0.0.8")}}
		}, nil, "another route"},
	} {
		config := c
		tt.change(&config)
		_, err := port.Attach(testContext(t), l.db, config)
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: error %q is not %q", tt.name, err, tt.is)
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %q does not contain %q", tt.name, err, tt.want)
		}
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
	_, err := port.Attach(ctx, l.db, c)
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
	if _, err := port.Attach(testContext(t), l.db, c); err == nil {
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
	h, err := web.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	link, err := h.LinkByName("eth0")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.LinkDel(link); err != nil { // the pair goes as it does with the namespace
		t.Fatal(err)
	}
	if err := port.Detach(testContext(t), l.db, "web"); err != nil {
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
	if _, err := bridge.Ensure(ctx, db, bridge.Config{Name: "br0", Datapath: "netdev", SwitchNetns: n.Host().Path()}); err != nil {
		b.Fatal(err)
	}
	web := nodetest.Endpoint(b, n, "web")
	c := port.Config{Bridge: "br0", Name: "web", Netns: web.Path(), SwitchNetns: n.Host().Path(),
		Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")}, Gateway: netip.MustParseAddr("10.0.0.1")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := port.Attach(ctx, db, c); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := port.Detach(ctx, db, "web"); err != nil {
			b.Fatal(err)
		}
		if _, err := db.Apply(ctx); err != nil { // until the switch has followed
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
