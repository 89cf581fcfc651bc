// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"fmt"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// flowRestoreWait is the key of Open_vSwitch.other_config that holds flows.
const flowRestoreWait = "flow-restore-wait"

// HoldFlows makes ovs-vswitchd hold its bridges when it starts next, until
// [ReleaseFlows]. Flows are lost when ovs-vswitchd ends, and a new one would
// begin at once to forward, or drop, without them. One that is held does not
// touch what the kernel's datapath forwards, and connects to no controller.
//
// The order is: HoldFlows; restart ovs-vswitchd; connect to each bridge's management
// socket with package openflow, which works all the while, and write its flows;
// ReleaseFlows. A switch that is not held has no use for HoldFlows before it
// starts again: HoldFlows does not wait for it, and can as well be called while
// none runs.
//
// A bridge with a controller of type "primary", which is the default of those that
// it connects to, loses all flows at the release: ovs-vswitchd clears the tables of a
// bridge that gets its first one. The flows of such a bridge are that controller's
// business.
//
// It fails only if the database does, and may be called again.
func HoldFlows(ctx context.Context, db *vswitch.DB) error {
	if _, err := db.Commit(ctx, setFlowRestoreWait("true")); err != nil {
		return fmt.Errorf("hold flows: %w", err)
	}
	return nil
}

// ReleaseFlows ends [HoldFlows] and returns when ovs-vswitchd forwards by the flows
// that it has. It may be called again. An error that wraps [vswitch.ErrNotApplied]
// says that flows are not held any more but that ovs-vswitchd did not answer, for
// instance because it does not run: that is not taken back.
func ReleaseFlows(ctx context.Context, db *vswitch.DB) error {
	if _, err := db.Apply(ctx, setFlowRestoreWait("")); err != nil {
		return fmt.Errorf("release flows: %w", err)
	}
	return nil
}

// FlowsHeld reports whether an ovs-vswitchd that starts now holds its bridges. One
// that was running when [HoldFlows] was called does not.
func FlowsHeld(db *vswitch.DB) bool {
	root := db.Root()
	return root != nil && root.OtherConfig[flowRestoreWait] == "true"
}

// setFlowRestoreWait sets the key; an empty value removes it.
func setFlowRestoreWait(value string) ovsdb.Operation {
	const column = "other_config"
	m := []ovsdb.Mutation{ovsdb.Change(column, ovsdb.DeleteFrom, []string{flowRestoreWait})}
	if value != "" {
		m = append(m, ovsdb.Change(column, ovsdb.InsertInto, map[string]string{flowRestoreWait: value}))
	}
	return ovsdb.Mutate(vswitch.TableOpenVSwitch, m)
}
