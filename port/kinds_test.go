// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

func TestInternalPortInNamespace(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Kind, c.MTU = port.Internal, 1400
	p := l.attach(t, c)
	if p.Ifname != "web" {
		t.Errorf("the interface's name is %q, want that of the port", p.Ifname)
	}
	if got, want := links(t, web), []string{"lo", "web"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace = %v, want %v", got, want)
	}
	peer, db := l.config(t, "db", "10.0.0.3/24")
	l.attach(t, peer)
	if err := ping(t, db, "10.0.0.2", "10"); err != nil {
		t.Errorf("ping: %v", err)
	}
	l.detach(t, "web")
	if _, err := l.db.Apply(testContext(t)); err != nil { // until the switch has followed
		t.Fatal(err)
	}
	if got, want := links(t, web), []string{"lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace after Detach = %v, want %v", got, want)
	}
}

// TestInternalPortComesBack has ovs-vswitchd start again, which makes a new device in its own namespace.
func TestInternalPortComesBack(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Kind = port.Internal
	l.attach(t, c)
	peer, db := l.config(t, "db", "10.0.0.3/24")
	l.attach(t, peer)
	if err := l.OVS().KillSwitch(); err != nil {
		t.Fatal(err)
	}
	if err := l.OVS().StartSwitch(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.db.Apply(testContext(t)); err != nil {
		t.Fatal(err)
	}
	l.attach(t, c)
	if got, want := links(t, web), []string{"lo", "web"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace = %v, want %v", got, want)
	}
	if err := ping(t, db, "10.0.0.2", "10"); err != nil {
		t.Errorf("ping: %v", err)
	}
}

// TestInterfaceComesBack has the far end of a port vanish, as with a container whose namespace is made anew under its
// old name.
func TestInterfaceComesBack(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	c, web := l.config(t, "web", "10.0.0.2/24")
	first := l.attach(t, c)
	peer, db := l.config(t, "db", "10.0.0.3/24")
	l.attach(t, peer)
	nodetest.DeleteLink(t, web, "eth0")
	again := l.attach(t, c)
	if again.MAC.String() != first.MAC.String() {
		t.Errorf("MAC address %s, want %s as before", again.MAC, first.MAC)
	}
	if got := differences(testContext(t), t, l.ports, "web"); len(got) > 0 {
		t.Errorf("differences %q", got)
	}
	if err := ping(t, db, "10.0.0.2", "10"); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 9}
	c := port.Config{Bridge: "br0", Name: "web", HandOver: true, Ifname: "handed0", MAC: mac, MTU: 1400}
	p := l.attach(t, c)
	h := nodetest.Netlink(t, l.Host())
	defer h.Close()
	link := nodetest.Link(t, l.Host(), "handed0")
	if a := link.Attrs(); a.HardwareAddr.String() != mac.String() || a.MTU != 1400 || a.Flags&net.FlagUp != 0 {
		t.Errorf("the interface has MAC address %s, MTU %d, flags %s; want %s, 1400, down", a.HardwareAddr, a.MTU, a.Flags, mac)
	}
	web := nodetest.Endpoint(t, l.Node, "web")
	if err := h.LinkSetNsFd(link, web.Fd()); err != nil {
		t.Fatal(err)
	}
	// What has been moved is not asked for again.
	if again := l.attach(t, c); again.OFPort != p.OFPort {
		t.Errorf("port number %d, want %d as before", again.OFPort, p.OFPort)
	}
	l.detach(t, "web")
	if got, want := links(t, web), []string{"lo"}; !slices.Equal(got, want) {
		t.Errorf("devices in the namespace after Detach = %v, want %v", got, want)
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		m := manager(t, sw.DB)
		c := port.Config{
			Bridge: "br0", Name: "to-br1", Kind: port.Patch, Patch: &port.PatchConfig{Bridge: "br1", Name: "to-br0", OFPort: 7},
		}
		if _, err := m.Attach(ctx, c); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("Attach to a bridge that is not there: %v, want %v", err, port.ErrNotFound)
		}
		if _, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br1", Datapath: sw.Datapath}); err != nil {
			t.Fatal(err)
		}
		p := attach(t, m, c)
		other, err := m.Get("to-br0")
		if err != nil {
			t.Fatal(err)
		}
		if p.OFPort == 0 || other.OFPort != 7 || other.Patch.Name != "to-br1" || other.Bridge != "br1" {
			t.Errorf("ports %+v and %+v", p, other)
		}
		detach(t, m, "to-br0")
		for _, name := range []string{"to-br0", "to-br1"} {
			if _, ok := sw.DB.Port(name); ok {
				t.Errorf("port %q is left", name)
			}
		}
	})
}

func TestDetachWithQoS(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		sw.AddDevice(t, "p1")
		m := manager(t, sw.DB)
		c := port.Config{
			Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType,
			QoS: &port.QoS{MaxRate: 1e9, Queues: map[uint32]port.Queue{1: {MaxRate: 1e8}}},
		}
		attach(t, m, c)
		detach(t, m, "p1")
		for _, table := range []string{vswitch.TablePort, vswitch.TableQoS, vswitch.TableQueue} {
			results, err := sw.DB.Client().Transact(ctx, ovsdb.Select(table, nil, ovsdb.Where("external_ids", ovsdb.Includes,
				map[string]string{mark.Owner: "ovskit"})))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(results[0].Rows); n > 0 && table != vswitch.TablePort || n > 1 {
				t.Errorf("%d rows are left in table %s", n, table)
			}
		}
	})
}

func TestTunnelRow(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		withBridge(t, sw)
		m := manager(t, sw.DB)
		key := uint32(77)
		for _, tt := range []struct {
			name   string
			tunnel port.TunnelConfig
			want   map[string]string
		}{
			{"byflow", port.TunnelConfig{Type: "geneve"}, map[string]string{"remote_ip": "flow", "key": "flow"}},
			{"fixed", port.TunnelConfig{
				Type: "vxlan", Remote: netip.MustParseAddr("192.0.2.7"), Local: netip.MustParseAddr("192.0.2.1"), Key: &key,
				DstPort: 8472, Checksum: true,
			}, map[string]string{
				"remote_ip": "192.0.2.7", "local_ip": "192.0.2.1", "key": "77", "dst_port": "8472", "csum": "true",
			}},
		} {
			p := attach(t, m, port.Config{Bridge: "br0", Name: tt.name, Kind: port.Tunnel, Tunnel: &tt.tunnel})
			iface, _ := sw.DB.Interface(tt.name)
			if diff := cmp.Diff(tt.want, iface.Options); diff != "" || iface.Type != tt.tunnel.Type {
				t.Errorf("%s: type %q, options (-want +got):\n%s", tt.name, iface.Type, diff)
			}
			again, err := m.Get(tt.name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p, again, sameAddrs); diff != "" {
				t.Errorf("Get (-Attach +Get):\n%s", diff)
			}
		}
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withPolicingBridge(t, sw)
		sw.AddDevice(t, "p1")
		m := manager(t, sw.DB)
		c := port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType}
		first := attach(t, m, c)
		dscp := uint8(46)
		for _, change := range []func(c *port.Config){
			func(c *port.Config) { c.VLAN = port.VLAN{Tag: 7} },
			func(c *port.Config) { c.VLAN = port.VLAN{Mode: port.NativeUntagged, Tag: 7, Trunks: []uint16{8, 9}} },
			func(c *port.Config) {
				c.VLAN, c.Policing = port.VLAN{}, port.Policing{Rate: 1000, Burst: 100, PacketRate: 7}
			},
			func(c *port.Config) { c.ExternalIDs, c.ContainerID = map[string]string{"a": "b"}, "c1" },
			func(c *port.Config) {
				c.QoS = &port.QoS{MaxRate: 1e9, Queues: map[uint32]port.Queue{
					0: {MaxRate: 1e8}, 3: {MinRate: 1e6, Priority: 2, DSCP: &dscp},
				}}
			},
			func(c *port.Config) { c.QoS = &port.QoS{MaxRate: 1e8} },
			func(c *port.Config) { *c = port.Config{Bridge: c.Bridge, Name: c.Name, Kind: c.Kind, Type: c.Type} },
		} {
			change(&c)
			attach(t, m, c)
			got, err := m.Get("p1")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c, got.Config, sameAddrs); diff != "" || got.OFPort != first.OFPort {
				t.Errorf("port number %d, want %d; config (-want +got):\n%s", got.OFPort, first.OFPort, diff)
			}
			if row, _ := sw.DB.Port("p1"); (row.QoS != nil) != (c.QoS != nil) {
				t.Errorf("Port.qos is %v with QoS %v", row.QoS, c.QoS)
			}
		}
		for _, table := range []string{vswitch.TableQoS, vswitch.TableQueue} {
			results, err := sw.DB.Client().Transact(ctx, ovsdb.Select(table, nil))
			if err != nil {
				t.Fatal(err)
			}
			if n := len(results[0].Rows); n > 0 {
				t.Errorf("%d rows are left in table %s", n, table)
			}
		}
		iface, _ := sw.DB.Interface("p1")
		if _, ok := iface.ExternalIDs["a"]; ok {
			t.Errorf("external_ids = %v: a key that is not asked for any longer is left", iface.ExternalIDs)
		}
		c.Bridge = "br1"
		if _, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br1", Datapath: sw.Datapath}); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Attach(ctx, c); !errors.Is(err, port.ErrExists) {
			t.Errorf("Attach to another bridge: %v, want %v", err, port.ErrExists)
		}
	})
}
