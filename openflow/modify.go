// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "context"

// Modification is a message that changes the switch and has no reply: a FlowMod, GroupMod, MeterMod, PortMod, TableMod or
// PacketOut. Open vSwitch takes no MeterMod and no TableMod in bundles, and fails to commit an atomic bundle with a PortMod.
type Modification interface {
	Message
	modification()
}

func (FlowMod) modification()   {}
func (GroupMod) modification()  {}
func (MeterMod) modification()  {}
func (PortMod) modification()   {}
func (TableMod) modification()  {}
func (PacketOut) modification() {}

// Modify sends modifications and returns when the switch has carried them out, in their order but not at once. One that is
// refused does not keep the others from being applied: each is a *RequestError in the joined error. Where the connection
// or the context ends first, the error wraps ErrOutcomeUnknown: any number of them has been applied.
func (c *Conn) Modify(ctx context.Context, mods ...Modification) error {
	if len(mods) == 0 {
		return nil
	}
	return c.apply(ctx, len(mods), func(i int) Message { return mods[i] })
}
