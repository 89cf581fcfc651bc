// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

// setRole gives a controller a role (OpenFlow 1.3.5, 7.3.9). There is one primary controller: who was it before becomes
// secondary.
func (c *conn) setRole(m openflow.RoleRequest) (openflow.RoleReply, error) {
	if m.Role > openflow.RoleSecondary {
		return openflow.RoleReply{}, openflow.ErrBadRole
	}
	s := c.s
	s.connMu.Lock()
	defer s.connMu.Unlock()
	if m.Role == openflow.RolePrimary || m.Role == openflow.RoleSecondary {
		if s.hasGeneration && int64(m.Generation-s.generation) < 0 {
			return openflow.RoleReply{}, openflow.ErrRoleStale
		}
		s.generation, s.hasGeneration = m.Generation, true
	}
	if m.Role == openflow.RolePrimary {
		for other := range s.conns {
			if other != c {
				other.demote()
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Role != openflow.RoleNoChange {
		c.role = m.Role
	}
	r := openflow.RoleReply{Role: c.role, Generation: ^uint64(0)}
	if s.hasGeneration {
		r.Generation = s.generation
	}
	return r, nil
}

func (c *conn) demote() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.role == openflow.RolePrimary {
		c.role = openflow.RoleSecondary
	}
}

// mayChange fails for a secondary controller.
func (c *conn) mayChange() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.role == openflow.RoleSecondary {
		return openflow.ErrIsSlave
	}
	return nil
}
