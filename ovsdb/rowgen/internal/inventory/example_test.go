// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package inventory_test

import (
	"context"
	_ "embed"
	"fmt"
	"log"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/rowgen/internal/inventory"
)

//go:embed inventory.ovsschema
var schema []byte

// A host with one NIC, in a database that the fake serves.
func Example() {
	server, err := fakeovs.Start(fakeovs.Options{Schemas: [][]byte{schema}})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	if err := register(context.Background(), server.DatabaseEndpoint()); err != nil {
		fmt.Println(err)
	}
	// Output: web1 is in-service, not in a rack, and has 1 NIC
}

func register(ctx context.Context, endpoint string) error {
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: endpoint, Database: inventory.DatabaseName})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Transact(ctx,
		ovsdb.Insert(inventory.TableNIC, &inventory.NIC{MAC: "02:00:00:00:00:01"}).Named("eth0"),
		ovsdb.Insert(inventory.TableHost, &inventory.Host{
			Name: "web1", State: inventory.HostStateInService, NICs: []string{"eth0"}}))
	if err != nil {
		return err
	}
	hosts := ovsdb.NewTable[inventory.Host](inventory.TableHost, ovsdb.TableOptions{})
	byName := ovsdb.NewIndex(hosts, func(h *inventory.Host) string { return h.Name })
	if _, err := c.Monitor(ctx, ovsdb.MonitorOptions{Tables: []ovsdb.Monitored{hosts}}); err != nil {
		return err
	}
	host, ok := byName.Get("web1")
	if !ok {
		return fmt.Errorf("host %q is not there", "web1")
	}
	where := "not in a rack"
	if host.RackID != nil {
		where = fmt.Sprintf("in rack %d", *host.RackID)
	}
	fmt.Printf("%s is %s, %s, and has %d NIC\n", host.Name, host.State, where, len(host.NICs))
	return nil
}
