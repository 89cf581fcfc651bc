// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Clone carries out actions on a copy of the packet: what they change, the packet does not see (ovs-actions(7), "The clone
// action").
type Clone struct{ Actions []Action }

// String is the action in the words of ovs-actions(7).
func (a Clone) String() string { return a.text(nil) }

func (a Clone) text(names *Names) string { return "clone(" + listText(a.Actions, names) + ")" }

func (a Clone) appendTo(b []byte, v Version) ([]byte, error) {
	start := len(b)
	b, err := appendActions(pad(appendNicira(b, nxClone, 0), 6), v, a.Actions)
	if err != nil {
		return b, fmt.Errorf("clone: %w", err)
	}
	return putLength(b, start, 2)
}

func decodeClone(r *reader, v Version, depth int) (Action, error) {
	r.skip(6)
	actions, err := decodeList(r.rest(), v, depth+1, false)
	if err != nil {
		return nil, err
	}
	return Clone{actions}, nil
}
