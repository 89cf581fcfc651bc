// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

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
		if err := checkUse(db, row); err != nil {
			return err
		}
		if ports := attached(db, row); len(ports) > 0 {
			return fmt.Errorf("ports %q are attached: %w", ports, ErrInUse)
		}
		// Only if it is still as it was looked at.
		unchanged := ovsdb.Wait(vswitch.TableBridge,
			ovsdb.WaitOptions{Rows: []ovsdb.Row{{"ports": row.Ports, "external_ids": row.ExternalIDs}}}, ovsdb.ByUUID(row.UUID))
		_, err := db.Apply(ctx, unchanged, vswitch.RemoveBridges(row.UUID))
		if !errors.Is(err, ovsdb.ErrTimedOut) {
			return err
		}
		err = db.Wait(ctx, func() (bool, error) {
			now, ok := db.Bridge(name)
			return !ok || now.UUID != row.UUID || !slices.Equal(now.Ports, row.Ports) || !maps.Equal(now.ExternalIDs, row.ExternalIDs), nil
		})
		if err != nil {
			return err
		}
	}
}

// checkUse fails if sub-packages have done something for the bridge that is more than
// rows.
func checkUse(db *vswitch.DB, br *vswitch.Bridge) error {
	if root := db.Root(); root != nil && root.ExternalIDs[mark.Uplink+br.Name] != "" {
		return fmt.Errorf("a NIC is its uplink: %w", ErrInUse)
	}
	for _, key := range slices.Sorted(maps.Keys(br.ExternalIDs)) {
		if addr, ok := strings.CutPrefix(key, mark.HostAddr); ok {
			return fmt.Errorf("it has address %s of the machine's link: %w", addr, ErrInUse)
		}
	}
	return nil
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
