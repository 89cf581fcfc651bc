// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"go.uber.org/goleak"
)

// TestMain fails if a goroutine or a thread in another network namespace is
// left behind.
func TestMain(m *testing.M) {
	killtest.Main(func(ctx context.Context, j job, step killtest.Step) error { return j.run(ctx, step) })
	before := threadNamespaces()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if after := threadNamespaces(); !slices.Equal(before, after) {
			fmt.Fprintf(os.Stderr, "threads are in the network namespaces %v, want %v\n", after, before)
			code = 1
		}
		os.Exit(code)
	}))
}

// threadNamespaces returns the network namespaces that the process's threads
// are in.
func threadNamespaces() (found []string) {
	paths, _ := filepath.Glob("/proc/self/task/*/ns/net")
	for _, p := range paths {
		if target, err := os.Readlink(p); err == nil && !slices.Contains(found, target) {
			found = append(found, target)
		}
	}
	return found
}

// testContext ends before the test program is given up.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// sameAddrs compares values that have no exported parts.
var sameAddrs = cmp.Options{
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

// manager opens a manager of a switch's ports until the test ends.
func manager(t testing.TB, db *vswitch.DB) *port.Manager {
	t.Helper()
	m, err := port.Open(db, port.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// attach attaches a port that must be made.
func attach(t testing.TB, m *port.Manager, c port.Config) *port.Port {
	t.Helper()
	p, err := m.Attach(testContext(t), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// detach detaches a port that must be there.
func detach(t testing.TB, m *port.Manager, name string) {
	t.Helper()
	if err := m.Detach(testContext(t), name); err != nil {
		t.Fatal(err)
	}
}

// expectError wants an error of what is named: with what, unless that is nil, and
// with a text.
func expectError(t *testing.T, of string, err, is error, text string) {
	t.Helper()
	switch {
	case err == nil:
		t.Fatalf("%s: no error", of)
	case is != nil && !errors.Is(err, is):
		t.Errorf("%s: error %q is not %q", of, err, is)
	case !strings.Contains(err.Error(), text):
		t.Errorf("%s: error %q does not contain %q", of, err, text)
	}
}

// withBridge makes the bridge br0.
func withBridge(t *testing.T, sw *switchtest.Switch) {
	t.Helper()
	if _, err := bridge.Ensure(testContext(t), sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath}); err != nil {
		t.Fatal(err)
	}
}

// withPolicingBridge is withBridge of a datapath with which devices can be policed: the
// fake's are of the kernel.
func withPolicingBridge(t *testing.T, sw *switchtest.Switch) {
	t.Helper()
	if sw.Fake != nil {
		sw.Datapath = "system"
	}
	withBridge(t, sw)
}

func TestAttachAndDetachDevice(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		sw.AddDevice(t, "p1")
		sw.AddDevice(t, "p2")
		mac := net.HardwareAddr{2, 0, 0, 0, 0, 7}
		addrs := []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")}
		m := manager(t, sw.DB)
		got := attach(t, m, port.Config{
			Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType, MAC: mac, Addrs: addrs,
			ContainerID: "c1", ExternalIDs: map[string]string{"for": "test"},
		})
		want := &port.Port{
			Config: port.Config{
				Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType, MAC: mac, Addrs: addrs,
				ContainerID: "c1", ExternalIDs: map[string]string{"for": "test"},
			},
			OFPort: got.OFPort, Owner: "ovskit",
		}
		if diff := cmp.Diff(want, got, sameAddrs); diff != "" {
			t.Errorf("port (-want +got):\n%s", diff)
		}
		again, err := manager(t, sw.DB).Get("p1")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, again, sameAddrs); diff != "" {
			t.Errorf("Get (-Attach +Get):\n%s", diff)
		}
		second := attach(t, manager(t, sw.DB), port.Config{Bridge: "br0", Name: "p2", Kind: port.Device, Type: sw.DeviceType})
		if got.OFPort == 0 || got.OFPort == second.OFPort {
			t.Errorf("port numbers %d and %d, want two different ones above 0", got.OFPort, second.OFPort)
		}

		iface, _ := sw.DB.Interface("p1")
		row, _ := sw.DB.Port("p1")
		ids := []map[string]string{iface.ExternalIDs, row.ExternalIDs}
		wantIDs := []map[string]string{
			{mark.Owner: "ovskit", mark.Kind: "device", "for": "test", "container_id": "c1", "attached-mac": mac.String(),
				mark.Config: iface.ExternalIDs[mark.Config]},
			{mark.Owner: "ovskit"},
		}
		if diff := cmp.Diff(wantIDs, ids); diff != "" {
			t.Errorf("external_ids of the interface and the port (-want +got):\n%s", diff)
		}

		somebody, err := port.Open(sw.DB, port.Options{Owner: "somebody"})
		if err != nil {
			t.Fatal(err)
		}
		defer somebody.Close()
		c := port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType}
		if _, err := somebody.Attach(ctx, c); !errors.Is(err, port.ErrExists) {
			t.Errorf("Attach of another owner's name: %v, want %v", err, port.ErrExists)
		}
		if err := somebody.Detach(ctx, "p1"); !errors.Is(err, port.ErrForeign) {
			t.Errorf("Detach of another owner's port: %v, want %v", err, port.ErrForeign)
		}
		detach(t, manager(t, sw.DB), "p1")
		if _, ok := sw.DB.Port("p1"); ok {
			t.Error("the port is still there after Detach")
		}
		if err := manager(t, sw.DB).Detach(ctx, "p1"); !errors.Is(err, port.ErrNotFound) || !strings.Contains(err.Error(), `"p1"`) {
			t.Errorf("second Detach: %v, want %v with the name", err, port.ErrNotFound)
		}
		// The name can be used again at once.
		if _, err := manager(t, sw.DB).Attach(ctx, port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType}); err != nil {
			t.Errorf("Attach after Detach: %v", err)
		}
	})
}

func TestAttachFails(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		withBridge(t, sw)
		addrs := []netip.Prefix{netip.MustParsePrefix("10.0.0.2/24")}
		veth := func(change func(*port.Config)) port.Config {
			c := port.Config{Bridge: "br0", Name: "p1", Netns: "nowhere", Addrs: addrs}
			change(&c)
			return c
		}
		for _, tt := range []struct {
			name   string
			config port.Config
			is     error
			want   string
		}{
			{"no bridge given", port.Config{Name: "p1", Kind: port.Device}, nil, "no bridge given"},
			{"name of a bridge", port.Config{Bridge: "br0", Name: "br0", Kind: port.Device}, port.ErrExists, "bridge of that name"},
			{"bridge missing", port.Config{Bridge: "br9", Name: "p1", Kind: port.Device}, port.ErrNotFound, `bridge "br9"`},
			{"device without name", port.Config{Bridge: "br0", Kind: port.Device}, nil, "name is empty"},
			{"device in namespace", port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Netns: "web"}, nil, "of no use for a device port"},
			{"device missing", port.Config{Bridge: "br0", Name: "nodevice", Kind: port.Device}, nil, "could not open network device nodevice (No such device)"},
			{"unknown kind", port.Config{Bridge: "br0", Name: "p1", Kind: 9}, nil, "Kind(9)"},
			{"long name", veth(func(c *port.Config) { c.Name = "a-name-that-is-too-long" }), nil, `name "a-name-that-is-too-long": longer than 15 bytes`},
			{"long interface name", veth(func(c *port.Config) { c.Ifname = "sixteen-bytes-xx" }), nil, `interface name "sixteen-bytes-xx": longer than 15 bytes`},
			{"slash", veth(func(c *port.Config) { c.Ifname = "a/b" }), nil, `interface name "a/b"`},
			{"no namespace", veth(func(c *port.Config) { c.Netns = "" }), nil, "no network namespace given"},
			{"no name", veth(func(c *port.Config) { c.Name = "" }), nil, `interface "eth0" of network namespace "nowhere"`},
			{"namespace missing", veth(func(*port.Config) {}), nil, `network namespace "nowhere": no such network namespace`},
			{"type", veth(func(c *port.Config) { c.Type = "dummy" }), nil, `interface type "dummy"`},
			{"gateway elsewhere", veth(func(c *port.Config) { c.Gateway = netip.MustParseAddr("10.0.1.1") }), nil, "gateway 10.0.1.1"},
			{"gateway is itself", veth(func(c *port.Config) { c.Gateway = netip.MustParseAddr("10.0.0.2") }), nil, "gateway 10.0.0.2"},
			{"gateway without address", veth(func(c *port.Config) { c.Addrs, c.Gateway = nil, netip.MustParseAddr("10.0.0.1") }), nil, "gateway 10.0.0.1"},
			{"address", veth(func(c *port.Config) { c.Addrs = []netip.Prefix{{}} }), nil, "not a valid address"},
			{"MAC", veth(func(c *port.Config) { c.MAC = net.HardwareAddr{1, 2, 3} }), nil, `MAC address "01:02:03"`},
			{"MTU", veth(func(c *port.Config) { c.MTU = 10 }), nil, "MTU 10"},
		} {
			_, err := manager(t, sw.DB).Attach(ctx, tt.config)
			expectError(t, tt.name, err, tt.is, tt.want)
			if tt.name != "no name" {
				expectError(t, tt.name, err, nil, fmt.Sprintf("port %q", tt.config.Name))
			}
		}
		if got := len(sw.DB.Ports()) + len(sw.DB.Interfaces()); got != 2 {
			t.Errorf("%d rows after the failures, want the 2 of the bridge's own port", got)
		}
	})
}

func TestAttachWithoutSwitch(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		withBridge(t, sw)
		sw.AddDevice(t, "p1")
		sw.Kill(t)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := manager(t, sw.DB).Attach(ctx, port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType})
		if !errors.Is(err, vswitch.ErrNotApplied) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Attach: %v, want %v and %v", err, vswitch.ErrNotApplied, context.DeadlineExceeded)
		}
		if _, ok := sw.DB.Port("p1"); ok {
			t.Error("the port was left in the database")
		}
	})
}

func TestAttachWithEndedContext(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		withBridge(t, sw)
		sw.AddDevice(t, "p1")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := manager(t, sw.DB).Attach(ctx, port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Attach: %v, want %v", err, context.Canceled)
		}
		if _, ok := sw.DB.Port("p1"); ok {
			t.Error("the port was left in the database")
		}
	})
}

func TestSessionEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	sw := switchtest.Sandbox(t)
	withBridge(t, sw)
	sw.Kill(t)
	watcher := switchtest.Dial(t, sw.Endpoint)
	ctx := testContext(t)
	done := make(chan error, 1)
	go func() {
		_, err := manager(t, sw.DB).Attach(ctx, port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType})
		done <- err
	}()
	if err := watcher.Wait(ctx, func() (bool, error) { _, ok := watcher.Port("p1"); return ok, nil }); err != nil {
		t.Fatal(err)
	}
	sw.DB.Close()
	if err := <-done; !errors.Is(err, ovsdb.ErrClosed) || !strings.Contains(err.Error(), "undo: ") {
		t.Errorf("Attach: %v, want %v, and that it could not be undone", err, ovsdb.ErrClosed)
	}
}

func TestConcurrentAttachLosesNone(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		const n = 20
		ctx := testContext(t)
		withBridge(t, sw)
		other := switchtest.Dial(t, sw.Endpoint)
		if err := other.Wait(ctx, func() (bool, error) { _, ok := other.Bridge("br0"); return ok, nil }); err != nil {
			t.Fatal(err)
		}
		var (
			wg       sync.WaitGroup
			mu       sync.Mutex
			managers = []*port.Manager{manager(t, sw.DB), manager(t, other)}
			ofports  = map[uint32]bool{}
		)
		for i := range n {
			name := fmt.Sprintf("p%d", i)
			sw.AddDevice(t, name)
			m := managers[i%2]
			wg.Add(1)
			go func() {
				defer wg.Done()
				p, err := m.Attach(ctx, port.Config{Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				ofports[p.OFPort] = true
			}()
		}
		wg.Wait()
		if got := len(ofports); got != n {
			t.Errorf("%d different port numbers, want %d", got, n)
		}
		var got int
		if err := sw.DB.Wait(ctx, func() (bool, error) {
			br, _ := sw.DB.Bridge("br0")
			got = len(br.Ports)
			return got == n+1, nil
		}); err != nil {
			t.Errorf("%d ports in the bridge, want %d: %v", got, n+1, err)
		}
	})
}

// TestAnswerComesTooLate has the server commit the transaction after the context
// has ended.
func TestAnswerComesTooLate(t *testing.T) {
	t.Parallel()
	sw := switchtest.Sandbox(t)
	withBridge(t, sw)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	thaw := switchtest.Freeze(t, sw.Real)
	// Attach gives up before the server goes on, and undoes what it does not know to be done once it does.
	context.AfterFunc(ctx, func() { time.AfterFunc(300*time.Millisecond, thaw) })
	_, err := manager(t, sw.DB).Attach(ctx, port.Config{Bridge: "br0", Name: "p1", Kind: port.Device, Type: sw.DeviceType})
	// The answer may still be seen if it comes at the very end of the context; ovs-vswitchd then had no time to follow.
	unanswered := errors.As(err, new(*ovsdb.OutcomeUnknownError)) || errors.Is(err, vswitch.ErrNotApplied)
	if !unanswered || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Attach: %v, want an OutcomeUnknownError or %v, and %v", err, vswitch.ErrNotApplied, context.DeadlineExceeded)
	}
	if strings.Contains(err.Error(), "undo") {
		t.Errorf("Attach could not be undone: %v", err)
	}
	if _, ok := sw.DB.Port("p1"); ok {
		t.Error("the rows were left in the database")
	}
}
