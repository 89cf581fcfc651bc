// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"time"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// undoPatience is how long taking back a failed change may take.
const undoPatience = 2 * time.Second

// portInsert is the place of the port's insert in the transaction.
const portInsert = 1

// addRows makes the rows of a port and waits for its OpenFlow port number. No
// row is left behind when it fails.
func addRows(ctx context.Context, db *vswitch.DB, bridge string, c *Config, mac net.HardwareAddr) (ofport uint32, err error) {
	owner := map[string]string{mark.Owner: cmp.Or(c.Owner, mark.DefaultOwner)}
	ids := externalIDs(c, mac, owner)
	results, err := db.Apply(ctx,
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{
			Name:        c.Name,
			Type:        c.Type,
			ExternalIDs: ids,
		}).Named("new_interface"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{
			Name:        c.Name,
			Interfaces:  []string{"new_interface"},
			ExternalIDs: owner,
		}).Named("new_port"),
		vswitch.AddPorts(bridge, "new_port"),
	)
	unknown := errors.As(err, new(*ovsdb.OutcomeUnknownError))
	if err != nil && results == nil && !unknown {
		return 0, err
	}
	defer func() {
		if err == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
		defer cancel()
		var undoErr error
		if unknown {
			undoErr = removeUnseen(ctx, db, bridge, c.Name, ids)
		} else {
			_, undoErr = db.Commit(ctx, vswitch.RemovePorts(bridge, results[portInsert].UUID))
		}
		if undoErr != nil {
			err = errors.Join(err, fmt.Errorf("undo: %w", undoErr))
		}
	}()
	if err != nil {
		return 0, err
	}
	if results[len(results)-1].Count == 0 {
		return 0, fmt.Errorf("bridge: %w", ErrNotFound) // removed at this moment
	}
	iface, err := db.WaitInterface(ctx, c.Name)
	if err != nil {
		return 0, err
	}
	return uint32(*iface.OFPort), nil
}

// removeUnseen removes a port if the transaction that was to make it, whose
// answer was not waited for, has made it.
func removeUnseen(ctx context.Context, db *vswitch.DB, bridge, name string, ids map[string]string) error {
	// The server answers in order: afterwards the copy of the database shows
	// what the transaction did.
	if err := db.Client().Echo(ctx); err != nil {
		return err
	}
	row, ok := db.Port(name)
	if !ok {
		return nil
	}
	if iface, ok := db.Interface(name); !ok || !maps.Equal(iface.ExternalIDs, ids) {
		return nil // somebody else's port, for which ours was refused
	}
	_, err := db.Commit(ctx, vswitch.RemovePorts(bridge, row.UUID))
	return err
}

// externalIDs are the interface's external_ids: the caller's, then ours.
func externalIDs(c *Config, mac net.HardwareAddr, owner map[string]string) map[string]string {
	ids := maps.Clone(owner)
	maps.Copy(ids, c.ExternalIDs)
	ids[mark.Kind] = c.Kind.String()
	if c.SwitchNetns != "" {
		ids[mark.SwitchNetns] = c.SwitchNetns
	}
	if mac != nil {
		ids[mark.AttachedMAC] = mac.String()
	}
	if c.ContainerID != "" {
		ids[mark.ContainerID] = c.ContainerID
		if c.Ifname != "" {
			ids[mark.ContainerIface] = c.Ifname
		}
	}
	return ids
}
