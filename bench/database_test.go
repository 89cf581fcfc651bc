// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// startDatabase starts an ovsdb-server with a bridge "br0" that has as many
// ports as given, each as ovs-docker would have made it.
func startDatabase(b *testing.B, ports int) (endpoint string) {
	b.Helper()
	endpoint = ovsproctest.Start(b, ovsproc.Options{NoSwitch: true}).DatabaseEndpoint()
	fillDatabase(b, endpoint, ports)
	return endpoint
}

// fillDatabase makes an empty database what startDatabase returns.
func fillDatabase(b *testing.B, endpoint string, ports int) {
	b.Helper()
	ctx := context.Background()
	db := openSwitch(b, endpoint)
	defer db.Close()
	c := db.Client()
	if _, err := c.Transact(ctx,
		ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{Name: "br0"}).Named("b"), vswitch.AddBridges("b")); err != nil {
		b.Fatal(err)
	}
	bridge := findBridge(b, c)
	const together = 500
	for first := 0; first < ports; first += together {
		var ops []ovsdb.Operation
		for i := first; i < min(first+together, ports); i++ {
			ops = append(ops, addPort(bridge, fmt.Sprintf("port%d", i))...)
		}
		if _, err := c.Transact(ctx, ops...); err != nil {
			b.Fatal(err)
		}
	}
}

func openSwitch(b *testing.B, endpoint string) *vswitch.DB {
	b.Helper()
	db, err := vswitch.Dial(context.Background(), ovsdb.Options{Endpoint: endpoint})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

func dialDatabase(b *testing.B, endpoint string) *ovsdb.Client {
	b.Helper()
	c, err := ovsdb.Dial(context.Background(), ovsdb.Options{Endpoint: endpoint})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

// findBridge returns the UUID of the one bridge.
func findBridge(b *testing.B, c *ovsdb.Client) string {
	b.Helper()
	results, err := c.Transact(context.Background(), ovsdb.Select(vswitch.TableBridge, []string{"_uuid"}))
	if err != nil || len(results[0].Rows) != 1 {
		b.Fatalf("find the bridge: got %v, %v; want one row", results, err)
	}
	return results[0].Rows[0]["_uuid"].(string)
}

// addPort makes the operations that add a port.
func addPort(bridge, name string) []ovsdb.Operation {
	// The names serve for many ports in one transaction as well.
	row, port := "i_"+name, "p_"+name
	return []ovsdb.Operation{
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{
			Name: name, ExternalIDs: map[string]string{"container_id": "0123456789ab" + name, "container_iface": "eth0"}}).Named(row),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{row}}).Named(port),
		vswitch.AddPorts(bridge, port),
	}
}

// addPorts adds ports one a transaction.
func addPorts(c *ovsdb.Client, bridge string) error {
	for i := range portsAdded {
		if _, err := c.Transact(context.Background(), addPort(bridge, addedName(i))...); err != nil {
			return err
		}
	}
	return nil
}

func addedName(i int) string { return fmt.Sprintf("added%d", i) }

// removeAdded removes all ports that were not there at the beginning.
func removeAdded(c *ovsdb.Client, bridge string) error {
	ctx := context.Background()
	results, err := c.Transact(ctx, ovsdb.Select(vswitch.TablePort, []string{"_uuid", "name"}))
	if err != nil {
		return err
	}
	var added []string
	for _, row := range results[0].Rows {
		if strings.HasPrefix(row["name"].(string), "added") {
			added = append(added, row["_uuid"].(string))
		}
	}
	_, err = c.Transact(ctx, vswitch.RemovePorts(bridge, added...))
	return err
}
