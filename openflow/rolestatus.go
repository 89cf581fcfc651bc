// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// RoleStatus says that the switch has changed the role of the controller (OpenFlow 1.4.1, 7.4.4; ONF extension 191 to
// OpenFlow 1.3). Properties that follow are passed over; none is defined.
type RoleStatus struct {
	// Role is the role now held, numbered as in RoleRequest, and Generation the greatest that the switch has seen.
	Role       uint32
	Reason     RoleReason
	Generation uint64
}

// RoleReason says why a role was changed.
type RoleReason uint8

// The reasons of a RoleStatus: another controller has become master, the switch was configured, or an experimenter's.
const (
	RoleMasterRequest RoleReason = iota
	RoleConfig
	RoleExperimenter
)

func (RoleStatus) describe() string { return "role-status" }

func (m RoleStatus) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	typ := uint8(typeRoleStatus)
	if v < Version14 {
		typ, b = typeExperimenter, appendExperimenter(b, experimenterONF, onfRoleStatus)
	}
	if m.Role > maxRole {
		return b, 0, fmt.Errorf("role %d does not exist", m.Role)
	}
	b = pad(append(be.AppendUint32(b, m.Role), byte(m.Reason)), 3)
	return be.AppendUint64(b, m.Generation), typ, nil
}

// maxRole is OFPCR_ROLE_SLAVE.
const maxRole = 3

func decodeRoleStatus(r *reader) (Message, error) {
	m := RoleStatus{Role: r.u32(), Reason: RoleReason(r.u8())}
	r.skip(3)
	m.Generation = r.u64()
	if len(r.b)%8 != 0 {
		return nil, malformed(ErrBadRequestLen, "role-status with %d bytes of properties", len(r.b))
	}
	if m.Role > maxRole {
		return nil, malformed(ErrBadRole, "role-status with role %d", m.Role)
	}
	return checked(r, m)
}
