// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func TestGetAndList(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		if _, err := bridge.Get(sw.DB, "br0"); !errors.Is(err, bridge.ErrNotFound) || !strings.Contains(err.Error(), "br0") {
			t.Errorf("Get: %v, want %v with the name", err, bridge.ErrNotFound)
		}
		if list := bridge.List(sw.DB); len(list) != 0 {
			t.Errorf("List has %d bridges, want none", len(list))
		}
		foreign(t, sw)
		made := ensure(t, sw.DB, bridge.Config{Name: "br1", Datapath: sw.Datapath, Owner: "me", MTU: 1400,
			MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}})
		got, err := bridge.Get(sw.DB, "br1")
		if err != nil {
			t.Fatal(err)
		}
		want := &bridge.Bridge{
			Name: "br1", DatapathType: sw.Datapath, DatapathID: 0x020000000001, MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, MTU: 1400,
			FailMode: bridge.Secure, Protocols: []string{"OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"}, Owner: "me",
			OtherConfig: map[string]string{"hwaddr": "02:00:00:00:00:01"}, ExternalIDs: map[string]string{mark.Owner: "me"},
		}
		private := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "management" }, cmp.Ignore())
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(bridge.Bridge{}), private); diff != "" {
			t.Errorf("Get (-want +got):\n%s", diff)
		}
		if got.Management() != made.Management() {
			t.Errorf("management %q, want %q", got.Management(), made.Management())
		}
		var names []string
		for _, b := range bridge.List(sw.DB) {
			names = append(names, b.Name+" "+string(b.FailMode)+" "+b.Owner)
		}
		if want := []string{"br0 standalone ", "br1 secure me"}; !slices.Equal(names, want) {
			t.Errorf("List has %q, want %q", names, want)
		}
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		_, err := bridge.Update(ctx, sw.DB, bridge.Config{Name: "br0"})
		if !errors.Is(err, bridge.ErrNotFound) || !strings.Contains(err.Error(), "br0") {
			t.Errorf("Update of no bridge: %v, want %v with the name", err, bridge.ErrNotFound)
		}
		if left := leftovers(t, sw.DB); left != "" {
			t.Errorf("Update of no bridge made %s", left)
		}
		foreign(t, sw)
		before := contents(t, sw.DB)
		b, err := bridge.Update(ctx, sw.DB, bridge.Config{Name: "br0", MACTable: &bridge.MACTable{Size: 300},
			ExternalIDs: map[string]string{"shared": ""}})
		if err != nil {
			t.Fatal(err)
		}
		before.Bridge.OtherConfig["mac-table-size"] = "300"
		delete(before.Bridge.ExternalIDs, "shared")
		if diff := cmp.Diff(before, contents(t, sw.DB), configuration); diff != "" {
			t.Errorf("after Update (-want +got):\n%s", diff)
		}
		if b.Owner != "" || b.OtherConfig["mac-table-size"] != "300" {
			t.Errorf("Update returned %+v", b)
		}
	})
}

func TestConcurrentEnsureOfDifferentBridges(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		other := switchtest.Dial(t, sw.Endpoint)
		const n = 12
		var wg sync.WaitGroup
		for i := range n {
			db := []*vswitch.DB{sw.DB, other}[i%2]
			wg.Add(1)
			go func() {
				defer wg.Done()
				c := everything(sw.Datapath)
				c.Name = fmt.Sprintf("br%d", i)
				c.MAC, c.DatapathID = nil, nil
				b, err := bridge.Ensure(ctx, db, c)
				if err != nil {
					t.Error(err)
				} else if b.Name != c.Name || len(b.Controllers) != 2 {
					t.Errorf("Ensure of %s returned %+v", c.Name, b)
				}
			}()
		}
		wg.Wait()
		if got := len(bridge.List(sw.DB)); got != n {
			t.Errorf("%d bridges, want %d", got, n)
		}
		if got := len(read[vswitch.Controller](ctx, t, sw.DB, vswitch.TableController)); got != 2*n {
			t.Errorf("%d controllers, want %d", got, 2*n)
		}
	})
}

// TestConcurrentChanges has two programs give a bridge different controllers and
// exporters, over and over: it always has those of one of them, and no rows are left.
func TestConcurrentChanges(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath})
		var wg sync.WaitGroup
		for i, db := range []*vswitch.DB{sw.DB, switchtest.Dial(t, sw.Endpoint)} {
			c := bridge.Config{Name: "br0", NetFlow: &vswitch.NetFlow{Targets: []string{fmt.Sprintf("127.0.0.1:%d", 2000+i)}}}
			for j := range 3 {
				c.Controllers = append(c.Controllers, bridge.Controller{Target: fmt.Sprintf("ptcp:0:127.1.%d.%d", i, j+1)})
			}
			c.Controllers = append(c.Controllers, bridge.Controller{Target: "ptcp:0:127.0.0.1", QueueSize: i + 1})
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 10 {
					if _, err := bridge.Ensure(ctx, db, c); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		wg.Wait()
		c := contents(t, sw.DB)
		if len(c.Controllers) != 4 || len(c.NetFlow) != 1 {
			t.Fatalf("%d controllers and %d rows of NetFlow, want 4 and 1", len(c.Controllers), len(c.NetFlow))
		}
		shared := c.Controllers["ptcp:0:127.0.0.1"]
		if shared.ControllerQueueSize == nil {
			t.Fatalf("controllers %+v", c.Controllers)
		}
		i := *shared.ControllerQueueSize - 1
		if got, want := c.NetFlow[0].Targets[0], fmt.Sprintf("127.0.0.1:%d", 2000+i); got != want {
			t.Errorf("NetFlow goes to %s, want %s as the controllers say", got, want)
		}
		for j := range 3 {
			if _, ok := c.Controllers[fmt.Sprintf("ptcp:0:127.1.%d.%d", i, j+1)]; !ok {
				t.Errorf("controllers are of both: %+v", c.Controllers)
			}
		}
	})
}

// TestEnsureAndDelete has one program remove a bridge that another one wants, over and
// over: whatever comes first, there is one bridge or none.
func TestEnsureAndDelete(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		c := everything(sw.Datapath)
		var wg sync.WaitGroup
		for i, db := range []*vswitch.DB{sw.DB, switchtest.Dial(t, sw.Endpoint), switchtest.Dial(t, sw.Endpoint)} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 15 {
					var err error
					if i == 0 {
						err = bridge.Delete(ctx, db, "br0")
					} else {
						_, err = bridge.Ensure(ctx, db, c)
					}
					if err != nil && !errors.Is(err, bridge.ErrNotFound) {
						t.Error(err)
					}
				}
			}()
		}
		wg.Wait()
		ensure(t, sw.DB, c)
		want := everythingRows(sw.Datapath)
		if diff := cmp.Diff(want, contents(t, sw.DB), configuration); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		if err := bridge.Delete(ctx, sw.DB, "br0"); err != nil {
			t.Fatal(err)
		}
		if left := leftovers(t, sw.DB); left != "" {
			t.Errorf("left behind: %s", left)
		}
	})
}

// TestDeleteOfBridgeWithAddress has an address of package hostaddr, of which the
// kernel has a part.
func TestDeleteOfBridgeWithAddress(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		c := bridge.Config{Name: "br0", Datapath: sw.Datapath, ExternalIDs: map[string]string{mark.HostAddr + "192.0.2.50": "{}"}}
		if _, err := bridge.Ensure(ctx, sw.DB, c); err != nil {
			t.Fatal(err)
		}
		if err := bridge.Delete(ctx, sw.DB, "br0"); !errors.Is(err, bridge.ErrInUse) || !strings.Contains(err.Error(), "192.0.2.50") {
			t.Errorf("Delete: %v, want %v with the address", err, bridge.ErrInUse)
		}
		c.ExternalIDs[mark.HostAddr+"192.0.2.50"] = ""
		if _, err := bridge.Ensure(ctx, sw.DB, c); err != nil {
			t.Fatal(err)
		}
		if err := bridge.Delete(ctx, sw.DB, "br0"); err != nil {
			t.Error(err)
		}
	})
}

func TestTLS(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		get := func(want bridge.TLS) {
			t.Helper()
			got, err := bridge.GetTLS(ctx, sw.DB)
			if err != nil || got != want {
				t.Errorf("GetTLS: %+v, %v; want %+v", got, err, want)
			}
		}
		set := func(tls bridge.TLS) {
			t.Helper()
			if err := bridge.SetTLS(ctx, sw.DB, tls); err != nil {
				t.Fatal(err)
			}
			get(tls)
		}
		first := bridge.TLS{PrivateKey: "/k", Certificate: "/c", CACert: "/ca", Bootstrap: true}
		get(bridge.TLS{})
		set(bridge.TLS{})
		set(first)
		_, err := sw.DB.Apply(ctx, ovsdb.Update(vswitch.TableSSL, ovsdb.Row{"external_ids": map[string]string{"theirs": "1"}}))
		if err != nil {
			t.Fatal(err)
		}
		set(first)
		set(bridge.TLS{PrivateKey: "/k2", Certificate: "/c2", CACert: "/ca2"})
		rows := read[vswitch.SSL](ctx, t, sw.DB, vswitch.TableSSL)
		if len(rows) != 1 || rows[0].ExternalIDs["theirs"] != "1" {
			t.Errorf("rows of table SSL are %+v, want one that has kept what others set", rows)
		}
		if err := bridge.SetTLS(ctx, sw.DB, bridge.TLS{PrivateKey: "/k"}); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("SetTLS without certificate: %v", err)
		}
		for _, tls := range []bridge.TLS{first, {}} {
			release := sw.Hold(t)
			short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			if err := bridge.SetTLS(short, sw.DB, tls); !errors.Is(err, vswitch.ErrNotApplied) || strings.Contains(err.Error(), "undo") {
				t.Errorf("SetTLS without an answer: %v, want %v", err, vswitch.ErrNotApplied)
			}
			cancel()
			release()
			get(bridge.TLS{PrivateKey: "/k2", Certificate: "/c2", CACert: "/ca2"})
		}
		set(bridge.TLS{})
		if rows := read[vswitch.SSL](ctx, t, sw.DB, vswitch.TableSSL); len(rows) != 0 {
			t.Errorf("rows of table SSL are %+v, want none", rows)
		}
	})
}
