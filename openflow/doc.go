// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package openflow programs Open vSwitch by OpenFlow 1.3 with Nicira's and ONF's extensions: it connects to a bridge,
// changes its flows one by one or in atomic bundles, and reads back what the bridge holds.
//
// [Dial] greets a switch and returns a [Conn], a [Listener] has switches connect to it, and a [Client] makes a new
// connection when one has ended and has the switch brought up to date. [Conn.Subscribe] has what a switch says of its own
// accord. A [Flow] is a [Match] and [Instructions], made of plain values; what
// [Conn.Flows] returns is equal, by [Flow.Key] and [Flow.Equal], to what was added, whichever way the switch wrote it
// down. [Conn.Bundle] applies many changes at once or not at all. A refusal is a [*RequestError] that names the change
// and, for errors.Is, the [ErrorCode] by its standard name.
//
// [Conn.Modify] changes groups, meters, ports and tables too. [Conn.Groups], [Conn.Meters], [Conn.Ports], [Conn.Queues] and
// [Conn.TableFeatures] read them back, and [Conn.GroupStats] and its like their counters.
//
// [ParseFlow], [ParseFlows], [ParseGroup] and [ParseMeter] read the syntax of ovs-ofctl(8), and String and Text write it, so
// that ovs-ofctl(8) prints the same of a flow. A text that is not in the syntax is a [*SyntaxError].
//
// [Encode] and [Decode] turn every [Message] into bytes and back, in both directions, for programs that are the switch.
// Decode trusts nothing: whatever the bytes, it returns a message or a [*DecodeError] with the code that a switch
// answers. Fields and actions that this package has no names for are kept in their wire form.
//
// Values are not written to after they were handed over, and those returned are the caller's own; no slice is shared
// with the connection. The words are those of ovs-fields(7), ovs-actions(7) and the OpenFlow Switch Specification 1.3.5.
package openflow
