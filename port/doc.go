// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package port plugs things into bridges of Open vSwitch.
//
// A [Manager] attaches ports, finds them again and detaches them.
// [Manager.Attach] makes what a [Config] says and returns when ovs-vswitchd has
// it, with its OpenFlow port number. A second Attach of the same port by the
// same owner changes what the Config says otherwise than the first; nothing is
// made twice.
//
// The usual port is a veth pair ([Veth]): one end is the port, the other is the
// interface of a network namespace, with its name, MAC address, addresses and
// routes. It can also be a device that ovs-vswitchd makes and that is put into
// the namespace ([Internal]), a device that exists already ([Device]), a tunnel
// ([Tunnel]) or one half of a cable between two bridges ([Patch]).
//
// [Manager.List] and [Manager.Watch] tell what ports there are, [Manager.Check] what
// of one is not as it was asked for, [Manager.SetMirror] copies packets of some to
// another. [Manager.Collect] removes what is left of ports whose namespace or device
// is no more.
//
// What a switch cannot do for a port is refused before anything is changed: on a
// datapath in user space the limits of [Policing] are kept for interfaces in
// namespaces only, and bits or packets, not both ([ErrNotPoliced]).
//
// An Attach that fails leaves nothing behind, in the database or the kernel,
// even if its context has ended. What a program leaves that is killed in the
// middle, its next Attach of the same port replaces.
package port
