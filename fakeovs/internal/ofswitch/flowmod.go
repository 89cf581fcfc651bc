// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"reflect"
	"slices"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// flowMod is a checked FlowMod, ready to be carried out.
type flowMod struct {
	openflow.FlowMod
	cookies
	// sent are the instructions in the wire form of the version sentIn; nil if nobody is to be told of them so.
	sent   []byte
	sentIn openflow.Version
	// steps are what the flow does, nil if they are its instructions.
	steps steps
	// options are those of tunnels that the instructions use, as in flow.
	options uint64
	// weighed is what weight has found.
	weighed int64
}

// weight is what a flow with these instructions takes in memory, but for its match.
func (m *flowMod) weight() int64 {
	if m.weighed == 0 {
		m.weighed = flowWeight + instructionsWeight(&m.Instructions) + weight(reflect.ValueOf(m.steps)) + int64(len(m.sent))
	}
	return m.weighed
}

// cookies is what a flow mod does with the cookies of flows: the versions of OpenFlow differ in it.
type cookies struct {
	// fresh is the cookie of a flow that is added; keep leaves a flow the one it has.
	fresh uint64
	// modify says that a modified flow takes the fresh cookie.
	modify bool
	// adds says that a modify that finds no flow adds one.
	adds bool
	// lax lets the flow have actions that do nothing with the packets it matches, as in OpenFlow 1.0.
	lax bool
}

// keepCookie is the cookie that no flow is given.
const keepCookie = ^uint64(0)

// usualCookies is what a flow mod of OpenFlow 1.2 and later does: only an add sets a cookie.
func usualCookies(m *openflow.FlowMod) cookies {
	if m.Command == openflow.FlowAdd {
		return cookies{fresh: m.Cookie}
	}
	return cookies{fresh: keepCookie}
}

// prepare checks everything about a flow mod that does not depend on the flows there are.
func prepare(m openflow.FlowMod, o *packet.Options) (*flowMod, error) {
	if m.Command > openflow.FlowDeleteStrict {
		return nil, openflow.ErrBadCommand
	}
	deletes := m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict
	if m.Table == openflow.AllTables && !deletes {
		return nil, openflow.ErrBadFlowTable
	}
	return prepareWith(m, usualCookies(&m), checkMatch, o)
}

// prepare checks a flow mod that came as the bytes of a message, in the connection's version.
func (c *conn) prepare(m openflow.FlowMod, raw []byte) (*flowMod, error) {
	m, k, err := c.adapt(m, raw)
	if err != nil {
		return nil, err
	}
	// Decoding has refused what Validate refuses.
	options := c.s.Options()
	f, err := prepareWith(m, k, checkKnown, options)
	if err == nil {
		f.sent, f.sentIn = asSent(c.version, raw), c.version
		if at := instructionsAt(c.version, raw); at <= len(raw) {
			if in, differs := inWords(f.Instructions, c.version, raw[at:], options); differs {
				f.steps = instructionSteps(&in)
			}
		}
	}
	return f, err
}

// prepareWith is prepare for a flow mod that says otherwise what becomes of cookies, and may be for all tables. Its match
// is what matches lets pass.
func prepareWith(m openflow.FlowMod, c cookies, matches func(openflow.Match, *packet.Options) error, o *packet.Options) (*flowMod, error) {
	deletes := m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict
	if m.Command == openflow.FlowAdd {
		if err := checkInternal(m.Match); err != nil {
			return nil, err
		}
		if m.Table == openflow.AllTables {
			m.Table = 0
		}
	}
	if err := matches(m.Match, o); err != nil {
		return nil, err
	}
	m.Match = settled(m.Match, o)
	used := uint64(0)
	if !deletes {
		var err error
		if used, err = checkInstructions(&m.Flow, c.lax, o); err != nil {
			return nil, err
		}
		if used != 0 {
			m.Apply, m.Write = settledActions(m.Apply, o), settledActions(m.Write, o)
		}
	}
	if m.Table == visibleTables && !deletes {
		return nil, openflow.ErrRequestPermission
	}
	return &flowMod{FlowMod: m, cookies: c, options: used}, nil
}

// change is what a message did to one flow or group: it removed the old one (nil: none) and put the new one in (nil:
// none).
type change struct {
	removed, added *flow
	// reason is why removed is gone; evicted says that it was to make room for added.
	reason  openflow.FlowRemovedReason
	evicted bool
	// modified says that added is removed with other instructions.
	modified bool

	oldGroup, newGroup *group
}

// apply carries out a flow mod and returns what it changed, in order, so that it can be taken back.
func (t *flowTables) apply(m *flowMod, now time.Time) ([]change, error) {
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
	changes := make([]change, 0, len(flows))
	for _, f := range flows {
		t.remove(f)
		changes = append(changes, change{removed: f, reason: openflow.FlowRemovedDelete})
	}
	return changes, nil
}

// writable returns the flows that a flow mod changes, or an error if those it selects belong to the switch.
func (t *flowTables) writable(m *flowMod) ([]*flow, error) {
	flows := t.selected(m.selection(t.match()))
	found := len(flows)
	flows = slices.DeleteFunc(flows, func(f *flow) bool { return f.Table == visibleTables })
	if found > 0 && len(flows) == 0 {
		return nil, openflow.ErrRequestPermission
	}
	return flows, nil
}

// revert takes changes back, the last one first.
func (t *flowTables) revert(changes []change) {
	for i := len(changes) - 1; i >= 0; i-- {
		c := &changes[i]
		if c.removed != nil {
			t.insert(c.removed.rule.Match, c.removed)
		}
		if c.added != nil {
			t.remove(c.added)
		}
		if c.oldGroup != nil {
			t.putGroup(c.oldGroup)
		} else if c.newGroup != nil {
			t.dropGroup(c.newGroup.id)
		}
	}
}

func (t *flowTables) add(m *flowMod, now time.Time) ([]change, error) {
	if err := t.checkReferences(&m.Instructions); err != nil {
		return nil, err
	}
	f := newFlow(m.Flow, m.steps, now, now)
	f.sent, f.sentIn, f.options = m.sent, m.sentIn, m.options|optionsIn(m.Match)
	f.Cookie, f.weight = m.fresh, m.weight()+matchWeight(m.Match)
	var old *flow
	if c := t.tables[m.Table]; c != nil {
		old = found(c.Find(&t.key, &t.mask, int(m.Priority)))
		if old == nil && m.Flags&openflow.FlowCheckOverlap != 0 && c.Overlaps(&t.key, &t.mask, int(m.Priority)) {
			return nil, openflow.ErrOverlap
		}
	}
	if old != nil {
		if !t.memory.fits(f.weight - old.weight) {
			return nil, t.memory.full(openflow.ErrTableFull)
		}
		if f.Cookie == keepCookie {
			f.Cookie = old.Cookie
		}
		return t.one(t.replace(old, f, m.Flags)), nil
	}
	if !t.memory.fits(f.weight + maskWeight) {
		return nil, t.memory.full(openflow.ErrTableFull)
	}
	victim, err := t.makeRoom(m.Table)
	if err != nil {
		return nil, err
	}
	if victim != nil {
		t.remove(victim)
	}
	t.insertNew(t.match, f)
	return t.one(change{removed: victim, added: f, evicted: victim != nil, reason: openflow.FlowRemovedEviction}), nil
}

func (t *flowTables) modify(m *flowMod, now time.Time) ([]change, error) {
	flows, err := t.writable(m)
	if err != nil {
		return nil, err
	}
	if len(flows) == 0 {
		if m.adds {
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
		return nil, t.memory.full(openflow.ErrTableFull)
	}
	changes := make([]change, 0, len(flows))
	for _, old := range flows {
		o := old.Flow
		o.Instructions = m.Instructions
		f := newFlow(o, m.steps, old.created, now)
		f.sent, f.sentIn, f.options = m.sent, m.sentIn, m.options|optionsIn(o.Match)
		f.weight = m.weight() + matchWeight(o.Match)
		if m.cookies.modify && m.fresh != keepCookie {
			f.Cookie = m.fresh
		}
		c := t.replace(old, f, m.Flags)
		c.modified = true
		changes = append(changes, c)
	}
	return changes, nil
}

// one is a list of one change, made in the room that there is.
func (t *flowTables) one(c change) []change {
	if len(t.room) == cap(t.room) {
		return []change{c}
	}
	n := len(t.room)
	t.room = append(t.room, c)
	return t.room[n : n+1 : n+1]
}

// replace puts a flow in the place of another with the same match and priority.
func (t *flowTables) replace(old, f *flow, flags openflow.FlowFlags) change {
	f.used = old.used
	if flags&openflow.FlowResetCounts == 0 {
		f.packets, f.bytes = old.packets, old.bytes
	}
	// In this order the flows with this mask keep their place among those with others.
	t.insertNew(old.rule.Match, f)
	t.remove(old)
	return change{removed: old, added: f}
}

// match is the match of the flow mod that is carried out, as classifiers have it.
func (t *flowTables) match() (key, mask *packet.Key) { return &t.key, &t.mask }

func (m *flowMod) selection(key, mask *packet.Key) *selection {
	return &selection{
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
