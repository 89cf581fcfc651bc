// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import "github.com/ovskit/ovskit/openflow"

// Each calls do for each action of a flow, and for those within an action; it stops if do returns false.
func Each(in *openflow.Instructions, do func(openflow.Action) bool) bool {
	return EachOf(in.Apply, do) && EachOf(in.Write, do)
}

func EachOf(list []openflow.Action, do func(openflow.Action) bool) bool {
	for _, a := range list {
		if !do(a) {
			return false
		}
		switch a := a.(type) {
		case openflow.CT:
			if !EachOf(a.Exec, do) {
				return false
			}
		case openflow.Clone:
			if !EachOf(a.Actions, do) {
				return false
			}
		}
	}
	return true
}
