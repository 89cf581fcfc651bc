// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/ovskit/ovskit/openflow"
)

// Port is a port of a switch.
type Port struct {
	// No is the OpenFlow port number, 1 to 0xfeff or openflow.PortLocal.
	No     uint32
	Name   string
	HWAddr net.HardwareAddr
	// Datapath is the port's number in the datapath, which tunnels of a type share; 0 where it has none, as a patch port.
	Datapath uint32
	// Config is what controllers can set, State what the device has.
	Config openflow.PortConfig
	State  openflow.PortState
	// Current are the features of the link and CurrentSpeed its rate in kbit/s; 0 where they are not known.
	Current, CurrentSpeed uint32
	// Receive is called with every frame the switch sends out of the port; the frame is its own. Nil discards them.
	Receive func(frame []byte)
}

// port is a port with what the switch knows of it.
type port struct {
	Port
	added    time.Time
	counters Counters
}

// Counters are what has gone through a port.
type Counters struct {
	RxPackets, TxPackets, RxBytes, TxBytes uint64
}

func (p *port) desc() openflow.PortDesc {
	d := openflow.PortDesc{
		No: p.No, HWAddr: p.HWAddr, Name: p.Name, Config: p.Config, State: p.State,
		Current: p.Current, CurrentSpeed: p.CurrentSpeed,
	}
	if d.Config&openflow.PortConfigDown != 0 {
		d.State |= openflow.PortStateLinkDown
	}
	if d.State&openflow.PortStateLinkDown == 0 {
		d.State |= openflow.PortStateLive
	}
	return d
}

// AddPort adds a port, or fails where its number is not one of a port, or number or name are taken.
func (s *Switch) AddPort(p Port) error {
	if p.No == 0 || p.No >= maxPort && p.No != openflow.PortLocal {
		return fmt.Errorf("switch %s: port %q: %d is not the number of a port", s.name, p.Name, p.No)
	}
	added := &port{Port: p, added: s.dp.now()}
	s.mu.Lock()
	for _, old := range s.ports {
		if old.No == p.No || old.Name == p.Name {
			s.mu.Unlock()
			return fmt.Errorf("switch %s: port %d %q: there is port %d %q", s.name, p.No, p.Name, old.No, old.Name)
		}
	}
	s.ports[p.No] = added
	at, _ := slices.BinarySearch(s.portNos, p.No)
	s.portNos = slices.Insert(s.portNos, at, p.No)
	s.mu.Unlock()
	s.announce(openflow.PortStatus{Reason: openflow.PortAdded, Port: added.desc()})
	return nil
}

// ChangePort lets f change a port, except its number and name, and tells the controllers if that is a change for them. It
// does nothing if the port is not there.
func (s *Switch) ChangePort(no uint32, f func(*Port)) {
	s.mu.Lock()
	p := s.ports[no]
	if p == nil {
		s.mu.Unlock()
		return
	}
	was, name := p.desc(), p.Name
	f(&p.Port)
	p.No, p.Name = no, name
	is := p.desc()
	s.mu.Unlock()
	if !samePort(&was, &is) {
		s.announce(openflow.PortStatus{Reason: openflow.PortModified, Port: is})
		if s.portChanged != nil {
			s.portChanged(no)
		}
	}
}

func samePort(a, b *openflow.PortDesc) bool {
	return slices.Equal(a.HWAddr, b.HWAddr) && a.Config == b.Config && a.State == b.State &&
		a.Current == b.Current && a.CurrentSpeed == b.CurrentSpeed
}

// RemovePort removes a port, if it is there.
func (s *Switch) RemovePort(no uint32) {
	s.mu.Lock()
	p := s.ports[no]
	if p == nil {
		s.mu.Unlock()
		return
	}
	delete(s.ports, no)
	at, _ := slices.BinarySearch(s.portNos, no)
	s.portNos = slices.Delete(s.portNos, at, at+1)
	s.macs.forget(no)
	s.mu.Unlock()
	s.announce(openflow.PortStatus{Reason: openflow.PortDeleted, Port: p.desc()})
}

// Port returns a copy of a port; false if it is not there.
func (s *Switch) Port(no uint32) (Port, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ports[no]
	if p == nil {
		return Port{}, false
	}
	return p.Port, true
}

// PortCounters returns what has gone through a port; zero if it is not there.
func (s *Switch) PortCounters(no uint32) Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.ports[no]; p != nil {
		return p.counters
	}
	return Counters{}
}

// PortStats returns the statistics of a port, or of all for openflow.PortAny, by number. What a device does not count is
// all ones.
func (s *Switch) PortStats(no uint32) []openflow.PortStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	const uncounted = ^uint64(0)
	now := s.dp.now()
	stats := []openflow.PortStats{}
	for _, n := range s.portNos {
		if no != openflow.PortAny && no != n {
			continue
		}
		p := s.ports[n]
		stats = append(stats, openflow.PortStats{
			Port: n, Duration: now.Sub(p.added),
			RxPackets: p.counters.RxPackets, TxPackets: p.counters.TxPackets,
			RxBytes: p.counters.RxBytes, TxBytes: p.counters.TxBytes,
			RxDropped: uncounted, TxDropped: uncounted, RxErrors: uncounted, TxErrors: uncounted,
			RxFrameErrors: uncounted, RxOverErrors: uncounted, RxCRCErrors: uncounted, Collisions: uncounted,
		})
	}
	return stats
}

// portDescs are the descriptions of all ports, by number.
func (s *Switch) portDescs() []openflow.PortDesc {
	s.mu.Lock()
	defer s.mu.Unlock()
	descs := make([]openflow.PortDesc, 0, len(s.portNos))
	for _, no := range s.portNos {
		descs = append(descs, s.ports[no].desc())
	}
	return descs
}

// received counts a frame that has come in by a port.
func (p *port) received(size int) {
	p.counters.RxPackets++
	p.counters.RxBytes += uint64(size)
}

// sent counts a frame that has left by a port.
func (p *port) sent(size int) {
	p.counters.TxPackets++
	p.counters.TxBytes += uint64(size)
}
