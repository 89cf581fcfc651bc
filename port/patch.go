// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/ovsdb"
)

// A PatchConfig is the other half of the cable between two bridges.
type PatchConfig struct {
	// Bridge is the other bridge.
	Bridge string `json:"bridge"`
	// Name is the name of the port there.
	Name string `json:"name"`
	// OFPort asks for an OpenFlow port number there, as in [Config].
	OFPort uint32 `json:"ofport,omitempty"`
}

func (p *PatchConfig) check(c *Config) error {
	if err := checkName("name of the other port", p.Name); err != nil {
		return err
	}
	switch {
	case p.Bridge == "":
		return errors.New("no other bridge given")
	case p.Bridge == c.Bridge:
		return fmt.Errorf("bridge %q: a patch leads to another one", p.Bridge)
	case p.Name == c.Name:
		return fmt.Errorf("name %q: both ports of a patch have it", p.Name)
	case p.OFPort > maxOFPort:
		return fmt.Errorf("OpenFlow port number %d: not between 1 and %d", p.OFPort, maxOFPort)
	case c.Type != "" || len(c.Options) > 0 || len(c.Addrs) > 0 || c.MAC != nil || c.QoS != nil || c.Policing != (Policing{}):
		return errors.New("type, options, addresses, QoS and policing are of no use for a patch port")
	}
	return nil
}

// otherHalf is the port at the other end.
func (c *Config) otherHalf() *Config {
	return &Config{
		Bridge: c.Patch.Bridge, Name: c.Patch.Name, Kind: Patch, OFPort: c.Patch.OFPort,
		Patch: &PatchConfig{Bridge: c.Bridge, Name: c.Name, OFPort: c.OFPort},
	}
}

// attachPatch makes both halves in one transaction, and waits for both.
func (m *Manager) attachPatch(ctx context.Context, p *plan) (*Port, error) {
	other := p.otherHalf()
	otherBridge, ok := m.db.Bridge(other.Bridge)
	if !ok {
		return nil, fmt.Errorf("other bridge %q: %w", other.Bridge, ErrNotFound)
	}
	if err := m.nameIsFree(other.Name); err != nil {
		return nil, err
	}
	added, err := m.addRows(ctx, placement{p.bridge.UUID, p.Config}, placement{otherBridge.UUID, other})
	if err != nil {
		return nil, err
	}
	return m.made(p.Config, added.ifaces[0]), nil
}

// changeOtherHalf makes the other half of a patch again if somebody has removed it.
// Else it makes the operations that bring what both halves record of each other to
// the config, and those that take that back.
func (m *Manager) changeOtherHalf(ctx context.Context, p *plan) (do, undo []ovsdb.Operation, err error) {
	other := p.otherHalf()
	iface, ok := m.ours(other.Name)
	if !ok {
		br, ok := m.db.Bridge(other.Bridge)
		if !ok {
			return nil, nil, fmt.Errorf("other bridge %q: %w", other.Bridge, ErrNotFound)
		}
		if err := m.nameIsFree(other.Name); err != nil {
			return nil, nil, err
		}
		_, err := m.addRows(ctx, placement{br.UUID, other})
		return nil, nil, err
	}
	row, isPort := m.db.Port(other.Name)
	br, isPlaced := m.db.PortBridge(other.Name)
	if !isPort || !isPlaced {
		return nil, nil, errRemoved
	}
	before, err := recorded(br, row, iface)
	if err != nil {
		return nil, nil, err
	}
	if err := before.fixed(other); err != nil {
		return nil, nil, err
	}
	wanted := before // VLANs and the like are its own
	wanted.OFPort, wanted.Patch = other.OFPort, other.Patch
	return m.changeOps(&wanted, &before, row, iface, linkconf.Config{})
}
