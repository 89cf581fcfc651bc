// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitch_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// start runs a private Open vSwitch with dummy devices.
func start(t testing.TB, o ovsproc.Options) *ovsproc.OVS {
	t.Helper()
	o.Dummy = true
	ovs := ovsproctest.Start(t, o)
	return ovs
}

func dial(t testing.TB, ovs *ovsproc.OVS) *vswitch.DB {
	t.Helper()
	db, err := vswitch.Dial(testContext(t), ovsdb.Options{Endpoint: ovs.DatabaseEndpoint()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// bridgeOps makes the operations that add a bridge with its local port.
func bridgeOps(name string) []ovsdb.Operation {
	return []ovsdb.Operation{
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name, Type: "internal"}).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
		ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{
			Name: name, DatapathType: "dummy", FailMode: vswitch.Optional("secure"), Ports: []string{"p"}}).Named("b"),
		vswitch.AddBridges("b"),
	}
}

// portOps makes the operations that add a port to a bridge.
func portOps(bridge *vswitch.Bridge, name, typ string) []ovsdb.Operation {
	return []ovsdb.Operation{
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name, Type: typ}).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
		vswitch.AddPorts(bridge.UUID, "p"),
	}
}

func apply(t testing.TB, db *vswitch.DB, ops ...ovsdb.Operation) []ovsdb.Result {
	t.Helper()
	results, err := db.Apply(testContext(t), ops...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// addBridge adds a bridge and returns its row.
func addBridge(t testing.TB, db *vswitch.DB, name string) *vswitch.Bridge {
	t.Helper()
	apply(t, db, bridgeOps(name)...)
	b, ok := db.Bridge(name)
	if !ok {
		t.Fatalf("bridge %q is not in the database", name)
	}
	return b
}
