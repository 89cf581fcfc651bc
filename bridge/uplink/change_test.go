// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"golang.org/x/sys/unix"
)

// TestChangesGoAlong changes what is on the bridge's own port while the NIC is
// adopted.
func TestChangesGoAlong(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	l.adopt(t)
	for _, c := range []string{
		"addr add 192.0.2.30/24 dev br0 valid_lft 600 preferred_lft 300",
		"route add 198.18.8.0/24 via 192.0.2.254",
		"route del 198.18.7.0/24 table 100",
	} {
		nodetest.Command(t, l.Host(), "ip "+c)
	}
	l.release(t)
	after := l.dump(t)
	var gone, came []string
	for _, line := range before {
		if !slices.Contains(after, line) {
			gone = append(gone, line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			came = append(came, line)
		}
	}
	if len(gone) != 1 || !strings.Contains(gone[0], "198.18.7.0/24") {
		t.Errorf("gone: %q, want the route that was deleted", gone)
	}
	all := strings.Join(came, "")
	if len(came) != 3 || !strings.Contains(all, "198.18.8.0/24") || strings.Count(all, "192.0.2.30") != 2 {
		t.Errorf("new: %q, want the address, its local route and the route", came)
	}
}

// TestLifetimesGoOn follows the lifetimes of an address.
func TestLifetimesGoOn(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", append(slices.Clone(plain), "addr add 192.0.2.40/24 dev uplink0 valid_lft 500 preferred_lft 400"))
	lifetimes := func(device string) map[string][2]float64 {
		var devices []struct {
			Addrs []map[string]any `json:"addr_info"`
		}
		if err := json.Unmarshal([]byte(nodetest.Command(t, l.Host(), "ip -json addr show dev "+device)), &devices); err != nil {
			t.Fatal(err)
		}
		left := map[string][2]float64{}
		for _, a := range devices[0].Addrs {
			left[a["local"].(string)] = [2]float64{a["valid_life_time"].(float64), a["preferred_life_time"].(float64)}
		}
		return left
	}
	before, start := lifetimes(node.Uplink), time.Now()
	check := func(when, device string) {
		t.Helper()
		now, most := lifetimes(device), time.Since(start).Seconds()+2
		for _, addr := range []string{"192.0.2.1", "192.0.2.40", "2001:db8:1::1"} {
			for i := range 2 {
				if lost := before[addr][i] - now[addr][i]; lost < 0 || lost > most {
					t.Errorf("%s: lifetimes of %s are %v, were %v %v ago", when, addr, now[addr], before[addr], time.Since(start))
				}
			}
		}
	}
	l.adopt(t)
	check("adopted", "br0")
	// A DHCP client renews its lease.
	nodetest.Command(t, l.Host(), "ip addr change 192.0.2.40/24 dev br0 valid_lft 5000 preferred_lft 4000")
	before["192.0.2.40"] = [2]float64{5000, 4000}
	l.release(t)
	check("released", node.Uplink)
}

// TestSwitchHangs has ovs-vswitchd not answer.
func TestSwitchHangs(t *testing.T) {
	t.Parallel()
	if nodetest.Datapath() == nodetest.KernelDatapath {
		t.Skip("a datapath in the kernel keeps the NIC until ovs-vswitchd gives it back")
	}
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	signal := func(s unix.Signal) {
		if err := unix.Kill(l.OVS().SwitchPID(), s); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []string{"write the journal, configure the bridge", "add the port"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := uplink.AdoptHooked(ctx, l.db, l.config(), func(step string) error {
			if step == at {
				signal(unix.SIGSTOP)
			}
			return nil
		})
		cancel()
		if !errors.Is(err, vswitch.ErrNotApplied) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Adopt: %v, want %v", err, vswitch.ErrNotApplied)
		}
		signal(unix.SIGCONT)
		if _, err := l.db.Apply(testContext(t)); err != nil {
			t.Fatal(err)
		}
		nodetest.Command(t, l.Host(), "ip link set br0 down") // which it may have set up by itself
		l.expect(t, "taken back", before)
		l.expectConnected(t, "taken back")
	}
	l.adopt(t)
	signal(unix.SIGSTOP)
	l.release(t)
	l.expectConnected(t, "released without ovs-vswitchd")
	signal(unix.SIGCONT)
}

// TestSwitchDies kills ovs-vswitchd while the NIC is adopted.
func TestSwitchDies(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	l.adopt(t)
	adopted := l.dump(t)
	restart := func(end func() error, meanwhile func()) {
		t.Helper()
		if err := end(); err != nil {
			t.Fatal(err)
		}
		meanwhile()
		if err := l.OVS().StartSwitch(testContext(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := l.db.Apply(testContext(t)); err != nil {
			t.Fatal(err)
		}
	}
	// The bridge's own port outlives it.
	for _, end := range []func() error{l.OVS().KillSwitch, l.OVS().StopSwitch} {
		restart(end, func() {})
		l.expect(t, "ovs-vswitchd restarted", adopted)
		l.expectConnected(t, "ovs-vswitchd restarted")
	}
	if nodetest.Datapath() == nodetest.KernelDatapath { // whose port cannot be removed, and which keeps the NIC without ovs-vswitchd
		l.release(t)
		nodetest.Command(t, l.Host(), "ip link set br0 down")
		l.expect(t, "released", before)
		return
	}

	restart(l.OVS().KillSwitch, func() { nodetest.Command(t, l.Host(), "ip link del br0") })
	changed, err := uplink.Recover(testContext(t), l.db)
	if err != nil || !slices.Equal(changed, []string{node.Uplink}) {
		t.Errorf("Recover: %v, %v; want the uplink", changed, err)
	}
	l.expect(t, "the bridge's own port made anew", adopted)
	l.expectConnected(t, "the bridge's own port made anew")

	restart(l.OVS().KillSwitch, func() {
		l.release(t)
		l.expectConnected(t, "released without ovs-vswitchd")
	})
	nodetest.Command(t, l.Host(), "ip link set br0 down") // which it may have set up by itself
	l.expect(t, "released without ovs-vswitchd", before)
}

// TestNICReconfigured has some program give the NIC to the kernel's IP stack
// again, and what it had as well.
func TestNICReconfigured(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	l.adopt(t)
	adopted := l.dump(t)
	for _, c := range []string{"ip link set uplink0 up", "ip addr add 192.0.2.1/24 brd + dev uplink0"} {
		for _, p := range [][2]string{{"ipv4/conf/uplink0/arp_ignore", "0"}, {"ipv6/conf/uplink0/disable_ipv6", "0"}} {
			if err := l.Host().SetSysctl("net/"+p[0], p[1]); err != nil {
				t.Fatal(err)
			}
		}
		nodetest.Command(t, l.Host(), c)
		if changed, err := uplink.Recover(testContext(t), l.db); err != nil || !slices.Equal(changed, []string{node.Uplink}) {
			t.Errorf("Recover: %v, %v; want the uplink", changed, err)
		}
		l.expect(t, "recovered", adopted)
		l.expectConnected(t, "recovered")
	}
	l.release(t)
	l.expect(t, "released", before)
}

// TestTakenOut has somebody take the NIC out of the bridge.
func TestTakenOut(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	l.adopt(t)
	br, _ := l.db.Bridge("br0")
	p, _ := l.db.Port(node.Uplink)
	if _, err := l.db.Apply(testContext(t), vswitch.RemovePorts(br.UUID, p.UUID)); err != nil {
		t.Fatal(err)
	}
	l.recover(t)
	l.expect(t, "recovered", before)
	l.expectConnected(t, "recovered")
}

// TestNICGone removes the NIC while it is adopted.
func TestNICGone(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	l.adopt(t)
	nodetest.Command(t, l.Host(), "ip link del uplink0")
	l.release(t)
	if left := nodetest.Command(t, l.Host(), "ip -4 -o addr show dev br0"); left != "" {
		t.Errorf("the bridge's own port has %s", left)
	}
	if got := len(l.db.Ports()); got != 1 {
		t.Errorf("%d ports, want the bridge's own", got)
	}
}

// TestNICDown adopts a NIC that is down.
func TestNICDown(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", []string{"link set uplink0 down", "addr add 192.0.2.1/24 dev uplink0"})
	before := l.dump(t)
	l.adopt(t)
	nodetest.Command(t, l.Host(), "ping -c1 -w10 -i0.1 192.0.2.254")
	l.release(t)
	l.expect(t, "released", before)
}

// age makes the journal one of an earlier start of the machine.
func (l *lab) age(t *testing.T) {
	t.Helper()
	if err := l.db.Client().Echo(testContext(t)); err != nil {
		t.Fatal(err)
	}
	text, err := uplink.WithBoot(l.db.Root().ExternalIDs[journalKey], "an earlier one")
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.db.Client().Transact(testContext(t), ovsdb.Mutate(vswitch.TableOpenVSwitch, []ovsdb.Mutation{
		ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{journalKey}),
		ovsdb.Change("external_ids", ovsdb.InsertInto, map[string]string{journalKey: text}),
	}))
	if err != nil {
		t.Fatal(err)
	}
}

// TestMachineStartedAnew has journals of an earlier start of the machine.
func TestMachineStartedAnew(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	before := l.dump(t)
	l.adopt(t)
	adopted := l.dump(t)
	// The configuration of the machine gives the NIC what it had.
	boot := func() {
		t.Helper()
		nodetest.Command(t, l.Host(), "ip addr flush dev br0")
		nodetest.Command(t, l.Host(), "ip link set br0 down")
		nodetest.Command(t, l.Host(), "ip rule del pref 1000")
		settings := "ipv4/arp_ignore=0 ipv4/rp_filter=0 ipv4/forwarding=1 ipv6/disable_ipv6=0"
		if err := l.Host().RestoreIP(node.Uplink, settings); err != nil {
			t.Fatal(err)
		}
		l.setDAD(t, "0")
		for _, c := range plain {
			nodetest.Command(t, l.Host(), "ip "+c)
		}
		l.setDAD(t, "1")
	}
	l.age(t)
	boot()
	l.recover(t)
	l.expect(t, "adopted anew", adopted)
	l.expectConnected(t, "adopted anew")

	// In the middle of a release all that is left are rows.
	l.runUntil(t, "release", "remove the port, configure the bridge as before")
	l.age(t)
	nodetest.Command(t, l.Host(), "ip link set br0 down")
	l.recover(t)
	l.expect(t, "released", before)
}

func TestBusy(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	var inner []error
	c := l.config()
	c.Connect = func(ctx context.Context, u *uplink.Uplink) error {
		_, err := uplink.Adopt(ctx, l.db, l.config())
		inner = append(inner, err)
		inner = append(inner, uplink.Release(ctx, l.db, node.Uplink))
		_, err = uplink.Recover(ctx, l.db)
		inner = append(inner, err)
		return nil
	}
	if _, err := uplink.Adopt(testContext(t), l.db, c); err != nil {
		t.Fatal(err)
	}
	for i, err := range inner {
		if !errors.Is(err, uplink.ErrBusy) {
			t.Errorf("change %d during an adoption: %v, want %v", i, err, uplink.ErrBusy)
		}
	}
	if len(inner) != 3 {
		t.Errorf("%d changes were tried, want 3", len(inner))
	}
}

func TestManyRoutes(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	routes := func(from, to int) {
		var batch strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&batch, "route add 100.64.%d.%d/32 via 192.0.2.254\n", i/256, i%256)
		}
		l.batch(t, batch.String())
	}
	routes(0, uplink.MaxObjects-20)
	before := l.dump(t)
	l.adopt(t)
	l.expectConnected(t, "adopted")
	t.Logf("the journal has %d bytes", len(l.db.Root().ExternalIDs[journalKey]))
	l.release(t)
	l.expect(t, "released", before)
	routes(uplink.MaxObjects-20, uplink.MaxObjects)
	if _, err := uplink.Adopt(testContext(t), l.db, l.config()); !errors.Is(err, uplink.ErrTooMany) {
		t.Errorf("Adopt with more: %v, want %v", err, uplink.ErrTooMany)
	}
}
