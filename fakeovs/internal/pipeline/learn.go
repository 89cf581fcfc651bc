// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// learn adds a flow that is made of the packet.
func (x *translation) learn(a openflow.Learn) {
	for _, spec := range a.Specs {
		if spec.Src.Bits != 0 {
			x.look(spec.Src)
		}
	}
	if !x.effects {
		x.report(nodeWarn, "suppressing side effects, so learn action ignored")
		return
	}
	m, list := x.learned(&a)
	if x.tracing() {
		x.report(nodeDetail, "%s", learnedText(&m, list))
	}
	within, err := x.s.learn(m, list, a.Limit)
	if err == nil {
		if a.Result != nil {
			v := uint64(0)
			if within {
				v = 1
			}
			x.load(*a.Result, v)
			x.reportField(*a.Result)
		}
		if !within {
			x.report(nodeDetail, "Limit exceeded, learn failed")
		}
		return
	}
	x.report(nodeError, "LEARN action execution failed (%s).", errorName(err))
}

// learned is the flow mod that a learn action makes of the packet, and its actions as steps.
func (x *translation) learned(a *openflow.Learn) (m openflow.FlowMod, list steps) {
	m = openflow.FlowMod{Command: openflow.FlowModifyStrict, Flow: openflow.Flow{
		Table: a.Table, Priority: a.Priority, Cookie: a.Cookie, IdleTimeout: a.IdleTimeout, HardTimeout: a.HardTimeout,
	}}
	if a.SendRemoved {
		m.Flags |= openflow.FlowSendRemoved
	}
	list = steps{}
	do := func(a openflow.Action) {
		list = append(list, a)
		m.Apply = append(m.Apply, unworded(a).(openflow.Action))
	}
	if a.FinIdleTimeout != 0 || a.FinHardTimeout != 0 {
		do(openflow.FinTimeout{IdleTimeout: a.FinIdleTimeout, HardTimeout: a.FinHardTimeout})
	}
	for _, spec := range a.Specs {
		value := spec.Value
		if spec.Src.Bits != 0 {
			value = x.read(spec.Src)
		}
		switch spec.To {
		case openflow.LearnToMatch:
			m.Match = append(m.Match, flowcheck.Placed(spec.Dst, value))
		case openflow.LearnToLoad:
			do(loadAction(spec.Dst, value))
		case openflow.LearnToOutput:
			if port, ok := learnedPort(value); ok {
				do(openflow.Output{Port: port})
			}
		}
	}
	m.Match = joined(m.Match).Canonical()
	return m, list
}

// read is a part of a field in as few bytes as it needs.
func (x *translation) read(s openflow.Subfield) []byte {
	b := make([]byte, (s.Bits+7)/8)
	for i := range b {
		at := uint16(8 * (len(b) - 1 - i))
		b[i] = byte(x.options.Bits(&x.flow, s.Field, s.Offset+at, min(8, s.Bits-at)))
	}
	return b
}

// joined makes one condition of those on different bits of a field, of which a later one replaces an earlier one.
func joined(m openflow.Match) openflow.Match {
	var list openflow.Match
next:
	for _, f := range m {
		for i, g := range list {
			if g.Field != f.Field {
				continue
			}
			for j := range g.Value {
				list[i].Value[j] = g.Value[j]&^f.Mask[j] | f.Value[j]
				list[i].Mask[j] |= f.Mask[j]
			}
			continue next
		}
		list = append(list, f)
	}
	return list
}

// learnedPort is the port that a learned flow sends to, unless it is none that it may.
func learnedPort(number []byte) (uint32, bool) {
	for i, b := range number {
		if i < len(number)-2 && b != 0 {
			return 0, false
		}
	}
	var no uint16
	for _, b := range number {
		no = no<<8 | uint16(b)
	}
	switch port := port32(no); port {
	case openflow.PortInPort, openflow.PortFlood, openflow.PortLocal, openflow.PortAll:
		return port, true
	default:
		return port, no < flowcheck.MaxPort
	}
}

func learnedText(m *openflow.FlowMod, list steps) string {
	parts := []string{fmt.Sprintf("table=%d", m.Table)}
	if text := m.Match.String(); text != "" {
		parts = append(parts, text)
	}
	parts = append(parts, fmt.Sprintf("priority=%d", m.Priority))
	add := func(is bool, format string, args ...any) {
		if is {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(m.Cookie != 0, "cookie=%#x", m.Cookie)
	add(m.IdleTimeout != 0, "idle=%d", m.IdleTimeout)
	add(m.HardTimeout != 0, "hard=%d", m.HardTimeout)
	add(m.Flags&openflow.FlowSendRemoved != 0, "send_flow_rem")
	parts = append(parts, "actions="+list.list())
	return strings.Join(parts, " ")
}

// finTimeout shortens the timeouts of the flow if the packet ends its connection.
func (x *translation) finTimeout(a openflow.FinTimeout) {
	x.wc.Mask(openflow.FieldIPProto)
	const finOrReset = 1<<0 | 1<<2
	if x.rule != nil && x.effects && x.in.Uint(openflow.FieldIPProto) == openflow.IPProtoTCP &&
		x.in.Uint(openflow.FieldTCPFlags)&finOrReset != 0 {
		x.s.flows.shorten(x.rule, a.IdleTimeout, a.HardTimeout)
	}
}
