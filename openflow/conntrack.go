// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"bytes"
	"context"
)

// CTFlushZone makes the switch forget the tracked connections of a zone, in all bridges that share its datapath. It is
// NXT_CT_FLUSH_ZONE, which Open vSwitch has since 2.6 (ovs-ofctl(8), "ct-flush-zone"), and has no reply.
type CTFlushZone struct{ Zone uint16 }

func (CTFlushZone) describe() string { return "ct-flush-zone" }

// FlushZone makes the switch forget the tracked connections of a zone, and returns when it has. The error wraps
// ErrBadExperimenterType if the switch does not know how, and ErrOutcomeUnknown where the connection or the context ends
// first.
func (c *Conn) FlushZone(ctx context.Context, zone uint16) error {
	return c.apply(ctx, 1, func(int) Message { return CTFlushZone{Zone: zone} })
}

func (m CTFlushZone) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	b = appendExperimenter(b, experimenterNicira, nxtCTFlushZone)
	return be.AppendUint16(pad(b, 6), m.Zone), typeExperimenter, nil
}

func decodeCTFlushZone(r *reader) (Message, error) {
	zero := r.bytes(6)
	m, err := ended(r, CTFlushZone{Zone: r.u16()})
	if err == nil && !bytes.Equal(zero, make([]byte, 6)) {
		return nil, malformed(ErrMustBeZero, "ct-flush-zone has bits set that must be zero")
	}
	return m, err
}
