// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ovskit/ovskit/bridge/uplink"
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
	if _, err := uplink.Recover(ctx, db); err != nil {
		log.Fatal(err)
	}
	u, err := uplink.Adopt(ctx, db, uplink.Config{
		Bridge: "br0",
		Device: "eth0",
		Connect: func(ctx context.Context, u *uplink.Uplink) error {
			fmt.Println("flows between port", u.OFPort, "and the bridge's own port go here")
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(u.Device, "is now the uplink of", u.Bridge)
}
