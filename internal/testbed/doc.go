// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package testbed builds one small network around one switch, on a real Open vSwitch or on the fake one, and lets the
// same code send traffic through either.
//
// The network is always the same, in IPv4 and in IPv6:
//
//	endpoints ── bridge ── uplink ── outside (192.0.2.254/24 and 2001:db8:0:1::fe/64, beyond it 203.0.113.1
//	               │                          and 2001:db8:ffff::1)
//	             host (192.0.2.1/24, 2001:db8:0:1::1/64 and the networks' gateways, on the bridge's own port)
//
// With [Options].Spare the NIC stays with the host, which forwards between it and the bridge and answers on the link for
// the spare addresses:
//
//	endpoints ── bridge ── own port (gateways, route to the spare addresses) ── host ── NIC (192.0.2.1/24, ...) ── outside
//
// With [Options].Uplink as well the NIC is the bridge's all the same, and the outside routes the spare addresses to the host.
//
// The host is the machine that the switch runs on and forwards between its addresses; the outside routes the endpoints'
// subnets to the host, so that a packet straight to an endpoint is really tried. What the switch does with all this is
// not the testbed's business: the bridge starts without a flow.
//
// On a real switch the host has its addresses on the NIC first, as a user's machine does, and packages bridge/uplink and
// bridge/hostaddr make of it what it is then.
//
// Each machine is a [Station]. On a real switch it is a network namespace with the kernel's own stack; on the fake it
// is a user-space network stack whose frames go to and come from a device of the fake. Addresses, sockets, pings, raw
// frames and captures are the same on both.
//
// A Testbed owns all that it made: Close ends it and leaves no process, namespace, socket or goroutine behind.
package testbed
