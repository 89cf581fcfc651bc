// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitch

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/ovsdb"
)

// ErrNotApplied says that a change is in the database but that ovs-vswitchd
// was not seen to take it over before the context or the client ended. It is
// wrapped together with the reason.
var ErrNotApplied = errors.New("committed, but ovs-vswitchd has not applied it")

// ErrRevoked says that the database went back to what it was before a change,
// as when its server is started with an older copy of its file.
var ErrRevoked = errors.New("the database has gone back to an earlier state")

// Commit runs the operations as one transaction that also tells ovs-vswitchd
// to reconfigure itself, without waiting for it. Several columns, Port.trunks
// and Bridge.stp_enable among them, take no effect otherwise. It returns the
// results of ops. Errors are those of [ovsdb.Batcher.Transact].
//
// Changes that come at the same time share a transaction, and ovs-vswitchd
// reconfigures itself once for all of them. Each has the outcome that it would
// have alone.
func (db *DB) Commit(ctx context.Context, ops ...ovsdb.Operation) ([]ovsdb.Result, error) {
	results, _, err := db.commit(ctx, ops)
	return results, err
}

// Apply is Commit followed by waiting until ovs-vswitchd has reconfigured
// itself: until Open_vSwitch.cur_cfg has reached the next_cfg that the
// transaction set. An interface that could not be made is no error of Apply:
// see [DB.WaitInterface].
//
// While there is no connection to the database it goes on waiting. If the
// context or the client ends first, the results are returned with an error that
// wraps [ErrNotApplied]: the change is made and stays, except if the error wraps
// [ErrRevoked] as well.
func (db *DB) Apply(ctx context.Context, ops ...ovsdb.Operation) ([]ovsdb.Result, error) {
	results, nextCfg, err := db.commit(ctx, ops)
	if err != nil {
		return nil, err
	}
	err = db.Wait(ctx, func() (bool, error) {
		root := db.Root()
		switch {
		case root == nil:
			return false, nil
		case root.NextCfg < nextCfg:
			return false, ErrRevoked
		}
		return root.CurCfg >= nextCfg, nil
	})
	if err != nil {
		return results, fmt.Errorf("%w: %w", ErrNotApplied, err)
	}
	return results, nil
}

// epilogue ends every transaction: it bumps next_cfg and reads what it became.
func epilogue() []ovsdb.Operation {
	return []ovsdb.Operation{
		ovsdb.Mutate(TableOpenVSwitch, []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, 1)}),
		ovsdb.Select(TableOpenVSwitch, []string{"next_cfg"}),
	}
}

// commit returns the results of ops and the next_cfg that belongs to them.
func (db *DB) commit(ctx context.Context, ops []ovsdb.Operation) (results []ovsdb.Result, nextCfg int64, err error) {
	results, end, err := db.batch.Transact(ctx, ops...)
	if err != nil {
		return nil, 0, err
	}
	rows := end[1].Rows
	if len(rows) != 1 {
		return nil, 0, fmt.Errorf("table %q has %d rows: want one", TableOpenVSwitch, len(rows))
	}
	nextCfg, _ = rows[0]["next_cfg"].(int64)
	return results, nextCfg, nil
}

// An InterfaceError is an interface that ovs-vswitchd could not make.
type InterfaceError struct {
	// Name is the interface's name.
	Name string
	// Text is ovs-vswitchd's explanation, such as "could not open network
	// device x (No such device)", possibly empty.
	Text string
}

func (e *InterfaceError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("interface %q: ovs-vswitchd could not make it", e.Name)
	}
	return fmt.Sprintf("interface %q: %s", e.Name, e.Text)
}

// WaitInterface waits until ovs-vswitchd has made the named interface and
// returns its row, whose OFPort is set. An interface that cannot be made is an
// [*InterfaceError]. An interface that does not exist is waited for.
//
// Call it after [DB.Apply]: the row of an interface that failed before keeps
// its error until ovs-vswitchd has tried again.
func (db *DB) WaitInterface(ctx context.Context, name string) (*Interface, error) {
	var found *Interface
	err := db.Wait(ctx, func() (bool, error) {
		row, ok := db.Interface(name)
		found = row
		switch {
		case !ok:
			return false, nil
		case row.Error != nil:
			return false, &InterfaceError{Name: name, Text: *row.Error}
		case row.OFPort == nil:
			return false, nil
		case *row.OFPort < 0:
			return false, &InterfaceError{Name: name}
		}
		return true, nil
	})
	var failed *InterfaceError
	switch {
	case err == nil:
		return found, nil
	case errors.As(err, &failed):
		return nil, err
	case found == nil:
		return nil, fmt.Errorf("interface %q: not in the database: %w", name, err)
	default:
		return nil, fmt.Errorf("interface %q: ovs-vswitchd has not made it: %w", name, err)
	}
}
