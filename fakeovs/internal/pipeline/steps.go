// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"

	"github.com/ovskit/ovskit/openflow"
)

// steps are what a flow, a bucket or a message has a translation do, in order: openflow.Actions, and instructions as
// the types of this file.
type steps []any

type (
	clearActions  struct{}
	writeActions  struct{ actions steps }
	writeMetadata struct{ value, mask uint64 }
	gotoTable     struct{ table uint8 }
	// unroll takes a thawed translation back to the flow in which it was frozen.
	unroll struct {
		table  uint8
		cookie uint64
	}
)

func (clearActions) String() string { return "clear_actions" }

func (w writeActions) String() string { return "write_actions(" + w.actions.list() + ")" }

func (m writeMetadata) String() string {
	return openflow.Instructions{Metadata: m.value, MetadataMask: m.mask}.String()
}

func (g gotoTable) String() string { return fmt.Sprintf("goto_table:%d", g.table) }

func (u unroll) String() string {
	return fmt.Sprintf("unroll_xlate(table=%d, cookie=%s)", u.table, hexNumber(u.cookie))
}

func hexNumber(n uint64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", n)
}

// list is the steps in words, with commas.
func (s steps) list() string {
	if len(s) == 0 {
		return "drop"
	}
	text := ""
	for i, a := range s {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(a)
	}
	return text
}

// actionSteps are actions as steps.
func actionSteps(actions []openflow.Action) steps {
	s := make(steps, len(actions))
	for i, a := range actions {
		s[i] = a
	}
	return s
}

// instructionSteps are the instructions of a flow as steps.
func instructionSteps(in *openflow.Instructions) steps {
	s := make(steps, 0, len(in.Apply)+2)
	if in.Meter != 0 {
		s = append(s, openflow.Meter{ID: in.Meter})
	}
	for _, a := range in.Apply {
		s = append(s, a)
	}
	if in.ClearActions {
		s = append(s, clearActions{})
	}
	if len(in.Write) > 0 {
		s = append(s, writeActions{actionSteps(in.Write)})
	}
	if in.MetadataMask != 0 {
		s = append(s, writeMetadata{in.Metadata, in.MetadataMask})
	}
	if in.Goto != 0 {
		s = append(s, gotoTable{in.Goto})
	}
	return s
}

// Actions of which an action set has at most one, in the order they are carried out.
const (
	slotPopVLAN = iota
	slotPopMPLS
	slotDecap
	slotEncap
	slotPushMPLS
	slotPushVLAN
	slotDecTTL
	slotDecMPLSTTL
	slotDecNSHTTL
	slotCount
)

// executed is an action set as the list of what is carried out (OpenFlow 1.3.5, 5.10): of each kind the last, and of those
// that send the packet on only one. Without such a one nothing is done.
func (s steps) executed() steps {
	var slots [slotCount]any
	var sets steps
	var final any
	rank := 0
	for _, a := range s {
		r := 0
		switch unworded(a).(type) {
		case openflow.PopVLAN:
			slots[slotPopVLAN] = a
		case openflow.PopMPLS:
			slots[slotPopMPLS] = a
		case openflow.Decap:
			slots[slotDecap] = a
		case openflow.Encap:
			slots[slotEncap] = a
		case openflow.PushMPLS:
			slots[slotPushMPLS] = a
		case openflow.PushVLAN:
			slots[slotPushVLAN] = a
		case openflow.DecTTL:
			slots[slotDecTTL] = a
		case openflow.DecMPLSTTL:
			slots[slotDecMPLSTTL] = a
		case openflow.DecNSHTTL:
			slots[slotDecNSHTTL] = a
		case openflow.SetField, openflow.Move, openflow.SetQueue:
			sets = append(sets, a)
		case openflow.CT:
			r = 1
		case openflow.CTClear:
			r = 2
		case openflow.Resubmit:
			r = 3
		case openflow.Output:
			r = 4
		case openflow.OutputGroup:
			r = 5
		}
		if r > 0 && r >= rank {
			final, rank = a, r
		}
	}
	if final == nil {
		return nil
	}
	var list steps
	for _, a := range slots {
		if a != nil {
			list = append(list, a)
		}
	}
	return append(append(list, sets...), final)
}
