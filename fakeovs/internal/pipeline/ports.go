// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"fmt"
	"net"
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/openflow"
)

// Port is a port of a switch.
type Port struct {
	// No is the OpenFlow port number, 1 to 0xfeff or openflow.PortLocal.
	No     uint32
	Name   string
	HWAddr net.HardwareAddr
	// Datapath is the port's number in the datapath, which traces have and tunnels of a type share; 0 where it has none, as a
	// patch, and where nobody has chosen one.
	Datapath uint32
	// Receive is called with every frame the switch sends out of the port; the frame is its own. Nil discards them.
	Receive func(frame []byte)
	// Fits reports whether the device can send a frame. One that it cannot is dropped without being counted, as are those
	// that leave after it on account of the same packet. Nil sends any.
	Fits func(frame []byte) bool
	// Current, Advertised, Supported and Peer are OFPPF_ flags of the link, CurrentSpeed and MaxSpeed are in kbit/s.
	Current, Advertised, Supported, Peer uint32
	CurrentSpeed, MaxSpeed               uint32
	// Dummy says that the device is a dummy of Open vSwitch's tests, which has counters of its own and a queue 0.
	Dummy bool
	// Queues are the numbers of the port's queues.
	Queues []uint32
	// DSCP is what IP packets with the priority of a queue, of those that have one, leave with (RFC 2474), 0 to 63.
	DSCP map[uint32]uint8
	// Policing is how much may come in by the port.
	Policing Policing
	// CountsErrors says that the device counts more than packets and bytes.
	CountsErrors bool
	// LinkDown says that the link is down, Down that the device is, as controllers can put it.
	LinkDown, Down bool
	// Tunnel is what the port is an end of; nil for other ports.
	Tunnel *Tunnel
	// Patch says that the port leads to another one, by Switch.ConnectPatch, and nowhere else.
	Patch bool

	portState
	s    *Bridge
	link *link
	// other and otherNo are what a patch leads to.
	other   *Bridge
	otherNo uint32
}

// peer is the port at the other end of a patch, nil of other ports and of one without an end.
func (p *Port) peer() *Port {
	if p.other == nil {
		return nil
	}
	return p.other.ports[p.otherNo]
}

// ConnectPatch makes a patch lead to a port of a bridge of the same datapath, or nowhere if that is nil.
func (s *Bridge) ConnectPatch(no uint32, other *Bridge, otherNo uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.ports[no]; p != nil {
		p.other, p.otherNo = other, otherNo
	}
}

// floods reports whether packets are flooded to the port.
func (p *Port) floods() bool { return p.config&configNoFlood == 0 }

// maxPortName is how much of a port's name there is room for in messages.
const maxPortName = 15

func (p *Port) desc() openflow.PortDesc {
	return openflow.PortDesc{
		No: p.No, HWAddr: p.HWAddr, Name: p.Name[:min(len(p.Name), maxPortName)], Config: p.config, State: p.state,
		Current: p.Current, Advertised: p.Advertised, Supported: p.Supported, Peer: p.Peer,
		CurrentSpeed: p.CurrentSpeed, MaxSpeed: p.MaxSpeed,
	}
}

// AddPort adds a port, or fails where its number is not one of a port, or number or name are taken.
func (s *Bridge) AddPort(p Port) error {
	if p.No == 0 || p.No >= flowcheck.MaxPort && p.No != openflow.PortLocal {
		return fmt.Errorf("switch %s: port %q: %d is not the number of a port", s.name, p.Name, p.No)
	}
	s.mu.Lock()
	for _, old := range s.ports {
		if old.No == p.No || old.Name == p.Name {
			s.mu.Unlock()
			return fmt.Errorf("switch %s: port %d %q: there is port %d %q", s.name, p.No, p.Name, old.No, old.Name)
		}
	}
	p.created = s.dp.now()
	if p.Dummy && p.Queues == nil {
		p.Queues = []uint32{0}
	}
	if !p.CountsErrors {
		p.counts = uncounted
	}
	if p.Down {
		p.config |= openflow.PortConfigDown
	}
	p.settle()
	p.s = s
	if p.Datapath == 0 && !p.Patch {
		p.Datapath = p.No
	}
	s.dp.ports[&p] = struct{}{}
	s.ports[p.No] = &p
	s.alone(&p)
	s.ordered = append(s.ordered, &p)
	at, _ := slices.BinarySearch(s.portNos, p.No)
	s.portNos = slices.Insert(s.portNos, at, p.No)
	now := p.desc()
	s.mu.Unlock()
	s.controllers.PortAdded(now)
	return nil
}

// RemovePort removes a port, if it is there.
func (s *Bridge) RemovePort(no uint32) {
	s.mu.Lock()
	p := s.ports[no]
	if p == nil {
		s.mu.Unlock()
		return
	}
	delete(s.ports, no)
	delete(s.dp.ports, p)
	s.ordered = slices.DeleteFunc(s.ordered, func(o *Port) bool { return o == p })
	at, _ := slices.BinarySearch(s.portNos, no)
	s.portNos = slices.Delete(s.portNos, at, at+1)
	s.detach(p)
	s.mu.Unlock()
	s.controllers.PortRemoved(p.desc())
}

// ChangePort lets f change a port, except its number and name, and tells the controllers if they can see that. It does
// nothing if the port is not there.
func (s *Bridge) ChangePort(no uint32, f func(*Port)) {
	s.changePort(no, func(p *Port) {
		name := p.Name
		p.Down = p.config&openflow.PortConfigDown != 0
		f(p)
		p.No, p.Name = no, name
		p.config &^= openflow.PortConfigDown
		if p.Down {
			p.config |= openflow.PortConfigDown
		}
		p.settle()
	})
	s.RunBonds()
}

// Port returns a copy of a port; false if it is not there.
func (s *Bridge) Port(no uint32) (Port, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.ports[no]
	if p == nil {
		return Port{}, false
	}
	now := *p
	now.Down = p.config&openflow.PortConfigDown != 0
	return now, true
}

// PortDescs are the descriptions of all ports, by number.
func (s *Bridge) PortDescs() []openflow.PortDesc {
	s.mu.Lock()
	defer s.mu.Unlock()
	descs := make([]openflow.PortDesc, 0, len(s.portNos))
	for _, no := range s.portNos {
		descs = append(descs, s.ports[no].desc())
	}
	return descs
}
