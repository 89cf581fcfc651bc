// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"

	"github.com/ovskit/ovskit/openflow"
)

// defaultAsync is what a controller gets as long as it has not set anything: not the packets whose TTL is used up, and
// a secondary one only the ports.
var defaultAsync = openflow.AsyncConfig{
	Primary: openflow.AsyncMasks{
		PacketIn:   1<<openflow.PacketInNoMatch | 1<<openflow.PacketInAction,
		PortStatus: allPortChanges,
		FlowRemoved: 1<<openflow.FlowRemovedIdle | 1<<openflow.FlowRemovedHard | 1<<openflow.FlowRemovedDelete |
			1<<openflow.FlowRemovedGroup,
	},
	Secondary: openflow.AsyncMasks{PortStatus: allPortChanges},
}

const allPortChanges = 1<<openflow.PortAdded | 1<<openflow.PortDeleted | 1<<openflow.PortModified

// defaultMissSendLen is the miss_send_len of a connection that says what it wants to be sent, but not that.
const defaultMissSendLen = 128

func (c *conn) getAsync() openflow.GetAsyncReply {
	c.mu.Lock()
	defer c.mu.Unlock()
	return openflow.GetAsyncReply{AsyncConfig: c.async}
}

func (c *conn) setAsync(config openflow.AsyncConfig) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.async = config
	if c.config.MissSendLen == 0 {
		c.config.MissSendLen = defaultMissSendLen
	}
}

// wants reports whether a controller gets a message that it did not ask for. The connections to a bridge's management
// socket get none before they set a miss_send_len. The connection is locked.
func (c *conn) wants(m openflow.Message) bool {
	if c.config.MissSendLen == 0 {
		return false
	}
	masks := &c.async.Primary
	if c.role == openflow.RoleSecondary {
		masks = &c.async.Secondary
	}
	switch m := m.(type) {
	case openflow.PacketIn:
		return masks.PacketIn>>m.Reason&1 == 1
	case openflow.PortStatus:
		return masks.PortStatus>>m.Reason&1 == 1
	case openflow.FlowRemoved:
		return masks.FlowRemoved>>m.Reason&1 == 1
	}
	return false
}

// announce sends a message to all controllers who want its kind.
func (s *Switch) announce(m openflow.Message) {
	s.announceTo(m, func(*conn) bool { return true })
}

// handOver sends a packet to the controllers with the ID that it goes to, each in its format.
func (s *Switch) handOver(in packetIn) {
	for format := range openflow.PacketInNX2 + 1 {
		m := in.message
		m.Format = format
		if format == openflow.PacketInNX2 {
			m.Userdata = in.userdata
		}
		s.announceTo(m, func(c *conn) bool { return c.format == format && c.id == in.id })
	}
}

// announceTo sends a message to those controllers who want its kind and are locked when they are looked at.
func (s *Switch) announceTo(m openflow.Message, chosen func(*conn) bool) {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	var b []byte
	for c := range s.conns {
		c.mu.Lock()
		ok := chosen(c) && c.wants(m)
		if ok && b == nil {
			var err error
			if b, err = openflow.Encode(openflow.Version13, m, 0); err != nil {
				s.log.Error("cannot encode a message", "message", fmt.Sprintf("%T", m), "error", err)
				c.mu.Unlock()
				return
			}
		}
		if ok && len(c.queue) < maxQueued {
			c.queue = append(c.queue, b...)
			c.wake.Signal()
		}
		c.mu.Unlock()
	}
}
