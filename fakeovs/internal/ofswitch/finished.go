// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// finished tells the controllers about changes that have come to stay. They are due to the message with a transaction
// number that a controller has sent, or, if that is nil, to the switch itself. The switch is locked.
func (s *Switch) finished(changes []change, by *conn, xid uint32) {
	if len(changes) == 0 {
		return
	}
	for i := range changes {
		c := &changes[i]
		if c.removed != nil && (c.added == nil || c.evicted) {
			s.removed(c.removed, c.reason)
		}
		if c.removed != nil || c.added != nil {
			s.vacancyChanged(c)
		}
	}
	s.monitored(changes, by, xid)
	s.unlearned(changes)
}

// removed tells the controllers that a flow is gone, if it asks for that.
func (s *Switch) removed(f *flow, reason openflow.FlowRemovedReason) {
	if f.Flags&openflow.FlowSendRemoved == 0 {
		return
	}
	stats := f.stats(s.now)
	stats.Instructions, stats.Flags = openflow.Instructions{}, 0
	s.announce(openflow.FlowRemoved{Stats: stats, Reason: reason})
}

// vacancyChanged tells the controllers that a table has come to be fuller or emptier than it was to be.
func (s *Switch) vacancyChanged(change *change) {
	f := change.added
	if f == nil {
		f = change.removed
	} else if change.removed != nil {
		return
	}
	c := &s.flows.config[f.Table]
	if c.event == 0 {
		return
	}
	free := s.flows.vacancy(f.Table)
	switch {
	case free < c.vacancyDown && c.event == openflow.TableVacancyDown:
		s.announce(openflow.TableStatus{Reason: c.event, Table: s.flows.tableDesc(f.Table)})
		c.event = openflow.TableVacancyUp
	case free > c.vacancyUp && c.event == openflow.TableVacancyUp:
		s.announce(openflow.TableStatus{Reason: c.event, Table: s.flows.tableDesc(f.Table)})
		c.event = openflow.TableVacancyDown
	}
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
		if g := c.s.group(m.ID); g != nil {
			old.Group = g.desc()
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

// sortedConns are the connections in the order in which they were made.
func (s *Switch) sortedConns() []*conn {
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	slices.SortFunc(conns, func(a, b *conn) int { return int(a.serial) - int(b.serial) })
	return conns
}
