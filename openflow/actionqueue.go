// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// SetQueue has what is sent out of ports from then on go through a queue (ovs-actions(7), "The set_queue action").
type SetQueue struct{ ID uint32 }

// String is the action in the words of ovs-actions(7).
func (a SetQueue) String() string { return fmt.Sprintf("set_queue:%d", a.ID) }

func (a SetQueue) appendTo(b []byte, _ Version) ([]byte, error) {
	return be.AppendUint32(appendAction(b, actionSetQueue, 8), a.ID), nil
}

// PopQueue takes the queue back to what it was when the packet came in (ovs-actions(7), "The pop_queue action").
type PopQueue struct{}

// String is the action in the words of ovs-actions(7).
func (PopQueue) String() string { return "pop_queue" }

func (PopQueue) appendTo(b []byte, _ Version) ([]byte, error) { return appendBare(b, nxPopQueue), nil }

// Enqueue sends the packet out of a port through a queue. It is several actions: the one of ovs-actions(7) is of
// OpenFlow 1.0, and this is what ovs-ofctl(8) makes of it.
func Enqueue(port, queue uint32) []Action {
	return []Action{SetQueue{ID: queue}, Output{Port: port}, PopQueue{}}
}
