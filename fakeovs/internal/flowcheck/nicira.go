// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/openflow"
)

// The subtypes of Nicira's actions that are for the test of a switch.
const (
	DebugSlow   = 254
	DebugRecirc = 255
)

// ActionExperimenter is the type of the actions of experimenters.
const ActionExperimenter = 0xffff

const experimenterNicira = 0x00002320

// NiciraSubtype is the subtype of an action of Nicira's, -1 of others.
func NiciraSubtype(a openflow.RawAction) int {
	if len(a.Bytes) < 10 || binary.BigEndian.Uint16(a.Bytes) != ActionExperimenter ||
		binary.BigEndian.Uint32(a.Bytes[4:]) != experimenterNicira {
		return -1
	}
	return int(binary.BigEndian.Uint16(a.Bytes[8:]))
}
