// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// meter is an entry of the meter table, with the token buckets of the userspace datapath.
type meter struct {
	config         openflow.MeterConfig
	created        time.Time
	packets, bytes uint64
	bands          []band
	// used is when a packet last went through; a longer time than full fills every bucket.
	used time.Time
	full int64
	// number is the meter's in the datapath.
	number uint32
	// flows are those whose actions begin with the meter.
	flows map[*Flow]struct{}
}

// band is the state of a band: what is in its bucket, in bits or in thousandths of packets, and what it has dropped.
type band struct {
	tokens         uint64
	packets, bytes uint64
}

func newMeter(config openflow.MeterConfig, now time.Time) *meter {
	m := &meter{created: now, flows: make(map[*Flow]struct{})}
	m.configure(config, now)
	return m
}

// weight is what the meter takes of the datapath's memory.
func (m *meter) weight() int64 { return meterWeight + int64(len(m.bands))*bandWeight }

// configure gives the meter other bands, whose buckets are full.
func (m *meter) configure(config openflow.MeterConfig, now time.Time) {
	m.config, m.used, m.full = config, now, 0
	m.packets, m.bytes = 0, 0
	m.bands = make([]band, len(config.Bands))
	for i, b := range config.Bands {
		m.bands[i].tokens = uint64(b.BurstSize) * 1000
		m.full = max(m.full, int64(uint32(m.bands[i].tokens/uint64(b.Rate))))
	}
}

// admit counts a packet and reports whether it is dropped: a band has not enough tokens left. The one with the highest
// rate counts it then.
func (m *meter) admit(now time.Time, size int) (drop bool) {
	passed := min(max(now.Sub(m.used).Milliseconds(), 0), m.full)
	m.used = now
	m.packets++
	m.bytes += uint64(size)
	volume := uint64(size) * 8
	if m.config.Flags&openflow.MeterPacketsPerSecond != 0 {
		volume = 1000
	}
	exceeded, rate := -1, uint32(0)
	for i := range m.bands {
		b, c := &m.bands[i], &m.config.Bands[i]
		b.tokens = min(b.tokens+uint64(passed)*uint64(c.Rate), uint64(c.BurstSize)*1000)
		switch {
		case b.tokens >= volume:
			b.tokens -= volume
		case c.Rate > rate:
			exceeded, rate = i, c.Rate
		}
	}
	if exceeded < 0 {
		return false
	}
	m.bands[exceeded].packets++
	m.bands[exceeded].bytes += uint64(size)
	return true
}

func (m *meter) stats(now time.Time) openflow.MeterStats {
	s := openflow.MeterStats{
		ID: m.config.ID, Flows: uint32(len(m.flows)), Packets: m.packets, Bytes: m.bytes, Duration: now.Sub(m.created),
	}
	for _, b := range m.bands {
		s.Bands = append(s.Bands, openflow.MeterBandStats{Packets: b.packets, Bytes: b.bytes})
	}
	return s
}

// meter returns the meter with an ID, nil if there is none. The bridge is locked.
func (s *Bridge) meter(id uint32) *meter { return s.flows.meters[id] }
