// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// undoPatience is how long taking back a failed change may take.
const undoPatience = 2 * time.Second

// The places of the inserts in the transaction.
const (
	interfaceInsert = iota
	portInsert
)

// errRemoved is the failure of an Attach whose rows somebody removes.
var errRemoved = errors.New("the port was removed meanwhile")

// addedRows are the rows of a port that ovs-vswitchd has made.
type addedRows struct {
	bridge, port string // UUIDs
	iface        *vswitch.Interface
}

// undo removes the rows, even if ctx has ended.
func (a *addedRows) undo(ctx context.Context, db *vswitch.DB) error {
	return undo(ctx, func(ctx context.Context) error {
		_, err := db.Commit(ctx, vswitch.RemovePorts(a.bridge, a.port))
		return err
	})
}

// addRows makes the rows of a port and waits for its OpenFlow port number. No
// row is left behind when it fails.
func addRows(ctx context.Context, db *vswitch.DB, bridge string, c *Config) (*addedRows, error) {
	owner := map[string]string{mark.Owner: c.owner()}
	ids := externalIDs(c)
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
	switch {
	case errors.As(err, new(*ovsdb.OutcomeUnknownError)):
		return nil, errors.Join(err, undo(ctx, func(ctx context.Context) error {
			return removeUnseen(ctx, db, bridge, c.Name, ids)
		}))
	case errors.Is(err, ovsdb.ErrConstraintViolation):
		return nil, explainRefusal(ctx, db, c.Name, err)
	case results == nil:
		return nil, err
	}
	added := &addedRows{bridge: bridge, port: results[portInsert].UUID}
	if err == nil {
		if results[len(results)-1].Count == 0 {
			err = fmt.Errorf("bridge: %w", ErrNotFound) // removed at this moment
		} else {
			added.iface, err = waitMade(ctx, db, c.Name, results[interfaceInsert].UUID)
		}
	}
	if err != nil {
		return nil, errors.Join(err, added.undo(ctx, db))
	}
	return added, nil
}

// undo runs what takes a change back, even if ctx has ended.
func undo(ctx context.Context, takeBack func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	if err := takeBack(ctx); err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	return nil
}

// waitMade waits until ovs-vswitchd has made the interface of a row that it has
// been told of. A row that is not there any more is not waited for.
func waitMade(ctx context.Context, db *vswitch.DB, name, uuid string) (*vswitch.Interface, error) {
	var made *vswitch.Interface
	err := db.Wait(ctx, func() (bool, error) {
		row, ok := db.InterfaceByUUID(uuid)
		if !ok {
			return false, errRemoved
		}
		made = row
		return isMade(row)
	})
	var failed *vswitch.InterfaceError
	if err != nil && !errors.Is(err, errRemoved) && !errors.As(err, &failed) {
		err = fmt.Errorf("interface %q: ovs-vswitchd has not made it: %w", name, err)
	}
	return made, err
}

// isMade reports whether ovs-vswitchd has made an interface. It fails with an
// InterfaceError when it could not.
func isMade(row *vswitch.Interface) (bool, error) {
	switch {
	case row.Error != nil:
		return false, &vswitch.InterfaceError{Name: row.Name, Text: *row.Error}
	case row.OFPort == nil:
		return false, nil
	case *row.OFPort < 0:
		return false, &vswitch.InterfaceError{Name: row.Name}
	}
	return true, nil
}

// explainRefusal says why the server refused a port that violates a constraint:
// most often somebody else has taken the name at the same moment.
func explainRefusal(ctx context.Context, db *vswitch.DB, name string, refusal error) error {
	// The server answers in order: afterwards the copy of the database shows
	// what made it refuse.
	if err := db.Client().Echo(ctx); err != nil {
		return errors.Join(refusal, err)
	}
	if err := nameIsFree(db, name); err != nil {
		return err
	}
	return refusal
}

func nameIsFree(db *vswitch.DB, name string) error {
	if _, ok := db.Bridge(name); ok {
		return fmt.Errorf("bridge of that name: %w", ErrExists)
	}
	if br, ok := db.PortBridge(name); ok {
		return fmt.Errorf("port %q on bridge %q: %w", name, br.Name, ErrExists)
	}
	if _, ok := db.Interface(name); ok {
		return fmt.Errorf("interface %q in the database: %w", name, ErrExists)
	}
	return nil
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
