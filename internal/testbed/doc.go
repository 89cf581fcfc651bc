// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package testbed builds one small network around one switch, on a real Open vSwitch or on the fake one, and lets the
// same code send traffic through either.
//
// The network is always the same:
//
//	endpoints ── bridge ── uplink ── outside (192.0.2.254/24, 203.0.113.1/32 beyond it)
//	               │
//	             host (192.0.2.1/24 and the networks' gateways, on the bridge's own port)
//
// The host is the machine that the switch runs on and forwards between its addresses; the outside routes the endpoints'
// subnets to the host, so that a packet straight to an endpoint is really tried. What the switch does with all this is
// not the testbed's business: the bridge starts without a flow.
//
// Each machine is a [Station]. On a real switch it is a network namespace with the kernel's own stack; on the fake it
// is a user-space network stack whose frames go to and come from a device of the fake. Addresses, sockets, pings, raw
// frames and captures are the same on both.
//
// A Testbed owns all that it made: Close ends it and leaves no process, namespace, socket or goroutine behind.
package testbed
