// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"time"

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

func ExampleUpdate() {
	ctx := context.Background()
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = bridge.Update(ctx, db, bridge.Config{
		Name:        "br-web",
		Controllers: []bridge.Controller{{Target: "ssl:192.0.2.9:6653", MaxBackoff: 4 * time.Second}},
		MACTable:    &bridge.MACTable{AgingTime: time.Minute},
		STP:         &bridge.STP{}, // off
		FloodVLANs:  []int{},       // none
	})
	if err != nil {
		log.Fatal(err)
	}
}

func ExampleWatch() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	w := bridge.Watch(db, ovsdb.WatchOptions{})
	defer w.Close()
	for {
		event, err := w.Next(ctx)
		switch {
		case err != nil:
			log.Fatal(err)
		case event.New == nil:
			fmt.Println(event.Old.Name, "is gone")
		default:
			fmt.Println(event.New.Name, "has ports", event.New.Ports)
		}
	}
}
