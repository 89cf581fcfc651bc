// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package port plugs things into bridges of Open vSwitch.
//
// [Attach] makes a port and returns when ovs-vswitchd has it, with its OpenFlow
// port number; [Get] returns one that is there; [Detach] removes it. The usual
// port is a veth pair ([Veth]): one end is the port, the other is the interface
// of a network namespace, with its name, MAC address, addresses and routes. A
// port can also be a device that exists already ([Device]).
//
// An Attach that fails leaves nothing behind, in the database or the kernel,
// even if its context has ended. What a program leaves that is killed in the
// middle, its next Attach of the same port replaces.
package port
