// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"errors"
	"fmt"
	"strings"
)

var errNoSnooping = errors.New("multicast snooping is disabled")

// ShowMDB is what is known of multicast groups and routers in the words of mdb/show (ovs-vswitchd(8)). The error is in its
// words as well.
func (s *Bridge) ShowMDB() (string, error) {
	s.Begin()
	defer s.End()
	t := s.groups
	if t == nil {
		return "", errNoSnooping
	}
	now := s.now.Unix()
	t.expire(now)
	var b strings.Builder
	b.WriteString(" port  VLAN  GROUP                Age\n")
	for _, g := range t.groups {
		for _, m := range g.members {
			fmt.Fprintf(&b, "%5s  %4d  %v         %3d\n", m.link.portName(), g.vlan, g.address, t.aging-(m.expires-now))
		}
	}
	for _, r := range t.routers {
		fmt.Fprintf(&b, "%5s  %4d  querier             %3d\n", r.link.portName(), r.vlan, querierAging-(r.expires-now))
	}
	return b.String(), nil
}

// FlushMDB forgets what is known of multicast groups and routers.
func (s *Bridge) FlushMDB() error {
	s.Begin()
	defer s.End()
	if s.groups == nil {
		return errNoSnooping
	}
	s.groups.flush()
	return nil
}

// MDBEvents are how often what happened to multicast groups and routers, by the names of Open vSwitch's coverage counters.
func (s *Bridge) MDBEvents() map[string]uint64 {
	s.Begin()
	defer s.End()
	var e snoopingCounts
	if s.groups != nil {
		s.groups.expire(s.now.Unix())
		e = s.groups.events
	}
	return map[string]uint64{"mcast_snooping_learned": e.learned, "mcast_snooping_expired": e.expired}
}
