// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"fmt"
)

// Role is what a controller is to a switch that has several (OpenFlow 1.3.5, 6.3.6).
type Role uint32

// The roles. A switch has one primary controller at most: when another becomes it, the former one becomes secondary.
const (
	// RoleNoChange only asks for the role.
	RoleNoChange Role = iota
	// RoleEqual may change the switch and is told of everything; so begins each connection.
	RoleEqual
	// RolePrimary is as RoleEqual, and the only one; the standard calls it master.
	RolePrimary
	// RoleSecondary may only read and by default is told of ports only; the standard calls it slave.
	RoleSecondary
)

// String is the role as ovs-ofctl(8) prints it, such as "primary".
func (r Role) String() string {
	switch r {
	case RoleNoChange:
		return "nochange"
	case RoleEqual:
		return "equal"
	case RolePrimary:
		return "primary"
	case RoleSecondary:
		return "secondary"
	}
	return fmt.Sprintf("role %d", uint32(r))
}

// Role takes a role and returns that now held and the greatest generation the switch has seen, all ones if none. The
// generation, which counts the elections of a primary controller, is for RolePrimary and RoleSecondary; one that is
// older than what the switch has seen is refused with ErrRoleStale (OpenFlow 1.3.5, 7.3.9).
func (c *Conn) Role(ctx context.Context, role Role, generation uint64) (Role, uint64, error) {
	reply, err := fetch[RoleReply](ctx, c, RoleRequest{Role: role, Generation: generation})
	return reply.Role, reply.Generation, err
}

// RoleRequest asks to be master or slave of other controllers (OpenFlow 1.3.5, 7.3.9); role 0 only asks.
type RoleRequest struct {
	Role       Role
	Generation uint64
}

// RoleReply answers a RoleRequest with the role now held.
type RoleReply struct {
	Role       Role
	Generation uint64
}

func (RoleRequest) describe() string { return "role request" }
func (RoleReply) describe() string   { return "role reply" }

func (m RoleRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return appendRole(b, m.Role, m.Generation), typeRoleRequest, nil
}

func (m RoleReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return appendRole(b, m.Role, m.Generation), typeRoleReply, nil
}

func appendRole(b []byte, role Role, generation uint64) []byte {
	return be.AppendUint64(pad(be.AppendUint32(b, uint32(role)), 4), generation)
}

func decodeRole(r *reader) (role Role, generation uint64) {
	role = Role(r.u32())
	r.skip(4)
	return role, r.u64()
}
