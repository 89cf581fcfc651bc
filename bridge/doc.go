// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package bridge manages bridges of Open vSwitch.
//
// [Ensure] brings a bridge to a [Config], whether it exists or not, and returns
// when ovs-vswitchd has put it into effect; [Update] does so with one that exists,
// [Delete] removes one. [Get], [List] and [Watch] tell what bridges there are and
// how they are. A change that fails is taken back, also when the context has ended
// or the connection to the database has broken meanwhile.
//
// What a Config leaves out has its default in a bridge that Ensure creates, and
// stays as it is in a bridge that was there: a bridge made by somebody else is
// adopted without losing what they set. A slice that is empty but not nil, or a
// pointer to the zero value, takes a setting away.
//
// A bridge is also a network device of the machine that the switch runs on,
// the bridge's own port. Addresses and routes in a Config are those of this
// device. They are the only thing besides the database that the package touches.
//
// Two things belong to the switch as a whole: the keys and certificates for
// controllers, see [SetTLS], and whether it waits for flows when it starts, see
// [HoldFlows].
package bridge
