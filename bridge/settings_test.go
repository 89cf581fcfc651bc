// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// content is what the database's rows hold of a bridge that is configuration,
// with rows in the place of references to them.
type content struct {
	Bridge      vswitch.Bridge
	Own         vswitch.Interface
	Controllers map[string]vswitch.Controller // by target
	NetFlow     []vswitch.NetFlow
	SFlow       []vswitch.SFlow
	IPFIX       []vswitch.IPFIX
}

// read reads all rows of one type.
func read[T any](ctx context.Context, t *testing.T, db *vswitch.DB, table string) (rows []T) {
	t.Helper()
	results, err := db.Client().Transact(ctx, ovsdb.Select(table, nil))
	if err != nil {
		t.Fatal(err)
	}
	list, err := ovsdb.RowsAs[T](results[0].Rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		rows = append(rows, *r)
	}
	return rows
}

// contents reads the rows of the only bridge.
func contents(t *testing.T, db *vswitch.DB) content {
	t.Helper()
	ctx := testContext(t)
	c := content{
		Controllers: map[string]vswitch.Controller{},
		NetFlow:     read[vswitch.NetFlow](ctx, t, db, vswitch.TableNetFlow),
		SFlow:       read[vswitch.SFlow](ctx, t, db, vswitch.TableSFlow),
		IPFIX:       read[vswitch.IPFIX](ctx, t, db, vswitch.TableIPFIX),
	}
	for _, b := range read[vswitch.Bridge](ctx, t, db, vswitch.TableBridge) {
		c.Bridge = b
	}
	for _, i := range read[vswitch.Interface](ctx, t, db, vswitch.TableInterface) {
		if i.Name == c.Bridge.Name {
			c.Own = i
		}
	}
	for _, r := range read[vswitch.Controller](ctx, t, db, vswitch.TableController) {
		c.Controllers[r.Target] = r
	}
	return c
}

// configuration compares what is configured, not what ovs-vswitchd reports or what
// the rows' UUIDs are.
var configuration = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreFields(vswitch.Bridge{}, "UUID", "Ports", "Controller", "NetFlow", "SFlow", "IPFIX",
		"DatapathID", "DatapathVersion", "Status", "RSTPStatus"),
	cmp.FilterValues(func(a, b vswitch.Interface) bool { return true }, cmp.Comparer(func(a, b vswitch.Interface) bool {
		return cmp.Equal(a.MTURequest, b.MTURequest) && cmp.Equal(a.ExternalIDs, b.ExternalIDs)
	})),
	cmpopts.IgnoreFields(vswitch.Controller{}, "UUID", "IsConnected", "Role", "Status"),
	cmpopts.IgnoreFields(vswitch.NetFlow{}, "UUID"),
	cmpopts.IgnoreFields(vswitch.SFlow{}, "UUID"),
	cmpopts.IgnoreFields(vswitch.IPFIX{}, "UUID"),
}

func ptr[T any](value T) *T { return &value }

// everything is a config that gives every setting in the database.
func everything(datapath string) bridge.Config {
	return bridge.Config{
		Name: "br0", Datapath: datapath, DatapathID: ptr(uint64(0xabc)), FailMode: bridge.Secure,
		Protocols: []string{"OpenFlow15", "OpenFlow13"},
		Controllers: []bridge.Controller{
			{Target: "tcp:127.0.0.1:1", Type: "primary", ConnectionMode: "out-of-band", InactivityProbe: ptr(time.Duration(0)),
				MaxBackoff: 2 * time.Second, LocalAddr: netip.MustParsePrefix("192.0.2.5/25"), LocalGateway: netip.MustParseAddr("192.0.2.1"),
				DisableAsync: true, QueueSize: 10, RateLimit: 1000, BurstLimit: 250, DSCP: ptr(46), ExternalIDs: map[string]string{"c": "1"}},
			{Target: "ptcp:0:127.0.0.1"},
		},
		MAC: net.HardwareAddr{2, 0, 0, 0, 0, 7}, MTU: 1400,
		STP: &bridge.STP{SystemID: net.HardwareAddr{2, 0, 0, 0, 0, 8}, Priority: ptr(0x7000), HelloTime: time.Second,
			MaxAge: 10 * time.Second, ForwardDelay: 8 * time.Second},
		RSTP: &bridge.RSTP{Enable: true, Address: net.HardwareAddr{2, 0, 0, 0, 0, 9}, Priority: ptr(0x6000), AgeingTime: 100 * time.Second,
			ForceSTP: true, MaxAge: 12 * time.Second, ForwardDelay: 10 * time.Second, TransmitHoldCount: 3},
		MulticastSnooping: &bridge.MulticastSnooping{Enable: true, TableSize: 100, AgingTime: time.Minute, DisableFloodUnregistered: true},
		MACTable:          &bridge.MACTable{Size: 200, AgingTime: 2 * time.Minute},
		FloodVLANs:        []int{7, 5},
		NetFlow: &vswitch.NetFlow{Targets: []string{"127.0.0.1:2055"}, EngineType: ptr(int64(1)), EngineID: ptr(int64(2)),
			ActiveTimeout: 60, ExternalIDs: map[string]string{"n": "1"}},
		SFlow: &vswitch.SFlow{Targets: []string{"127.0.0.1:6343"}, Agent: ptr("lo"), Header: ptr(int64(128)), Polling: ptr(int64(10)),
			Sampling: ptr(int64(64))},
		IPFIX: &vswitch.IPFIX{Targets: []string{"127.0.0.1:4739"}, Sampling: ptr(int64(32)), ObsDomainID: ptr(int64(3)),
			ObsPointID: ptr(int64(4)), CacheActiveTimeout: ptr(int64(5)), CacheMaxFlows: ptr(int64(6)),
			OtherConfig: map[string]string{"enable-tunnel-sampling": "true"}},
		OtherConfig: map[string]string{"forward-bpdu": "true"},
		ExternalIDs: map[string]string{"mine": "1"},
	}
}

// everythingRows are the rows that everything asks for.
func everythingRows(datapath string) content {
	c := everything(datapath)
	return content{
		Bridge: vswitch.Bridge{
			Name: "br0", DatapathType: datapath, FailMode: ptr("secure"), Protocols: []string{"OpenFlow13", "OpenFlow15"},
			RSTPEnable: true, McastSnoopingEnable: true, FloodVLANs: []int64{5, 7},
			OtherConfig: map[string]string{
				"datapath-id": "0000000000000abc", "hwaddr": "02:00:00:00:00:07", "forward-bpdu": "true",
				"stp-system-id": "02:00:00:00:00:08", "stp-priority": "28672", "stp-hello-time": "1", "stp-max-age": "10",
				"stp-forward-delay": "8", "rstp-address": "02:00:00:00:00:09", "rstp-priority": "24576", "rstp-ageing-time": "100",
				"rstp-force-protocol-version": "0", "rstp-max-age": "12", "rstp-forward-delay": "10", "rstp-transmit-hold-count": "3",
				"mcast-snooping-table-size": "100", "mcast-snooping-aging-time": "60", "mcast-snooping-disable-flood-unregistered": "true",
				"mac-table-size": "200", "mac-aging-time": "120",
			},
			ExternalIDs: map[string]string{mark.Owner: "ovskit", "mine": "1"},
		},
		Own: vswitch.Interface{MTURequest: ptr(int64(1400)), ExternalIDs: map[string]string{mark.Owner: "ovskit"}},
		Controllers: map[string]vswitch.Controller{
			"tcp:127.0.0.1:1": {Target: "tcp:127.0.0.1:1", Type: ptr("primary"), ConnectionMode: ptr("out-of-band"),
				InactivityProbe: ptr(int64(0)), MaxBackoff: ptr(int64(2000)), LocalIP: ptr("192.0.2.5"), LocalNetmask: ptr("255.255.255.128"),
				LocalGateway: ptr("192.0.2.1"), EnableAsyncMessages: ptr(false), ControllerQueueSize: ptr(int64(10)),
				ControllerRateLimit: ptr(int64(1000)), ControllerBurstLimit: ptr(int64(250)), OtherConfig: map[string]string{"dscp": "46"},
				ExternalIDs: map[string]string{"c": "1"}},
			"ptcp:0:127.0.0.1": {Target: "ptcp:0:127.0.0.1"},
		},
		NetFlow: []vswitch.NetFlow{*c.NetFlow}, SFlow: []vswitch.SFlow{*c.SFlow}, IPFIX: []vswitch.IPFIX{*c.IPFIX},
	}
}

// nothing is a config that takes all of everything away.
func nothing() bridge.Config {
	return bridge.Config{
		Name: "br0", DatapathID: new(uint64), FailMode: bridge.Standalone, Protocols: []string{}, Controllers: []bridge.Controller{},
		MAC: net.HardwareAddr{}, MTU: bridge.AutoMTU, STP: &bridge.STP{}, RSTP: &bridge.RSTP{},
		MulticastSnooping: &bridge.MulticastSnooping{}, MACTable: &bridge.MACTable{}, FloodVLANs: []int{},
		NetFlow: &vswitch.NetFlow{}, SFlow: &vswitch.SFlow{}, IPFIX: &vswitch.IPFIX{},
		OtherConfig: map[string]string{"forward-bpdu": ""}, ExternalIDs: map[string]string{"mine": ""},
	}
}

func TestEverySetting(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		want := everythingRows(sw.Datapath)
		for _, step := range []string{"create", "once more", "from nothing"} {
			if step == "from nothing" {
				if _, err := bridge.Update(ctx, sw.DB, nothing()); err != nil {
					t.Fatal(err)
				}
				bare := content{
					Bridge: vswitch.Bridge{Name: "br0", DatapathType: sw.Datapath, FailMode: ptr("standalone"),
						ExternalIDs: map[string]string{mark.Owner: "ovskit"}},
					Own: vswitch.Interface{ExternalIDs: map[string]string{mark.Owner: "ovskit"}},
				}
				if diff := cmp.Diff(bare, contents(t, sw.DB), configuration); diff != "" {
					t.Errorf("after all was taken away (-want +got):\n%s", diff)
				}
			}
			br, err := bridge.Ensure(ctx, sw.DB, everything(sw.Datapath))
			if err != nil {
				t.Fatalf("%s: %v", step, err)
			}
			if diff := cmp.Diff(want, contents(t, sw.DB), configuration); diff != "" {
				t.Errorf("%s: rows (-want +got):\n%s", step, diff)
			}
			if got, want := br.DatapathID, uint64(0xabc); got != want {
				t.Errorf("%s: datapath id %#x, want %#x", step, got, want)
			}
			if got, want := br.MAC.String(), "02:00:00:00:00:07"; got != want {
				t.Errorf("%s: MAC address %s, want %s", step, got, want)
			}
		}
		// What ovs-vswitchd makes of it.
		err := sw.DB.Wait(ctx, func() (bool, error) {
			b, err := bridge.Get(sw.DB, "br0")
			row, _ := sw.DB.Bridge("br0")
			ok := err == nil && b.MTU == 1400
			if sw.Real != nil { // the fake has no RSTP
				ok = ok && strings.HasPrefix(row.RSTPStatus["rstp_bridge_id"], "6.000.020000000009")
			}
			return ok, err
		})
		if err != nil {
			row, _ := sw.DB.Bridge("br0")
			b, _ := bridge.Get(sw.DB, "br0")
			t.Errorf("ovs-vswitchd does not report MTU and RSTP: %v; RSTP %v, bridge %+v", err, row.RSTPStatus, b)
		}
	})
}

func TestSTP(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		ensure(t, sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath,
			STP: &bridge.STP{Enable: true, SystemID: net.HardwareAddr{2, 0, 0, 0, 0, 8}, Priority: ptr(0x7000)}})
		row, _ := sw.DB.Bridge("br0")
		if !row.STPEnable || row.RSTPEnable {
			t.Errorf("STP is %v and RSTP %v, want only STP", row.STPEnable, row.RSTPEnable)
		}
		if sw.Real == nil {
			return // the fake has no STP
		}
		err := sw.DB.Wait(ctx, func() (bool, error) {
			row, ok := sw.DB.Bridge("br0")
			return ok && row.Status["stp_bridge_id"] == "7000.020000000008", nil
		})
		if err != nil {
			row, _ := sw.DB.Bridge("br0")
			t.Errorf("ovs-vswitchd does not report STP: %v; %v", err, row.Status)
		}
	})
}

// TestControllersAreChangedInPlace keeps rows of controllers, with what others have
// set in them, and leaves those of other bridges alone.
func TestControllersAreChangedInPlace(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		ctx := testContext(t)
		for _, name := range []string{"br0", "br1"} {
			ensure(t, sw.DB, bridge.Config{Name: name, Datapath: sw.Datapath, Controllers: []bridge.Controller{
				{Target: "tcp:127.0.0.1:1"}, {Target: "tcp:127.0.0.1:2", QueueSize: 5}}})
		}
		find := func(name, target string) *vswitch.Controller {
			row, _ := sw.DB.Bridge(name)
			for _, uuid := range row.Controller {
				if c, ok := sw.DB.ControllerByUUID(uuid); ok && c.Target == target {
					return c
				}
			}
			return nil
		}
		before, others := find("br0", "tcp:127.0.0.1:2"), find("br1", "tcp:127.0.0.1:2")
		_, err := sw.DB.Apply(ctx, ovsdb.Update(vswitch.TableController,
			ovsdb.Row{"external_ids": map[string]string{"theirs": "1"}}, ovsdb.ByUUID(before.UUID)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := bridge.Update(ctx, sw.DB, bridge.Config{Name: "br0", Controllers: []bridge.Controller{
			{Target: "tcp:127.0.0.1:3"}, {Target: "tcp:127.0.0.1:2", MaxBackoff: time.Second, ExternalIDs: map[string]string{"mine": "2"}}}})
		if err != nil {
			t.Fatal(err)
		}
		var targets []string
		for _, c := range b.Controllers {
			targets = append(targets, c.Target)
		}
		if got, want := fmt.Sprint(targets), "[tcp:127.0.0.1:2 tcp:127.0.0.1:3]"; got != want {
			t.Errorf("controllers %s, want %s", got, want)
		}
		want := vswitch.Controller{UUID: before.UUID, Target: "tcp:127.0.0.1:2", MaxBackoff: ptr(int64(1000)),
			ExternalIDs: map[string]string{"theirs": "1", "mine": "2"}}
		reported := cmpopts.IgnoreFields(vswitch.Controller{}, "IsConnected", "Role", "Status")
		if diff := cmp.Diff(&want, find("br0", "tcp:127.0.0.1:2"), reported, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("controller (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(others, find("br1", "tcp:127.0.0.1:2"), reported, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("controller of the other bridge (-want +got):\n%s", diff)
		}
		if got, want := len(read[vswitch.Controller](ctx, t, sw.DB, vswitch.TableController)), 4; got != want {
			t.Errorf("%d rows of controllers, want %d", got, want)
		}
	})
}
