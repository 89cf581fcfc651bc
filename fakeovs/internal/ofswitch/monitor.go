// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"
	"maps"
	"slices"
	"unsafe"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// monitor is a flow monitor of a connection: it selects the flows whose changes the connection is told of.
type monitor struct {
	flags    openflow.MonitorFlags
	table    uint8
	flows    *pipeline.Selection
	outPort  uint32
	outGroup uint32
}

// monitoring is what the flow monitors of all connections of a switch share.
type monitoring struct {
	// events counts what flow monitors were told of; holding keeps back what they say.
	events  uint64
	holding bool
	// watching are the connections with flow monitors, as long as holding is set.
	watching []*conn
}

// updates is what a connection with flow monitors has to be told. It belongs to whoever has locked the switch, but for
// waiting.
type updates struct {
	list []openflow.FlowUpdate
	// abbreviated says that list has an UpdateAbbreviated.
	abbreviated bool
	// paused is the time, by monitoring.events, at which the connection had too much to read; 0 if it has not.
	paused uint64
	// waiting is how many bytes of updates wait to be written. It is guarded by the connection's mutex.
	waiting int
}

const (
	// maxUpdates is how many bytes of updates may wait before the connection is told that there will be no more.
	maxUpdates = 128 << 10
	// maxMonitors bounds the flow monitors of a connection, monitorWeight is about how many bytes each takes.
	maxMonitors   = 4096
	monitorWeight = int64(unsafe.Sizeof(monitor{})+unsafe.Sizeof(pipeline.Selection{})+2*unsafe.Sizeof(packet.Key{})) + 32
)

// monitorFlows makes, changes and ends flow monitors. If one cannot be, those before it are taken back.
func (c *conn) monitorFlows(m openflow.FlowMonitorRequest, xid uint32) error {
	c.waitForRoom()
	var err error
	if drop := c.makeList(func() int64 {
		err = c.setMonitors(m, xid)
		return 0 // for what is queued is in the backlog by itself
	}); drop != nil {
		drop()
	}
	return err
}

// setMonitors is monitorFlows when there is room for the answer.
func (c *conn) setMonitors(m openflow.FlowMonitorRequest, xid uint32) error {
	s := c.s
	s.Begin()
	defer s.End()
	var made []uint32
	for i := range m.Monitors {
		id := m.Monitors[i].ID
		if err := c.setMonitor(&m.Monitors[i]); err != nil {
			for _, id := range made {
				c.dropMonitor(id)
			}
			return err
		}
		if m.Monitors[i].Command != openflow.MonitorDelete {
			made = append(made, id)
		}
	}
	if c.version < openflow.Version14 && len(made) == 0 {
		return nil
	}
	var list []openflow.FlowUpdate
	seen := make(map[*pipeline.Flow]int)
	for _, id := range made {
		w := c.monitors[id]
		if w.flags&openflow.MonitorInitial == 0 {
			continue
		}
		list = s.refresh(w, 0, list, seen)
	}
	// The answer is queued before the switch is unlocked, so that nothing comes between it and later updates.
	messages := c.pack(list, xid, true)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range messages {
		c.put(b)
	}
	return nil
}

func updatesMessage(part []openflow.FlowUpdate, more bool) openflow.Message {
	return openflow.FlowUpdates{Updates: part, More: more}
}

// setMonitor makes, changes or ends one flow monitor.
func (c *conn) setMonitor(f *openflow.FlowMonitor) error {
	table := openflow.AllTables
	if f.Table != nil {
		table = *f.Table
	}
	if table != openflow.AllTables && table > flowcheck.VisibleTables {
		return openflow.ErrBadTable
	}
	_, exists := c.monitors[f.ID]
	switch {
	case f.Command == openflow.MonitorAdd && exists:
		return openflow.ErrMonitorExists
	case f.Command != openflow.MonitorAdd && !exists:
		return openflow.ErrUnknownMonitor
	case f.Command == openflow.MonitorDelete:
		c.dropMonitor(f.ID)
		return nil
	case !exists && len(c.monitors) >= maxMonitors:
		return openflow.ErrMonitorUnknown
	}
	flows, err := c.s.Selection(openflow.FlowFilter{Table: f.Table, Match: f.Match})
	if err != nil {
		return err
	}
	c.dropMonitor(f.ID)
	if !c.s.dp.Memory().Take(monitorWeight) {
		return c.s.dp.Memory().Full(openflow.ErrMonitorUnknown)
	}
	c.monitors[f.ID] = &monitor{flags: f.Flags, table: table, flows: flows, outPort: f.OutPort, outGroup: f.OutGroup}
	return nil
}

// dropMonitor ends a monitor, if it is there.
func (c *conn) dropMonitor(id uint32) {
	if c.monitors[id] != nil {
		delete(c.monitors, id)
		c.s.dp.Memory().GiveBack(monitorWeight)
	}
}

// dropMonitors ends all monitors, at the end of the connection.
func (c *conn) dropMonitors() {
	c.s.Begin()
	defer c.s.End()
	for id := range c.monitors {
		c.dropMonitor(id)
	}
}

// watches reports whether a monitor is about a flow, be it that the flow output to the monitor's port only before it was
// changed.
func (m *monitor) watches(f, before *pipeline.Flow) bool {
	if m.table != openflow.AllTables && m.table != f.Table {
		return false
	}
	if m.outPort != 0 && !f.OutputsTo(m.outPort) && (before == nil || !before.OutputsTo(m.outPort)) {
		return false
	}
	return (m.outGroup == 0 || f.SendsTo(m.outGroup)) && m.flows.Covers(f)
}

// refresh appends the flows that a monitor is about to a list: all as they are or, after a pause, those that were added
// or modified since. seen are the places in the list of those that are in it.
func (s *Switch) refresh(m *monitor, since uint64, list []openflow.FlowUpdate, seen map[*pipeline.Flow]int) []openflow.FlowUpdate {
	for _, f := range s.Selected(m.flows) {
		if !m.watches(f, nil) {
			continue
		}
		event := openflow.UpdateInitial
		if since != 0 {
			switch {
			case f.AddedAt > since && m.flags&(openflow.MonitorAdded|openflow.MonitorModified) != 0:
				event = openflow.UpdateAdded
			case f.AddedAt <= since && f.ModifiedAt > since && m.flags&openflow.MonitorModified != 0:
				event = openflow.UpdateModified
			default:
				continue
			}
		}
		u := update(f, event, m.flags)
		if i, ok := seen[f]; !ok {
			seen[f] = len(list)
			list = append(list, u)
		} else if m.flags&openflow.MonitorInstructions != 0 {
			list[i].Flow.Instructions = f.Instructions
		}
	}
	return list
}

// update is what a monitor with these flags says of a flow.
func update(f *pipeline.Flow, event openflow.UpdateEvent, flags openflow.MonitorFlags) openflow.FlowUpdate {
	u := openflow.FlowUpdate{Event: event, Flow: f.Flow}
	u.Flow.Flags, u.Flow.Importance = 0, 0
	if flags&openflow.MonitorInstructions == 0 {
		u.Flow.Instructions = openflow.Instructions{}
	}
	return u
}

// monitored tells the connections whose flow monitors are about changes, which the message with a transaction number of
// a controller has brought about.
func (s *Switch) monitored(changes []pipeline.Change, by *conn, xid uint32) {
	watching := s.monitoring.watching
	if !s.monitoring.holding {
		watching = s.watchers()
	}
	if len(watching) == 0 {
		return
	}
	for i := range changes {
		s.noteChange(&changes[i], watching, by, xid)
	}
	if s.monitoring.holding {
		return
	}
	for _, c := range watching {
		c.flushUpdates()
	}
}

// holdMonitors keeps back what flow monitors say, until it is called with false. The switch is locked.
func (s *Switch) holdMonitors(hold bool) {
	if s.monitoring.holding = hold; hold {
		s.monitoring.watching = s.watchers()
		return
	}
	s.monitoring.watching = nil
	s.monitored(nil, nil, 0)
}

// watchers are the connections that have flow monitors. The switch is locked.
func (s *Switch) watchers() (list []*conn) {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	for c := range s.conns {
		if len(c.monitors) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// noteChange adds what is to be said of a change to what the connections have to be told.
func (s *Switch) noteChange(c *pipeline.Change, watching []*conn, by *conn, xid uint32) {
	f, before := c.Added, c.Removed
	event := openflow.UpdateAdded
	switch {
	case f == nil && before == nil:
		return
	case f == nil || c.Evicted:
		// Open vSwitch does not tell of the flow that another one made room for.
		f, before, event = c.Removed, nil, openflow.UpdateRemoved
	case c.Modified:
		event = openflow.UpdateModified
	}
	if before != nil && f.Instructions.Equal(before.Instructions) {
		if event == openflow.UpdateModified && f.Cookie == before.Cookie {
			return
		}
		before = nil
	}
	s.monitoring.events++
	switch event {
	case openflow.UpdateAdded:
		f.AddedAt, f.ModifiedAt = s.monitoring.events, s.monitoring.events
	case openflow.UpdateModified:
		f.ModifiedAt = s.monitoring.events
	}
	for _, o := range watching {
		o.noteUpdate(f, before, event, c.Reason, o == by, xid)
	}
}

// flagOf is the flag of monitors that asks for an event.
func flagOf(event openflow.UpdateEvent) openflow.MonitorFlags {
	return openflow.MonitorAdded << (event - openflow.UpdateAdded)
}

func (c *conn) noteUpdate(f, before *pipeline.Flow, event openflow.UpdateEvent, reason openflow.FlowRemovedReason, own bool, xid uint32) {
	u := &c.updates
	if u.paused != 0 && (event != openflow.UpdateRemoved || f.AddedAt > u.paused) {
		return
	}
	var flags openflow.MonitorFlags
	for _, m := range c.monitors {
		if m.flags&flagOf(event) != 0 && m.watches(f, before) {
			flags |= m.flags
		}
	}
	switch {
	case flags == 0:
	case flags&openflow.MonitorOwn != 0 || !own || u.paused != 0:
		said := update(f, event, flags)
		if event == openflow.UpdateRemoved {
			said.Reason = reason
		}
		u.list = append(u.list, said)
	case !u.abbreviated:
		u.abbreviated = true
		u.list = append(u.list, openflow.FlowUpdate{Event: openflow.UpdateAbbreviated, Xid: xid})
	}
}

// flushUpdates queues what the connection has to be told of flows. It never waits: a connection that does not read is
// told that there will be no more, and later what it has missed.
func (c *conn) flushUpdates() {
	u := &c.updates
	if len(u.list) == 0 {
		return
	}
	list := u.list
	u.list, u.abbreviated = nil, false
	messages := c.pack(list, 0, false)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.putUpdates(messages)
	for _, b := range messages {
		u.waiting += len(b)
	}
	if u.paused == 0 && u.waiting > maxUpdates {
		c.s.monitoring.events++
		u.paused = c.s.monitoring.events
		if b, err := c.encode(openflow.FlowUpdates{Updates: []openflow.FlowUpdate{{Event: openflow.UpdatePaused}}}, 0); err == nil {
			c.put(b)
			u.waiting += len(b)
		}
	}
}

// pack makes messages out of updates: at least one if they are the answer to a request.
func (c *conn) pack(list []openflow.FlowUpdate, xid uint32, answer bool) [][]byte {
	var messages [][]byte
	for first := answer; len(list) > 0 || first; first = false {
		n := len(list)
		b, err := c.encode(updatesMessage(list, false), xid)
		for err != nil && n > 1 {
			n /= 2
			b, err = c.encode(updatesMessage(list[:n], true), xid)
		}
		if err != nil {
			c.log.Error("cannot encode a flow update", "update", fmt.Sprint(list[0].Flow), "error", err)
		} else {
			messages = append(messages, b)
		}
		list = list[n:]
	}
	return messages
}

// resumeUpdates tells a connection that has read everything what it has missed.
func (c *conn) resumeUpdates() {
	s := c.s
	s.Begin()
	defer s.End()
	u := &c.updates
	if u.paused == 0 {
		return
	}
	var list []openflow.FlowUpdate
	seen := make(map[*pipeline.Flow]int)
	for _, id := range slices.Sorted(maps.Keys(c.monitors)) {
		list = s.refresh(c.monitors[id], u.paused, list, seen)
	}
	messages := c.pack(list, 0, false)
	if b, err := c.encode(openflow.FlowUpdates{Updates: []openflow.FlowUpdate{{Event: openflow.UpdateResumed}}}, 0); err == nil {
		messages = append(messages, b)
	}
	u.paused = 0
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putUpdates(messages)
	for _, b := range messages {
		u.waiting += len(b)
	}
}
