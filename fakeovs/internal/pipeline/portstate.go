// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// portState is what becomes of a port while it is there.
type portState struct {
	config openflow.PortConfig
	state  openflow.PortState
	// counts are the port's counters, without its number and age.
	counts  openflow.PortStats
	created time.Time
	police  policer
}

// configNoFlood keeps a port out of floods. Only OpenFlow 1.0 can set and see it.
const configNoFlood openflow.PortConfig = 1 << 4

// uncounted are the counters of a port whose device counts no errors and the like.
var uncounted = openflow.PortStats{
	RxDropped: openflow.CounterUnknown, TxDropped: openflow.CounterUnknown,
	RxErrors: openflow.CounterUnknown, TxErrors: openflow.CounterUnknown,
	RxFrameErrors: openflow.CounterUnknown, RxOverErrors: openflow.CounterUnknown,
	RxCRCErrors: openflow.CounterUnknown, Collisions: openflow.CounterUnknown,
}

// settle works out the state: a port is live while its link is up, which it is not while somebody has put it down.
func (p *Port) settle() {
	p.state &^= openflow.PortStateLinkDown | openflow.PortStateLive
	if p.LinkDown || p.config&openflow.PortConfigDown != 0 {
		p.state |= openflow.PortStateLinkDown
	} else {
		p.state |= openflow.PortStateLive
	}
}

// countIn and countOut count a frame that came in or goes out.
func (p *Port) countIn(size int) {
	p.counts.RxPackets++
	p.counts.RxBytes += uint64(size)
}

func (p *Port) countOut(size int) {
	p.counts.TxPackets++
	p.counts.TxBytes += uint64(size)
}

// changePort changes a port and tells the controllers.
func (s *Bridge) changePort(no uint32, change func(*Port)) {
	if old, now, ok := s.alterPort(no, change); ok {
		s.controllers.PortChanged(old, now)
	}
}

// alterPort changes a port, of which nobody is told, and says what it was and is. It returns false if there is no such port.
func (s *Bridge) alterPort(no uint32, change func(*Port)) (old, now openflow.PortDesc, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ports[no]
	if p == nil {
		return old, now, false
	}
	old = p.desc()
	change(p)
	return old, p.desc(), true
}

// ConfigurePort sets those flags of a port that are in a mask, as a port-mod does, and says what the port was and is: the
// controllers are not told. Its link follows when SettlePort is called. It returns false if there is no such port.
func (s *Bridge) ConfigurePort(no uint32, flags, mask openflow.PortConfig) (old, now openflow.PortDesc, ok bool) {
	return s.alterPort(no, func(p *Port) {
		p.config = p.config&^mask | flags&mask
		if p.config&openflow.PortConfigDown != 0 {
			p.state &^= openflow.PortStateLive
		}
	})
}

// SettlePort lets the link of a port follow its flags, and tells the controllers.
func (s *Bridge) SettlePort(no uint32) { s.changePort(no, (*Port).settle) }

// PortStats returns the counters of a port; false if there is no such port.
func (s *Bridge) PortStats(no uint32) (openflow.PortStats, bool) {
	s.Begin()
	defer s.End()
	p := s.ports[no]
	if p == nil {
		return openflow.PortStats{}, false
	}
	return p.stats(s.now), true
}

// AllPortStats returns the counters of a port or, if no is 0, of all, in the order of Open vSwitch's table of ports.
func (s *Bridge) AllPortStats(no uint32) (list []openflow.PortStats) {
	s.Begin()
	defer s.End()
	for _, n := range s.floodOrder() {
		if no == 0 || no == n {
			list = append(list, s.ports[n].stats(s.now))
		}
	}
	return list
}

func (p *Port) stats(now time.Time) openflow.PortStats {
	stats := p.counts
	stats.Port, stats.Duration = p.No, now.Sub(p.created)
	if !p.Dummy {
		return stats
	}
	stats.Custom = []openflow.CustomCounter{
		{Name: "rx_custom_packets_1", Value: stats.RxPackets}, {Name: "rx_custom_packets_2", Value: stats.RxPackets},
		{Name: "rx_q0_bytes", Value: stats.RxBytes}, {Name: "rx_q0_packets", Value: stats.RxPackets},
		{Name: "tx_q0_bytes", Value: stats.TxBytes}, {Name: "tx_q0_packets", Value: stats.TxPackets},
	}
	return stats
}

// CheckPort is CheckPortMod where the bridge is not locked.
func (s *Bridge) CheckPort(m *openflow.PortMod) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.CheckPortMod(m)
}

// CheckPortMod refuses a port-mod of a port that is not there or has another address. The bridge is locked.
func (s *Bridge) CheckPortMod(m *openflow.PortMod) error {
	p := s.ports[m.Port]
	switch {
	case p == nil:
		return openflow.ErrUnknownPort
	case !bytes.Equal(p.HWAddr, m.HWAddr):
		return openflow.ErrBadHWAddr
	}
	return nil
}
