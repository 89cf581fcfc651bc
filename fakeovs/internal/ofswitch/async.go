// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// role is what a controller is among others (OpenFlow 1.3.5, 7.3.9).
type role uint32

const (
	roleNoChange role = iota
	roleEqual
	roleMaster
	roleSlave
)

// asyncMasks say which messages a controller gets that it did not ask for: for each kind the reasons as bits, of a
// master or equal and of a slave.
type asyncMasks [3][2]uint32

const (
	asyncPacketIn = iota
	asyncPortStatus
	asyncFlowRemoved
)

// The async configuration messages (OpenFlow 1.3.5, 7.3.10).
const (
	typeGetAsyncRequest = 26
	typeGetAsyncReply   = 27
	typeSetAsync        = 28
	asyncLen            = 24
)

// defaultAsync is what a controller gets as long as it has not set anything: not the packets whose TTL is used up, and
// a slave only the ports.
var defaultAsync = asyncMasks{
	asyncPacketIn:    {1<<openflow.PacketInNoMatch | 1<<openflow.PacketInAction, 0},
	asyncPortStatus:  {1<<openflow.PortAdded | 1<<openflow.PortDeleted | 1<<openflow.PortModified, 1<<openflow.PortAdded | 1<<openflow.PortDeleted | 1<<openflow.PortModified},
	asyncFlowRemoved: {1<<openflow.FlowRemovedIdle | 1<<openflow.FlowRemovedHard | 1<<openflow.FlowRemovedDelete | 1<<openflow.FlowRemovedGroup, 0},
}

// wants reports whether a controller gets a message that it did not ask for. The connections to a bridge's management
// socket get none before they set a miss_send_len.
func (c *conn) wants(m openflow.Message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.config.MissSendLen == 0 {
		return false
	}
	as := 0
	if c.role == roleSlave {
		as = 1
	}
	switch m := m.(type) {
	case openflow.PacketIn:
		return c.async[asyncPacketIn][as]>>m.Reason&1 == 1
	case openflow.PortStatus:
		return c.async[asyncPortStatus][as]>>m.Reason&1 == 1
	case openflow.FlowRemoved:
		return c.async[asyncFlowRemoved][as]>>m.Reason&1 == 1
	}
	return false
}

func (c *conn) getAsync() openflow.Raw {
	c.mu.Lock()
	defer c.mu.Unlock()
	body := make([]byte, 0, asyncLen)
	for _, kind := range c.async {
		body = binary.BigEndian.AppendUint32(body, kind[0])
		body = binary.BigEndian.AppendUint32(body, kind[1])
	}
	return openflow.Raw{Type: typeGetAsyncReply, Body: body}
}

func (c *conn) setAsync(body []byte) error {
	if len(body) != asyncLen {
		return openflow.ErrBadRequestLen
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.async {
		c.async[i] = [2]uint32{binary.BigEndian.Uint32(body[8*i:]), binary.BigEndian.Uint32(body[8*i+4:])}
	}
	return nil
}

// setRole gives a controller a role. There is one master: who was it before becomes a slave.
func (c *conn) setRole(m openflow.RoleRequest) (openflow.RoleReply, error) {
	want := role(m.Role)
	if want > roleSlave {
		return openflow.RoleReply{}, errBadRole
	}
	s := c.s
	s.connMu.Lock()
	defer s.connMu.Unlock()
	if want == roleMaster || want == roleSlave {
		if s.hasGeneration && int64(m.Generation-s.generation) < 0 {
			return openflow.RoleReply{}, errStaleRole
		}
		s.generation, s.hasGeneration = m.Generation, true
	}
	if want == roleMaster {
		for other := range s.conns {
			if other != c {
				other.demote()
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if want != roleNoChange {
		c.role = want
	}
	r := openflow.RoleReply{Role: openflow.Role(c.role), Generation: ^uint64(0)}
	if s.hasGeneration {
		r.Generation = s.generation
	}
	return r, nil
}

func (c *conn) demote() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.role == roleMaster {
		c.role = roleSlave
	}
}

// mayChange fails for a slave.
func (c *conn) mayChange() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.role == roleSlave {
		return openflow.ErrIsSlave
	}
	return nil
}
