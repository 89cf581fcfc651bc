// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// bridgeInsert is the place of the bridge's insert in what createOps returns.
const bridgeInsert = 2

// create makes a new bridge with the first of the datapath types that works.
func create(ctx context.Context, db *vswitch.DB, c Config, types []string) (*change, error) {
	if other, ok := db.PortBridge(c.Name); ok && other.Name != c.Name {
		return nil, fmt.Errorf("the name is that of a port of bridge %q", other.Name)
	}
	c = c.withDefaults()
	c.Datapath = types[0]
	token := rand.Text()
	results, err := db.Apply(ctx, createOps(&c, token)...)
	if results == nil {
		if mayHaveHappened(err) {
			err = errors.Join(err, removeUnseen(ctx, db, c.Name, token))
		}
		return nil, err
	}
	uuid := results[bridgeInsert].UUID
	made := &change{bridge: uuid, rstp: c.RSTP != nil && c.RSTP.Enable}
	made.undo = func(ctx context.Context, run runner) error {
		made.rstp = false
		_, err := run(ctx, vswitch.RemoveBridges(uuid))
		return err
	}
	for _, next := range types[1:] {
		if row, ok := db.BridgeByUUID(uuid); err != nil || !ok || row.DatapathID != nil {
			break
		}
		_, err = db.Apply(ctx, ovsdb.Update(vswitch.TableBridge, ovsdb.Row{"datapath_type": next}, ovsdb.ByUUID(uuid)))
	}
	return made, err
}

// createOps makes the rows of a new bridge. The token tells it from one of the same
// name that somebody else makes.
func createOps(c *Config, token string) []ovsdb.Operation {
	const newBridge, ownPort, ownInterface = "new_bridge", "own_port", "own_interface"
	owner := map[string]string{mark.Owner: cmp.Or(c.Owner, mark.DefaultOwner)}
	ops := []ovsdb.Operation{
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{
			Name:        c.Name,
			Type:        "internal",
			ExternalIDs: owner,
		}).Named(ownInterface),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{
			Name:        c.Name,
			Interfaces:  []string{ownInterface},
			ExternalIDs: merged(owner, map[string]string{mark.Creation: token}),
		}).Named(ownPort),
		ovsdb.Insert(vswitch.TableBridge, &vswitch.Bridge{
			Name:        c.Name,
			Ports:       []string{ownPort},
			ExternalIDs: owner,
		}).Named(newBridge),
		vswitch.AddBridges(newBridge),
	}
	inserted := &state{
		bridge: &vswitch.Bridge{UUID: newBridge, ExternalIDs: owner},
		own:    &vswitch.Interface{UUID: ownInterface},
	}
	do, _ := inserted.plan(c.patch())
	return append(ops, do...)
}

// removeUnseen removes a bridge if the transaction that was to make it, whose
// answer was not waited for, has made it.
func removeUnseen(ctx context.Context, db *vswitch.DB, name, token string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	// The server answers in order: afterwards the copy of the database shows
	// what the transaction did.
	if err := db.Client().Echo(ctx); err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	port, ok := db.Port(name)
	if !ok || port.ExternalIDs[mark.Creation] != token {
		return nil
	}
	if row, ok := db.Bridge(name); ok {
		if _, err := db.Commit(ctx, vswitch.RemoveBridges(row.UUID)); err != nil {
			return fmt.Errorf("undo: %w", err)
		}
	}
	return nil
}

// randomMAC is a locally administered unicast address.
func randomMAC() net.HardwareAddr {
	mac := make(net.HardwareAddr, 6)
	rand.Read(mac)
	mac[0] = mac[0]&^1 | 2
	return mac
}
