// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// PortStatus says that a port was added, removed or modified (OpenFlow 1.3.5, 7.4.3).
type PortStatus struct {
	Reason PortReason
	Port   PortDesc
}

// PortReason says what happened to a port.
type PortReason uint8

// The reasons of a PortStatus.
const (
	PortAdded PortReason = iota
	PortDeleted
	PortModified
)

func (PortStatus) describe() string { return "port-status" }

func (m PortStatus) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	b, err := appendPort(pad(append(b, byte(m.Reason)), 7), v, m.Port)
	return b, typePortStatus, err
}

func decodePortStatus(r *reader, v Version) (Message, error) {
	m := PortStatus{Reason: PortReason(r.u8())}
	r.skip(7)
	var err error
	if m.Port, err = decodePort(r, v); err != nil {
		return nil, err
	}
	return ended(r, m)
}
