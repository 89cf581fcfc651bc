// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/ovskit/ovskit/bridge"
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
	br, err := bridge.Ensure(ctx, db, bridge.Config{
		Name:  "br-web",
		Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.1.1/24")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(br.Name, "is at", br.MAC, "and speaks OpenFlow at", br.Management())
}
