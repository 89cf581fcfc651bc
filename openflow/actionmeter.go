// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
)

// Meter passes the packet through a meter (OpenFlow 1.5.1, 7.2.6.8). Versions before 1.5 have the instruction alone, which
// is Instructions.Meter.
type Meter struct{ ID uint32 }

// String is the action in the words of ovs-actions(7).
func (a Meter) String() string { return fmt.Sprintf("meter:%d", a.ID) }

func (a Meter) appendTo(b []byte, v Version) ([]byte, error) {
	if v < Version15 {
		return b, errVersion(v, "meter among actions")
	}
	if a.ID == 0 {
		return b, errors.New("meter 0 does not exist")
	}
	return appendMeter(b, a.ID), nil
}

func appendMeter(b []byte, id uint32) []byte {
	return be.AppendUint32(appendAction(b, actionMeter, 8), id)
}

func decodeMeter(b []byte, r *reader) (Action, error) {
	a := Meter{ID: r.u32()}
	if a.ID == 0 {
		return nil, malformed(ErrInvalidMeter, "meter 0")
	}
	return sized(b, 8, a)
}
