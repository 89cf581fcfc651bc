// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

// changeRole gives a controller a role (OpenFlow 1.3.5, 7.3.9). There is one primary controller: who was it before
// becomes secondary, and is told.
func (c *conn) changeRole(m openflow.RoleRequest, xid uint32) error {
	if m.Role > openflow.RoleSecondary {
		return openflow.ErrBadRole
	}
	r, demoted, err := c.setRole(m)
	if err != nil {
		return err
	}
	for _, other := range demoted {
		other.tell(openflow.RoleStatus{
			Role: uint32(openflow.RoleSecondary), Reason: openflow.RoleMasterRequest, Generation: r.Generation,
		})
	}
	c.reply(r, xid)
	return nil
}

func (c *conn) setRole(m openflow.RoleRequest) (r openflow.RoleReply, demoted []*conn, err error) {
	s := c.s
	s.connMu.Lock()
	defer s.connMu.Unlock()
	if m.Role == openflow.RolePrimary || m.Role == openflow.RoleSecondary {
		if s.hasGeneration && int64(m.Generation-s.generation) < 0 {
			return r, nil, openflow.ErrRoleStale
		}
		s.generation, s.hasGeneration = m.Generation, true
	}
	if m.Role == openflow.RolePrimary {
		for _, other := range s.sortedConns() {
			if other != c && other.demote() {
				demoted = append(demoted, other)
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Role != openflow.RoleNoChange {
		c.role = m.Role
	}
	r = openflow.RoleReply{Role: c.role, Generation: ^uint64(0)}
	if s.hasGeneration {
		r.Generation = s.generation
	}
	return r, demoted, nil
}

// demote makes a primary controller secondary, and reports whether it was primary.
func (c *conn) demote() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.role != openflow.RolePrimary {
		return false
	}
	c.role = openflow.RoleSecondary
	return true
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
