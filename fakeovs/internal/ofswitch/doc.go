// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ofswitch is the OpenFlow half of a fake Open vSwitch: flow tables, the packets that go through them, the
// connection tracker, and the OpenFlow connections that program it all. It has no kernel datapath and no clock of its
// own; frames come in by [Switch.Input] and leave by the Receive function of a [Port].
//
// A [Datapath] is what the bridges of one ovs-vswitchd share: the connection tracker and the clock. A [Switch] is one
// bridge. Its methods may be called from any goroutine; no lock is held while a Receive function runs.
package ofswitch
