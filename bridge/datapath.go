// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/internal/genl"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// The datapath types of ovs-vswitchd.
const (
	datapathKernel = "system"
	datapathUser   = "netdev"
)

// A DatapathError is a bridge for which ovs-vswitchd could not make a datapath.
// Its log says why; the database does not.
type DatapathError struct {
	// Bridge is the bridge's name.
	Bridge string
	// Type is the datapath type.
	Type string
}

func (e *DatapathError) Error() string {
	return fmt.Sprintf("ovs-vswitchd could not make a datapath of type %q; its log says why", e.Type)
}

// errRemoved is a bridge that somebody removed while it was worked on.
var errRemoved = fmt.Errorf("somebody removed it: %w", ErrNotFound)

// waitDatapath finds out whether ovs-vswitchd has made the bridge's datapath, after
// it has put a change into effect, and returns the row.
//
// It says so by setting Bridge.datapath_id. Of a datapath that it cannot make it
// writes nothing to the database, and when it had another one before, a
// transaction that it had already sent can set the id of that one after a change has
// emptied the column. Once it has put the change into effect it sends no more of
// these. So the column is emptied again and means what it says.
func waitDatapath(ctx context.Context, db *vswitch.DB, done *change) (*vswitch.Bridge, error) {
	row, ok := db.BridgeByUUID(done.bridge)
	if ok && row.DatapathID != nil && done.newDatapath {
		again := ovsdb.Update(vswitch.TableBridge, ovsdb.Row{"datapath_id": (*string)(nil)}, ovsdb.ByUUID(row.UUID))
		if _, err := db.Apply(ctx, again); err != nil {
			return nil, err
		}
		row, ok = db.BridgeByUUID(done.bridge)
	}
	switch {
	case !ok:
		return nil, errRemoved
	case row.DatapathID == nil:
		return nil, &DatapathError{Bridge: row.Name, Type: row.DatapathType}
	}
	return row, nil
}

// datapaths returns the datapath types to be tried, in order.
func datapaths(ctx context.Context, db *vswitch.DB, wanted string, ns *netns.NS) ([]string, error) {
	offered, err := offeredDatapaths(ctx, db)
	if err != nil {
		return nil, err
	}
	if wanted != "" {
		if !slices.Contains(offered, wanted) {
			return nil, fmt.Errorf("datapath type %q: the switch offers %s", wanted, strings.Join(offered, ", "))
		}
		return []string{wanted}, nil
	}
	var choice []string
	if slices.Contains(offered, datapathKernel) && kernelHasDatapath(ns) {
		choice = append(choice, datapathKernel)
	}
	if slices.Contains(offered, datapathUser) {
		choice = append(choice, datapathUser)
	}
	if len(choice) == 0 {
		return nil, fmt.Errorf("no usable datapath type: the switch offers %s", strings.Join(offered, ", "))
	}
	return choice, nil
}

// offeredDatapaths waits for ovs-vswitchd to have said which types it has,
// which it does when it first opens a database.
func offeredDatapaths(ctx context.Context, db *vswitch.DB) (offered []string, err error) {
	err = db.Wait(ctx, func() (bool, error) {
		if root := db.Root(); root != nil {
			offered = root.DatapathTypes
		}
		return len(offered) > 0, nil
	})
	if err != nil {
		return nil, fmt.Errorf("ovs-vswitchd has not said which datapath types it offers: %w", err)
	}
	return offered, nil
}

// kernelHasDatapath reports whether the kernel has Open vSwitch's datapath,
// which ovs-vswitchd offers in any case. Asking for it loads the module where
// there is one. An unclear answer counts as no: the datapath in user space
// works everywhere.
func kernelHasDatapath(ns *netns.NS) bool {
	var found bool
	err := ns.Do(func() error {
		_, err := genl.Family("ovs_datapath")
		found = err == nil
		return err
	})
	return err == nil && found
}
