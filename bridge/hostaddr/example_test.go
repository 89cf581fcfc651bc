// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr_test

import (
	"context"
	"log"
	"net/netip"

	"github.com/ovskit/ovskit/bridge/hostaddr"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func Example() {
	ctx := context.Background()
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	// What an earlier run may have left.
	if err := hostaddr.Recover(ctx, db); err != nil {
		log.Fatal(err)
	}
	err = hostaddr.Ensure(ctx, db, hostaddr.Config{
		Bridge: "br-web",
		Device: "eth0",
		Addr:   netip.MustParseAddr("192.0.2.50"),
	})
	if err != nil {
		log.Fatal(err)
	}
}
