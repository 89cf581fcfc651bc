// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// OutputGroup gives the packet to a group (ovs-actions(7), "The group action").
type OutputGroup struct{ ID uint32 }

// String is the action in the words of ovs-actions(7).
func (a OutputGroup) String() string { return fmt.Sprintf("group:%d", a.ID) }

func (a OutputGroup) appendTo(b []byte, _ Version) ([]byte, error) {
	return be.AppendUint32(appendAction(b, actionGroup, 8), a.ID), nil
}
