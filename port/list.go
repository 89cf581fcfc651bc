// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// List returns the ports that the manager's owner has made, sorted by name, from
// the copy of the database that the vswitch.DB keeps. One that ovs-vswitchd has
// not made has its [Port].Err. It fails when what is recorded of a port cannot be
// read, and returns the others.
func (m *Manager) List() (ports []*Port, err error) {
	bridges := make(map[string]*vswitch.Bridge) // by the UUIDs of their ports
	for _, br := range m.db.Bridges() {
		for _, uuid := range br.Ports {
			bridges[uuid] = br
		}
	}
	var unreadable []error
	for _, row := range m.db.Ports() {
		iface, ok := m.ours(row.Name)
		br := bridges[row.UUID]
		if !ok || br == nil {
			continue
		}
		p, err := newPort(br, row, iface)
		if err != nil {
			unreadable = append(unreadable, fmt.Errorf("port %q: %w", row.Name, err))
			continue
		}
		ports = append(ports, p)
	}
	return ports, errors.Join(unreadable...)
}

// newPort is what the rows say of a port.
func newPort(br *vswitch.Bridge, row *vswitch.Port, iface *vswitch.Interface) (*Port, error) {
	c, err := recorded(br, row, iface)
	if err != nil {
		return nil, err
	}
	p := &Port{Config: c, Owner: iface.ExternalIDs[mark.Owner]}
	switch made, err := isMade(iface); {
	case err != nil:
		p.Err = err
	case !made:
		p.Err = vswitch.ErrNotApplied
	default:
		p.OFPort = uint32(*iface.OFPort)
	}
	return p, nil
}
