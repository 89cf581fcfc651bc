// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"context"
)

// SetControllerID gives the connection the number by which controller actions choose it (NXT_SET_CONTROLLER_ID; "id" of
// the controller action in ovs-actions(7)). It has no reply.
type SetControllerID struct{ ID uint16 }

// SetControllerID gives the connection the number by which controller actions choose it, and returns when it has it. A
// connection begins with 0, which is what actions choose that do not say.
func (c *Conn) SetControllerID(ctx context.Context, id uint16) error {
	return c.apply(ctx, 1, func(int) Message { return SetControllerID{id} })
}

func (SetControllerID) describe() string { return "set-controller-id" }

func (m SetControllerID) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = pad(appendExperimenter(b, experimenterNicira, nxtSetControllerID), 6)
	return be.AppendUint16(b, m.ID), typeExperimenter, nil
}

func decodeSetControllerID(r *reader) (Message, error) {
	zero := r.bytes(6)
	m, err := ended(r, SetControllerID{r.u16()})
	if err == nil && !bytes.Equal(zero, make([]byte, 6)) {
		return nil, malformed(ErrMustBeZero, "set-controller-id has bits set that must be zero")
	}
	return m, err
}
