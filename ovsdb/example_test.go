// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/ovskit/ovskit/ovsdb"
)

// A transaction that makes a bridge without ports, and its errors.
func Example() {
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	results, err := c.Transact(ctx,
		ovsdb.Insert("Bridge", ovsdb.Row{"name": "br0", "fail_mode": "secure"}).Named("new"),
		ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{
			ovsdb.Change("bridges", ovsdb.InsertInto, "new"),
			ovsdb.Change("next_cfg", ovsdb.Add, 1),
		}))
	switch {
	case errors.Is(err, ovsdb.ErrConstraintViolation):
		log.Fatal("there is a bridge br0 already")
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println("new row", results[0].UUID)
}

// A copy of a table that follows the database.
func ExampleTable() {
	type Bridge struct {
		Name  string   `ovsdb:"name"`
		Ports []string `ovsdb:"ports"`
	}
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	bridges := ovsdb.NewTable[Bridge]("Bridge", ovsdb.TableOptions{})
	byName := ovsdb.NewIndex(bridges, func(b *Bridge) string { return b.Name })
	m, err := c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{bridges}})
	if err != nil {
		log.Fatal(err)
	}
	err = m.Wait(ctx, func() (bool, error) {
		br, ok := byName.Get("br0")
		return ok && len(br.Ports) >= 2, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("br0 has two ports")
}
