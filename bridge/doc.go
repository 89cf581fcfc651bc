// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package bridge makes and removes bridges of Open vSwitch.
//
// [Ensure] brings a bridge to a [Config], whether it exists or not, and returns
// when ovs-vswitchd has put it into effect; [Delete] removes one. What a Config
// leaves out has its default in a bridge that Ensure creates, and stays as it is
// in a bridge that was there: a bridge made by somebody else is adopted without
// losing what they set.
//
// A bridge is also a network device of the machine that the switch runs on,
// the bridge's own port. Addresses and routes in a Config are those of this
// device. They are the only thing besides the database that the package touches.
package bridge
