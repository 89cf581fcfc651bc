// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/ovskit/ovskit/openflow"

// toldForms are the wire forms of an action in the versions of OpenFlow in which controllers are told of it so: 1.0, 1.1, from
// 1.2 to 1.4, and from 1.5 on. Nil is the form that the package openflow gives it.
type toldForms struct{ in10, in11, in12, in15 []byte }

// before15 is a form that all versions but the newest share, which have one action for all that writes a field.
func before15(b []byte) toldForms { return toldForms{in10: b, in11: b, in12: b} }

// Types of actions of OpenFlow 1.1, some of which later versions have too.
const (
	setMPLSLabel = 13
	setMPLSTC    = 14
	setMPLSTTL   = 15
	setTTL       = 23
)

// mplsTTLForms are those of the action that writes the TTL of MPLS, which no version has as a field of the standard.
func mplsTTLForms(ttl byte) toldForms {
	b := []byte{0, setMPLSTTL, 0, 8, ttl, 0, 0, 0}
	return toldForms{in10: niciraAction(niciraSetMPLSTTL, ttl, 0, 0, 0, 0, 0), in11: b, in12: b, in15: b}
}

// mplsLabelForms are those of the action that writes an MPLS label.
func mplsLabelForms(label []byte) toldForms {
	return toldForms{
		in10: niciraAction(niciraSetMPLSLabel, append([]byte{0, 0}, label...)...),
		in11: append([]byte{0, setMPLSLabel, 0, 8}, label...),
	}
}

// mplsTCForms are those of the action that writes the traffic class of MPLS.
func mplsTCForms(tc byte) toldForms {
	return toldForms{
		in10: niciraAction(niciraSetMPLSTC, tc, 0, 0, 0, 0, 0), in11: []byte{0, setMPLSTC, 0, 8, tc, 0, 0, 0},
	}
}

// ttlForms are those of the action that writes the TTL of IP.
func ttlForms(ttl byte) toldForms {
	b := []byte{0, setTTL, 0, 8, ttl, 0, 0, 0}
	return toldForms{in11: b, in12: b, in15: b}
}

// niciraAction is an action of Nicira's of 16 bytes.
func niciraAction(subtype byte, body ...byte) []byte {
	return append([]byte{0xff, 0xff, 0, 16, 0, 0, 0x23, 0x20, 0, subtype}, body...)
}

func (f *toldForms) in(v openflow.Version) []byte {
	switch {
	case v == openflow.Version10:
		return f.in10
	case v == openflow.Version11:
		return f.in11
	case v < openflow.Version15:
		return f.in12
	}
	return f.in15
}

// toldInstructions are a flow's instructions as controllers of a version are told of them. List is the flow's steps.
func toldInstructions(in openflow.Instructions, list steps, v openflow.Version) openflow.Instructions {
	if in.Meter != 0 && len(list) > 0 {
		list = list[1:]
	}
	if v < openflow.Version13 {
		in.Meter = 0
	}
	if told := toldActions(list, v); told != nil {
		in.Apply = told
	}
	for _, s := range list {
		if w, ok := s.(writeActions); ok {
			if told := toldActions(w.actions, v); told != nil {
				in.Write = told
			}
		}
	}
	return in
}

// toldActions are the actions among steps as controllers of a version are told of them, nil if that is as the package openflow
// has them.
func toldActions(list steps, v openflow.Version) (told []openflow.Action) {
	differs := false
	for _, a := range list {
		if a, ok := a.(openflow.Action); ok {
			t, differ := toldAction(a, v)
			told, differs = append(told, t), differs || differ
		}
	}
	if !differs {
		return nil
	}
	return told
}

func toldAction(a openflow.Action, v openflow.Version) (told openflow.Action, differs bool) {
	switch a := a.(type) {
	case worded:
		if wire := a.told.in(v); wire != nil {
			return openflow.RawAction{Bytes: wire}, true
		}
		return a.Action, false
	case openflow.Clone:
		if list := toldActions(actionSteps(a.Actions), v); list != nil {
			return openflow.Clone{Actions: list}, true
		}
	case openflow.CT:
		if list := toldActions(actionSteps(a.Exec), v); list != nil {
			a.Exec = list
			return a, true
		}
	}
	return a, false
}
