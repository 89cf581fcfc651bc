// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// DecTTL decrements the IPv4 TTL or IPv6 hop limit and stops with the packet where that makes it zero (ovs-actions(7),
// "The dec_ttl action").
type DecTTL struct {
	// Controllers are the IDs of the controllers that get a packet whose TTL is used up; none is those with the ID 0.
	Controllers []uint16
}

// String is the action in the words of ovs-actions(7).
func (a DecTTL) String() string {
	if len(a.Controllers) == 0 {
		return "dec_ttl"
	}
	var list args
	for _, id := range a.Controllers {
		list = append(list, fmt.Sprint(id))
	}
	return list.of("dec_ttl")
}

func (a DecTTL) appendTo(b []byte, _ Version) ([]byte, error) {
	if len(a.Controllers) == 0 {
		return pad(appendAction(b, actionDecTTL, 8), 4), nil
	}
	if len(a.Controllers) > MaxMessage {
		return b, errTooLong
	}
	start := len(b)
	b = pad(be.AppendUint16(appendNicira(b, nxDecTTLIDs, 0), uint16(len(a.Controllers))), 4)
	for _, id := range a.Controllers {
		b = be.AppendUint16(b, id)
	}
	return putLength(padded(b, start), start, 2)
}

func decodeDecTTLIDs(b []byte, r *reader) (Action, error) {
	n := int(r.u16())
	r.skip(4)
	ids := &reader{b: r.bytes(2 * n)}
	switch {
	case r.short:
		return nil, malformed(ErrBadActionLen, "dec_ttl action of %d bytes for %d controllers", len(b), n)
	case n == 0:
		return RawAction{b}, nil // sends the packet to none
	}
	a := DecTTL{Controllers: make([]uint16, n)}
	for i := range a.Controllers {
		a.Controllers[i] = ids.u16()
	}
	return filled(b, r, a)
}
