// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge/hostaddr"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

var (
	spareV4    = netip.MustParseAddr("192.0.2.50")
	anotherV4  = netip.MustParseAddr("192.0.2.51")
	spareV6    = netip.MustParseAddr("2001:db8:1::50")
	parameters = []string{
		"net/ipv4/ip_forward", "net/ipv4/conf/all/send_redirects", "net/ipv4/conf/br0/send_redirects",
		"net/ipv4/conf/br0/forwarding", "net/ipv4/conf/uplink0/forwarding", "net/ipv4/neigh/uplink0/proxy_delay",
		"net/ipv6/conf/all/forwarding", "net/ipv6/conf/uplink0/accept_ra", "net/ipv6/conf/uplink0/proxy_ndp",
		"net/ipv6/neigh/uplink0/proxy_delay",
	}
)

// A lab is a machine that does not forward, with a NIC and a bridge br0, behind
// which an endpoint has the spare addresses.
type lab struct {
	*node.Node
	db  *vswitch.DB
	end *netns.NS // of the endpoint
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func newLab(t *testing.T) *lab {
	t.Helper()
	n := nodetest.New(t)
	l := &lab{Node: n, db: switchtest.Dial(t, n.OVS().DatabaseEndpoint())}
	for _, p := range [][2]string{
		{"net/ipv4/ip_forward", "0"}, {"net/ipv4/conf/all/send_redirects", "1"}, {"net/ipv4/conf/default/send_redirects", "1"},
		{"net/ipv6/conf/default/dad_transmits", "0"},
	} {
		if err := n.Host().SetSysctl(p[0], p[1]); err != nil {
			t.Fatal(err)
		}
	}
	end := nodetest.Endpoint(t, n, "end")
	l.end = end
	nodetest.Command(t, n.Host(), "ip link add end0 type veth peer name eth0 netns "+end.Name())
	if err := end.DisableTransmitChecksums("eth0"); err != nil {
		t.Fatal(err)
	}
	if err := n.Host().DisableIP("end0"); err != nil {
		t.Fatal(err)
	}
	var ops []ovsdb.Operation
	for _, name := range []string{"br0", "end0"} {
		iface := &vswitch.Interface{Name: name}
		if name == "br0" {
			iface.Type = "internal"
		}
		ops = append(ops, ovsdb.Insert(vswitch.TableInterface, iface).Named("i_"+name),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i_" + name}}).Named("p_"+name))
	}
	ops = append(ops, ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{Name: "br0", Ports: []string{"p_br0", "p_end0"},
		DatapathType: nodetest.Datapath()}).Named("b"), vswitch.AddBridges("b"))
	if _, err := l.db.Apply(testContext(t), ops...); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{
		"link set br0 up", "link set end0 up",
		"addr add 192.0.2.1/24 dev uplink0", "addr add 2001:db8:1::1/64 dev uplink0 nodad",
		"-6 addr add fe80::b/64 dev br0 nodad",
	} {
		nodetest.Command(t, n.Host(), "ip "+c)
	}
	nodetest.Command(t, n.Outside(), "ip addr add 2001:db8:1::fe/64 dev up0 nodad")
	for _, c := range []string{
		"link set eth0 up", "addr add 192.0.2.50/32 dev eth0", "addr add 192.0.2.51/32 dev eth0",
		"route add default via 192.0.2.1 dev eth0 onlink",
		"-6 addr add 2001:db8:1::50/128 dev eth0 nodad", "-6 route add default via fe80::b dev eth0",
	} {
		nodetest.Command(t, end, "ip "+c)
	}
	return l
}

func (l *lab) config(addr netip.Addr) hostaddr.Config {
	return hostaddr.Config{Bridge: "br0", Device: node.Uplink, Addr: addr, SwitchNetns: l.Host().Path()}
}

func (l *lab) ensure(t *testing.T, addr netip.Addr) {
	t.Helper()
	if err := hostaddr.Ensure(testContext(t), l.db, l.config(addr)); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) remove(t *testing.T, addr netip.Addr) {
	t.Helper()
	if err := hostaddr.Delete(testContext(t), l.db, addr); err != nil {
		t.Fatal(err)
	}
}

// dump is what an address changes, line by line.
func (l *lab) dump(t *testing.T) (lines []string) {
	t.Helper()
	for _, c := range []string{"-4 route show", "-6 route show", "neigh show proxy"} {
		for _, line := range strings.Split(nodetest.Command(t, l.Host(), "ip -N "+c), "\n") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	for _, p := range parameters {
		value, err := l.Host().Sysctl(p)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, p+"="+value)
	}
	if err := l.db.Client().Echo(testContext(t)); err != nil {
		t.Fatal(err)
	}
	br, _ := l.db.Bridge("br0")
	for k := range br.ExternalIDs {
		lines = append(lines, k)
	}
	slices.Sort(lines)
	return lines
}

func (l *lab) expect(t *testing.T, when string, want []string) {
	t.Helper()
	if diff := cmp.Diff(want, l.dump(t)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// expectReached pings an address from outside.
func (l *lab) expectReached(t *testing.T, addr netip.Addr) {
	t.Helper()
	if out, err := nodetest.Try(t, l.Outside(), "ping -c1 -w10 -i0.1 "+addr.String()); err != nil {
		t.Errorf("ping %s: %v: %s", addr, err, out)
	}
}

func TestReached(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	before := l.dump(t)
	for _, addr := range []netip.Addr{spareV4, spareV6} {
		if out, err := nodetest.Try(t, l.Outside(), "ping -c1 -W0.2 "+addr.String()); err == nil {
			t.Errorf("%s answers already: %s", addr, out)
		}
		nodetest.Command(t, l.Outside(), "ip neigh flush dev up0")
		l.ensure(t, addr)
		l.expectReached(t, addr)
		added := l.dump(t)
		l.ensure(t, addr) // nothing is to be done
		l.expect(t, "ensured again", added)
		if a, err := hostaddr.Get(l.db, addr); err != nil || !a.Complete || a.Device != node.Uplink || a.Bridge != "br0" {
			t.Errorf("Get: %+v, %v; want it complete", a, err)
		}
		l.remove(t, addr)
		l.expect(t, "deleted", before)
	}
	if err := hostaddr.Delete(testContext(t), l.db, spareV4); !errors.Is(err, hostaddr.ErrNotFound) {
		t.Errorf("Delete of no address: %v, want %v", err, hostaddr.ErrNotFound)
	}
}

// TestSharedParameters has two addresses, which need the same parameters.
func TestSharedParameters(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	before := l.dump(t)
	for _, order := range [][]netip.Addr{{spareV4, anotherV4}, {anotherV4, spareV4}} {
		l.ensure(t, spareV4)
		l.ensure(t, anotherV4)
		l.expectReached(t, anotherV4)
		l.remove(t, order[0])
		l.expectReached(t, order[1])
		l.remove(t, order[1])
		l.expect(t, "both deleted", before)
	}

	// What somebody has changed since stays.
	l.ensure(t, spareV4)
	if err := l.Host().SetSysctl("net/ipv4/neigh/uplink0/proxy_delay", "40"); err != nil {
		t.Fatal(err)
	}
	l.remove(t, spareV4)
	after := l.dump(t)
	if !slices.Contains(after, "net/ipv4/neigh/uplink0/proxy_delay=40") || len(after) != len(before) {
		t.Errorf("after Delete: %q", after)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	nodetest.Command(t, l.Host(), "ip route add 192.0.2.60/32 dev uplink0")
	before := l.dump(t)
	for _, tt := range []struct {
		change func(*hostaddr.Config)
		is     error
		want   string
	}{
		{func(c *hostaddr.Config) { c.Bridge = "br9" }, hostaddr.ErrNoBridge, `"br9"`},
		{func(c *hostaddr.Config) { c.Device = "gone0" }, nil, `"gone0"`},
		{func(c *hostaddr.Config) { c.Device = "end0" }, nil, `"end0" is a port of bridge "br0"`},
		{func(c *hostaddr.Config) { c.Addr = netip.MustParseAddr("192.0.2.1") }, hostaddr.ErrExists, "by the machine itself"},
		{func(c *hostaddr.Config) { c.Addr = netip.MustParseAddr("192.0.2.60") }, hostaddr.ErrExists, "through another device"},
		{func(c *hostaddr.Config) { c.Addr = netip.MustParseAddr("224.0.0.1") }, nil, "not an address that can be routed"},
		{func(c *hostaddr.Config) { c.Addr = netip.Addr{} }, nil, "not an address that can be routed"},
	} {
		c := l.config(spareV4)
		tt.change(&c)
		err := hostaddr.Ensure(testContext(t), l.db, c)
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Ensure of %+v: %v, want %q", c, err, tt.want)
		}
	}
	l.expect(t, "refused", before)
	l.ensure(t, spareV4)
	c := l.config(spareV4)
	c.Bridge = "br9"
	if err := hostaddr.Ensure(testContext(t), l.db, c); !errors.Is(err, hostaddr.ErrExists) {
		t.Errorf("Ensure of an address of another bridge: %v, want %v", err, hostaddr.ErrExists)
	}
}

// TestKilled kills programs before each of their steps in turn.
func TestKilled(t *testing.T) {
	for _, addr := range []netip.Addr{spareV4, spareV6} {
		t.Run(addr.String(), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			before := l.dump(t)
			ensured := l.program("ensure", addr).Each(t, func(when string) {
				l.recover(t)
				l.expect(t, "Ensure "+when, before)
			})
			expectSteps(t, "Ensure", ensured)
			l.expectReached(t, addr)
			added := l.dump(t)
			deleted := l.program("delete", addr).Each(t, func(when string) {
				l.recover(t)
				if _, err := hostaddr.Get(l.db, addr); err == nil {
					l.expect(t, "Delete "+when, added)
					return
				}
				l.expect(t, "Delete "+when, before)
				l.ensure(t, addr)
			})
			expectSteps(t, "Delete", deleted)
			l.expect(t, "deleted", before)
		})
	}
}

func (l *lab) recover(t *testing.T) {
	t.Helper()
	if err := l.db.Client().Echo(testContext(t)); err != nil { // the copy is up to date
		t.Fatal(err)
	}
	if err := hostaddr.Recover(testContext(t), l.db); err != nil {
		t.Fatal(err)
	}
}

// expectSteps fails if an operation had hardly any steps.
func expectSteps(t *testing.T, operation string, steps []string) {
	t.Helper()
	if len(steps) < 7 {
		t.Errorf("steps of %s: %q, want one for each change", operation, steps)
	}
}

func TestFailedSteps(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	before := l.dump(t)
	steps := killtest.FailEach(t, func(step killtest.Step) error {
		return hostaddr.EnsureHooked(testContext(t), l.db, l.config(spareV4), step)
	}, func(when string) { l.expect(t, when, before) })
	expectSteps(t, "Ensure", steps)
	l.expectReached(t, spareV4)
	// A bridge's own port that was made anew is given the route again.
	added := l.dump(t)
	nodetest.Command(t, l.Host(), "ip link set br0 down")
	nodetest.Command(t, l.Host(), "ip link set br0 up")
	nodetest.Command(t, l.Host(), "ip -6 addr add fe80::b/64 dev br0 nodad")
	l.recover(t)
	l.expect(t, "recovered", added)
	l.expectReached(t, spareV4)
}

// TestHostileRecord has a record that nobody has written.
func TestHostileRecord(t *testing.T) {
	t.Parallel()
	sw := switchtest.Fake(t)
	for addr, text := range map[string]string{
		"192.0.2.1": "nonsense", "192.0.2.2": `{"v":2,"state":"added","device":"eth0"}`,
		"nowhere":   `{"v":1,"state":"added","device":"eth0"}`,
		"192.0.2.3": `{"v":1,"state":"asleep","device":"eth0"}`, "192.0.2.4": `{"v":1,"state":"added"}`,
		"192.0.2.5": `{"v":1,"state":"added","device":"eth0","settings":{"net/core/somaxconn":{"was":"1","is":"0"}}}`,
		"192.0.2.6": `{"v":1,"state":"added","device":"eth0","settings":{"net/ipv4/conf/eth0/forwarding":{"was":"x","is":"0"}}}`,
	} {
		_, err := sw.DB.Apply(testContext(t),
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "br-" + addr, Type: "internal"}).Named("i"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "br-" + addr, Interfaces: []string{"i"}}).Named("p"),
			ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{Name: "br-" + addr, Ports: []string{"p"}, DatapathType: sw.Datapath,
				ExternalIDs: map[string]string{"ovskit-hostaddr-" + addr: text}}).Named("b"),
			vswitch.AddBridges("b"))
		if err != nil {
			t.Fatal(err)
		}
		all, err := hostaddr.List(sw.DB)
		if err == nil || len(all) != 0 || !strings.Contains(err.Error(), `"`+addr+`"`) {
			t.Errorf("List with %s: %v, %v; want an error that names the address", text, all, err)
		}
	}
}
