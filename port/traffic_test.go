// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/tier"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

// wired attaches a veth port without an address and taps its far end.
func (l *lab) wired(t *testing.T, name string, change func(c *port.Config)) *wire {
	t.Helper()
	c, ns := l.config(t, name, "10.0.0.2/24")
	c.Addrs = nil
	change(&c)
	l.attach(t, c)
	return tap(t, ns, "eth0")
}

func access(vlan uint16) func(*port.Config) {
	return func(c *port.Config) { c.VLAN = port.VLAN{Tag: vlan} }
}

// TestVLANs sends frames between ports of two VLANs, trunks and mirrors.
func TestVLANs(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	a, b := l.wired(t, "a", access(10)), l.wired(t, "b", access(10))
	c, d := l.wired(t, "c", access(20)), l.wired(t, "d", access(20))
	trunk := l.wired(t, "trunk", func(*port.Config) {})
	only20 := l.wired(t, "only20", func(c *port.Config) { c.VLAN.Trunks = []uint16{20} })
	native := l.wired(t, "native", func(c *port.Config) {
		c.VLAN = port.VLAN{Mode: port.NativeUntagged, Tag: 10, Trunks: []uint16{10, 20}}
	})
	nativeTagged := l.wired(t, "ntagged", func(c *port.Config) {
		c.VLAN = port.VLAN{Mode: port.NativeTagged, Tag: 10, Trunks: []uint16{10}}
	})

	a.send(t, frame("from a"))
	if got := b.until(t, "from a"); len(got) > 0 {
		t.Errorf("b saw %v", got)
	}
	c.send(t, frame("from c"))
	if got := d.until(t, "from c"); len(got) > 0 {
		t.Errorf("d, of VLAN 20, saw %v", got)
	}
	trunk.send(t, tagged(20, frame("end")))
	if got := c.until(t, "end"); len(got) > 0 {
		t.Errorf("c, of VLAN 20, saw %v", got)
	}
	d.until(t, "end")
	want := map[string][]sighting{
		"only20": {{Text: "from c", VLAN: 20}},
		"native": {{Text: "from a", VLAN: -1}, {Text: "from c", VLAN: 20}},
	}
	got := map[string][]sighting{"only20": only20.until(t, "end"), "native": native.until(t, "end")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("seen at the trunks (-want +got):\n%s", diff)
	}
	a.send(t, frame("end of a"))
	if diff := cmp.Diff([]sighting{{Text: "from a", VLAN: 10}}, nativeTagged.until(t, "end of a")); diff != "" {
		t.Errorf("seen at the native tagged trunk (-want +got):\n%s", diff)
	}
	wantTrunk := []sighting{{Text: "from a", VLAN: 10}, {Text: "from c", VLAN: 20}}
	if diff := cmp.Diff(wantTrunk, trunk.until(t, "end of a")); diff != "" {
		t.Errorf("seen at the trunk (-want +got):\n%s", diff)
	}
	// In the other direction an untagged frame belongs to the native VLAN.
	native.send(t, frame("natively"))
	b.until(t, "natively")
	if s := trunk.next(t); s.Text != "natively" || s.VLAN != 10 {
		t.Errorf("the trunk saw %+v, want the untagged frame with tag 10", s)
	}
}

func TestMirrors(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	a, b := l.wired(t, "a", access(10)), l.wired(t, "b", access(10))
	c, span := l.wired(t, "c", access(20)), l.wired(t, "span", func(*port.Config) {})
	remote := l.wired(t, "remote", func(c *port.Config) { c.VLAN.Trunks = []uint16{99} })
	ctx := testContext(t)
	if err := l.ports.SetMirror(ctx, port.Mirror{Bridge: "br0", Name: "m", From: []string{"a"}, OutputPort: "span"}); err != nil {
		t.Fatal(err)
	}
	if err := l.ports.SetMirror(ctx, port.Mirror{Bridge: "br0", Name: "v", From: []string{"c"}, OutputVLAN: 99}); err != nil {
		t.Fatal(err)
	}
	b.send(t, frame("from b"))
	a.until(t, "from b")
	c.send(t, frame("from c"))
	a.send(t, frame("from a"))
	b.until(t, "from a")
	a.send(t, frame("end"))
	if diff := cmp.Diff([]sighting{{Text: "from a", VLAN: 10}}, span.until(t, "end")); diff != "" {
		t.Errorf("copies at the port (-want +got):\n%s", diff)
	}
	if s := remote.next(t); s.Text != "from c" || s.VLAN != 99 {
		t.Errorf("the VLAN's trunk saw %+v, want the copy of the frame of c", s)
	}
	if err := l.ports.SetMirror(ctx, port.Mirror{Bridge: "br0", Name: "m", To: []string{"a"}, OutputPort: "span", SnapLen: 40}); err != nil {
		t.Fatal(err)
	}
	a.send(t, frame("from a again"))
	b.until(t, "from a again")
	b.send(t, frame("to a"))
	if s := span.next(t); s.Text != "to a" || s.Size > 40 {
		t.Errorf("the copy is %+v, want 40 bytes of the frame to a", s)
	}
}

func TestMTU(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	small, web := l.config(t, "web", "10.0.0.2/24")
	small.MTU = 1400
	l.attach(t, small)
	l.endpoint(t, "db", "10.0.0.3/24")
	if err := ping(t, web, "10.0.0.3", "5", "-s1372", "-Mdo"); err != nil { // with headers of 28 bytes
		t.Errorf("a packet as large as the MTU: %v", err)
	}
	if err := ping(t, web, "10.0.0.3", "1", "-s1373", "-Mdo"); err == nil || !strings.Contains(err.Error(), "mtu=1400") {
		t.Errorf("a larger packet: %v, want that the MTU is 1400", err)
	}
	small.MTU = 0
	l.attach(t, small)
	if err := ping(t, web, "10.0.0.3", "5", "-s1472", "-Mdo"); err != nil {
		t.Errorf("a packet as large as the default MTU: %v", err)
	}
}

// TestPatchTraffic has two bridges joined.
func TestPatchTraffic(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	l.bridge(t, bridge.Config{Name: "br1", FailMode: bridge.Standalone})
	patch := port.Config{Bridge: "br0", Name: "to-br1", Kind: port.Patch, Patch: &port.PatchConfig{Bridge: "br1", Name: "to-br0"}}
	l.attach(t, patch)
	c, web := l.config(t, "web", "10.0.0.2/24")
	l.attach(t, c)
	c, _ = l.config(t, "db", "10.0.0.3/24")
	c.Bridge = "br1"
	l.attach(t, c)
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Errorf("ping: %v", err)
	}
	// A half that somebody removed is made again.
	other, _ := l.db.Port("to-br0")
	br1, _ := l.db.Bridge("br1")
	if _, err := l.db.Apply(testContext(t), vswitch.RemovePorts(br1.UUID, other.UUID)); err != nil {
		t.Fatal(err)
	}
	l.attach(t, patch)
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Errorf("ping through the half that was made again: %v", err)
	}
}

// TestAFXDP passes packets through a port of AF_XDP.
func TestAFXDP(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Standalone)
	if nodetest.Datapath() != nodetest.UserDatapath {
		t.Skip("ports of AF_XDP are for the datapath in user space")
	}
	tier.NeedFeature(t, tier.System, slices.Contains(l.db.Root().IfaceTypes, "afxdp"), "interfaces of type afxdp")
	c, web := l.config(t, "web", "10.0.0.2/24")
	c.Type = "afxdp"
	l.attach(t, c)
	l.endpoint(t, "db", "10.0.0.3/24")
	if err := ping(t, web, "10.0.0.3", "5"); err != nil {
		t.Errorf("ping: %v", err)
	}
}

// ofctl runs ovs-ofctl on a bridge of the node.
func (l *lab) ofctl(t *testing.T, command, br string, args ...string) {
	t.Helper()
	address := strings.TrimPrefix(l.OVS().Management(br), "unix:")
	cmd := exec.CommandContext(t.Context(), "ovs-ofctl", append([]string{command, "unix:" + address}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ovs-ofctl %s: %v: %s", command, err, out)
	}
}

// bridge makes another bridge of the node.
func (l *lab) bridge(t *testing.T, c bridge.Config) {
	t.Helper()
	c.Datapath, c.SwitchNetns = nodetest.Datapath(), l.Host().Path()
	if _, err := bridge.Ensure(testContext(t), l.db, c); err != nil {
		t.Fatal(err)
	}
}

// endpoint attaches a veth port with an address.
func (l *lab) endpoint(t *testing.T, name, addr string) (*port.Port, *netns.NS) {
	t.Helper()
	c, ns := l.config(t, name, addr)
	return l.attach(t, c), ns
}
