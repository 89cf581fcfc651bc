// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package trace asks a real Open vSwitch what it does with a packet, by the command ofproto/trace of ovs-vswitchd(8),
// and parses the answer: the tables that the packet visits, the flow that it matches in each and the actions done
// there, what the datapath is told to do, and where the packet goes after conntrack.
//
// [Packet] traces; [Parse] reads a trace that was taken before. [Result.Outputs], [Result.Dropped], [Result.Controller],
// [Result.Unresolved] and [Result.Failure] are the verdict.
//
// Flows, matches and actions are text in the words of ovs-fields(7) and ovs-actions(7), as the switch writes them.
package trace
