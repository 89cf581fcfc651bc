// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package ofswitch is the OpenFlow side of a fake Open vSwitch: the connections that program a bridge of the package pipeline
// and are told what happens on it.
//
// A [Switch] is a [pipeline.Bridge] that controllers connect to, by [Switch.Serve], or that connects to them, by
// [Switch.Connect]. A [Datapath] is what the switches of one ovs-vswitchd share. Their methods may be called from any
// goroutine.
//
// The switch speaks OpenFlow 1.0 to 1.5 with Nicira's and ONF's extensions, those versions that [Switch.SetVersions] lets
// it: flows, groups, meters, bundles, flow monitors, roles, asynchronous messages, the configuration of ports and tables,
// the mapping of tunnel options, and all statistics. Tables have limits and lose flows as [pipeline.Bridge.SetTables] says. What
// it takes of flows it does; what Open vSwitch can do and it cannot, it refuses when a flow is added. A controller sees a code,
// the log has the reason as a warning. Of the packets that controllers have paused the newest can be resumed, on the switch
// that paused them. Bundles time out by the clock when the next message comes, or when [Switch.Expire] is called.
//
// Flows, groups, meters, flow monitors and open bundles of all bridges share DatapathOptions.Memory: what there is no room
// for is refused with the error that Open vSwitch has for a full table.
//
// Who does not read is told of packets and flows no longer once a megabyte waits for him, except of flows that he knows of
// by a monitor, and is cut off when he takes no byte for ten seconds; requests wait until there is room for the answer.
// What waits for all connections of a datapath is bounded as well, by DatapathOptions.Backlog: beyond that each has to read
// what waits for it before there is more, long answers are made one at a time, and a flow monitor whose connection does not
// read is the end of it.
//
// # Locks
//
// The bridge's lock comes first: it guards flow monitors as well, so that these say things in the order in which they happen.
// Then comes connMu, which guards the set of connections, and then the lock of one connection, which guards what it has
// agreed on and its queue. A connection's bundles have a lock of their own, which is taken before all of these. Nobody waits
// for a controller to read while he holds the bridge's lock or connMu, and no lock is held while a Receive function runs.
package ofswitch
