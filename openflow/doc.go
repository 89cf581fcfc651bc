// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package openflow programs Open vSwitch by OpenFlow 1.3, 1.4 and 1.5 with Nicira's and ONF's extensions: what
// ovs-ofctl(8) does, typed, in both directions.
//
// # Connections
//
// [Dial] greets a switch and returns a [Conn]; a [Listener] has switches connect to it; a [Client] makes a new connection
// when one has ended, and has the switch brought up to date on it first. Calls may be made from any goroutine. What a
// switch says of its own accord comes, in its order, out of a [Subscription], which never holds up the connection.
//
// # Changes
//
// [Conn.Apply] sends modifications, such as a [FlowMod] or a [GroupMod], one after the other; [Conn.Bundle] makes them at
// once or not at all. A refusal is a [*RequestError] that names the modification and, for errors.Is, the [ErrorCode] by its
// standard name, the same in every version. [Conn.Sync] makes a switch hold a [Desired] set of flows, groups and meters
// and says what it did.
//
// # Flows
//
// A [Flow] is a [Match] and [Instructions], made of plain values: any [Field] of ovs-fields(7), any [Action] of
// ovs-actions(7). What [Conn.Flows] returns is equal, by [Flow.Key] and [Flow.Equal], to what was added, whichever way the
// switch wrote it down. [ParseFlow] and [Flow.String] read and write the syntax of ovs-ofctl, as their like do for groups
// and meters. Package trace, in this directory, asks the switch what becomes of a packet.
//
// # Messages
//
// [Encode] and [Decode] turn every [Message] into bytes and back, in both directions, for programs that are the switch.
// As such they also know OpenFlow 1.0, 1.1 and 1.2: what a switch is asked, and what it answers.
// Decode trusts nothing: whatever the bytes, it returns a message or a [*DecodeError] with the code that a switch
// answers. Fields, actions and messages that this package has no names for are kept in their wire form.
//
// Values are not written to after they were handed over, and those returned are the caller's own; no slice is shared
// with the connection. The words are those of ovs-fields(7), ovs-actions(7) and the OpenFlow Switch Specifications 1.3.5,
// 1.4.1 and 1.5.1.
package openflow
