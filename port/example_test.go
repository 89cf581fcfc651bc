// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/ovskit/ovskit/port"
)

func Example() {
	ctx := context.Background()
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	ports, err := port.Open(db, port.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer ports.Close()
	p, err := ports.Attach(ctx, port.Config{
		Bridge:  "br-web",
		Netns:   "/run/netns/web",
		Addrs:   []netip.Prefix{netip.MustParsePrefix("10.77.1.2/24")},
		Gateway: netip.MustParseAddr("10.77.1.1"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Ifname, "is at", p.MAC, "behind OpenFlow port", p.OFPort)
}
