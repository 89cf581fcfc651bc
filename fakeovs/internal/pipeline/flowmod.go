// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// FlowMod is a checked FlowMod, ready to be carried out.
type FlowMod struct {
	openflow.FlowMod
	Cookies
	// sent are the instructions as they came; nil if nobody is to be told of them so.
	sent *wireForm
	// steps are what the flow does, nil if they are its instructions.
	steps steps
	// options are those of tunnels that the instructions use, as in flow.
	options uint64
	// weighed is what weight has found.
	weighed int64
}

// weight is what a flow with these instructions takes in memory, but for its match.
func (m *FlowMod) weight() int64 {
	if m.weighed == 0 {
		m.weighed = flowWeight + instructionsWeight(&m.Instructions) + weight(reflect.ValueOf(m.steps)) + m.sent.weight()
	}
	return m.weighed
}

// Weight is about how many bytes the flow mod takes as long as it waits to be carried out.
func (m *FlowMod) Weight() int64 {
	return int64(unsafe.Sizeof(*m)) + m.weight() - flowWeight + matchWeight(m.Match)
}

// Cookies is what a flow mod does with the cookies of flows: the versions of OpenFlow differ in it.
type Cookies struct {
	// Fresh is the cookie of a flow that is added; keep leaves a flow the one it has.
	Fresh uint64
	// Modify says that a modified flow takes the fresh cookie.
	Modify bool
	// Adds says that a modify that finds no flow adds one.
	Adds bool
	// Lax lets the flow have actions that do nothing with the packets it matches, as in OpenFlow 1.0.
	Lax bool
}

// KeepCookie is the cookie that no flow is given.
const KeepCookie = ^uint64(0)

// UsualCookies is what a flow mod of OpenFlow 1.2 and later does: only an add sets a cookie.
func UsualCookies(m *openflow.FlowMod) Cookies {
	if m.Command == openflow.FlowAdd {
		return Cookies{Fresh: m.Cookie}
	}
	return Cookies{Fresh: KeepCookie}
}

// prepare checks everything about a flow mod that does not depend on the flows there are.
func prepare(m openflow.FlowMod, o *packet.Options) (FlowMod, error) {
	if m.Command > openflow.FlowDeleteStrict {
		return FlowMod{}, openflow.ErrBadCommand
	}
	deletes := m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict
	if m.Table == openflow.AllTables && !deletes {
		return FlowMod{}, openflow.ErrBadFlowTable
	}
	return prepareWith(m, UsualCookies(&m), flowcheck.Match, o)
}

// Sent is what a flow mod was like on the wire.
type Sent struct {
	Version openflow.Version
	// Instructions are its instructions or, in OpenFlow 1.0, its actions.
	Instructions []byte
	// Told says that controllers who speak that version are told of the instructions as they were sent.
	Told bool
}

// PrepareSent checks everything about a flow mod that does not depend on the flows there are. It has been decoded, which
// refuses what openflow.FlowMod.Validate refuses.
func (s *Bridge) PrepareSent(m openflow.FlowMod, c Cookies, sent Sent) (FlowMod, error) {
	deletes := m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict
	if sent.Version < openflow.Version13 && !deletes {
		m.Instructions.Apply = flowcheck.Resolve(m.Instructions.Apply, m.Match)
		m.Instructions.Write = flowcheck.Resolve(m.Instructions.Write, m.Match)
	}
	options := s.Options()
	f, err := prepareWith(m, c, flowcheck.KnownMatch, options)
	if err != nil {
		return FlowMod{}, err
	}
	if sent.Told {
		f.sent = &wireForm{sent.Version, bytes.Clone(sent.Instructions)}
	}
	if in, differs := inWords(f.Instructions, sent.Version, sent.Instructions, options); differs {
		f.steps = instructionSteps(&in)
	}
	return f, nil
}

// prepareWith is prepare for a flow mod that says otherwise what becomes of cookies, and may be for all tables. Its match
// is what matches lets pass.
func prepareWith(m openflow.FlowMod, c Cookies, matches func(openflow.Match, *packet.Options) error, o *packet.Options) (FlowMod, error) {
	deletes := m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict
	if m.Command == openflow.FlowAdd {
		if err := flowcheck.NotInternal(m.Match); err != nil {
			return FlowMod{}, err
		}
		if m.Table == openflow.AllTables {
			m.Table = 0
		}
	}
	if err := matches(m.Match, o); err != nil {
		return FlowMod{}, err
	}
	m.Match = flowcheck.Settled(m.Match, o)
	used := uint64(0)
	if !deletes {
		var err error
		if used, err = flowcheck.Instructions(&m.Flow, c.Lax, o); err != nil {
			return FlowMod{}, err
		}
		if used != 0 {
			m.Apply, m.Write = flowcheck.SettledActions(m.Apply, o), flowcheck.SettledActions(m.Write, o)
		}
	}
	if m.Table == flowcheck.VisibleTables && !deletes {
		return FlowMod{}, openflow.ErrRequestPermission
	}
	return FlowMod{FlowMod: m, Cookies: c, options: used}, nil
}

// apply carries out a flow mod and returns what it changed, in order, so that it can be taken back.
func (t *flowTables) apply(m *FlowMod, now time.Time) ([]Change, error) {
	t.keysInto(m.Match, &t.key, &t.mask)
	switch m.Command {
	case openflow.FlowAdd:
		return t.add(m, now)
	case openflow.FlowModify, openflow.FlowModifyStrict:
		return t.modify(m, now)
	}
	flows, err := t.writable(m)
	if err != nil {
		return nil, err
	}
	changes := make([]Change, 0, len(flows))
	for _, f := range flows {
		t.remove(f)
		changes = append(changes, Change{Removed: f, Reason: openflow.FlowRemovedDelete})
	}
	return changes, nil
}

// writable returns the flows that a flow mod changes, or an error if those it selects belong to the switch.
func (t *flowTables) writable(m *FlowMod) ([]*Flow, error) {
	flows := t.selected(m.selection(t.match()))
	found := len(flows)
	flows = slices.DeleteFunc(flows, func(f *Flow) bool { return f.Table == flowcheck.VisibleTables })
	if found > 0 && len(flows) == 0 {
		return nil, openflow.ErrRequestPermission
	}
	return flows, nil
}

// revert takes changes back, the last one first.
func (t *flowTables) revert(changes []Change) {
	for i := len(changes) - 1; i >= 0; i-- {
		c := &changes[i]
		if c.Removed != nil {
			t.insert(c.Removed.rule.Match, c.Removed)
		}
		if c.Added != nil {
			t.remove(c.Added)
		}
		if c.oldGroup != nil {
			t.putGroup(c.oldGroup)
		} else if c.newGroup != nil {
			t.dropGroup(c.newGroup.id)
		}
	}
}

func (t *flowTables) add(m *FlowMod, now time.Time) ([]Change, error) {
	if err := t.checkReferences(&m.Instructions); err != nil {
		return nil, err
	}
	f := newFlow(m.Flow, m.steps, now, now)
	f.sent, f.options = m.sent, m.options|flowcheck.OptionsIn(m.Match)
	f.Cookie, f.weight = m.Fresh, m.weight()+matchWeight(m.Match)
	var old *Flow
	if c := t.tables[m.Table]; c != nil {
		old = found(c.Find(&t.key, &t.mask, int(m.Priority)))
		if old == nil && m.Flags&openflow.FlowCheckOverlap != 0 && c.Overlaps(&t.key, &t.mask, int(m.Priority)) {
			return nil, openflow.ErrOverlap
		}
	}
	if old != nil {
		if !t.memory.fits(f.weight - old.weight) {
			return nil, t.memory.Full(openflow.ErrTableFull)
		}
		if f.Cookie == KeepCookie {
			f.Cookie = old.Cookie
		}
		return t.one(t.replace(old, f, m.Flags)), nil
	}
	if !t.memory.fits(f.weight + maskWeight) {
		return nil, t.memory.Full(openflow.ErrTableFull)
	}
	victim, err := t.makeRoom(m.Table)
	if err != nil {
		return nil, err
	}
	if victim != nil {
		t.remove(victim)
	}
	t.insertNew(t.match, f)
	return t.one(Change{Removed: victim, Added: f, Evicted: victim != nil, Reason: openflow.FlowRemovedEviction}), nil
}

func (t *flowTables) modify(m *FlowMod, now time.Time) ([]Change, error) {
	flows, err := t.writable(m)
	if err != nil {
		return nil, err
	}
	if len(flows) == 0 {
		if m.Adds {
			if m.Table == openflow.AllTables {
				m.Table = 0
			}
			return t.add(m, now)
		}
		return nil, nil
	}
	if err := t.checkReferences(&m.Instructions); err != nil {
		return nil, err
	}
	more := int64(0)
	for _, old := range flows {
		more += m.weight() + matchWeight(old.Match) - old.weight
	}
	if !t.memory.fits(more) {
		return nil, t.memory.Full(openflow.ErrTableFull)
	}
	changes := make([]Change, 0, len(flows))
	for _, old := range flows {
		o := old.Flow
		o.Instructions = m.Instructions
		f := newFlow(o, m.steps, old.created, now)
		f.sent, f.options = m.sent, m.options|flowcheck.OptionsIn(o.Match)
		f.weight = m.weight() + matchWeight(o.Match)
		if m.Cookies.Modify && m.Fresh != KeepCookie {
			f.Cookie = m.Fresh
		}
		c := t.replace(old, f, m.Flags)
		c.Modified = true
		changes = append(changes, c)
	}
	return changes, nil
}

// one is a list of one change, made in the room that there is.
func (t *flowTables) one(c Change) []Change {
	if len(t.room) == cap(t.room) {
		return []Change{c}
	}
	n := len(t.room)
	t.room = append(t.room, c)
	return t.room[n : n+1 : n+1]
}

// replace puts a flow in the place of another with the same match and priority.
func (t *flowTables) replace(old, f *Flow, flags openflow.FlowFlags) Change {
	f.used = old.used
	if flags&openflow.FlowResetCounts == 0 {
		f.packets, f.bytes = old.packets, old.bytes
	}
	// In this order the flows with this mask keep their place among those with others.
	t.insertNew(old.rule.Match, f)
	t.remove(old)
	return Change{Removed: old, Added: f}
}

// match is the match of the flow mod that is carried out, as classifiers have it.
func (t *flowTables) match() (key, mask *packet.Key) { return &t.key, &t.mask }

func (m *FlowMod) selection(key, mask *packet.Key) *Selection {
	return &Selection{
		table:      m.Table,
		key:        key,
		mask:       mask,
		strict:     m.Command == openflow.FlowModifyStrict || m.Command == openflow.FlowDeleteStrict,
		priority:   m.Priority,
		cookie:     m.Cookie,
		cookieMask: m.CookieMask,
		outPort:    m.OutPort,
		outGroup:   m.OutGroup,
	}
}
