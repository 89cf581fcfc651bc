// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
)

// ShowFDB is the MAC learning table in the words of fdb/show (ovs-vswitchd(8)).
func (s *Bridge) ShowFDB() string {
	s.Begin()
	defer s.End()
	s.macs.expire(s.now)
	var b strings.Builder
	b.WriteString(" port  VLAN  MAC                Age\n")
	for at := s.macs.used.Front(); at != nil; at = at.Next() {
		e := at.Value.(*macEntry)
		fmt.Fprintf(&b, "%5s  %4d  %s  ", e.link.portName(), e.vlan, hardwareAddr(e.mac))
		if e.static {
			b.WriteString("static\n")
		} else {
			fmt.Fprintf(&b, "%3d\n", e.age(s.now))
		}
	}
	return b.String()
}

// FDBStats is what became of the entries of the MAC learning table, in the words of fdb/stats-show.
func (s *Bridge) FDBStats() string {
	s.Begin()
	defer s.End()
	t := s.macs
	t.expire(s.now)
	return fmt.Sprintf("Statistics for bridge %q:\n"+
		"  Current/maximum MAC entries in the table: %d/%d\n"+
		"  Current static MAC entries in the table : %d\n"+
		"  Total number of learned MAC entries     : %d\n"+
		"  Total number of expired MAC entries     : %d\n"+
		"  Total number of evicted MAC entries     : %d\n"+
		"  Total number of port moved MAC entries  : %d\n",
		s.name, len(t.entries), t.max, t.counts.static, t.counts.learned, t.counts.expired, t.counts.evicted, t.counts.moved)
}

// ClearFDBStats forgets what became of entries.
func (s *Bridge) ClearFDBStats() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.macs.counts = learningCounts{static: s.macs.counts.static}
}

// FDBEvents are how often what happened to entries since the bridge was made, by the names of Open vSwitch's coverage counters.
func (s *Bridge) FDBEvents() map[string]uint64 {
	s.Begin()
	defer s.End()
	s.macs.expire(s.now)
	e := s.macs.ever
	return map[string]uint64{
		"mac_learning_learned": e.learned, "mac_learning_expired": e.expired, "mac_learning_evicted": e.evicted,
		"mac_learning_moved": e.moved, "mac_learning_static_none_move": e.kept,
	}
}

// FlushFDB forgets what the MAC learning table has learned.
func (s *Bridge) FlushFDB() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.macs.flush((*macEntry).dynamic)
}

// AddFDB lets an address in a VLAN be reached by a port for ever, and says what that overrides in the words of fdb/add. The
// error is in its words as well.
func (s *Bridge) AddFDB(port string, vlan uint16, mac net.HardwareAddr) (string, error) {
	s.Begin()
	defer s.End()
	p := s.portNamed(port)
	if p == nil {
		return "", errors.New("software error, odp port is present but no ofp port")
	}
	k := macKey{vlan, mac48(mac)}
	said := ""
	if e := s.macs.find(k); e != nil && (e.link.config.Name != port || !e.static) {
		kind := "dynamic"
		if e.static {
			kind = "static"
		}
		said = fmt.Sprintf("Overriding already existing %s entry on %s\n", kind, e.link.portName())
	}
	s.macs.add(k, p.link, s.now)
	return said, nil
}

// DeleteFDB undoes AddFDB. The error is in the words of fdb/del.
func (s *Bridge) DeleteFDB(vlan uint16, mac net.HardwareAddr) error {
	s.Begin()
	defer s.End()
	e := s.macs.find(macKey{vlan, mac48(mac)})
	if e == nil || !e.static {
		//lint:ignore ST1005 the words of ovs-vswitchd
		return errors.New("could not find static mac entry\n")
	}
	s.macs.drop(e)
	s.macs.counts.static--
	return nil
}

func (s *Bridge) portNamed(name string) *Port {
	for _, p := range s.ports {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func mac48(mac net.HardwareAddr) uint64 {
	var b [8]byte
	copy(b[2:], mac)
	return binary.BigEndian.Uint64(b[:])
}

func hardwareAddr(mac uint64) net.HardwareAddr {
	return binary.BigEndian.AppendUint64(nil, mac)[2:]
}
