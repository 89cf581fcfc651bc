// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// ListenTCP implements Station.
func (s *StackStation) ListenTCP(_ context.Context, local netip.AddrPort) (net.Listener, error) {
	l, err := gonet.ListenTCP(s.stack, stackAddr(local), ipv4.ProtocolNumber)
	if err != nil {
		return nil, fmt.Errorf("%q: listen on tcp %s: %w", s.name, local, err)
	}
	return stackListener{l}, nil
}

// stackListener is a listener whose Close ends an Accept that is waiting.
type stackListener struct{ *gonet.TCPListener }

func (l stackListener) Close() error {
	l.Shutdown()
	return l.TCPListener.Close()
}

// ListenUDP implements Station.
func (s *StackStation) ListenUDP(_ context.Context, local netip.AddrPort) (net.PacketConn, error) {
	addr := stackAddr(local)
	c, err := gonet.DialUDP(s.stack, &addr, nil, ipv4.ProtocolNumber)
	if err != nil {
		return nil, fmt.Errorf("%q: listen on udp %s: %w", s.name, local, err)
	}
	return c, nil
}

// DialUDP implements Station.
func (s *StackStation) DialUDP(_ context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	from, to := stackAddr(local), stackAddr(remote)
	c, err := gonet.DialUDP(s.stack, &from, &to, ipv4.ProtocolNumber)
	if err != nil {
		return nil, fmt.Errorf("%q: dial udp %s: %w", s.name, remote, err)
	}
	return c, nil
}

// DialTCP implements Station.
func (s *StackStation) DialTCP(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	c, err := s.dialTCP(ctx, stackAddr(local), stackAddr(remote))
	if err != nil {
		return nil, fmt.Errorf("%q: dial tcp %s: %w", s.name, remote, err)
	}
	return c, nil
}

func (s *StackStation) dialTCP(ctx context.Context, local, remote tcpip.FullAddress) (net.Conn, error) {
	var wq waiter.Queue
	ep, terr := s.stack.NewEndpoint(tcp.ProtocolNumber, ipv4.ProtocolNumber, &wq)
	if terr != nil {
		return nil, stackError(terr)
	}
	writable, ready := waiter.NewChannelEntry(waiter.WritableEvents)
	wq.EventRegister(&writable)
	defer wq.EventUnregister(&writable)

	if terr = ep.Bind(local); terr == nil {
		terr = ep.Connect(remote)
	}
	if _, ok := terr.(*tcpip.ErrConnectStarted); ok {
		select {
		case <-ctx.Done():
			ep.Abort()
			return nil, ctx.Err()
		case <-ready:
		}
		terr = ep.LastError()
	}
	if terr != nil {
		ep.Close()
		return nil, stackError(terr)
	}
	return gonet.NewTCPConn(&wq, ep), nil
}

// stackAddr gives the stack's form of an address; what is zero is for the stack to choose.
func stackAddr(a netip.AddrPort) tcpip.FullAddress {
	f := tcpip.FullAddress{Port: a.Port()}
	if a.Addr().IsValid() && !a.Addr().IsUnspecified() {
		f.Addr = tcpip.AddrFrom4(a.Addr().As4())
	}
	return f
}

// stackError gives an error of the stack the name it has in a kernel, where there is one that callers look for.
func stackError(err tcpip.Error) error {
	switch err.(type) {
	case *tcpip.ErrConnectionRefused:
		return syscall.ECONNREFUSED
	case *tcpip.ErrConnectionReset:
		return syscall.ECONNRESET
	case *tcpip.ErrHostUnreachable:
		return syscall.EHOSTUNREACH
	case *tcpip.ErrNetworkUnreachable:
		return syscall.ENETUNREACH
	case *tcpip.ErrPortInUse:
		return syscall.EADDRINUSE
	case *tcpip.ErrNoBufferSpace:
		return syscall.ENOBUFS
	case *tcpip.ErrClosedForSend:
		return ErrClosed
	}
	return errors.New(err.String())
}
