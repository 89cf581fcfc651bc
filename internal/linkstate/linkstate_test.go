// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/internal/tier"
	"golang.org/x/sys/unix"
)

func newNS(t *testing.T) *netns.NS {
	t.Helper()
	tier.Need(t, tier.System)
	ns, err := netns.New(fmt.Sprintf("ovskit-linkstate-%d-%s", os.Getpid(), strings.ToLower(t.Name())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ns.Delete(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []string{
		"link add v0 type veth peer name w0", "link add v1 type veth peer name w1",
		"link set v0 up", "link set w0 up", "link set v1 up", "link set w1 up",
	} {
		run(t, ns, c)
	}
	return ns
}

// run runs ip in a namespace and returns what it prints.
func run(t *testing.T, ns *netns.NS, command string) string {
	t.Helper()
	return nodetest.Command(t, ns, "ip "+command)
}

func device(t *testing.T, ns *netns.NS, name string) Device {
	t.Helper()
	return Device{Index: nodetest.Link(t, ns, name).Attrs().Index, Name: name}
}

func open(t *testing.T, ns *netns.NS) *Conn {
	t.Helper()
	c, err := Open(ns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func list(t *testing.T, c *Conn, d Device) []Object {
	t.Helper()
	objects, err := c.List(d)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// names are the objects in words.
func names(objects []Object) (names []string) {
	for _, o := range objects {
		if !o.LinkLocal() {
			names = append(names, o.String())
		}
	}
	return names
}

func nothing(Object) error { return nil }

// TestMove moves everything to another device and back, by way of their bytes.
func TestMove(t *testing.T) {
	t.Parallel()
	ns := newNS(t)
	for _, c := range []string{
		"addr add 10.1.0.1/24 dev v0 label v0:web", "addr add 10.1.0.2/24 dev v0", "-6 addr add 2001:db8::1/64 nodad dev v0",
		"route add 10.3.0.0/24 via 10.2.0.9 dev v0 onlink", "route add 10.2.0.0/24 via 10.1.0.9",
		"route add 10.4.0.0/24 via 10.1.0.9 table 7",
		"-6 route add 2001:db8:1::/64 via 2001:db8::9", "rule add oif v0 lookup 7 pref 7", "neigh add proxy 10.1.0.7 dev v0",
		"neigh add 10.1.0.8 lladdr 02:00:00:00:00:08 dev v0 nud permanent",
	} {
		run(t, ns, c)
	}
	c, v0, v1 := open(t, ns), device(t, ns, "v0"), device(t, ns, "v1")
	before := list(t, c, v0)
	want := []string{
		"address 10.1.0.1/24", "address 10.1.0.2/24", "address 2001:db8::1/64",
		"neighbour 10.1.0.8", "neighbour 10.1.0.7",
		"route to 10.4.0.0/24 via 10.1.0.9 in table 7", "route to 10.2.0.0/24 via 10.1.0.9", "route to 10.3.0.0/24 via 10.2.0.9",
		"route to 2001:db8:1::/64 via 2001:db8::9", "policy rule of priority 7",
	}
	if diff := cmp.Diff(want, names(before)); diff != "" {
		t.Fatalf("List (-want +got):\n%s", diff)
	}
	move := func(from, to Device) {
		t.Helper()
		decoded, err := Decode(Encode(list(t, c, from)))
		if err != nil {
			t.Fatal(err)
		}
		moved := make([]Object, len(decoded))
		for i, o := range decoded {
			moved[i] = o.Moved(from, to)
		}
		for range 2 { // what is there is no error
			if err := c.Add(moved, 0, nothing); err != nil {
				t.Fatal(err)
			}
			if err := c.Settle(t.Context(), to, moved); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // nor is what is not
			for _, o := range slices.Backward(decoded) {
				if err := c.Remove(o); err != nil {
					t.Fatal(err)
				}
			}
		}
		if left := names(list(t, c, from)); len(left) != 0 {
			t.Errorf("left at %s: %q", from.Name, left)
		}
	}
	move(v0, v1)
	if diff := cmp.Diff(want, names(list(t, c, v1))); diff != "" {
		t.Errorf("moved (-want +got):\n%s", diff)
	}
	if got := run(t, ns, "-4 addr show dev v1"); !strings.Contains(got, "v1:web") {
		t.Errorf("addresses of v1: %s; want the label of one to be v1:web", got)
	}
	move(v1, v0)
	if diff := cmp.Diff(messages(before), messages(list(t, c, v0))); diff != "" {
		t.Errorf("moved back (-want +got):\n%s", diff)
	}
}

// messages are the objects in full, without what changes by itself.
func messages(objects []Object) (messages []string) {
	for _, o := range objects {
		if !o.LinkLocal() {
			messages = append(messages, fmt.Sprintf("%s: %x", o, o.with(unix.IFA_CACHEINFO, nil).message()))
		}
	}
	return messages
}

// TestAge adds what was listed a while ago.
func TestAge(t *testing.T) {
	t.Parallel()
	ns := newNS(t)
	for _, c := range []string{
		"addr add 10.1.0.1/24 dev v0 valid_lft 1000 preferred_lft 500", "addr add 10.2.0.1/24 dev v0",
		"-6 addr add 2001:db8::1/64 nodad dev v0", "-6 route add 2001:db8:1::/64 via 2001:db8::9 expires 1000",
	} {
		run(t, ns, c)
	}
	c, v0, v1 := open(t, ns), device(t, ns, "v0"), device(t, ns, "v1")
	listed := list(t, c, v0)
	run(t, ns, "-6 route del 2001:db8:1::/64")
	for _, tt := range []struct {
		age         time.Duration
		left        string
		leftOfRoute bool
	}{{700 * time.Second, "valid_lft 300sec preferred_lft 0sec", true}, {2000 * time.Second, "", false}} {
		var moved []Object
		for _, o := range listed {
			moved = append(moved, o.Moved(v0, v1))
		}
		if err := c.Add(moved, tt.age, nothing); err != nil {
			t.Fatal(err)
		}
		got := run(t, ns, "-o -4 addr show dev v1")
		if strings.Contains(got, "10.1.0.1") != (tt.left != "") ||
			!strings.Contains(got, "10.2.0.1/24 scope global v1\\       valid_lft forever") {
			t.Errorf("after %v: %s; want 10.1.0.1 with %q", tt.age, got, tt.left)
		}
		if tt.left != "" && !strings.Contains(got, tt.left) && !strings.Contains(got, strings.Replace(tt.left, "300", "299", 1)) {
			t.Errorf("after %v: %s; want %q", tt.age, got, tt.left)
		}
		if route := run(t, ns, "-6 route show 2001:db8:1::/64 dev v1"); strings.Contains(route, "expires") != tt.leftOfRoute {
			t.Errorf("after %v: route %q, want it: %v", tt.age, route, tt.leftOfRoute)
		}
		run(t, ns, "addr flush dev v1")
		run(t, ns, "-6 route flush dev v1")
	}
}

// TestSweep removes an address whose subnet's route the kernel leaves.
func TestSweep(t *testing.T) {
	t.Parallel()
	ns := newNS(t)
	for _, c := range []string{
		"-6 addr add 2001:db8:1::1/64 nodad dev v0 valid_lft 1000 preferred_lft 500",
		"-6 addr add 2001:db8:2::1/64 nodad dev v0 valid_lft 1000 preferred_lft 500", "-6 addr add 2001:db8:2::2/64 nodad dev v0",
	} {
		run(t, ns, c)
	}
	c, v0 := open(t, ns), device(t, ns, "v0")
	var removed []Object
	for _, o := range list(t, c, v0) {
		if o.String() == "address 2001:db8:1::1/64" || o.String() == "address 2001:db8:2::1/64" {
			removed = append(removed, o)
			if err := c.Remove(o); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := run(t, ns, "-6 route show dev v0"); !strings.Contains(got, "2001:db8:1::/64") {
		t.Logf("this kernel leaves no route: %s", got)
	}
	if err := c.Sweep(v0, removed); err != nil {
		t.Fatal(err)
	}
	got := run(t, ns, "-6 route show dev v0")
	if strings.Contains(got, "2001:db8:1::/64") || !strings.Contains(got, "2001:db8:2::/64") {
		t.Errorf("after Sweep: %s; want the route of the address that is left", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, o := range []Object{
		{Kind: Address, header: []byte{2, 24, 0, 0, 1, 0, 0, 0}, attrs: []attr{{1, []byte{10, 0, 0, 1}}, {3, []byte("v0\x00")}}},
		{Kind: Route, header: make([]byte, 12), attrs: []attr{{9, []byte{8, 0, 0, 0, 1, 0, 0, 0}}}},
		{Kind: Neighbour, header: make([]byte, 12), attrs: []attr{{1, []byte{10, 0, 0, 1}}}},
		{Kind: Rule, header: make([]byte, 12), attrs: []attr{{3, []byte("v0\x00")}}},
	} {
		f.Add(Encode([]Object{o}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(Encode(objects))
		if err != nil || len(again) != len(objects) {
			t.Fatalf("decoded again: %d objects, %v; want %d", len(again), err, len(objects))
		}
		for _, o := range objects {
			moved := o.Moved(Device{1, "v0"}, Device{2, "v1"})
			if moved.Kind != o.Kind || moved.ID() == "" || moved.String() == "" {
				t.Errorf("moved %v to %v", o, moved)
			}
			agedAddress(o, 7)
			agedRoute(o, 7)
		}
	})
}
