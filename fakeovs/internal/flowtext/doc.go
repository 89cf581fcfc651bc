// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package flowtext writes and reads packets' fields in the two notations of Open vSwitch: that of OpenFlow, which
// ofproto/trace prints and takes, and that of datapaths, which dpctl/dump-flows prints and netdev-dummy/receive takes.
package flowtext
