// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// remove removes a bridge to which nothing is attached that would be left
// behind.
func remove(ctx context.Context, db *vswitch.DB, name string) error {
	for {
		row, ok := db.Bridge(name)
		if !ok {
			return ErrNotFound
		}
		if row.ExternalIDs[mark.Uplink] != "" {
			return fmt.Errorf("a NIC is its uplink: %w", ErrInUse)
		}
		if ports := attached(db, row); len(ports) > 0 {
			return fmt.Errorf("ports %q are attached: %w", ports, ErrInUse)
		}
		// Only if it still has the ports that were looked at.
		unchanged := ovsdb.Wait(vswitch.TableBridge,
			ovsdb.WaitOptions{Rows: []ovsdb.Row{{"ports": row.Ports}}}, ovsdb.ByUUID(row.UUID))
		_, err := db.Apply(ctx, unchanged, vswitch.RemoveBridges(row.UUID))
		if !errors.Is(err, ovsdb.ErrTimedOut) {
			return err
		}
		err = db.Wait(ctx, func() (bool, error) {
			now, ok := db.Bridge(name)
			return !ok || now.UUID != row.UUID || !slices.Equal(now.Ports, row.Ports), nil
		})
		if err != nil {
			return err
		}
	}
}

// attached lists the ports of a bridge, other than its own, that this module
// has made, sorted by name.
func attached(db *vswitch.DB, br *vswitch.Bridge) (names []string) {
	for _, uuid := range br.Ports {
		p, ok := db.PortByUUID(uuid)
		if ok && p.Name != br.Name && p.ExternalIDs[mark.Owner] != "" {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return names
}
