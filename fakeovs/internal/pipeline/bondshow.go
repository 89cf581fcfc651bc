// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Bonds are the names of the bonds, in the order in which they came.
func (s *Bridge) Bonds() (names []string) {
	s.Begin()
	defer s.End()
	for _, l := range s.links {
		if l.bond != nil {
			names = append(names, l.config.Name)
		}
	}
	return names
}

// onBond calls do for a bond that is up to date; it is false if there is none of that name.
func (s *Bridge) onBond(name string, do func(*bond)) bool {
	s.Begin()
	defer s.End()
	l := s.linkNamed(name)
	if l == nil || l.bond == nil {
		return false
	}
	l.bond.run(s.now)
	do(l.bond)
	return true
}

// BondActive returns the address of a bond's active member, all zeros if there is none; nil if the link is no bond.
func (s *Bridge) BondActive(name string) (mac net.HardwareAddr) {
	s.onBond(name, func(b *bond) {
		mac = b.activeMAC
		if len(mac) == 0 {
			mac = make(net.HardwareAddr, 6)
		}
	})
	return mac
}

// ListBond is a line of bond/list (ovs-vswitchd(8)).
func (s *Bridge) ListBond(name string) (line string) {
	s.onBond(name, func(b *bond) {
		var members []string
		for _, m := range b.members {
			members = append(members, m.port.Name)
		}
		line = fmt.Sprintf("%s\t%s\t%d\t%s\n", name, b.config.Mode, b.recircID, strings.Join(members, ", "))
	})
	return line
}

// ShowBond is a bond in the words of bond/show; empty if there is no such bond.
func (s *Bridge) ShowBond(name string) string {
	var w strings.Builder
	s.onBond(name, func(b *bond) { b.show(&w, name, s.now) })
	return w.String()
}

func (b *bond) show(w *strings.Builder, name string, now time.Time) {
	c := &b.config
	may, id := "no", -1
	if c.Mode == BalanceTCP && b.recircID != 0 && !b.fallenBack() {
		may, id = "yes", int(b.recircID)
	}
	fmt.Fprintf(w, "---- %s ----\nbond_mode: %s\nbond may use recirculation: %s, Recirc-ID : %d\nbond-hash-basis: %d\n",
		name, c.Mode, may, id, int32(c.Basis))
	action := "disabled"
	if c.DatapathBalances && id != -1 {
		action = "enabled"
	} else {
		id = -1
	}
	fmt.Fprintf(w, "lb_output action: %s, bond-id: %d\n", action, id)
	if c.Mode == BalanceSLB {
		fmt.Fprintf(w, "all members active: %v\n", c.AllActive)
	}
	fmt.Fprintf(w, "updelay: %d ms\ndowndelay: %d ms\n", c.UpDelay.Milliseconds(), c.DownDelay.Milliseconds())
	if b.balanced() {
		fmt.Fprintf(w, "next rebalance: %d ms\n", b.rebalance.Sub(now).Milliseconds())
	}
	lacp := "off"
	switch {
	case b.asking: // which Open vSwitch takes for it
		lacp = "negotiated"
	case c.LACP:
		lacp = "configured"
	}
	primary := "<none>"
	if c.Primary != "" {
		primary = c.Primary
		if b.primary() == nil {
			primary += " (no such member)"
		}
	}
	fmt.Fprintf(w, "lacp_status: %s\nlacp_fallback_ab: %v\nactive-backup primary: %s\n", lacp, c.FallbackAB, primary)
	mac := make(net.HardwareAddr, 6)
	copy(mac, b.activeMAC)
	last := "none"
	for _, m := range b.members {
		if bytes.Equal(m.port.HWAddr, mac) {
			last = m.port.Name
		}
	}
	fmt.Fprintf(w, "active member mac: %v(%s)\n", mac, last)
	byName := slices.SortedFunc(slices.Values(b.members), func(m, o *bondMember) int {
		return strings.Compare(m.port.Name, o.port.Name)
	})
	for _, m := range byName {
		b.showMember(w, m, now)
	}
	w.WriteByte('\n')
}

func (b *bond) showMember(w *strings.Builder, m *bondMember, now time.Time) {
	state, delay := "disabled", "updelay"
	if m.enabled {
		state, delay = "enabled", "downdelay"
	}
	fmt.Fprintf(w, "\nmember %s: %s\n", m.port.Name, state)
	if m == b.active {
		w.WriteString("  active member\n")
	}
	if !m.due.IsZero() {
		fmt.Fprintf(w, "  %s expires in %d ms\n", delay, m.due.Sub(now).Milliseconds())
	}
	fmt.Fprintf(w, "  may_enable: %v\n", b.mayEnable(m))
	if !b.balanced() {
		return
	}
	for i, h := range b.hashes {
		if kB := h.bytes / 1024; h.member == m && kB > 0 {
			fmt.Fprintf(w, "  hash %d: %d kB load\n", i, kB)
		}
	}
}

var (
	errNoBond   = errors.New("no such bond")
	errNoMember = errors.New("no such member")
)

// onMember calls do for a member of a bond. Its error and those here are in the words of ovs-vswitchd.
func (s *Bridge) onMember(bondName, member string, do func(*bond, *bondMember) error) error {
	err := errNoBond
	s.onBond(bondName, func(b *bond) {
		if m := b.member(member); m != nil {
			err = do(b, m)
		} else {
			err = errNoMember
		}
	})
	s.RunBonds()
	return err
}

// ActivateMember makes a member of a bond its active one. It is false if it was that.
func (s *Bridge) ActivateMember(bondName, member string) (changed bool, err error) {
	err = s.onMember(bondName, member, func(b *bond, m *bondMember) error {
		if !m.enabled {
			return errors.New("cannot make disabled member active")
		}
		if changed = b.active != m; changed {
			b.active, b.announce = m, true
			b.activeChanged()
		}
		return nil
	})
	return changed, err
}

// EnableMember has a member of a bond be used, or not, until its carrier says something else.
func (s *Bridge) EnableMember(bondName, member string, on bool) error {
	return s.onMember(bondName, member, func(b *bond, m *bondMember) error {
		b.enable(m, on)
		return nil
	})
}

// MigrateHash has a group of the packets of a balance-slb bond leave by a member. Groups are counted modulo their number; a
// negative one is none.
func (s *Bridge) MigrateHash(bondName string, hash int64, member string) error {
	err := errNoBond
	s.onBond(bondName, func(b *bond) {
		m := b.member(member)
		switch {
		case b.config.Mode != BalanceSLB:
			err = errors.New("not an SLB bond")
		case hash < 0:
			err = errors.New("bad hash")
		case m == nil:
			err = errNoMember
		case !m.enabled:
			err = errors.New("cannot migrate to disabled member")
		default:
			b.hashes[hash%bondHashes].member, err = m, nil
		}
	})
	return err
}

// BondHash is the group of the packets that an address sends in a VLAN.
func BondHash(mac net.HardwareAddr, vlan uint16, basis uint32) uint8 {
	return macHash(mac48(mac), vlan, basis)
}
