// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// Exit ends the processing of the packet: no further actions of this flow, nor of those that resubmitted to it, are
// carried out (ovs-actions(7), "The exit action").
type Exit struct{}

// String is the action in the words of ovs-actions(7).
func (Exit) String() string { return "exit" }

func (Exit) appendTo(b []byte, _ Version) ([]byte, error) { return appendBare(b, nxExit), nil }
