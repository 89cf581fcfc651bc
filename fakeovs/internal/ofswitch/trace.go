// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// tracer notes what happens to a packet, to be put in words when somebody asks.
type tracer struct {
	steps []step
	depth uint16
}

// usualSteps is room for the trace of an ordinary packet.
const usualSteps = 48

func newTracer() tracer { return tracer{steps: make([]step, 0, usualSteps)} }

// step is one line of a trace.
type step struct {
	flow  *flow
	act   openflow.Action
	text  string
	state openflow.CTFlags
	zone  uint16
	depth uint16
	kind  stepKind
	table uint8
}

type stepKind uint8

const (
	stepTable stepKind = iota
	stepAction
	stepTracked
	stepResume
	stepNote
)

// enter begins what happens in a table; leave ends it.
func (t *tracer) enter(table uint8, f *flow) {
	t.steps = append(t.steps, step{kind: stepTable, depth: t.depth, table: table, flow: f})
	t.depth++
}

func (t *tracer) leave() { t.depth-- }

func (t *tracer) action(a openflow.Action) {
	t.steps = append(t.steps, step{kind: stepAction, depth: t.depth, act: a})
}

func (t *tracer) tracked(zone uint16, state openflow.CTFlags) {
	t.steps = append(t.steps, step{kind: stepTracked, depth: t.depth, zone: zone, state: state})
}

func (t *tracer) resume(table uint8) {
	t.steps = append(t.steps, step{kind: stepResume, depth: t.depth, table: table})
}

func (t *tracer) note(text string) {
	t.steps = append(t.steps, step{kind: stepNote, depth: t.depth, text: text})
}

// Trace says in words what happened: each table, the flow that matched, each action, and why a packet was dropped.
func (r *Result) Trace() string {
	return fmt.Sprintf("%d bytes in by port %d\n%s", r.size, r.in, r.tracer.String())
}

func (t *tracer) String() string {
	var b strings.Builder
	for i := range t.steps {
		s := &t.steps[i]
		fmt.Fprintf(&b, "%*s%s\n", 2*int(s.depth), "", s)
	}
	return b.String()
}

func (s *step) String() string {
	switch s.kind {
	case stepTable:
		if s.flow == nil {
			return fmt.Sprintf("table %d: no match, dropping", s.table)
		}
		line := fmt.Sprintf("table %d: priority %d", s.table, s.flow.Priority)
		if m := s.flow.Match.String(); m != "" {
			line += ", " + m
		}
		if s.flow.Cookie != 0 {
			line += fmt.Sprintf(", cookie %#x", s.flow.Cookie)
		}
		in := s.flow.Instructions
		if len(in.Apply) == 0 {
			return line + " actions=" + in.String()
		}
		return line
	case stepAction:
		return fmt.Sprint(s.act)
	case stepTracked:
		return fmt.Sprintf("connection tracker: zone %d, %v", s.zone, openflow.Uint(openflow.FieldCTState, uint64(s.state)))
	case stepResume:
		return fmt.Sprintf("a copy of the packet goes on in table %d", s.table)
	}
	return s.text
}
