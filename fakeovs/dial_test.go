// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// TestDial has clients of the database and of a bridge without a socket.
func TestDial(t *testing.T) {
	ovs := fakeovs.New(t)
	ctx := t.Context()
	management := ovs.Bridge("br0").Management()
	for _, endpoint := range []string{management, "unix:/br0.mgmt", "tcp:127.0.0.1:6640", "br0"} {
		if _, err := ovs.Dial(ctx, endpoint); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial %s, where nobody is: got %v, want %v", endpoint, err, syscall.ECONNREFUSED)
		}
	}
	before := openDescriptors(t)
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: ovs.DatabaseEndpoint(), Dial: ovs.Dial})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := openDescriptors(t); got > before {
		t.Errorf("file descriptors with a client in memory: got %d, want %d as without", got, before)
	}
	operations := []ovsdb.Operation{ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{Name: "br0"}).Named("b"), vswitch.AddBridges("b")}
	if _, err := db.Apply(ctx, operations...); err != nil {
		t.Fatal(err)
	}
	of, err := openflow.Dial(ctx, management, openflow.Options{Dial: ovs.Dial})
	if err != nil {
		t.Fatal(err)
	}
	defer of.Close()
	if err := of.Barrier(ctx); err != nil {
		t.Error(err)
	}
	ovs.KillDatabase()
	if _, err := ovs.Dial(ctx, ovs.DatabaseEndpoint()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial a database that is killed: got %v, want %v", err, syscall.ECONNREFUSED)
	}
}
