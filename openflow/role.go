// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// RoleRequest asks to be master or slave of other controllers (OpenFlow 1.3.5, 7.3.9); role 0 only asks.
type RoleRequest struct {
	Role       uint32
	Generation uint64
}

// RoleReply answers a RoleRequest with the role now held.
type RoleReply struct {
	Role       uint32
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

func appendRole(b []byte, role uint32, generation uint64) []byte {
	return be.AppendUint64(pad(be.AppendUint32(b, role), 4), generation)
}

func decodeRole(r *reader) (role uint32, generation uint64) {
	role = r.u32()
	r.skip(4)
	return role, r.u64()
}
