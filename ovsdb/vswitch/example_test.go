// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitch_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Adding an existing device to a bridge, and learning its port number or why
// it has none.
func Example() {
	ctx := context.Background()
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	br, ok := db.Bridge("br0")
	if !ok {
		log.Fatal("no bridge br0")
	}
	_, err = db.Apply(ctx,
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: "eth1"}).Named("interface"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: "eth1", Interfaces: []string{"interface"}}).Named("port"),
		vswitch.AddPorts(br.UUID, "port"))
	if err != nil {
		log.Fatal(err)
	}
	row, err := db.WaitInterface(ctx, "eth1")
	var failed *vswitch.InterfaceError
	if errors.As(err, &failed) {
		log.Fatalf("the switch says: %s", failed.Text)
	}
	fmt.Println("OpenFlow port", *row.OFPort)
}
