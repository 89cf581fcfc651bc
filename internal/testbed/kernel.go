// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"

	"github.com/mdlayher/packet"
)

// namespace is a network namespace: Do calls fn on a thread that is in it. A socket stays where it was made.
type namespace interface {
	Do(fn func() error) error
}

// kernelStation is a network namespace with one interface that counts.
type kernelStation struct {
	name  string
	ns    namespace
	iface *net.Interface

	mu     sync.Mutex
	sender *packet.Conn // of SendFrames; nil before. A packet socket takes long to close
}

var _ Station = (*kernelStation)(nil)

// newKernelStation makes a station of the namespace ns, on its interface ifname.
func newKernelStation(name string, ns namespace, ifname string) (*kernelStation, error) {
	s := &kernelStation{name: name, ns: ns}
	err := ns.Do(func() (err error) {
		s.iface, err = net.InterfaceByName(ifname)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("station %q: find interface %q: %w", name, ifname, err)
	}
	return s, nil
}

// Name implements Station.
func (s *kernelStation) Name() string { return s.name }

// MAC implements Station.
func (s *kernelStation) MAC() net.HardwareAddr { return s.iface.HardwareAddr }

// ListenTCP implements Station.
func (s *kernelStation) ListenTCP(ctx context.Context, local netip.AddrPort) (l net.Listener, err error) {
	err = s.ns.Do(func() (err error) {
		l, err = new(net.ListenConfig).Listen(ctx, "tcp"+version(local.Addr()), local.String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s.name, err)
	}
	return l, nil
}

// ListenUDP implements Station.
func (s *kernelStation) ListenUDP(ctx context.Context, local netip.AddrPort) (c net.PacketConn, err error) {
	err = s.ns.Do(func() (err error) {
		c, err = new(net.ListenConfig).ListenPacket(ctx, "udp"+version(local.Addr()), local.String())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s.name, err)
	}
	return c, nil
}

// DialTCP implements Station.
func (s *kernelStation) DialTCP(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{KeepAlive: -1}
	if a, ok := chosen(local); ok {
		d.LocalAddr = net.TCPAddrFromAddrPort(a)
	}
	return s.dial(ctx, d, "tcp"+version(remote.Addr()), remote.String())
}

// DialUDP implements Station.
func (s *kernelStation) DialUDP(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	var d net.Dialer
	if a, ok := chosen(local); ok {
		d.LocalAddr = net.UDPAddrFromAddrPort(a)
	}
	return s.dial(ctx, d, "udp"+version(remote.Addr()), remote.String())
}

// version ends the name of a network for addresses of this family.
func version(a netip.Addr) string {
	if a.Is6() {
		return "6"
	}
	return "4"
}

// chosen is what of a local address the caller has chosen; false if nothing. A zero address has no family.
func chosen(local netip.AddrPort) (netip.AddrPort, bool) {
	if local.Addr().IsUnspecified() {
		local = netip.AddrPortFrom(netip.Addr{}, local.Port())
	}
	return local, local != netip.AddrPort{}
}

// dial connects to a numeric address, for which the dialer makes its socket on the calling thread.
func (s *kernelStation) dial(ctx context.Context, d net.Dialer, network, addr string) (c net.Conn, err error) {
	err = s.ns.Do(func() (err error) {
		c, err = d.DialContext(ctx, network, addr)
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("dial %s %s: %w", network, addr, ctx.Err())
		}
		return nil, fmt.Errorf("%q: %w", s.name, err)
	}
	return c, nil
}

// Ping implements Station.
func (s *kernelStation) Ping(ctx context.Context, dst netip.Addr) error {
	c, err := s.DialPing(ctx, netip.AddrPortFrom(netip.Addr{}, uint16(rand.IntN(1<<16))), dst)
	if err == nil {
		err = pingOver(ctx, c)
	}
	if err != nil {
		return pingFailed(s.name, dst, err)
	}
	return nil
}

// DialPing implements Station.
func (s *kernelStation) DialPing(ctx context.Context, local netip.AddrPort, dst netip.Addr) (net.Conn, error) {
	network := "ip4:icmp"
	if dst.Is6() {
		network = "ip6:ipv6-icmp"
	}
	var d net.Dialer
	if local.Addr().IsValid() && !local.Addr().IsUnspecified() {
		d.LocalAddr = &net.IPAddr{IP: local.Addr().AsSlice()}
	}
	c, err := s.dial(ctx, d, network, dst.String())
	if err != nil {
		return nil, err
	}
	return newEchoConn(icmpConn{c.(*net.IPConn)}, dst, local.Port()), nil
}

// icmpConn reads ICMP messages; Read of an IPConn gives the header of IPv4 as well.
type icmpConn struct{ *net.IPConn }

func (c icmpConn) Read(b []byte) (int, error) {
	n, _, err := c.ReadFromIP(b)
	return n, err
}

// SendFrames implements Station.
func (s *kernelStation) SendFrames(frames ...[]byte) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sender == nil {
		if s.sender, err = s.packetSocket(); err != nil {
			return err
		}
	}
	for _, frame := range frames {
		if len(frame) < 14 {
			return fmt.Errorf("%q: a frame of %d bytes has no Ethernet header", s.name, len(frame))
		}
		if _, err := s.sender.WriteTo(frame, &packet.Addr{HardwareAddr: net.HardwareAddr(frame[:6])}); err != nil {
			return fmt.Errorf("%q: send a frame: %w", s.name, err)
		}
	}
	return nil
}

// close ends what the station keeps open.
func (s *kernelStation) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sender == nil {
		return nil
	}
	err := s.sender.Close()
	s.sender = nil
	return err
}

// Capture implements Station.
func (s *kernelStation) Capture(context.Context) (Capture, error) {
	c, err := s.packetSocket()
	if err != nil {
		return nil, err
	}
	if err := listen(c, s.iface.Index); err != nil {
		c.Close()
		return nil, fmt.Errorf("%q: capture: %w", s.name, err)
	}
	return &kernelCapture{station: s.name, conn: c}, nil
}

// packetSocket opens a socket of no protocol, which receives nothing.
func (s *kernelStation) packetSocket() (c *packet.Conn, err error) {
	err = s.ns.Do(func() (err error) {
		c, err = packet.Listen(s.iface, packet.Raw, 0, nil)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%q: open a packet socket on %q: %w", s.name, s.iface.Name, err)
	}
	return c, nil
}
