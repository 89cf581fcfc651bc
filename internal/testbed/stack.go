// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

// StackConfig describes a machine with a user-space network stack.
type StackConfig struct {
	Name string
	// Interfaces are the machine's, of which the first is the one that the methods of Station mean.
	Interfaces []InterfaceConfig
	// Routes lead beyond the subnets of the interfaces' addresses, by way of a neighbour in one of them.
	Routes []Route
	// Forward makes the machine a router.
	Forward bool
}

const (
	ephemeralFirst = 32768 // as Linux has it
	ephemeralLast  = 60999
)

// StackStation is a machine whose network stack runs in this process. It takes what is for any of its addresses at any
// of its interfaces, as Linux does.
type StackStation struct {
	*StackInterface // the first one
	name            string
	forwards        bool
	stack           *stack.Stack
	clock           *stackClock
	interfaces      []*StackInterface
	closing         sync.Once
}

var _ Station = (*StackStation)(nil)

// NewStack makes a machine that is not connected to anything yet. The caller must Close it.
func NewStack(c StackConfig) (*StackStation, error) {
	clock := newStackClock()
	s := &StackStation{
		name:     c.Name,
		forwards: c.Forward,
		clock:    clock,
		stack: stack.New(stack.Options{
			NetworkProtocols: []stack.NetworkProtocolFactory{
				arp.NewProtocol, ipv4.NewProtocol, ipv6.NewProtocolWithOptions(ipv6.Options{AutoGenLinkLocal: true}),
			},
			TransportProtocols: []stack.TransportProtocolFactory{
				icmp.NewProtocol4, icmp.NewProtocol6, tcp.NewProtocol, udp.NewProtocol,
			},
			HandleLocal: true,
			Clock:       clock,
		}),
	}
	if err := s.configure(c); err != nil {
		s.Close()
		return nil, fmt.Errorf("station %q: %w", c.Name, err)
	}
	return s, nil
}

func (s *StackStation) configure(c StackConfig) error {
	if len(c.Interfaces) == 0 {
		return errors.New("no interface")
	}
	var routes []tcpip.Route
	for _, ic := range c.Interfaces {
		i, err := s.addInterface(ic)
		if err != nil {
			return err
		}
		for _, p := range i.leadsTo(ic) {
			routes = append(routes, tcpip.Route{Destination: stackPrefix(p).Subnet(), NIC: i.id})
		}
	}
	s.StackInterface = s.interfaces[0]
	for _, r := range c.Routes {
		id, err := towards(c.Interfaces, r)
		if err != nil {
			return err
		}
		routes = append(routes, tcpip.Route{
			Destination: stackPrefix(r.Dst).Subnet(), Gateway: tcpip.AddrFromSlice(r.Via.AsSlice()), NIC: id,
		})
	}
	s.stack.SetRouteTable(routes) // sorted by the stack, longest prefix first
	if s.forwards {
		// The stack never gets to forward, see forward; this makes it send from any of its addresses by any interface.
		for _, proto := range []tcpip.NetworkProtocolNumber{ipv4.ProtocolNumber, ipv6.ProtocolNumber} {
			if err := s.stack.SetForwardingDefaultAndAllNICs(proto, true); err != nil {
				return fmt.Errorf("make it a router: %w", stackError(err))
			}
		}
	}
	if err := s.stack.SetPortRange(ephemeralFirst, ephemeralLast); err != nil {
		return fmt.Errorf("set the range of its ports: %w", stackError(err))
	}
	return nil
}

// towards finds the interface that the next hop of a route is at.
func towards(interfaces []InterfaceConfig, r Route) (tcpip.NICID, error) {
	if !r.Dst.IsValid() || !r.Via.IsValid() || r.Dst != r.Dst.Masked() || r.Dst.Addr().Is4() != r.Via.Is4() {
		return 0, fmt.Errorf("route to %s by way of %s: not a route", r.Dst, r.Via)
	}
	for n, ic := range interfaces {
		for _, a := range ic.Addrs {
			if a.Contains(r.Via) {
				return tcpip.NICID(n + 1), nil
			}
		}
	}
	return 0, fmt.Errorf("route to %s by way of %s: not a neighbour", r.Dst, r.Via)
}

func stackPrefix(p netip.Prefix) tcpip.AddressWithPrefix {
	return tcpip.AddressWithPrefix{Address: tcpip.AddrFromSlice(p.Addr().AsSlice()), PrefixLen: p.Bits()}
}

// protocolOf is the network protocol of an address.
func protocolOf(a netip.Addr) tcpip.NetworkProtocolNumber {
	if a.Is4() {
		return ipv4.ProtocolNumber
	}
	return ipv6.ProtocolNumber
}

// Name implements Station.
func (s *StackStation) Name() string { return s.name }

// Close unplugs the machine and ends its stack with all connections.
func (s *StackStation) Close() {
	s.closing.Do(func() {
		for _, i := range s.interfaces {
			i.unplug()
		}
		s.stack.Destroy()
	})
}
