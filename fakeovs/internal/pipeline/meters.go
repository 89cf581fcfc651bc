// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/openflow"
)

// meter lets the packet pass a meter, if there is such a one.
func (x *translation) meter(a openflow.Meter) {
	if m := x.s.meter(a.ID); m != nil {
		x.emit(datapath.Meter{ID: m.number, Context: m})
	}
}

// controllerMeter is the meter that packets to the controllers pass: the one that the action names, or that of the switch
// for all of them; nil if there is none.
func (s *Bridge) controllerMeter(id uint32) *meter {
	if id == 0 {
		id = openflow.MeterController
	}
	return s.meter(id)
}

// numberMeter gives a meter the least number that no other one has in the datapath.
func (d *Datapath) numberMeter(m *meter) {
	for d.meters[m.number] != nil {
		m.number++
	}
	d.meters[m.number] = m
}
