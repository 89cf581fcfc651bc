// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// replace makes a port anew whose interface is gone, as with a namespace that was made
// anew under its old name. It keeps its OpenFlow port number if it can. ovs-vswitchd
// does not open a device again that has gone and come back, so the rows are made anew
// as well.
func (m *Manager) replace(
	ctx context.Context, p *plan, br *vswitch.Bridge, row *vswitch.Port, iface *vswitch.Interface,
) (*Port, error) {
	id, err := identify(m.db, m.owner, p.Name)
	if err != nil {
		return nil, err
	}
	if err := m.step("remove the rows"); err != nil {
		return nil, err
	}
	if _, err := m.db.Apply(ctx, m.removeOps(br.UUID, row.UUID, p.Name, row.QoS != nil)...); err != nil {
		return nil, err
	}
	if p.Kind == Veth {
		if err := m.step("remove the devices"); err != nil {
			return nil, err
		}
		if err := id.remove(m.removals, p.Name); err != nil {
			return nil, err
		}
	}
	asked := p.OFPort
	if asked == 0 && iface.OFPort != nil && *iface.OFPort > 0 {
		number := uint32(*iface.OFPort)
		if m.numberIsFree(p.Bridge, p.Name, number) == nil {
			p.OFPort = number
		}
	}
	made, err := m.create(ctx, p)
	if err != nil || p.OFPort == asked {
		return made, err
	}
	numbered := *p.Config
	p.OFPort, made.Config.OFPort = asked, asked
	if err := m.forgetNumber(ctx, p.Config, &numbered); err != nil {
		return nil, err
	}
	return made, nil
}

// forgetNumber takes the OpenFlow port number that was not asked for from the rows of a
// port that was made with it.
func (m *Manager) forgetNumber(ctx context.Context, c, numbered *Config) error {
	row, ok := m.db.Port(c.Name)
	iface, there := m.ours(c.Name)
	if !ok || !there {
		return errRemoved
	}
	do, _, err := m.changeOps(c, numbered, row, iface, linkconf.Config{})
	if err != nil {
		return err
	}
	return m.commit(ctx, do)
}
