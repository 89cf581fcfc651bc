// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"slices"
)

// Modification is a message that changes the switch and has no reply: a FlowMod, GroupMod, MeterMod, PortMod, TableMod or
// PacketOut. Open vSwitch takes no MeterMod and no TableMod in bundles, and fails to commit an atomic bundle with a PortMod.
type Modification interface {
	Message
	modification()
}

// present says which of the modifications is nil.
func (c *Conn) present(mods []Modification) error {
	if i := slices.Index(mods, nil); i >= 0 {
		return fmt.Errorf("switch %s: modification %d: %w", c.endpoint, i, errNoSuchType)
	}
	return nil
}

func (FlowMod) modification()   {}
func (GroupMod) modification()  {}
func (MeterMod) modification()  {}
func (PortMod) modification()   {}
func (TableMod) modification()  {}
func (PacketOut) modification() {}
