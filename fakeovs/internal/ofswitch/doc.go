// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ofswitch is the OpenFlow half of a fake Open vSwitch: flow tables, the packets that go through them, the
// connection tracker, and the OpenFlow connections that program it all. It has no kernel datapath and no clock of its
// own; frames come in by [Switch.Input] and leave by the Receive function of a [Port].
//
// A [Datapath] is what the bridges of one ovs-vswitchd share: the connection tracker and the clock. A [Switch] is one
// bridge. Its methods may be called from any goroutine; no lock is held while a Receive function runs.
//
// A packet is dealt with in two steps, as Open vSwitch does it. Translation follows it through the flow tables by its
// fields alone and yields the steps of the datapath; if it fails, none of them is done. Execution carries these out on
// the frame, sends it through the connection tracker and, where an action says so, back into translation.
//
// Flows, bundles and connections time out by the clock when the next packet or message comes, or when [Switch.Expire] is
// called; [Switch.NextExpiry] says when the next flow will.
//
// The switch speaks OpenFlow 1.0 to 1.5 with Nicira's and ONF's extensions, those versions that [Switch.SetVersions] lets
// it: flows, groups, meters, bundles, flow monitors, roles, asynchronous messages, the configuration of ports and tables,
// the mapping of tunnel options, and all statistics. Tables have limits and lose flows as [Switch.SetTables] says. What it
// takes of flows it does; what Open vSwitch can do and it cannot, it refuses when a flow is added. A controller sees a code,
// the log has the reason as a warning. Of the packets that controllers have paused the newest can be resumed, on the switch
// that paused them.
//
// Flows, groups, meters, flow monitors and open bundles of all bridges share DatapathOptions.Memory: what there is no room
// for is refused with the error that Open vSwitch has for a full table.
//
// Who does not read is told of packets and flows no longer once a megabyte waits for him, except of flows that he knows of
// by a monitor, and is cut off when he takes no byte for ten seconds; requests wait until there is room for the answer.
// What waits for all connections of a datapath is bounded as well, by DatapathOptions.Backlog: beyond that each has to read
// what waits for it before there is more, long answers are made one at a time, and a flow monitor whose connection does not
// read is the end of it.
package ofswitch
