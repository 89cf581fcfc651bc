// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// flowMod is a checked FlowMod, ready to be carried out.
type flowMod struct {
	openflow.FlowMod
	key, mask packet.Key
}

// change is what a flow mod did to one flow: it removed the one (nil: none) and put the other in (nil: none).
type change struct{ removed, added *flow }

// prepare checks everything about a flow mod that does not depend on the flows there are.
func prepare(m openflow.FlowMod) (*flowMod, error) {
	if m.Command > openflow.FlowDeleteStrict {
		return nil, openflow.ErrBadCommand
	}
	deletes := m.Command == openflow.FlowDelete || m.Command == openflow.FlowDeleteStrict
	if m.Table == openflow.AllTables && !deletes {
		return nil, openflow.ErrBadFlowTable
	}
	if m.Command == openflow.FlowAdd {
		if err := checkInternal(m.Match); err != nil {
			return nil, err
		}
	}
	if err := checkMatch(m.Match); err != nil {
		return nil, err
	}
	if !deletes {
		if err := checkInstructions(&m.Flow); err != nil {
			return nil, err
		}
	}
	if m.Table == visibleTables && !deletes {
		return nil, openflow.ErrRequestPermission
	}
	f := &flowMod{FlowMod: m}
	f.key, f.mask = packet.Match(m.Match)
	return f, nil
}

// apply carries out a flow mod and returns what it changed, in order, so that it can be taken back.
func (t *flowTables) apply(m *flowMod, now time.Time) ([]change, error) {
	switch m.Command {
	case openflow.FlowAdd:
		return t.add(m, now)
	case openflow.FlowModify, openflow.FlowModifyStrict:
		return t.modify(m, now)
	default:
		var changes []change
		for _, f := range t.selected(m.selection()) {
			t.remove(f)
			changes = append(changes, change{removed: f})
		}
		return changes, nil
	}
}

// revert takes changes back, the last one first.
func (t *flowTables) revert(changes []change) {
	for i := len(changes) - 1; i >= 0; i-- {
		if f := changes[i].added; f != nil {
			t.remove(f)
		}
		if f := changes[i].removed; f != nil {
			t.insert(f)
		}
	}
}

func (t *flowTables) add(m *flowMod, now time.Time) ([]change, error) {
	f := &flow{Flow: m.Flow, key: m.key, mask: m.mask, created: now, modified: now, used: now}
	f.Flags &= openflow.FlowSendRemoved | openflow.FlowNoPacketCounts | openflow.FlowNoByteCounts
	var old *flow
	if c := t.tables[m.Table]; c != nil {
		old = c.find(&m.key, &m.mask, m.Priority)
		if old == nil && m.Flags&openflow.FlowCheckOverlap != 0 && c.overlaps(&m.key, &m.mask, m.Priority) {
			return nil, openflow.ErrOverlap
		}
	}
	if old == nil && t.count >= maxFlows {
		return nil, openflow.ErrTableFull
	}
	return []change{t.replace(old, f, m.Flags)}, nil
}

func (t *flowTables) modify(m *flowMod, now time.Time) ([]change, error) {
	var changes []change
	for _, old := range t.selected(m.selection()) {
		f := &flow{Flow: old.Flow, key: old.key, mask: old.mask, created: old.created, modified: now, used: now}
		f.Instructions = m.Instructions
		changes = append(changes, t.replace(old, f, m.Flags))
	}
	return changes, nil
}

// replace puts a flow in the place of another with the same match and priority, nil if there is none.
func (t *flowTables) replace(old, f *flow, flags openflow.FlowFlags) change {
	t.serial++
	f.serial = t.serial
	if old != nil {
		f.serial = old.serial
		f.used = old.used
		if flags&openflow.FlowResetCounts == 0 {
			f.packets, f.bytes = old.packets, old.bytes
		}
		t.remove(old)
	}
	t.insert(f)
	return change{removed: old, added: f}
}

func (m *flowMod) selection() *selection {
	return &selection{
		table:      m.Table,
		key:        m.key,
		mask:       m.mask,
		strict:     m.Command == openflow.FlowModifyStrict || m.Command == openflow.FlowDeleteStrict,
		priority:   m.Priority,
		cookie:     m.Cookie,
		cookieMask: m.CookieMask,
		outPort:    m.OutPort,
		outGroup:   m.OutGroup,
	}
}
