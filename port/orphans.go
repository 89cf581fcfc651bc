// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/vishvananda/netlink"
)

// deadAlias begins the alias of a device that was seen to be of no use, before the
// time.
const deadAlias = "ovskit-dead="

// devices collects veth pairs that were made for ports of this owner that no
// database has: their makers were killed before they could write the rows, or
// somebody removed these.
func (c *collection) devices(ctx context.Context) error {
	h, err := c.source.Netlink()
	if err != nil {
		return err
	}
	links, err := h.LinkList()
	// A list that others have made changes to meanwhile may lack some devices: the
	// next time they are seen.
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return fmt.Errorf("list devices: %w", err)
	}
	var errs []error
	for _, link := range links {
		if link.Type() != "veth" {
			continue
		}
		id, err := identify(c.db, c.owner, link.Attrs().Name)
		if err != nil {
			return err
		}
		if slices.Equal(link.Attrs().HardwareAddr, id.mac) {
			if err := c.device(ctx, id, link); err != nil {
				errs = append(errs, fmt.Errorf("device %q: %w", link.Attrs().Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// device collects a device that bears an identity of ours.
func (c *collection) device(ctx context.Context, id identity, link netlink.Link) error {
	name := link.Attrs().Name
	marked, isMarked := strings.CutPrefix(link.Attrs().Alias, deadAlias)
	unlock, err := c.source.Lock(id.lock)
	if errors.Is(err, netns.ErrLocked) {
		return nil // somebody is attaching it
	}
	if err != nil {
		return err
	}
	defer unlock()
	orphan, err := id.isOrphan(ctx, c.db, c.source, name)
	if err != nil {
		return err
	}
	h, err := c.source.Netlink()
	if err != nil {
		return err
	}
	if !orphan {
		if isMarked && !c.DryRun {
			return h.LinkSetAlias(link, "")
		}
		return nil
	}
	first, remove := c.seen("device", name, "no port has it", marked)
	if first {
		return h.LinkSetAlias(link, deadAlias+c.stamp())
	}
	if remove {
		return c.removed(c.removals.remove(link.Attrs().Index))
	}
	return nil
}
