// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package datapath has the actions that the translation of flow tables makes of a packet's way through them, typed and in
// the words of Open vSwitch (ovs-dpctl(8), "dump-flows"): what a switch's fast path would do with every packet alike.
package datapath
