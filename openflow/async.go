// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// AsyncConfig says which messages a switch sends to a controller of its own accord (OpenFlow 1.3.5, 7.3.10).
type AsyncConfig struct {
	// Primary is for a controller that is RolePrimary or RoleEqual, Secondary for one that is RoleSecondary.
	Primary, Secondary AsyncMasks
}

// AsyncMasks have bit n set if messages are sent whose reason is n, such as 1<<PacketInAction.
type AsyncMasks struct {
	PacketIn, PortStatus, FlowRemoved uint32
	// These are of OpenFlow 1.4 and later; 1.3 does not carry them.
	RoleStatus, TableStatus, RequestForward uint32
}

// masks are the masks in the order of the standard.
func (m *AsyncMasks) masks() [6]*uint32 {
	return [6]*uint32{&m.PacketIn, &m.PortStatus, &m.FlowRemoved, &m.RoleStatus, &m.TableStatus, &m.RequestForward}
}

// legacyMasks is how many of the masks OpenFlow 1.3 has.
const legacyMasks = 3

// GetAsyncRequest asks for a GetAsyncReply.
type GetAsyncRequest struct{}

// GetAsyncReply answers a GetAsyncRequest.
type GetAsyncReply struct{ AsyncConfig }

// SetAsync changes what is sent. It has no reply.
type SetAsync struct{ AsyncConfig }

func (GetAsyncRequest) describe() string { return "get-async request" }
func (GetAsyncReply) describe() string   { return "get-async reply" }
func (SetAsync) describe() string        { return "set-async" }

func (GetAsyncRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return b, typeGetAsyncRequest, nil
}

func (m GetAsyncReply) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	return appendAsync(b, v, m.AsyncConfig), typeGetAsyncReply, nil
}

func (m SetAsync) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	return appendAsync(b, v, m.AsyncConfig), typeSetAsync, nil
}

const (
	typeGetAsyncRequest = 26
	typeGetAsyncReply   = 27
	typeSetAsync        = 28
)

// Async returns which messages the switch sends on this connection of its own accord.
func (c *Conn) Async(ctx context.Context) (AsyncConfig, error) {
	reply, err := fetch[GetAsyncReply](ctx, c, GetAsyncRequest{})
	return reply.AsyncConfig, err
}

// SetAsync says which messages the switch is to send on this connection of its own accord, and returns when that is so.
// It sets all masks: to change some, begin with what [Conn.Async] returns. On a bridge's management socket, Open vSwitch
// sends none until this is called.
func (c *Conn) SetAsync(ctx context.Context, config AsyncConfig) error {
	return c.apply(ctx, 1, func(int) Message { return SetAsync{config} })
}

// appendAsync appends the body of a message: up to OpenFlow 1.3 pairs of masks, the primary's first, later one property
// for each mask, the secondary's first.
func appendAsync(b []byte, v Version, config AsyncConfig) []byte {
	primary, secondary := config.Primary.masks(), config.Secondary.masks()
	if v <= Version13 {
		for i := range legacyMasks {
			b = be.AppendUint32(be.AppendUint32(b, *primary[i]), *secondary[i])
		}
		return b
	}
	for i := range primary {
		for half, mask := range []uint32{*secondary[i], *primary[i]} {
			b = be.AppendUint16(be.AppendUint16(b, uint16(2*i+half)), asyncPropertyLen)
			b = be.AppendUint32(b, mask)
		}
	}
	return b
}

const (
	asyncPropertyLen = 8 // of a property that is a mask

	errBadPropertyLen ErrorCode = 0x000e_0001 // OFPBPC_BAD_LEN
)

func decodeAsyncMessage(r *reader, v Version, typ uint8) (Message, error) {
	if typ == typeGetAsyncRequest {
		return ended(r, GetAsyncRequest{})
	}
	config, err := decodeAsync(r, v)
	switch {
	case err != nil:
		return nil, err
	case typ == typeGetAsyncReply:
		return ended(r, GetAsyncReply{config})
	}
	return ended(r, SetAsync{config})
}

// decodeAsync reads what appendAsync writes. Properties it does not know are passed over.
func decodeAsync(r *reader, v Version) (config AsyncConfig, err error) {
	primary, secondary := config.Primary.masks(), config.Secondary.masks()
	if v <= Version13 {
		for i := range legacyMasks {
			*primary[i], *secondary[i] = r.u32(), r.u32()
		}
		return config, nil
	}
	for len(r.b) > 0 {
		typ, length := int(r.u16()), int(r.u16())
		if length < 4 {
			return config, malformed(errBadPropertyLen, "property of %d bytes in an asynchronous configuration", length)
		}
		value := &reader{b: r.bytes(length - 4)}
		r.skip(min((8-length%8)%8, len(r.b)))
		if i := typ / 2; i < len(primary) {
			mask := primary[i]
			if typ%2 == 0 {
				mask = secondary[i]
			}
			*mask = value.u32()
			if r.short || value.short || len(value.b) > 0 {
				return config, malformed(errBadPropertyLen, "mask of %d bytes in an asynchronous configuration", length-4)
			}
		}
	}
	return config, nil
}
