// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ctlserver is the control socket of a daemon of Open vSwitch, which ovs-appctl(8) talks to: JSON-RPC requests
// whose method is the name of a command and whose parameters are its arguments, all strings, and whose answer is text.
//
// Who runs a Server says which commands there are. Commands of one server run one at a time, as in a daemon whose main
// loop does all the work.
package ctlserver
