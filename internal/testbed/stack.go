// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

// StackConfig describes a machine with a user-space network stack.
type StackConfig struct {
	Name string
	MAC  net.HardwareAddr
	// Addrs are the IPv4 addresses of the interface. The station sends from the one nearest to where it sends to, a
	// /32 only if there is no other.
	Addrs []netip.Prefix
	// Routes lead beyond the subnets of Addrs.
	Routes []Route
	// Forward makes the machine a router.
	Forward bool
}

// check reports what the stack would panic about.
func (c *StackConfig) check() error {
	if len(c.MAC) != header.EthernetAddressSize {
		return fmt.Errorf("MAC address %q: not an Ethernet address", c.MAC)
	}
	for _, a := range c.Addrs {
		if !a.IsValid() || !a.Addr().Is4() {
			return fmt.Errorf("address %s: not IPv4", a)
		}
	}
	for _, r := range c.Routes {
		if !r.Dst.IsValid() || !r.Dst.Addr().Is4() || !r.Via.Is4() || r.Dst != r.Dst.Masked() {
			return fmt.Errorf("route to %s by way of %s: not an IPv4 route", r.Dst, r.Via)
		}
	}
	return nil
}

const (
	ephemeralFirst = 32768 // as Linux has it
	ephemeralLast  = 60999

	stackMTU    = 1500
	stackNIC    = tcpip.NICID(1)
	stackOutput = 1024 // frames queued between the stack and the wire; more are dropped, as by a NIC
)

// StackStation is a machine whose network stack runs in this process.
type StackStation struct {
	name     string
	mac      net.HardwareAddr
	forwards bool
	stack    *stack.Stack
	link     *channel.Endpoint

	stop context.CancelFunc
	done chan struct{} // closed when nothing is sent any more; nil before Connect

	mu       sync.Mutex
	closed   bool
	captures map[*stackCapture]struct{}
}

var _ Station = (*StackStation)(nil)

// NewStack makes a machine that is not connected to anything yet. The caller must Close it.
func NewStack(c StackConfig) (*StackStation, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("station %q: %w", c.Name, err)
	}
	s := &StackStation{
		name:     c.Name,
		mac:      c.MAC,
		forwards: c.Forward,
		stack: stack.New(stack.Options{
			NetworkProtocols:   []stack.NetworkProtocolFactory{arp.NewProtocol, ipv4.NewProtocol},
			TransportProtocols: []stack.TransportProtocolFactory{icmp.NewProtocol4, tcp.NewProtocol, udp.NewProtocol},
			HandleLocal:        true,
		}),
		link:     channel.New(stackOutput, stackMTU+header.EthernetMinimumSize, tcpip.LinkAddress(c.MAC)),
		captures: make(map[*stackCapture]struct{}),
	}
	if err := s.configure(c); err != nil {
		s.Close()
		return nil, fmt.Errorf("station %q: %w", c.Name, err)
	}
	return s, nil
}

func (s *StackStation) configure(c StackConfig) error {
	if err := s.stack.CreateNIC(stackNIC, ethernet.New(s.link)); err != nil {
		return fmt.Errorf("create its interface: %w", stackError(err))
	}
	var routes []tcpip.Route
	for _, r := range c.Routes {
		routes = append(routes, tcpip.Route{
			Destination: stackPrefix(r.Dst).Subnet(),
			Gateway:     tcpip.AddrFrom4(r.Via.As4()),
			NIC:         stackNIC,
		})
	}
	for _, a := range c.Addrs {
		peb := stack.CanBePrimaryEndpoint
		if a.IsSingleIP() && len(c.Addrs) > 1 {
			peb = stack.NeverPrimaryEndpoint
		}
		err := s.stack.AddProtocolAddress(stackNIC,
			tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: stackPrefix(a)},
			stack.AddressProperties{PEB: peb})
		if err != nil {
			return fmt.Errorf("add address %s: %w", a, stackError(err))
		}
		routes = append(routes, tcpip.Route{Destination: stackPrefix(a).Subnet(), NIC: stackNIC})
	}
	s.stack.SetRouteTable(routes) // sorted by the stack, longest prefix first
	if err := s.stack.SetPortRange(ephemeralFirst, ephemeralLast); err != nil {
		return fmt.Errorf("set the range of its ports: %w", stackError(err))
	}
	return nil
}

func stackPrefix(p netip.Prefix) tcpip.AddressWithPrefix {
	return tcpip.AddressWithPrefix{Address: tcpip.AddrFrom4(p.Addr().As4()), PrefixLen: p.Bits()}
}

// Connect plugs the machine in: from now on its frames go to send, from one goroutine. send owns the frame.
func (s *StackStation) Connect(send func(frame []byte)) {
	ctx, stop := context.WithCancel(context.Background())
	s.stop, s.done = stop, make(chan struct{})
	go func() {
		defer close(s.done)
		for {
			pkt := s.link.ReadContext(ctx)
			if pkt == nil {
				return
			}
			frame := pkt.ToBuffer()
			send(frame.Flatten())
			frame.Release()
			pkt.DecRef()
		}
	}()
}

// Receive is a frame arriving at the interface, which owns it. It never blocks: what the stack has to say to it is
// queued.
func (s *StackStation) Receive(frame []byte) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	for c := range s.captures {
		c.put(frame)
	}
	s.mu.Unlock()

	if len(frame) < header.EthernetMinimumSize || !s.accepts(frame) {
		return
	}
	if s.forwards && s.forward(frame) {
		return
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	defer pkt.DecRef()
	s.link.InjectInbound(0, pkt)
}

// accepts tells whether an interface that is not promiscuous takes the frame: the stack does not look at this.
func (s *StackStation) accepts(frame []byte) bool {
	dst := header.Ethernet(frame).DestinationAddress()
	return dst == tcpip.LinkAddress(s.mac) || header.IsMulticastEthernetAddress(dst) || dst == header.EthernetBroadcastAddress
}

// Name implements Station.
func (s *StackStation) Name() string { return s.name }

// MAC implements Station.
func (s *StackStation) MAC() net.HardwareAddr { return s.mac }

// SendFrame implements Station.
func (s *StackStation) SendFrame(frame []byte) error {
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	defer pkt.DecRef()
	var pkts stack.PacketBufferList
	pkts.PushBack(pkt)
	n, err := s.link.WritePackets(pkts)
	if err == nil && n == 0 {
		err = &tcpip.ErrNoBufferSpace{}
	}
	if err != nil {
		return fmt.Errorf("%q: send a frame: %w", s.name, stackError(err))
	}
	return nil
}

// Close unplugs the machine and ends its stack with all connections.
func (s *StackStation) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	for c := range s.captures {
		close(c.frames)
	}
	s.captures = nil
	s.mu.Unlock()

	if s.stop != nil {
		s.stop()
		<-s.done
	}
	s.stack.Destroy()
	s.link.Close()
}
