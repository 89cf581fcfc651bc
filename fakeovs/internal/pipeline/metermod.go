// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"maps"
	"slices"

	"github.com/ovskit/ovskit/openflow"
)

// The limits of the userspace datapath.
const (
	maxMeters = 1 << 18
	maxBands  = 8
)

const meterFlags = openflow.MeterKbps | openflow.MeterPacketsPerSecond | openflow.MeterBurst | openflow.MeterStatistics

// MeterFeatures are what meters can do.
var MeterFeatures = openflow.MeterFeaturesReply{
	MaxMeters: maxMeters, BandTypes: 1 << openflow.BandDrop, Capabilities: uint32(meterFlags), MaxBands: maxBands,
}

// ApplyMeter carries out a meter-mod. The bridge is locked.
func (s *Bridge) ApplyMeter(m openflow.MeterMod) error {
	if m.Command == openflow.MeterDelete {
		s.deleteMeters(m.ID)
		return nil
	}
	if err := checkMeter(&m.MeterConfig); err != nil {
		return err
	}
	old := s.meter(m.ID)
	switch m.Command {
	case openflow.MeterAdd:
		switch {
		case old != nil:
			return openflow.ErrMeterExists
		case len(s.flows.meters) >= maxMeters:
			return openflow.ErrOutOfMeters
		}
	case openflow.MeterModify:
		if old == nil {
			return openflow.ErrUnknownMeter
		}
	default:
		return openflow.ErrBadMeterCommand
	}
	if err := checkBands(&m.MeterConfig); err != nil {
		return err
	}
	more := meterWeight + int64(len(m.Bands))*bandWeight
	if old != nil {
		more -= old.weight()
	}
	if !s.flows.memory.fits(more) {
		return s.flows.memory.Full(openflow.ErrOutOfMeters)
	}
	s.flows.charge(more)
	if old != nil {
		old.configure(m.MeterConfig, s.now)
	} else {
		if s.flows.meters == nil {
			s.flows.meters = make(map[uint32]*meter)
		}
		made := newMeter(m.MeterConfig, s.now)
		s.dp.numberMeter(made)
		s.flows.meters[m.ID] = made
	}
	return nil
}

// checkMeter refuses the numbers of meters that there cannot be, and too many bands.
func checkMeter(m *openflow.MeterConfig) error {
	switch {
	case m.ID == 0 || m.ID > openflow.MeterMax && m.ID != openflow.MeterSlowpath && m.ID != openflow.MeterController:
		return openflow.ErrInvalidMeter
	case len(m.Bands) > maxBands:
		return openflow.ErrOutOfBands
	}
	return nil
}

// checkBands refuses what the userspace datapath cannot do, and gives a burst to the bands that have none.
func checkBands(m *openflow.MeterConfig) error {
	if m.Flags&^meterFlags != 0 {
		return openflow.ErrBadMeterFlags
	}
	m.Bands = slices.Clone(m.Bands)
	for i := range m.Bands {
		if m.Bands[i].Rate == 0 {
			return openflow.ErrBadRate
		}
	}
	for i := range m.Bands {
		b := &m.Bands[i]
		if b.Type != openflow.BandDrop {
			return openflow.ErrBadBand
		}
		if b.BurstSize == 0 {
			b.BurstSize = b.Rate
		}
	}
	return nil
}

// deleteMeters removes a meter or all, and the flows that use them.
func (s *Bridge) deleteMeters(id uint32) {
	ids := []uint32{id}
	if id == openflow.MeterAll {
		ids = slices.Sorted(maps.Keys(s.flows.meters))
	}
	var changes []Change
	for _, id := range ids {
		m := s.meter(id)
		if m == nil {
			continue
		}
		flows := slices.Collect(maps.Keys(m.flows))
		inOrder(flows)
		for _, f := range flows {
			s.flows.remove(f)
			changes = append(changes, Change{Removed: f, Reason: openflow.FlowRemovedMeter})
		}
		delete(s.dp.meters, m.number)
		delete(s.flows.meters, id)
		s.flows.charge(-m.weight())
	}
	s.finished(changes)
}
