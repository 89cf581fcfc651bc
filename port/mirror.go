// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A Mirror copies packets of a bridge to a port or a VLAN, table Mirror of
// ovs-vswitchd.conf.db(5).
type Mirror struct {
	// Bridge is the name of the bridge.
	Bridge string
	// Name tells the mirror from others of the bridge.
	Name string
	// All copies all packets. Otherwise those are copied that come in by a port
	// in From or leave by one in To, or all if both are empty.
	All      bool
	From, To []string
	// VLANs restricts it to packets of these VLANs; empty is all.
	VLANs []uint16
	// OutputPort is the name of the port that the copies leave by. It carries
	// nothing else any longer (SPAN).
	OutputPort string
	// OutputVLAN is the VLAN into which the copies are put, in place of
	// OutputPort (RSPAN).
	OutputVLAN uint16
	// SnapLen is how many bytes of each packet are copied, at least 14; 0 is all.
	SnapLen int
}

func (c *Mirror) check() error {
	for _, id := range append(slices.Clone(c.VLANs), c.OutputVLAN) {
		if id > maxVLAN {
			return fmt.Errorf("VLAN %d: not between 0 and %d", id, maxVLAN)
		}
	}
	switch {
	case c.Name == "":
		return errors.New("name is empty")
	case (c.OutputPort != "") == (c.OutputVLAN != 0):
		return errors.New("either a port or a VLAN must be given for the copies")
	case c.All && len(c.From)+len(c.To) > 0:
		return errors.New("all packets and those of some ports are selected")
	case slices.Contains(c.From, c.OutputPort) || slices.Contains(c.To, c.OutputPort):
		return fmt.Errorf("port %q: it cannot be mirrored to itself", c.OutputPort)
	case c.SnapLen != 0 && (c.SnapLen < 14 || c.SnapLen > 65535):
		return fmt.Errorf("%d bytes of each packet: not between 14 and 65535", c.SnapLen)
	}
	return nil
}

// SetMirror makes a mirror or changes the owner's one of that name, and returns
// when ovs-vswitchd has put it into effect. It fails with [ErrNotFound] when the
// bridge is not there or has no port of a name, and with [ErrExists] when the name is another
// owner's.
func (m *Manager) SetMirror(ctx context.Context, c Mirror) error {
	if err := m.setMirror(ctx, &c); err != nil {
		return fmt.Errorf("mirror %q of bridge %q: %w", c.Name, c.Bridge, err)
	}
	return nil
}

// RemoveMirror removes a mirror. It fails with [ErrNotFound] when there is none of
// that name and with [ErrForeign] when it is another owner's.
func (m *Manager) RemoveMirror(ctx context.Context, bridge, name string) error {
	if err := m.removeMirror(ctx, bridge, name); err != nil {
		return fmt.Errorf("remove mirror %q of bridge %q: %w", name, bridge, err)
	}
	return nil
}

func (m *Manager) setMirror(ctx context.Context, c *Mirror) error {
	if err := c.check(); err != nil {
		return err
	}
	row, err := m.mirrorRow(c)
	if err != nil {
		return err
	}
	unlock, err := m.busy.lock(ctx, "mirror "+c.Bridge+" "+c.Name)
	if err != nil {
		return err
	}
	defer unlock()
	br, there, err := m.findMirror(ctx, c.Bridge, c.Name)
	switch {
	case err != nil:
		return err
	case there == nil:
		row["name"] = c.Name
		row["external_ids"] = map[string]string{mark.Owner: m.owner}
		_, err = m.db.Apply(ctx,
			ovsdb.Insert(vswitch.TableMirror, row).Named("new_mirror"),
			ovsdb.Mutate(vswitch.TableBridge, []ovsdb.Mutation{ovsdb.Change("mirrors", ovsdb.InsertInto, []string{"new_mirror"})},
				ovsdb.ByUUID(br.UUID)))
	case there.ExternalIDs[mark.Owner] != m.owner:
		return fmt.Errorf("owner %q: %w", there.ExternalIDs[mark.Owner], ErrExists)
	default:
		_, err = m.db.Apply(ctx, ovsdb.Update(vswitch.TableMirror, row, ovsdb.ByUUID(there.UUID)))
	}
	return err
}

// mirrorRow has the columns that a config sets.
func (m *Manager) mirrorRow(c *Mirror) (ovsdb.Row, error) {
	var missing error
	uuid := func(name string) string {
		row, ok := m.db.Port(name)
		br, isPlaced := m.db.PortBridge(name)
		if !ok || !isPlaced || br.Name != c.Bridge { // ovs-vswitchd passes over those of other bridges
			missing = fmt.Errorf("port %q: %w", name, ErrNotFound)
			return ""
		}
		return row.UUID
	}
	uuids := func(names []string) (set []string) {
		for _, n := range names {
			set = append(set, uuid(n))
		}
		return set
	}
	row := ovsdb.Row{
		"select_all": c.All || len(c.From)+len(c.To) == 0, "select_src_port": uuids(c.From), "select_dst_port": uuids(c.To),
		"select_vlan": vlanSet(c.VLANs), "output_port": (*string)(nil), "output_vlan": (*int64)(nil), "snaplen": (*int64)(nil),
	}
	if c.OutputPort != "" {
		row["output_port"] = uuid(c.OutputPort)
	}
	if c.OutputVLAN != 0 {
		row["output_vlan"] = int64(c.OutputVLAN)
	}
	if c.SnapLen != 0 {
		row["snaplen"] = int64(c.SnapLen)
	}
	return row, missing
}

func (m *Manager) removeMirror(ctx context.Context, bridge, name string) error {
	br, there, err := m.findMirror(ctx, bridge, name)
	switch {
	case err != nil:
		return err
	case there == nil:
		return ErrNotFound
	case there.ExternalIDs[mark.Owner] != m.owner:
		return fmt.Errorf("%w, %q", ErrForeign, there.ExternalIDs[mark.Owner])
	}
	_, err = m.db.Apply(ctx, ovsdb.Mutate(vswitch.TableBridge,
		[]ovsdb.Mutation{ovsdb.Change("mirrors", ovsdb.DeleteFrom, []string{there.UUID})}, ovsdb.ByUUID(br.UUID)))
	return err
}

// findMirror reads a bridge's mirror of a name; nil if there is none.
func (m *Manager) findMirror(ctx context.Context, bridge, name string) (*vswitch.Bridge, *vswitch.Mirror, error) {
	br, ok := m.db.Bridge(bridge)
	if !ok {
		return nil, nil, ErrNotFound
	}
	results, err := m.db.Client().Transact(ctx,
		ovsdb.Select(vswitch.TableMirror, []string{"_uuid", "name", "external_ids"}, ovsdb.Where("name", ovsdb.Equal, name)))
	if err != nil {
		return nil, nil, err
	}
	mirrors, err := ovsdb.RowsAs[vswitch.Mirror](results[0].Rows)
	if err != nil {
		return nil, nil, err
	}
	for _, mirror := range mirrors {
		if slices.Contains(br.Mirrors, mirror.UUID) {
			return br, mirror, nil
		}
	}
	return br, nil, nil
}
