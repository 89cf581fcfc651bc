// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/internal/node/nodetest"
)

// TestNICRenamed gives the NIC another name while it is adopted.
func TestNICRenamed(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", append(slices.Clone(plain), "addr add 192.0.2.9/24 brd + dev uplink0 label uplink0:web"))
	before := l.dump(t)
	l.adopt(t)
	nodetest.Command(t, l.Host(), "ip link set uplink0 name wan0")
	if changed, err := uplink.Recover(testContext(t), l.db); err != nil || len(changed) > 0 {
		t.Errorf("Recover: %v, %v; want nothing", changed, err)
	}
	l.release(t)
	l.expectConnected(t, "released")
	nodetest.Command(t, l.Host(), "ip link set wan0 name uplink0")
	for i := range before { // the rule keeps the name that the NIC had
		before[i] = strings.Replace(before[i], `"iif":"uplink0"`, `"iif":"wan0","iif_detached":null`, 1)
	}
	l.expect(t, "released, with its name again", before)
}

// TestNICRenamedInTheMiddle does so during an adoption, which fails.
func TestNICRenamedInTheMiddle(t *testing.T) {
	t.Parallel()
	// A rule that names the NIC would stay as it is, beside one of its new name.
	machine := slices.DeleteFunc(slices.Clone(plain), func(c string) bool { return strings.HasPrefix(c, "rule") })
	l := newLab(t, "standalone", machine)
	before := l.dump(t)
	_, err := uplink.AdoptHooked(testContext(t), l.db, l.config(), func(step string) error {
		if step == "add the port" {
			nodetest.Command(t, l.Host(), "ip link set uplink0 name wan0")
		}
		return nil
	})
	if err == nil || strings.Contains(err.Error(), "undo") {
		t.Errorf("Adopt: %v, want an error, and all taken back", err)
	}
	l.expectConnected(t, "taken back")
	nodetest.Command(t, l.Host(), "ip link set wan0 name uplink0")
	l.expect(t, "taken back, with its name again", before)
}

// TestNoCarrier adopts and releases a NIC with nobody at the other end of its cable.
func TestNoCarrier(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	plug := func(how, flag string) {
		t.Helper()
		nodetest.Command(t, l.Outside(), "ip link set up0 "+how)
		nodetest.Command(t, l.Outside(), "ip addr replace "+outsideV6+"/64 dev up0 nodad") // setting it down has taken it away
		// The kernel tells its routes later than the device.
		for !strings.Contains(nodetest.Command(t, l.Host(), "ip link show dev uplink0"), flag) {
			if err := t.Context().Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	plug("down", "NO-CARRIER")
	before := l.dump(t)
	l.adopt(t)
	plug("up", "LOWER_UP")
	l.expectConnected(t, "adopted")
	plug("down", "NO-CARRIER")
	l.release(t)
	l.expect(t, "released", before)
	plug("up", "LOWER_UP")
	l.expectConnected(t, "released")
}

// TestJumboFrames adopts a NIC with a large MTU.
func TestJumboFrames(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", append(slices.Clone(plain), "link set uplink0 mtu 9000"))
	nodetest.Command(t, l.Outside(), "ip link set up0 mtu 9000")
	before := l.dump(t)
	l.adopt(t)
	nodetest.Command(t, l.Host(), "ping -c1 -w10 -i0.1 -M do -s 8900 "+node.OutsideAddr.Addr().String())
	l.release(t)
	l.expect(t, "released", before)
}

// TestShapedNIC adopts a NIC whose traffic is shaped: it goes on to be.
func TestShapedNIC(t *testing.T) {
	t.Parallel()
	l := newLab(t, "standalone", plain)
	for _, c := range []string{
		"tc qdisc add dev uplink0 root handle 1: htb default 10",
		"tc class add dev uplink0 parent 1: classid 1:10 htb rate 1gbit",
	} {
		nodetest.Command(t, l.Host(), c)
	}
	shaping := func() string {
		return nodetest.Command(t, l.Host(), "tc qdisc show dev uplink0") + nodetest.Command(t, l.Host(), "tc class show dev uplink0")
	}
	before := shaping()
	l.adopt(t)
	if got := shaping(); got != before {
		t.Errorf("adopted: got\n%swant\n%s", got, before)
	}
	l.release(t)
	if got := shaping(); got != before {
		t.Errorf("released: got\n%swant\n%s", got, before)
	}
}
