// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testContext ends before the test program is given up.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// ensure makes or changes a bridge, which must succeed.
func ensure(t testing.TB, db *vswitch.DB, c bridge.Config) *bridge.Bridge {
	t.Helper()
	b, err := bridge.Ensure(testContext(t), db, c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEnsureCreates(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		mac := net.HardwareAddr{2, 0, 0, 1, 2, 3}
		br := ensure(t, sw.DB, bridge.Config{
			Name: "br0", Datapath: sw.Datapath, MAC: mac, Owner: "me", ExternalIDs: map[string]string{"for": "test"},
		})
		if got, want := br.MAC.String(), mac.String(); got != want {
			t.Errorf("MAC = %s, want %s", got, want)
		}
		if got, want := br.DatapathID, uint64(0x020000010203); got != want {
			t.Errorf("DatapathID = %#x, want %#x", got, want)
		}
		if got := br.DatapathType; got != sw.Datapath {
			t.Errorf("DatapathType = %q, want %q", got, sw.Datapath)
		}
		conn, err := net.Dial("unix", strings.TrimPrefix(br.Management(), "unix:"))
		if err != nil {
			t.Errorf("management socket: %v", err)
		} else {
			conn.Close()
		}
		row, _ := sw.DB.Bridge("br0")
		got := []any{*row.FailMode, row.Protocols, row.OtherConfig, row.ExternalIDs}
		want := []any{"secure", []string{"OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"},
			map[string]string{"hwaddr": mac.String()}, map[string]string{mark.Owner: "me", "for": "test"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("row of the bridge (-want +got):\n%s", diff)
		}

		again := ensure(t, sw.DB, bridge.Config{Name: "br0"})
		if diff := cmp.Diff(br, again, cmp.AllowUnexported(bridge.Bridge{})); diff != "" {
			t.Errorf("second Ensure (-first +second):\n%s", diff)
		}

		if err := bridge.Delete(ctx, sw.DB, "br0"); err != nil {
			t.Fatal(err)
		}
		if left := len(sw.DB.Bridges()) + len(sw.DB.Ports()) + len(sw.DB.Interfaces()); left != 0 {
			t.Errorf("%d rows left after Delete", left)
		}
		if err := bridge.Delete(ctx, sw.DB, "br0"); !errors.Is(err, bridge.ErrNotFound) || !strings.Contains(err.Error(), `"br0"`) {
			t.Errorf("second Delete: %v, want %v with the name", err, bridge.ErrNotFound)
		}
	})
}

// foreign makes a bridge as somebody else would.
func foreign(t *testing.T, sw *switchtest.Switch) {
	t.Helper()
	_, err := sw.DB.Apply(testContext(t),
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "br0", Type: "internal"}).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "br0", Interfaces: []string{"i"}}).Named("p"),
		ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{
			Name: "br0", Ports: []string{"p"}, DatapathType: sw.Datapath, STPEnable: true,
			FailMode:    vswitch.Optional("standalone"),
			OtherConfig: map[string]string{"mac-table-size": "100"},
			ExternalIDs: map[string]string{"theirs": "1", "shared": "theirs"},
		}).Named("b"),
		vswitch.AddBridges("b"))
	if err != nil {
		t.Fatal(err)
	}
}

func TestEnsureAdopts(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		foreign(t, sw)
		before, _ := sw.DB.Bridge("br0")
		ensure(t, sw.DB, bridge.Config{Name: "br0"})
		// ovs-vswitchd writes these when it likes.
		ignored := cmp.FilterPath(func(p cmp.Path) bool {
			return p.Last().String() == ".Status" || p.Last().String() == ".DatapathVersion"
		}, cmp.Ignore())
		after, _ := sw.DB.Bridge("br0")
		if diff := cmp.Diff(before, after, ignored); diff != "" {
			t.Errorf("Ensure that names nothing changed the bridge (-before +after):\n%s", diff)
		}

		ensure(t, sw.DB, bridge.Config{
			Name: "br0", FailMode: bridge.Secure, Protocols: []string{"OpenFlow15", "OpenFlow13"}, MTU: 1400,
			MAC: net.HardwareAddr{2, 0, 0, 0, 0, 9}, ExternalIDs: map[string]string{"ours": "2", "shared": "ours"},
		})
		row, _ := sw.DB.Bridge("br0")
		iface, _ := sw.DB.Interface("br0")
		got := []any{*row.FailMode, row.Protocols, *iface.MTURequest, row.STPEnable, row.OtherConfig, row.ExternalIDs}
		want := []any{"secure", []string{"OpenFlow13", "OpenFlow15"}, int64(1400), true,
			map[string]string{"mac-table-size": "100", "hwaddr": "02:00:00:00:00:09"},
			map[string]string{"theirs": "1", "ours": "2", "shared": "ours"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after Ensure (-want +got):\n%s", diff)
		}
	})
}

func TestFailedEnsureOfExistingBridgeIsTakenBack(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		foreign(t, sw)
		sw.Kill(t)
		if err := sw.DB.Client().Echo(t.Context()); err != nil { // its last words have come after this
			t.Fatal(err)
		}
		before, _ := sw.DB.Bridge("br0")
		ifaceBefore, _ := sw.DB.Interface("br0")
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := bridge.Ensure(ctx, sw.DB, bridge.Config{
			Name: "br0", FailMode: bridge.Secure, Protocols: []string{"OpenFlow13"}, MTU: 1400,
			MAC: net.HardwareAddr{2, 0, 0, 0, 0, 9}, ExternalIDs: map[string]string{"ours": "2", "shared": "ours"},
		})
		if !errors.Is(err, vswitch.ErrNotApplied) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ensure without ovs-vswitchd: %v, want %v and %v", err, vswitch.ErrNotApplied, context.DeadlineExceeded)
		}
		after, _ := sw.DB.Bridge("br0")
		if diff := cmp.Diff(before, after, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the bridge was changed (-before +after):\n%s", diff)
		}
		ifaceAfter, _ := sw.DB.Interface("br0")
		if diff := cmp.Diff(ifaceBefore, ifaceAfter, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("the interface was changed (-before +after):\n%s", diff)
		}
	})
}

func TestConcurrentEnsure(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		other := switchtest.Dial(t, sw.Endpoint)
		var wg sync.WaitGroup
		for i := range 8 {
			db := []*vswitch.DB{sw.DB, other}[i%2]
			wg.Add(1)
			go func() {
				defer wg.Done()
				if _, err := bridge.Ensure(ctx, db, bridge.Config{Name: "br0", Datapath: sw.Datapath}); err != nil {
					t.Error(err)
				}
			}()
		}
		wg.Wait()
		if got := len(sw.DB.Bridges()); got != 1 {
			t.Errorf("%d bridges, want 1", got)
		}
	})
}

func TestEnsureFails(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		sw.AddDevice(t, "p1")
		ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath})
		row, _ := sw.DB.Bridge("br0")
		_, err := sw.DB.Apply(ctx,
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "p1", Type: sw.DeviceType}).Named("i"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "p1", Interfaces: []string{"i"}}).Named("p"),
			vswitch.AddPorts(row.UUID, "p"))
		if err != nil {
			t.Fatal(err)
		}
		addr := netip.MustParsePrefix("10.0.0.1/24")
		for _, tt := range []struct {
			name   string
			config bridge.Config
			want   string
		}{
			{"no name", bridge.Config{}, "name is empty"},
			{"long name", bridge.Config{Name: "a-name-that-is-too-long"}, `name "a-name-that-is-too-long": longer than 15 bytes`},
			{"slash", bridge.Config{Name: "br/0"}, `name "br/0"`},
			{"space", bridge.Config{Name: "br 0"}, `name "br 0"`},
			{"dots", bridge.Config{Name: ".."}, `name ".."`},
			{"unknown datapath", bridge.Config{Name: "br1", Datapath: "bogus"}, `datapath type "bogus": the switch offers `},
			{"address twice", bridge.Config{Name: "br1", Addrs: []netip.Prefix{addr, addr}}, `address "10.0.0.1/24": given twice`},
			{"unreachable next hop", bridge.Config{Name: "br1", Addrs: []netip.Prefix{addr}, Routes: []bridge.Route{
				{Dst: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("10.0.1.1")}}}, `via 10.0.1.1: next hop is not in the subnet`},
			{"namespace", bridge.Config{Name: "br1", SwitchNetns: "nowhere"}, `network namespace "nowhere"`},
			{"name of a port", bridge.Config{Name: "p1", Datapath: sw.Datapath}, `port of bridge "br0"`},
		} {
			_, err := bridge.Ensure(ctx, sw.DB, tt.config)
			if err == nil {
				t.Errorf("%s: no error", tt.name)
				continue
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), fmt.Sprintf("bridge %q", tt.config.Name)) {
				t.Errorf("%s: error %q does not contain %q and the bridge's name", tt.name, err, tt.want)
			}
		}
		if _, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br1", SwitchNetns: "nowhere"}); !errors.Is(err, netns.ErrNotFound) {
			t.Errorf("missing namespace: %v, want %v", err, netns.ErrNotFound)
		}
		if got := len(sw.DB.Bridges()); got != 1 {
			t.Errorf("%d bridges after the failures, want 1", got)
		}
	})
}

func TestEnsureWithoutSwitch(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath})
		sw.Kill(t)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br1", Datapath: sw.Datapath})
		if !errors.Is(err, vswitch.ErrNotApplied) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Ensure: %v, want %v and %v", err, vswitch.ErrNotApplied, context.DeadlineExceeded)
		}
		if _, ok := sw.DB.Bridge("br1"); ok {
			t.Error("the bridge was left in the database")
		}
	})
}

func TestEnsureWithEndedContext(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath}); !errors.Is(err, context.Canceled) {
			t.Errorf("Ensure: %v, want %v", err, context.Canceled)
		}
		if got := len(sw.DB.Bridges()); got != 0 {
			t.Errorf("%d bridges left, want none", got)
		}
	})
}

func TestSessionEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	sw := switchtest.Sandbox(t)
	ctx := testContext(t)
	ensure(t, sw.DB, bridge.Config{Name: "br9", Datapath: sw.Datapath})
	sw.Kill(t)
	watcher := switchtest.Dial(t, sw.Endpoint)
	done := make(chan error, 1)
	go func() {
		_, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath})
		done <- err
	}()
	err := watcher.Wait(ctx, func() (bool, error) { _, ok := watcher.Bridge("br0"); return ok, nil })
	if err != nil {
		t.Fatal(err)
	}
	sw.DB.Close()
	if err := <-done; !errors.Is(err, ovsdb.ErrClosed) || !strings.Contains(err.Error(), "undo: ") {
		t.Errorf("Ensure: %v, want %v, and that it could not be undone", err, ovsdb.ErrClosed)
	}
}

// TestAnswerComesTooLate has the server commit the transaction after the context
// has ended.
func TestAnswerComesTooLate(t *testing.T) {
	t.Parallel()
	sw := switchtest.Sandbox(t)
	ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath})
	late := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		thaw := switchtest.Freeze(t, sw.Real)
		context.AfterFunc(ctx, thaw)
		_, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br1", Datapath: sw.Datapath})
		thaw()
		if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "undo") {
			t.Fatalf("Ensure: %v, want %v and that it was undone", err, context.DeadlineExceeded)
		}
		if _, ok := sw.DB.Bridge("br1"); ok {
			t.Fatal("the rows were left in the database")
		}
		return err
	}
	// On a busy machine the answer may be there before the caller sees that its time is up: then it is known what became of it.
	for !errors.As(late(), new(*ovsdb.OutcomeUnknownError)) {
	}
}

func TestDeleteOfBridgeInUse(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		foreign(t, sw)
		sw.AddDevice(t, "p1")
		sw.AddDevice(t, "p2")
		br, _ := sw.DB.Bridge("br0")
		_, err := sw.DB.Apply(ctx,
			ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "p1", Type: sw.DeviceType}).Named("i"),
			ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "p1", Interfaces: []string{"i"}}).Named("p"),
			vswitch.AddPorts(br.UUID, "p"))
		if err != nil {
			t.Fatal(err)
		}
		ports, err := port.Open(sw.DB, port.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer ports.Close()
		if _, err := ports.Attach(ctx, port.Config{Bridge: "br0", Name: "p2", Kind: port.Device, Type: sw.DeviceType}); err != nil {
			t.Fatal(err)
		}
		err = bridge.Delete(ctx, sw.DB, "br0")
		if !errors.Is(err, bridge.ErrInUse) || !strings.Contains(err.Error(), `["p2"]`) {
			t.Errorf("Delete with a port attached: %v, want %v with its name", err, bridge.ErrInUse)
		}
		if _, ok := sw.DB.Port("p1"); !ok {
			t.Error("Delete that was refused removed a port")
		}
		if err := ports.Detach(ctx, "p2"); err != nil {
			t.Fatal(err)
		}
		if err := bridge.Delete(ctx, sw.DB, "br0"); err != nil {
			t.Errorf("Delete with a port of somebody else's: %v", err)
		}
		if left := len(sw.DB.Bridges()) + len(sw.DB.Ports()) + len(sw.DB.Interfaces()); left != 0 {
			t.Errorf("%d rows left after Delete", left)
		}
	})
}

func TestEnsureWithoutOwnPort(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		_, err := sw.DB.Apply(ctx,
			ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{Name: "br0", DatapathType: sw.Datapath}).Named("b"),
			vswitch.AddBridges("b"))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := bridge.Ensure(ctx, sw.DB, bridge.Config{Name: "br0"})
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "own port: not in the database") {
				t.Errorf("Ensure: %v, want that the bridge's own port is not in the database", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Ensure waits for a port that is not in the database")
		}
	})
}
