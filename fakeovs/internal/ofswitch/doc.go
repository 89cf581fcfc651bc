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
// Flows and connections time out by the clock when the next packet or message comes, not by themselves.
//
// The switch speaks OpenFlow 1.3 with ONF's bundles. What it takes of flows it does; what Open vSwitch can do and it
// cannot, it refuses when a flow is added: matches on fields that [packet.Key] has no room for (IPv6 addresses, tunnels,
// MPLS, neighbour discovery, the original tuple of a connection and more), and actions such as learn, clone, conjunction,
// a second VLAN tag, MPLS, queues, or ct with alg. Groups and meters it answers for as a switch that can have none; queues,
// port and table modification, port statistics, flow monitors and most of Nicira's messages get the error of a message
// that is unknown. A controller sees a code, the log has the reason as a warning.
//
// NORMAL knows VLAN tags only to keep addresses apart. Fragments are invalid to the connection tracker.
package ofswitch
