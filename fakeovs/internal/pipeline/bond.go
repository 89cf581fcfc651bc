// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"net"
	"slices"
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
	// Basis changes which packets leave by the same member, and Rebalance is how often load is moved from one to another,
	// 0 for never. Nothing is moved here; the load is only shown.
	Basis     uint32
	Rebalance time.Duration
	// LACP says that the members are to be used once LACP is agreed on, which the switch does not speak, AsksLACP that it
	// begins with it, and FallbackAB that without it the bond works as active-backup.
	LACP, AsksLACP, FallbackAB bool
	// AllActive takes packets for groups from all members of a balance-slb bond, and DatapathBalances has the datapath
	// choose a member of a balance-tcp one.
	AllActive, DatapathBalances bool
}

// BondMode is how a bond chooses a member for a packet.
type BondMode string

// The modes of bonds. A balance-tcp bond needs LACP, and so works as active-backup with FallbackAB, or not at all.
const (
	ActiveBackup BondMode = "active-backup"
	BalanceSLB   BondMode = "balance-slb"
	BalanceTCP   BondMode = "balance-tcp"
)

// lacpPatience is for how long an answer of LACP is waited for.
const lacpPatience = 3 * time.Second

// bondHashes is how many groups the packets of a bond are divided into.
const bondHashes = 256

// bond is a Bond as it is.
type bond struct {
	config  Bond
	members []*bondMember
	active  *bondMember
	// activeMAC is the address of the member that was active last.
	activeMAC net.HardwareAddr
	// enabled are the members that are enabled, the one that is to get the next group of packets first.
	enabled []*bondMember
	// hashes are where the groups of packets go to.
	hashes [bondHashes]bondHash
	// rebalance is when load is looked at next.
	rebalance time.Time
	// recircID is the ID by which packets come back that the datapath is to choose a member for; 0 for an active-backup bond.
	recircID uint32
	// asked is until when an answer of LACP would be waited for; asking is that it is not over.
	asked  time.Time
	asking bool
	// announce says that the switches at the other end are to be told where stations are now.
	announce bool
}

type bondMember struct {
	port    *Port
	enabled bool
	// due is when the member becomes what its carrier says; zero if it is that.
	due time.Time
}

// bondHash is the member that a group of packets leaves by, nil if that has not been chosen, and how many bytes they had.
type bondHash struct {
	member *bondMember
	bytes  uint64
}

// setBond makes a link a bond, or not one.
func (s *Bridge) setBond(l *link, c *Bond) {
	if c == nil || len(l.ports) < 2 {
		l.bond = nil
		return
	}
	old := l.bond
	if old == nil {
		old = &bond{activeMAC: c.ActiveMAC}
	}
	b := &bond{config: *c, activeMAC: old.activeMAC, announce: old.announce, recircID: old.recircID, asked: old.asked}
	if c.LACP && c.AsksLACP && !old.config.LACP {
		b.asked = s.now.Add(lacpPatience)
	}
	before, after := old.config, *c
	before.ActiveMAC, after.ActiveMAC = nil, nil
	before.UpDelay, before.DownDelay = after.UpDelay, after.DownDelay
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
	for _, m := range old.enabled {
		if slices.Contains(b.members, m) {
			b.enabled = append(b.enabled, m)
		}
	}
	if boundAlike(&before, &after) && slices.Equal(b.members, old.members) {
		b.hashes, b.rebalance = old.hashes, old.rebalance
	} else {
		b.rebalance = s.now.Add(c.Rebalance)
	}
	switch {
	case c.Mode == ActiveBackup:
		b.recircID = 0
	case b.recircID == 0:
		b.recircID = s.dp.recirculations.take()
	}
	l.bond = b
	b.run(s.now)
}

// boundAlike reports whether two bonds divide their packets alike.
func boundAlike(a, b *Bond) bool {
	return a.Mode == b.Mode && a.Basis == b.Basis && a.Rebalance == b.Rebalance && a.FallbackAB == b.FallbackAB &&
		a.LACP == b.LACP && a.Primary == b.Primary && a.DatapathBalances == b.DatapathBalances
}

// up reports whether a port has its carrier.
func (p *Port) up() bool { return !p.LinkDown && p.config&openflow.PortConfigDown == 0 }

// mayEnable reports whether a member can be used.
func (b *bond) mayEnable(m *bondMember) bool {
	return m.port.up() && (!b.config.LACP || b.config.FallbackAB && !b.asking)
}

// fallenBack reports whether the bond works as active-backup for want of LACP.
func (b *bond) fallenBack() bool { return b.config.LACP && b.config.FallbackAB && !b.asking }

// balanced reports whether the load of the members is looked at.
func (b *bond) balanced() bool {
	return b.config.Rebalance != 0 && (b.config.Mode == BalanceSLB || b.config.Mode == BalanceTCP) && !b.fallenBack()
}

// run lets time pass for a bond.
func (b *bond) run(now time.Time) {
	b.asking = b.config.LACP && now.Before(b.asked)
	for _, m := range b.members {
		up := b.mayEnable(m)
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
			b.enable(m, up)
		}
	}
	primary := b.primary()
	if b.config.Mode != ActiveBackup || primary != nil && !primary.enabled {
		primary = nil
	}
	if b.active == nil || !b.active.enabled || primary != nil && b.active != primary {
		b.activate()
	}
	if b.balanced() && !now.Before(b.rebalance) {
		b.rebalance = now.Add(b.config.Rebalance)
		for i := range b.hashes {
			b.hashes[i].bytes /= 2
		}
	}
}

// enable lets a member be used, or not.
func (b *bond) enable(m *bondMember, on bool) {
	m.due = time.Time{}
	if m.enabled == on {
		return
	}
	m.enabled = on
	if on {
		b.enabled = append(b.enabled, m)
		return
	}
	b.announce = true
	b.enabled = slices.DeleteFunc(b.enabled, func(o *bondMember) bool { return o == m })
}

// activate chooses the active member.
func (b *bond) activate() {
	old := b.active
	b.active = b.choose()
	if b.active != nil {
		b.enable(b.active, true) // without another one there is nothing to wait for
		b.announce = true
	}
	if b.active != old {
		b.activeChanged()
	}
}

func (b *bond) activeChanged() {
	b.activeMAC = make(net.HardwareAddr, 6)
	if b.active != nil {
		b.activeMAC = b.active.port.HWAddr
	}
}

func (b *bond) primary() *bondMember {
	if b.config.Primary == "" {
		return nil
	}
	return b.member(b.config.Primary)
}

// member is a member by name, nil if there is none.
func (b *bond) member(name string) *bondMember {
	for _, m := range b.members {
		if m.port.Name == name {
			return m
		}
	}
	return nil
}

// choose returns the member that is to be active: the primary or the last one, else one that is enabled, else one that is
// about to be.
func (b *bond) choose() *bondMember {
	if p := b.primary(); p != nil && p.enabled {
		return p
	}
	var waiting *bondMember
	for _, m := range b.members {
		if m.enabled && bytes.Equal(m.port.HWAddr, b.activeMAC) {
			return m
		}
	}
	for _, m := range b.members {
		switch {
		case m.enabled:
			return m
		case !m.due.IsZero() && b.mayEnable(m) && (waiting == nil || m.due.Before(waiting.due)):
			waiting = m
		}
	}
	return waiting
}

// output chooses the member that a packet leaves by, whose bytes count for the load; nil if none can take it.
func (b *bond) output(k *packet.Key, vlan uint16, bytes int) *Port {
	mode := b.config.Mode
	if b.config.LACP {
		if !b.config.FallbackAB {
			return nil
		}
		mode = ActiveBackup
	}
	var m *bondMember
	switch mode {
	case BalanceTCP: // which needs LACP
	case BalanceSLB:
		h := &b.hashes[macHash(k.Uint(openflow.FieldEthSrc), vlan, b.config.Basis)]
		if (h.member == nil || !h.member.enabled) && len(b.enabled) > 0 {
			h.member = b.enabled[0]
			b.enabled = append(b.enabled[1:], h.member)
		}
		h.bytes += uint64(bytes)
		if m = h.member; m != nil && !m.enabled {
			m = nil
		}
	default:
		m = b.active
	}
	if m == nil {
		return nil
	}
	return m.port
}

// macHash is the group of the packets that an address sends in a VLAN.
func macHash(mac uint64, vlan uint16, basis uint32) uint8 {
	return uint8(ovshash.Finish(ovshash.Add64(basis, uint64(vlan)<<48|mac), 8))
}

// admit reports whether a packet may come in by a member. Moved says that it may only if its source is not known to be
// somewhere else.
func (b *bond) admit(p *Port, dst uint64) (ok, moved bool) {
	isActive := b.active != nil && b.active.port == p
	switch {
	case b.config.LACP && !b.config.FallbackAB || !b.config.LACP && b.config.Mode == BalanceTCP:
		return false, false
	case dst&groupBit != 0 && !isActive && !(b.config.AllActive && b.config.Mode == BalanceSLB):
		return false, false
	case b.config.Mode == BalanceSLB:
		return true, true
	case b.config.Mode == BalanceTCP && !b.config.FallbackAB:
		return false, false
	}
	return isActive, false
}
