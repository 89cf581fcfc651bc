// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge/hostaddr"
	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// TestRefused tries devices that cannot be an uplink.
func TestRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	for _, c := range []string{
		"link set br0 up", "link add m0 type veth peer name m1", "link add master0 type bridge", "link set m0 master master0",
		"tuntap add tun0 mode tun", "link add mac0 link m1 type macvlan",
		"link add nh0 type veth peer name nh1", "link set nh0 up", "link set nh1 up", "addr add 172.29.0.1/24 dev nh0",
		"nexthop add id 7 via 172.29.0.2 dev nh0", "route add 198.18.9.0/24 nhid 7",
	} {
		nodetest.Command(t, l.Host(), "ip "+c)
	}
	l.addPort(t, "other0")
	before := l.dump(t)
	for _, tt := range []struct {
		device, want string
		unsuitable   bool
	}{
		{"lo", "loopback", true},
		{"gone0", "no such device", true},
		{"m0", `belongs to device "master0"`, true},
		{"m1", `device "mac0" is on it`, true},
		{"tun0", "no Ethernet device", true},
		{"mac0", "receives only what is for its own MAC address", true},
		{"br0", `port of bridge "br0"`, true},
		{"other0", `port of bridge "br0"`, true},
		{"nh0", "route to 198.18.9.0/24 via 172.29.0.2: uses a next hop object", false},
	} {
		c := l.config()
		c.Device = tt.device
		_, err := uplink.Adopt(testContext(t), l.db, c)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), `"`+tt.device+`"`) {
			t.Errorf("Adopt of %s: %v, want %q", tt.device, err, tt.want)
		}
		if errors.As(err, new(*uplink.UnsuitableError)) != tt.unsuitable {
			t.Errorf("Adopt of %s: %T, want an UnsuitableError: %v", tt.device, err, tt.unsuitable)
		}
	}
	c := l.config()
	c.Bridge = "br9"
	if _, err := uplink.Adopt(testContext(t), l.db, c); !errors.Is(err, uplink.ErrNoBridge) {
		t.Errorf("Adopt into a missing bridge: %v, want %v", err, uplink.ErrNoBridge)
	}
	l.expect(t, "refused", before)

	spare := netip.MustParseAddr("192.0.2.50")
	err := hostaddr.Ensure(testContext(t), l.db, hostaddr.Config{
		Bridge: "br0", Device: node.Uplink, Addr: spare, SwitchNetns: l.Host().Path(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := uplink.Adopt(testContext(t), l.db, l.config()); err == nil || !strings.Contains(err.Error(), "192.0.2.50") {
		t.Errorf("Adopt of a NIC with a spare address: %v, want an error that names it", err)
	}
	if err := hostaddr.Delete(testContext(t), l.db, spare); err != nil {
		t.Fatal(err)
	}
	l.adopt(t)
	c = l.config()
	c.Device = "master0"
	if _, err := uplink.Adopt(testContext(t), l.db, c); !errors.Is(err, uplink.ErrExists) {
		t.Errorf("a second uplink: %v, want %v", err, uplink.ErrExists)
	}
}

// addPort makes a pair of devices and the first of it a port of br0.
func (l *lab) addPort(t *testing.T, name string) {
	t.Helper()
	nodetest.Command(t, l.Host(), "ip link add "+name+" type veth peer name "+name+"p")
	br, _ := l.db.Bridge("br0")
	_, err := l.db.Apply(testContext(t),
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name}).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
		vswitch.AddPorts(br.UUID, "p"))
	if err != nil {
		t.Fatal(err)
	}
}

// TestHostileJournals has journals that nobody has written.
func TestHostileJournals(t *testing.T) {
	t.Parallel()
	sw := switchtest.Fake(t)
	ctx := testContext(t)
	_, err := sw.DB.Apply(ctx, ovsdb.Update(vswitch.TableOpenVSwitch,
		ovsdb.Row{"external_ids": map[string]string{"ovskit-uplink-br0": "1 nonsense"}}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := uplink.List(sw.DB); err == nil || len(got) != 0 || !strings.Contains(err.Error(), `"br0"`) {
		t.Errorf("List = %v, %v; want an error that names the bridge", got, err)
	}
	if _, err := uplink.Get(sw.DB, "eth0"); err == nil {
		t.Error("Get found an uplink")
	}
	if _, err := uplink.Recover(ctx, sw.DB); err == nil || !strings.Contains(err.Error(), "journal") {
		t.Errorf("Recover: %v, want an error about the journal", err)
	}
}

func FuzzJournal(f *testing.F) {
	for _, text := range []string{
		"", "1", "2 abc", "1 nonsense", "1 q1YqLkksSVWyUkpMyS8oycxLV9JRSkktyywGiufkJwIFDQyUagE",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if uplink.DecodeJournal(text) == nil && !strings.HasPrefix(text, "1 ") {
			t.Errorf("%q was read", text)
		}
	})
}
