// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// finished tells the controllers about changes that have come to stay, and does what follows of them. They are due to the
// message with a transaction number that a controller has sent. The bridge is locked.
func (s *Switch) finished(changes []pipeline.Change, by *conn, xid uint32) {
	s.tell(changes, by, xid)
	s.Unlearn(changes)
}

// tell tells the controllers about changes that a controller has brought about or, if that is nil, the switch itself.
func (s *Switch) tell(changes []pipeline.Change, by *conn, xid uint32) {
	if len(changes) == 0 {
		return
	}
	for i := range changes {
		c := &changes[i]
		if c.Removed != nil && (c.Added == nil || c.Evicted) {
			s.removed(c.Removed, c.Reason)
		}
		if c.Removed != nil || c.Added != nil {
			if status, ok := s.Crossed(c); ok {
				s.announce(status)
			}
		}
	}
	s.monitored(changes, by, xid)
}

// removed tells the controllers that a flow is gone, if it asks for that.
func (s *Switch) removed(f *pipeline.Flow, reason openflow.FlowRemovedReason) {
	if f.Flags&openflow.FlowSendRemoved == 0 {
		return
	}
	stats := s.FlowStats(f)
	stats.Instructions, stats.Flags = openflow.Instructions{}, 0
	s.announce(openflow.FlowRemoved{Stats: stats, Reason: reason})
}

// forward tells the other controllers who want to know of a meter-mod that was carried out.
func (c *conn) forward(m openflow.Message, xid uint32) {
	c.s.announceTo(openflow.RequestForward{Request: m, Xid: xid}, func(o *conn) bool { return o != c })
}

// forwardGroup is forward for a group-mod. Whether it has added or modified is told, and versions from 1.1 to 1.4 are told
// what a command on buckets comes to, without numbers of buckets and methods of selection. The switch is locked.
func (c *conn) forwardGroup(m openflow.GroupMod, existed bool, xid uint32) {
	if m.Command == openflow.GroupAddOrModify {
		m.Command = openflow.GroupAdd
		if existed {
			m.Command = openflow.GroupModify
		}
	}
	old := m
	if m.Command == openflow.GroupInsertBucket || m.Command == openflow.GroupRemoveBucket {
		old = openflow.GroupMod{Command: openflow.GroupModify, Group: openflow.Group{ID: m.ID}}
		if g, ok := c.s.GroupDesc(m.ID, openflow.Version13); ok {
			old.Group = g
		}
	}
	old.Selection = openflow.Selection{}
	old.Buckets = slices.Clone(old.Buckets)
	for i := range old.Buckets {
		old.Buckets[i].ID = 0
	}
	knows := func(v openflow.Version) bool { return v == openflow.Version10 || v >= openflow.Version15 }
	c.s.announceTo(openflow.RequestForward{Request: m, Xid: xid}, func(o *conn) bool { return o != c && knows(o.version) })
	c.s.announceTo(openflow.RequestForward{Request: old, Xid: xid}, func(o *conn) bool { return o != c && !knows(o.version) })
}
