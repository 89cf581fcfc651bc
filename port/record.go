// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// externalIDs are the interface's external_ids: the caller's, and what is needed
// to know what the port should be.
func (m *Manager) externalIDs(c *Config) (map[string]string, error) {
	ids := map[string]string{}
	maps.Copy(ids, c.ExternalIDs)
	set := func(key, value string) {
		if value != "" {
			ids[key] = value
		}
	}
	record, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	set(mark.Owner, m.owner)
	set(mark.Kind, c.Kind.String())
	set(mark.Config, string(record))
	set(mark.AttachedMAC, c.MAC.String())
	if c.ContainerID != "" {
		set(mark.ContainerID, c.ContainerID)
		set(mark.ContainerIface, c.Ifname)
	}
	return ids, nil
}

// recorded is the config of a port that a manager has made; of another's port it
// is what the rows say.
func recorded(br *vswitch.Bridge, row *vswitch.Port, iface *vswitch.Interface) (c Config, err error) {
	ids := iface.ExternalIDs
	text, ok := ids[mark.Config]
	if !ok {
		return Config{
			Bridge: br.Name, Name: row.Name, Kind: Device, Type: iface.Type, VLAN: readVLAN(row), Policing: readPolicing(iface),
		}, nil
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return Config{}, fmt.Errorf("external_ids:%s: %w", mark.Config, err)
	}
	if err := c.Kind.UnmarshalText([]byte(ids[mark.Kind])); err != nil {
		return Config{}, fmt.Errorf("external_ids:%s: %w", mark.Kind, err)
	}
	if err := c.checkDescriptions(); err != nil {
		return Config{}, fmt.Errorf("external_ids:%s: %w", mark.Config, err)
	}
	if text, ok := ids[mark.AttachedMAC]; ok {
		if c.MAC, err = net.ParseMAC(text); err != nil {
			return Config{}, fmt.Errorf("external_ids:%s: %w", mark.AttachedMAC, err)
		}
	}
	c.Bridge, c.Name, c.ContainerID = br.Name, row.Name, ids[mark.ContainerID]
	return c, nil
}
