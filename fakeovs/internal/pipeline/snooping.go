// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// The defaults of multicast snooping, and the limits of what it can be set to (ovs-vswitchd.conf.db(5)).
const (
	defaultGroupAging   = 300 * time.Second
	minGroupAging       = 15 * time.Second
	maxGroupAging       = time.Hour
	defaultMemberGroups = 2048
	minMemberGroups     = 10
	maxMemberGroups     = 1_000_000
	// querierAging is how many seconds a router is remembered that does not ask.
	querierAging = 180
)

// SnoopingOptions are the settings of multicast snooping. The zero value is the usual ones.
type SnoopingOptions struct {
	// Aging is how long a member is remembered that does not report; 0 is 300 s.
	Aging time.Duration
	// MaxGroups is how many groups are remembered; 0 is 2048.
	MaxGroups int
	// OnlyRouters sends what is for no known group to routers alone, instead of to everybody.
	OnlyRouters bool
	// Flood and Reports are the names of the links that all multicast packets go to, and all reports of members.
	Flood, Reports []string
}

// SetSnooping has NORMAL heed who is in which multicast group, with these settings, or if they are nil send to everybody.
func (s *Bridge) SetSnooping(o *SnoopingOptions) {
	s.Begin()
	defer s.End()
	if o == nil {
		s.groups = nil
		return
	}
	if s.groups == nil {
		s.groups = &memberTable{aging: int64(defaultGroupAging / time.Second)}
	}
	s.groups.configure(o, s.linkNamed)
}

// memberTable remembers by which links the members of multicast groups and the routers are reached. Times are in seconds.
type memberTable struct {
	aging       int64
	max         int
	onlyRouters bool
	// flood and reports are the links that everything, or the reports, go to.
	flood, reports []*link
	// groups and routers have what was heard of longest ago first.
	groups  []*memberGroup
	routers []membership
	events  snoopingCounts
}

// snoopingCounts are how often something was learned, and forgotten for its age.
type snoopingCounts struct{ learned, expired uint64 }

// memberGroup are the links of one group's members in a VLAN, the one that was heard of longest ago first.
type memberGroup struct {
	vlan    uint16
	address netip.Addr
	members []membership
}

// membership is a link by which a member, or a router of a VLAN, is reached until it expires.
type membership struct {
	link    *link
	vlan    uint16
	expires int64
}

func (t *memberTable) configure(o *SnoopingOptions, named func(string) *link) {
	aging := int64(min(max(cmp.Or(o.Aging, defaultGroupAging), minGroupAging), maxGroupAging) / time.Second)
	for _, g := range t.groups {
		for i := range g.members {
			g.members[i].expires += aging - t.aging
		}
	}
	t.aging = aging
	t.max = min(max(cmp.Or(o.MaxGroups, defaultMemberGroups), minMemberGroups), maxMemberGroups)
	t.onlyRouters = o.OnlyRouters
	links := func(names []string) (found []*link) {
		for _, name := range names {
			if l := named(name); l != nil {
				found = append(found, l)
			}
		}
		return found
	}
	t.flood, t.reports = links(o.Flood), links(o.Reports)
}

func (t *memberTable) find(address netip.Addr, vlan uint16) *memberGroup {
	for _, g := range t.groups {
		if g.vlan == vlan && g.address == address {
			return g
		}
	}
	return nil
}

// join notes that a member of a group is reached by a link. It reports whether the group is new.
func (t *memberTable) join(address netip.Addr, vlan uint16, l *link, now int64) bool {
	if t.router(vlan, l) >= 0 || slices.Contains(t.flood, l) { // which get everything
		return false
	}
	g := t.find(address, vlan)
	isNew := g == nil
	if isNew {
		if len(t.groups) >= t.max {
			t.groups = slices.Delete(t.groups, 0, 1)
		}
		g = &memberGroup{vlan: vlan, address: address}
		t.events.learned++
	} else {
		t.groups = slices.DeleteFunc(t.groups, func(o *memberGroup) bool { return o == g })
	}
	t.groups = append(t.groups, g)
	g.remove(l)
	g.members = append(g.members, membership{l, vlan, now + t.aging})
	return isNew
}

// leave notes that no member of a group is reached by a link any more. Where reports of many may come from, that is not
// known. It reports whether there was one.
func (t *memberTable) leave(address netip.Addr, vlan uint16, l *link) bool {
	g := t.find(address, vlan)
	return g != nil && !slices.Contains(t.reports, l) && g.remove(l)
}

func (g *memberGroup) remove(l *link) bool {
	n := len(g.members)
	g.members = slices.DeleteFunc(g.members, func(m membership) bool { return m.link == l })
	return len(g.members) < n
}

// router is where a router's link stands, -1 if nowhere.
func (t *memberTable) router(vlan uint16, l *link) int {
	return slices.IndexFunc(t.routers, func(r membership) bool { return r.vlan == vlan && r.link == l })
}

// addRouter notes that a router is reached by a link.
func (t *memberTable) addRouter(vlan uint16, l *link, now int64) bool {
	if slices.Contains(t.flood, l) {
		return false
	}
	at := t.router(vlan, l)
	if at >= 0 {
		t.routers = slices.Delete(t.routers, at, at+1)
	} else {
		t.events.learned++
	}
	t.routers = append(t.routers, membership{l, vlan, now + querierAging})
	return at < 0
}

// expire drops what is too old, and what is too much. As in Open vSwitch members are looked at only in the group that was
// heard of longest ago.
func (t *memberTable) expire(now int64) {
	old := func(m membership) bool { return now >= m.expires }
	for len(t.groups) > 0 {
		g := t.groups[0]
		if len(t.groups) <= t.max {
			n := len(g.members)
			g.members = slices.DeleteFunc(g.members, old)
			t.events.expired += uint64(n - len(g.members))
			if len(g.members) > 0 {
				if len(g.members) == n {
					break
				}
				continue
			}
			t.events.expired++
		}
		t.groups = slices.Delete(t.groups, 0, 1)
	}
	n := len(t.routers)
	t.routers = slices.DeleteFunc(t.routers, old)
	t.events.expired += uint64(n - len(t.routers))
}

// forget drops what is reached by a link.
func (t *memberTable) forget(l *link) {
	if t == nil {
		return
	}
	t.groups = slices.DeleteFunc(t.groups, func(g *memberGroup) bool { return g.remove(l) && len(g.members) == 0 })
	t.routers = slices.DeleteFunc(t.routers, func(r membership) bool { return r.link == l })
}

func (t *memberTable) flush() {
	if t != nil {
		t.groups, t.routers = nil, nil
	}
}
