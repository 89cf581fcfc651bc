// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

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

// SetLink says whether a port's link is up. Nothing happens if there is no such port.
func (s *Switch) SetLink(no uint32, up bool) {
	s.changePort(no, nil, func(p *Port) {
		p.LinkDown = !up
		p.settle()
	})
}

// changePort changes a port and tells the controllers if that can be seen. The one that asked for it, if it is not nil,
// is told only from OpenFlow 1.5 on. It returns false if there is no such port.
func (s *Switch) changePort(no uint32, by *conn, change func(*Port)) bool {
	s.mu.Lock()
	p := s.ports[no]
	if p == nil {
		s.mu.Unlock()
		return false
	}
	old := p.desc()
	change(p)
	now := p.desc()
	s.mu.Unlock()
	if s.portChanged != nil && !samePort(openflow.Version15, old, now) {
		s.portChanged(no)
	}
	s.announceTo(openflow.PortStatus{Reason: openflow.PortModified, Port: now}, func(c *conn) bool {
		return (c != by || c.version >= openflow.Version15) && !samePort(c.version, old, now)
	})
	return true
}

// samePort reports whether two descriptions are the same in a version.
func samePort(v openflow.Version, a, b openflow.PortDesc) bool {
	one, err := encode(v, openflow.PortDescReply{Ports: []openflow.PortDesc{a}}, 0)
	other, err2 := encode(v, openflow.PortDescReply{Ports: []openflow.PortDesc{b}}, 0)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// PortStats returns the counters of a port; false if there is no such port.
func (s *Switch) PortStats(no uint32) (openflow.PortStats, bool) {
	s.begin()
	defer s.end()
	p := s.ports[no]
	if p == nil {
		return openflow.PortStats{}, false
	}
	return p.stats(s.now), true
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

// checkPortMod refuses a port-mod of a port that is not there or has another address. The switch is locked.
func (s *Switch) checkPortMod(m *openflow.PortMod) error {
	p := s.ports[m.Port]
	switch {
	case p == nil:
		return openflow.ErrUnknownPort
	case !bytes.Equal(p.HWAddr, m.HWAddr):
		return openflow.ErrBadHWAddr
	}
	return nil
}

// portMod carries out a port-mod of a controller.
func (c *conn) portMod(m openflow.PortMod) error {
	if err := c.mayChange(); err != nil {
		return err
	}
	c.s.mu.Lock()
	err := c.s.checkPortMod(&m)
	c.s.mu.Unlock()
	if err == nil {
		c.configurePort(&m)
	}
	return err
}

// configurePort sets flags of a port. As in Open vSwitch the link follows after that, which everybody is told of.
func (c *conn) configurePort(m *openflow.PortMod) {
	mask := m.Mask & (openflow.PortConfigDown | openflow.PortConfigNoReceive | openflow.PortConfigNoForward |
		openflow.PortConfigNoPacketIn)
	if c.version == openflow.Version10 {
		mask = m.Mask
	}
	c.s.changePort(m.Port, c, func(p *Port) {
		p.config = p.config&^mask | m.Config&mask
		if p.config&openflow.PortConfigDown != 0 {
			p.state &^= openflow.PortStateLive
		}
	})
	c.s.changePort(m.Port, nil, (*Port).settle)
}

func (c *conn) sendPortStats(port uint32, xid uint32) error {
	s := c.s
	s.begin()
	var list []openflow.PortStats
	for _, no := range s.portNos {
		if port == 0 || port == no {
			list = append(list, s.ports[no].stats(s.now))
		}
	}
	s.end()
	sendList(c, xid, list, func(part []openflow.PortStats, more bool) openflow.Message {
		return openflow.PortStatsReply{Ports: part, More: more}
	})
	return nil
}
