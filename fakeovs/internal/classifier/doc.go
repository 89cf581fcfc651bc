// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package classifier finds the flow of the highest priority that a packet matches, and which bits of the packet that
// depended on, bit for bit as Open vSwitch 3.1 does.
//
// It is a tuple space search: the rules with one mask stand in one hash table, so that a look-up costs as much as there
// are masks, however many rules. It is done in stages, from the metadata over the link and network layers to the
// transport layer, so that a mask that cannot match is left before the bits of later layers have been looked at; and
// prefixes of addresses and ports are sought in tries first, so that of those no more bits count than must.
package classifier
