// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package packet takes Ethernet frames apart and puts them together again, the way Open vSwitch's userspace datapath
// does: into a [Key] of the fields that flows match, and from the fields that a datapath's actions set back into the bytes,
// with their checksums. A Key also has what Open vSwitch hashes of it to choose among several ways.
//
// A frame whose headers are cut short or contradict themselves is never an error: the fields that cannot be read are
// zero, and the ones before them stand.
package packet
