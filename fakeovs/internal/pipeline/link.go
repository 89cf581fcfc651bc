// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"reflect"
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// VLANMode is what a link does with VLAN tags (ovs-vswitchd.conf.db(5), "vlan_mode").
type VLANMode string

// The VLAN modes.
const (
	VLANTrunk          VLANMode = "trunk"
	VLANAccess         VLANMode = "access"
	VLANNativeTagged   VLANMode = "native-tagged"
	VLANNativeUntagged VLANMode = "native-untagged"
	VLANTunnel         VLANMode = "dot1q-tunnel"
)

// PriorityTags says which frames of VLAN 0 get a tag on their way out of a link.
type PriorityTags uint8

// The choices for PriorityTags.
const (
	PriorityTagsNever PriorityTags = iota
	PriorityTagsIfNonzero
	PriorityTagsAlways
)

// Link is what NORMAL sends frames to: a port, or several of a bond. The database calls it a Port.
type Link struct {
	Name    string
	Members []uint32 // port numbers
	Mode    VLANMode
	// VLAN is the one of a link that is no trunk.
	VLAN uint16
	// Trunks are the VLANs of a link that is not of one VLAN alone, nil for all; CustomerVLANs those that a tunnel takes.
	Trunks, CustomerVLANs []int64
	// Service is the Ethernet type of the tag that a tunnel puts on.
	Service      uint16
	PriorityTags PriorityTags
	// Protected links do not reach each other.
	Protected bool
	// Bond is how the members work together if there are several.
	Bond *Bond
}

// link is a Link as it is.
type link struct {
	config    Link
	ports     []*Port
	trunks    *vlanSet // nil: all
	customers *vlanSet
	bond      *bond
	// The mirrors that select what comes in by the link, what goes out by it, and that output to it, a bit for each.
	sources, destinations, mirrorOut uint32
}

// vlanSet is a set of VLANs.
type vlanSet [4096 / 64]uint64

func newVLANSet(vlans []int64) *vlanSet {
	if vlans == nil {
		return nil
	}
	s := new(vlanSet)
	for _, v := range vlans {
		if v >= 0 && v < 4096 {
			s[v/64] |= 1 << (v % 64)
		}
	}
	return s
}

// has reports whether a VLAN is in the set; a nil one has all.
func (s *vlanSet) has(vlan uint16) bool { return s == nil || s[vlan/64]>>(vlan%64)&1 == 1 }

// newLink is the link that a port is until SetLinks says otherwise: a trunk by itself.
func newLink(p *Port) *link {
	l := &link{ports: []*Port{p}}
	l.configure(Link{Name: p.Name, Members: []uint32{p.No}})
	return l
}

func (l *link) configure(c Link) {
	if c.Mode == "" {
		c.Mode = VLANTrunk
	}
	if c.Service == 0 {
		c.Service = ethTypeServiceVLAN
	}
	l.config = c
	l.trunks, l.customers = nil, nil
	switch c.Mode {
	case VLANTrunk:
		l.trunks = newVLANSet(c.Trunks)
	case VLANTunnel:
		l.customers = newVLANSet(c.CustomerVLANs)
	case VLANNativeTagged, VLANNativeUntagged:
		l.trunks = newVLANSet(c.Trunks)
		if c.VLAN != 0 {
			if l.trunks == nil {
				l.trunks = new(vlanSet)
				for i := range l.trunks {
					l.trunks[i] = ^uint64(0)
				}
			}
			l.trunks[c.VLAN/64] |= 1 << (c.VLAN % 64)
			l.trunks[0] &^= 1
		}
	}
}

const ethTypeServiceVLAN = 0x88a8

// SetLinks says which links the ports make. A port that is in none is one by itself. What was learned on links that change
// is forgotten.
func (s *Bridge) SetLinks(links []Link) {
	s.Begin()
	defer s.End()
	wanted := make(map[string]bool, len(links))
	for _, c := range links {
		wanted[c.Name] = true
		l := s.linkNamed(c.Name)
		if l == nil {
			l = &link{}
			s.addLink(l, c.Name)
		}
		s.setLink(l, c)
	}
	for _, l := range slices.Clone(s.links) {
		if !wanted[l.config.Name] {
			s.dissolve(l)
		}
	}
	s.updateMirrors()
}

func (s *Bridge) linkNamed(name string) *link { return s.linkNames[name] }

func (s *Bridge) addLink(l *link, name string) {
	s.links = append(s.links, l)
	if s.linkNames[name] == nil {
		s.linkNames[name] = l
	}
}

// removeLink takes a link away. The addresses that were reached by it are forgotten in all bridges, since they may be reached
// by them through this one.
func (s *Bridge) removeLink(l *link) {
	s.macs.flush(func(e *macEntry) bool {
		if e.link != l {
			return false
		}
		for p := range s.dp.ports {
			if o := p.s.macs.find(e.macKey); p.s != s && o != nil {
				p.s.macs.drop(o)
			}
		}
		return true
	})
	s.groups.forget(l)
	if at := slices.Index(s.links, l); at >= 0 {
		s.links = slices.Delete(s.links, at, at+1)
	}
	if s.linkNames[l.config.Name] == l {
		delete(s.linkNames, l.config.Name)
	}
}

func (s *Bridge) setLink(l *link, c Link) {
	old := l.config
	l.configure(c)
	for _, no := range c.Members {
		if p := s.ports[no]; p != nil && p.link != l {
			s.detach(p)
			p.link = l
			l.ports = append(l.ports, p)
		}
	}
	for _, p := range slices.Clone(l.ports) {
		if !slices.Contains(c.Members, p.No) {
			s.detach(p)
			s.alone(p)
		}
	}
	s.setBond(l, c.Bond)
	now := l.config
	for _, o := range []*Link{&old, &now} {
		o.Members, o.Bond, o.Name = nil, nil, ""
	}
	if old.Mode != "" && !reflect.DeepEqual(old, now) {
		s.macs.flush(func(e *macEntry) bool { return e.link == l })
		s.groups.forget(l)
	}
}

// alone makes a port a link by itself.
func (s *Bridge) alone(p *Port) {
	p.link = newLink(p)
	s.addLink(p.link, p.Name)
}

// detach takes a port out of its link, which is gone if that was the last one.
func (s *Bridge) detach(p *Port) {
	l := p.link
	if l == nil {
		return
	}
	p.link = nil
	l.ports = slices.DeleteFunc(l.ports, func(o *Port) bool { return o == p })
	if len(l.ports) == 0 {
		s.removeLink(l)
	}
}

// dissolve makes the ports of a link ones by themselves.
func (s *Bridge) dissolve(l *link) {
	if len(l.ports) == 1 && l.ports[0].Name == l.config.Name {
		s.setLink(l, Link{Name: l.config.Name, Members: []uint32{l.ports[0].No}})
		return
	}
	for _, p := range slices.Clone(l.ports) {
		s.detach(p)
		s.alone(p)
	}
	s.removeLink(l)
}

// portName is a port of the link as fdb/show writes it.
func (l *link) portName() string {
	if len(l.ports) == 0 {
		return "?"
	}
	return portName(l.ports[0].No)
}

// floods reports whether packets are flooded to the link.
func (l *link) floods() bool {
	return !slices.ContainsFunc(l.ports, func(p *Port) bool { return !p.floods() })
}

// tag is a VLAN tag of a packet.
type tag struct {
	tpid, vid, pcp uint16
}

// tagPair are the outer and the inner tag of a packet, zero where it has none.
type tagPair [2]tag

// The bits of a tag's TCI that are its VLAN and its priority.
const (
	vlanID  = 0xfff
	vlanPCP = 0xe000
)

// extractTags are the tags of a packet.
func extractTags(k *packet.Key) (t tagPair) {
	fields := [2][2]openflow.Field{
		{packet.VLANTPID, openflow.FieldVLANTCI}, {packet.InnerVLANTPID, packet.InnerVLANTCI},
	}
	for i := range k.Tags() {
		tci := uint16(k.Uint(fields[i][1]))
		t[i] = tag{tpid: uint16(k.Uint(fields[i][0])), vid: tci & vlanID, pcp: tci & vlanPCP}
	}
	return t
}

// takes reports whether the link takes a packet with the outer tag's VLAN; 0 is that of one without.
func (l *link) takes(vid uint16) bool {
	switch l.config.Mode {
	case VLANAccess:
		return vid == 0
	case VLANTunnel:
		return l.customers.has(vid)
	case VLANNativeTagged, VLANNativeUntagged:
		return vid == 0 || l.trunks.has(vid)
	}
	return l.trunks.has(vid)
}

// inward are the tags that a packet has in the bridge which came in by the link.
func (l *link) inward(in tagPair) tagPair {
	native := func(in tag) tag {
		t := tag{tpid: in.tpid, vid: l.config.VLAN, pcp: in.pcp}
		if t.tpid == 0 {
			t.tpid = openflow.EthTypeVLAN
		}
		return t
	}
	switch l.config.Mode {
	case VLANAccess:
		return tagPair{native(in[0])}
	case VLANNativeTagged, VLANNativeUntagged:
		if in[0].vid == 0 {
			in[0] = native(in[0])
		}
	case VLANTunnel:
		return tagPair{{tpid: l.config.Service, vid: l.config.VLAN}, in[0]}
	}
	return in
}

// outward are the tags that a packet of the bridge has which goes out by the link.
func (l *link) outward(t tagPair) tagPair {
	switch l.config.Mode {
	case VLANAccess:
		return tagPair{}
	case VLANTunnel:
		return tagPair{t[1]}
	case VLANNativeUntagged:
		if t[0].vid == l.config.VLAN {
			return tagPair{t[1]}
		}
	}
	return t
}

// includes reports whether packets with these tags belong on the link.
func (l *link) includes(t tagPair) bool {
	switch l.config.Mode {
	case VLANAccess:
		return t[0].vid == l.config.VLAN && t[1].vid == 0
	case VLANTunnel:
		return t[0].vid == l.config.VLAN && l.customers.has(t[1].vid)
	}
	return l.trunks.has(t[0].vid)
}
