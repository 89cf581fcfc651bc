// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// InterfaceConfig describes an interface of a StackStation.
type InterfaceConfig struct {
	MAC net.HardwareAddr
	// Addrs are the addresses of the interface, which has a link-local one of IPv6 besides. The station sends from the
	// one nearest to where it sends to, one that is alone in its prefix only if there is no other of its family.
	Addrs []netip.Prefix
	// OnLink are destinations behind the interface that are in the subnet of no address.
	OnLink []netip.Prefix
	// Proxied are addresses of others that the station answers ARP requests and neighbour solicitations for.
	Proxied []netip.Addr
	// MTU is how long a packet may be; 0 is 1500.
	MTU int
}

// check reports what the stack would panic about.
func (c *InterfaceConfig) check() error {
	if len(c.MAC) != header.EthernetAddressSize {
		return fmt.Errorf("MAC address %q: not an Ethernet address", c.MAC)
	}
	for _, a := range slices.Concat(c.Addrs, c.OnLink) {
		if !a.IsValid() || a.Addr().Is4In6() {
			return fmt.Errorf("address %s: not an address with its prefix length", a)
		}
	}
	if c.MTU != 0 && c.MTU < header.IPv6MinimumMTU {
		return fmt.Errorf("MTU %d: less than %d", c.MTU, header.IPv6MinimumMTU)
	}
	return nil
}

const (
	stackMTU    = 1500
	stackOutput = 1024 // frames queued between the stack and the wire; more are dropped, as by a NIC
)

// linkLocal is the prefix of the link-local addresses of IPv6.
var linkLocal = netip.MustParsePrefix("fe80::/64")

// StackInterface is an interface of a StackStation.
type StackInterface struct {
	station *StackStation
	id      tcpip.NICID
	mac     net.HardwareAddr
	proxied []netip.Addr
	mtu     int
	link    *channel.Endpoint

	stop context.CancelFunc
	done chan struct{} // closed when nothing is sent any more; nil before Connect

	mu       sync.Mutex
	closed   bool
	captures map[*stackCapture]struct{}
}

// addInterface gives the station one more interface.
func (s *StackStation) addInterface(c InterfaceConfig) (*StackInterface, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	mtu := cmp.Or(c.MTU, stackMTU)
	i := &StackInterface{
		station: s, id: tcpip.NICID(len(s.interfaces) + 1), mac: c.MAC, proxied: c.Proxied, mtu: mtu,
		link:     channel.New(stackOutput, uint32(mtu)+header.EthernetMinimumSize, tcpip.LinkAddress(c.MAC)),
		captures: make(map[*stackCapture]struct{}),
	}
	s.interfaces = append(s.interfaces, i)
	if err := s.stack.CreateNIC(i.id, ethernet.New(i.link)); err != nil {
		return nil, fmt.Errorf("create interface %d: %w", i.id, stackError(err))
	}
	for _, a := range c.Addrs {
		peb := stack.CanBePrimaryEndpoint
		nearer := func(b netip.Prefix) bool { return b.Addr().Is4() == a.Addr().Is4() && !b.IsSingleIP() }
		if a.IsSingleIP() && slices.ContainsFunc(c.Addrs, nearer) {
			peb = stack.NeverPrimaryEndpoint
		}
		err := s.stack.AddProtocolAddress(i.id,
			tcpip.ProtocolAddress{Protocol: protocolOf(a.Addr()), AddressWithPrefix: stackPrefix(a)},
			stack.AddressProperties{PEB: peb})
		if err != nil {
			return nil, fmt.Errorf("add address %s: %w", a, stackError(err))
		}
	}
	for _, a := range c.Proxied {
		// The stack looks for them here if it sends from an address of this interface; reroute knows better, once it has a frame.
		if err := s.stack.AddStaticNeighbor(i.id, protocolOf(a), tcpip.AddrFromSlice(a.AsSlice()), tcpip.LinkAddress(c.MAC)); err != nil {
			return nil, fmt.Errorf("proxied address %s: %w", a, stackError(err))
		}
	}
	return i, nil
}

// leadsTo is what can be reached by the interface without a gateway.
func (i *StackInterface) leadsTo(c InterfaceConfig) []netip.Prefix {
	if i.id != 1 {
		return slices.Concat(c.Addrs, c.OnLink)
	}
	return slices.Concat(c.Addrs, c.OnLink, []netip.Prefix{linkLocal})
}

// Connect plugs the interface in: from now on its frames go to send, from one goroutine. send owns the frame.
func (i *StackInterface) Connect(send func(frame []byte)) {
	ctx, stop := context.WithCancel(context.Background())
	i.stop, i.done = stop, make(chan struct{})
	go func() {
		defer close(i.done)
		for {
			pkt := i.link.ReadContext(ctx)
			if pkt == nil {
				return
			}
			view := pkt.ToBuffer()
			frame := view.Flatten()
			view.Release()
			byStack := pkt.NetworkProtocolNumber != 0 // not by SendFrames
			pkt.DecRef()
			if !byStack || !i.reroute(frame) {
				send(frame)
			}
		}
	}()
}

// Receive is a frame arriving at the interface, which owns it. It never blocks: what the stack has to say to it is
// queued.
func (i *StackInterface) Receive(frame []byte) {
	i.mu.Lock()
	if i.closed {
		i.mu.Unlock()
		return
	}
	for c := range i.captures {
		c.put(frame)
	}
	i.mu.Unlock()

	if len(frame) < header.EthernetMinimumSize || !i.accepts(frame) || i.answer(frame) {
		return
	}
	if i.station.forwards && i.forward(frame) {
		return
	}
	i.station.clock.ordered(frame, i.inject)
}

// accepts tells whether an interface that is not promiscuous takes the frame: the stack does not look at this.
func (i *StackInterface) accepts(frame []byte) bool {
	dst := header.Ethernet(frame).DestinationAddress()
	return dst == tcpip.LinkAddress(i.mac) || header.IsMulticastEthernetAddress(dst) || dst == header.EthernetBroadcastAddress
}

// inject gives a frame to the stack.
func (i *StackInterface) inject(frame []byte) {
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	defer pkt.DecRef()
	i.link.InjectInbound(0, pkt)
}

// MAC implements Station.
func (i *StackInterface) MAC() net.HardwareAddr { return i.mac }

// SendFrames implements Station.
func (i *StackInterface) SendFrames(frames ...[]byte) error {
	for _, frame := range frames {
		if err := i.sendFrame(frame); err != nil {
			return fmt.Errorf("%q: send a frame: %w", i.station.name, err)
		}
	}
	return nil
}

func (i *StackInterface) sendFrame(frame []byte) error {
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame)})
	defer pkt.DecRef()
	var pkts stack.PacketBufferList
	pkts.PushBack(pkt)
	n, err := i.link.WritePackets(pkts)
	if err == nil && n == 0 {
		err = &tcpip.ErrNoBufferSpace{}
	}
	if err != nil {
		return stackError(err)
	}
	return nil
}

// unplug ends all that arrives at the interface and leaves it.
func (i *StackInterface) unplug() {
	i.mu.Lock()
	i.closed = true
	for c := range i.captures {
		close(c.frames)
	}
	i.captures = nil
	i.mu.Unlock()
	if i.stop != nil {
		i.stop()
		<-i.done
	}
	i.link.Close()
}
