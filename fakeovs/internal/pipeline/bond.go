// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"net"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/ovshash"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Bond is how the ports of a link work together (ovs-vswitchd.conf.db(5), "Bonding Configuration").
type Bond struct {
	Mode BondMode
	// UpDelay and DownDelay are for how long a member's carrier is there or away before it is used or not.
	UpDelay, DownDelay time.Duration
	// Primary is the name of the member that is active whenever it can be.
	Primary string
	// ActiveMAC is the address of the member that was active last.
	ActiveMAC net.HardwareAddr
}

// BondMode is how a bond chooses a member for a packet.
type BondMode string

// The modes of bonds. A balance-tcp bond needs LACP, which the switch does not speak, and so works as active-backup with
// lacp-fallback-ab, or not at all.
const (
	ActiveBackup BondMode = "active-backup"
	BalanceSLB   BondMode = "balance-slb"
	BalanceTCP   BondMode = "balance-tcp"
)

// bond is a Bond as it is.
type bond struct {
	config  Bond
	members []*bondMember
	active  *bondMember
}

type bondMember struct {
	port    *Port
	enabled bool
	// due is when the member becomes what its carrier says; zero if it is that.
	due time.Time
}

// setBond makes a link a bond, or not one.
func (l *link) setBond(c *Bond, now time.Time) {
	if c == nil || len(l.ports) < 2 {
		l.bond = nil
		return
	}
	old := l.bond
	if old == nil {
		old = &bond{}
	}
	b := &bond{config: *c}
	for _, p := range l.ports {
		m := &bondMember{port: p}
		for _, o := range old.members {
			if o.port == p {
				m = o
			}
		}
		if m == old.active {
			b.active = m
		}
		b.members = append(b.members, m)
	}
	l.bond = b
	b.run(now)
}

// up reports whether a port has its carrier.
func (p *Port) up() bool { return !p.LinkDown && p.config&openflow.PortConfigDown == 0 }

// run lets time pass for a bond.
func (b *bond) run(now time.Time) {
	for _, m := range b.members {
		up := m.port.up()
		switch {
		case up == m.enabled:
			m.due = time.Time{}
		case m.due.IsZero():
			delay := b.config.DownDelay
			if up {
				delay = b.config.UpDelay
			}
			m.due = now.Add(delay)
		}
		if !m.due.IsZero() && !now.Before(m.due) {
			m.enabled, m.due = up, time.Time{}
		}
	}
	if p := b.primary(); p != nil && p.enabled {
		b.active = p
	}
	if b.active == nil || !b.active.enabled {
		b.active = b.choose()
		if b.active != nil {
			// Without another one there is nothing to wait for.
			b.active.enabled, b.active.due = true, time.Time{}
		}
	}
}

func (b *bond) primary() *bondMember {
	for _, m := range b.members {
		if b.config.Primary != "" && m.port.Name == b.config.Primary {
			return m
		}
	}
	return nil
}

// choose returns the member that is to be active: the last one, else one that is enabled, else one that is about to be.
func (b *bond) choose() *bondMember {
	var waiting *bondMember
	for _, m := range b.members {
		if m.enabled && bytes.Equal(m.port.HWAddr, b.config.ActiveMAC) {
			return m
		}
	}
	for _, m := range b.members {
		switch {
		case m.enabled:
			return m
		case m.port.up() && (waiting == nil || m.due.Before(waiting.due)):
			waiting = m
		}
	}
	return waiting
}

// output chooses the member that a packet leaves by; nil if none can take it.
func (b *bond) output(k *packet.Key, vlan uint16) *Port {
	var enabled []*bondMember
	for _, m := range b.members {
		if m.enabled {
			enabled = append(enabled, m)
		}
	}
	switch {
	case b.config.Mode == BalanceSLB && len(enabled) > 0:
		h := ovshash.Uint64(uint64(vlan)<<48|k.Uint(openflow.FieldEthSrc)) & 0xff
		return enabled[int(h)%len(enabled)].port
	case b.active != nil && b.active.enabled:
		return b.active.port
	}
	return nil
}

// admit reports whether a packet may come in by a member. Moved says that it may only if its source is not known to be
// somewhere else.
func (b *bond) admit(p *Port, dst uint64) (ok, moved bool) {
	isActive := b.active != nil && b.active.port == p
	switch {
	case dst&groupBit != 0 && !isActive:
		return false, false
	case b.config.Mode == BalanceSLB:
		return true, true
	case b.config.Mode == BalanceTCP:
		return false, false
	}
	return isActive, false
}

// BondActive returns the address of a bond's active member, all zeros if there is none; nil if the link is no bond.
func (s *Bridge) BondActive(name string) net.HardwareAddr {
	s.Begin()
	defer s.End()
	l := s.linkNamed(name)
	if l == nil || l.bond == nil {
		return nil
	}
	l.bond.run(s.now)
	if l.bond.active == nil {
		return make(net.HardwareAddr, 6)
	}
	return l.bond.active.port.HWAddr
}
