// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import "github.com/ovskit/ovskit/openflow"

// checkActionSet refuses what may stand in a list of actions but not in an action set (ovs-actions(7), "Action Sets").
func checkActionSet(actions []openflow.Action) error {
	for _, a := range actions {
		switch a := a.(type) {
		case openflow.Exit, openflow.Note, openflow.Controller, openflow.OutputField, openflow.NAT:
			return openflow.ErrBadActionType
		case openflow.SetField:
			// Open vSwitch takes it, and writes what only the packet's flows see.
			if connection(a.Field) {
				return unsupported(openflow.ErrBadSetArgument, "%v in an action set", a)
			}
		case openflow.Move:
			if connection(a.Dst.Field) {
				return unsupported(openflow.ErrBadSetArgument, "%v in an action set", a)
			}
		}
	}
	return nil
}

// orderActionSet is an action set in the order it is carried out (OpenFlow 1.3.5, 5.10): of each kind the last, of
// those that send the packet on only one. Without such a one nothing is done.
func orderActionSet(set []openflow.Action) []openflow.Action {
	var pop, push, ttl, last openflow.Action
	var sets []openflow.Action
	rank := 0
	for _, a := range set {
		r := 0
		switch a.(type) {
		case openflow.PopVLAN:
			pop = a
		case openflow.PushVLAN:
			push = a
		case openflow.DecTTL:
			ttl = a
		case openflow.SetField, openflow.Move:
			sets = append(sets, a)
		case openflow.CT:
			r = 1
		case openflow.CTClear:
			r = 2
		case openflow.Resubmit:
			r = 3
		case openflow.Output:
			r = 4
		}
		if r > 0 && r >= rank {
			last, rank = a, r
		}
	}
	if last == nil {
		return nil
	}
	var ordered []openflow.Action
	for _, a := range []openflow.Action{pop, push, ttl} {
		if a != nil {
			ordered = append(ordered, a)
		}
	}
	return append(append(ordered, sets...), last)
}
