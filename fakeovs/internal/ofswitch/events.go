// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"bytes"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// controllers are the connections of a switch as its bridge knows them.
type controllers struct{ *Switch }

// PacketIn sends a packet to the controllers with the ID that it goes to, each in its format.
func (s controllers) PacketIn(in *pipeline.PacketIn) {
	for format := range openflow.PacketInNX2 + 1 {
		m := in.Message
		m.Format = format
		if format == openflow.PacketInNX2 {
			m.Userdata = in.Userdata
		} else {
			m.Continuation = nil
		}
		s.announceTo(m, func(c *conn) bool { return c.format == format && c.id == in.ID })
	}
}

// WantMisses reports whether there is a controller of a version of OpenFlow in which it is told of packets that no flow
// matches.
func (s controllers) WantMisses() bool {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	for c := range s.conns {
		c.mu.Lock()
		wants := c.id == 0 && c.version < openflow.Version13
		c.mu.Unlock()
		if wants {
			return true
		}
	}
	return false
}

// Changed tells of flows that the bridge itself has changed.
func (s controllers) Changed(changes []pipeline.Change) { s.tell(changes, nil, 0) }

// PortAdded tells of a port: it is new before it is live.
func (s controllers) PortAdded(now openflow.PortDesc) {
	added := now
	added.State &^= openflow.PortStateLive
	s.announce(openflow.PortStatus{Reason: openflow.PortAdded, Port: added})
	s.announceTo(openflow.PortStatus{Reason: openflow.PortModified, Port: now}, func(c *conn) bool {
		return !samePort(c.version, added, now)
	})
}

// PortChanged tells of a port that is another now, if that can be seen.
func (s controllers) PortChanged(old, now openflow.PortDesc) { s.changedPort(old, now, nil) }

// PortRemoved tells of a port that is gone.
func (s controllers) PortRemoved(port openflow.PortDesc) {
	s.announce(openflow.PortStatus{Reason: openflow.PortDeleted, Port: port})
}

// changedPort tells the switch's owner and the controllers of a port that is another now, if they can see that. The controller
// that asked for it, if it is not nil, is told only from OpenFlow 1.5 on.
func (s *Switch) changedPort(old, now openflow.PortDesc, by *conn) {
	if s.portChanged != nil && !samePort(openflow.Version15, old, now) {
		s.portChanged(now.No)
	}
	s.announceTo(openflow.PortStatus{Reason: openflow.PortModified, Port: now}, func(c *conn) bool {
		return (c != by || c.version >= openflow.Version15) && !samePort(c.version, old, now)
	})
}

// samePort reports whether two descriptions are the same in a version.
func samePort(v openflow.Version, a, b openflow.PortDesc) bool {
	one, err := encode(v, openflow.PortDescReply{Ports: []openflow.PortDesc{a}}, 0)
	other, err2 := encode(v, openflow.PortDescReply{Ports: []openflow.PortDesc{b}}, 0)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// missReason is a reason in the words of a version.
func missReason(r openflow.PacketInReason, v openflow.Version) openflow.PacketInReason {
	switch {
	case r == pipeline.ReasonExplicitMiss && v < openflow.Version13:
		return openflow.PacketInAction
	case r == pipeline.ReasonExplicitMiss || r == pipeline.ReasonImplicitMiss:
		return openflow.PacketInNoMatch
	}
	return r
}
