// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package pipeline is the bridges of a fake Open vSwitch as packets see them: ports, flow tables with groups and meters, what
// NORMAL learns, the connection tracker, and the packets that go through all that. It has no kernel datapath and no clock of
// its own; frames come in by [Bridge.Input] and leave by the Receive function of a [Port].
//
// A [Datapath] is what the bridges of one ovs-vswitchd share: the connection tracker, what is remembered of packets, and the
// clock. Bridge and Datapath may be used from any goroutine.
//
// # Packets
//
// A packet is dealt with in two steps, as Open vSwitch does it. Translation follows it through the flow tables by its
// fields alone and yields the steps of the datapath; if it fails, none of them is done. Execution carries these out on
// the frame, sends it through the connection tracker and, where an action says so, back into translation.
//
// # Who programs a bridge
//
// The package knows messages of OpenFlow, but no connections. What a controller wants is checked by the Prepare functions, or
// in full by those that change tables, groups and ports; Apply and its like carry it out, and whoever calls them tells the
// controllers. What happens otherwise, as packets that go to controllers, flows that time out and ports that come and go, the
// bridge tells its [Controllers]. Flows time out by the clock when the next packet or message comes, or when Bridge.Begin is
// called.
//
// # Locks
//
// One lock guards all bridges of a datapath, since packets cross from one to another: whatever packets and flow mods see.
// [Bridge.Begin] takes it, and [Bridge.End] gives it back. A method whose comment says that the bridge is locked is for those
// who hold it; all others take it themselves. Controllers are called with or without it, as each of their methods says, so
// their own locks come after it. Neither this lock nor another is held while a Receive function runs.
package pipeline
