// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ovskit/ovskit/internal/linkconf"
)

// configure makes the interface ready for use in its namespace. When it fails,
// what it has done goes with the interface.
func (m *Manager) configure(ctx context.Context, p *plan) error {
	if p.Kind == Veth && p.bridge.DatapathType == datapathUser {
		if err := m.step("interface: checksum offload"); err != nil {
			return err
		}
		// The datapath in user space neither computes checksums nor says that
		// they are missing.
		if err := p.target.DisableTransmitChecksums(p.Ifname); err != nil {
			return err
		}
	}
	if p.HandOver {
		return nil
	}
	if err := errors.Join(context.Cause(ctx), m.step("interface: addresses and routes")); err != nil {
		return err
	}
	h, err := p.target.Netlink()
	if err != nil {
		return err
	}
	if _, err := linkconf.Apply(h, p.Ifname, p.link()); err != nil {
		return fmt.Errorf("network namespace %q: %w", p.target.Name(), err)
	}
	if err := m.police(ctx, p); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(p.Sysctls)) {
		if err := m.step("interface: sysctl " + key); err != nil {
			return err
		}
		if err := p.target.SetSysctl(key, p.Sysctls[key]); err != nil {
			return err
		}
	}
	return nil
}
