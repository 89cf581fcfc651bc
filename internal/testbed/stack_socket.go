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
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// ListenTCP implements Station.
func (s *StackStation) ListenTCP(_ context.Context, local netip.AddrPort) (net.Listener, error) {
	var wq waiter.Queue
	ep, err := s.bind(tcp.ProtocolNumber, &wq, local.Addr(), local)
	if err == nil {
		if err = ep.Listen(listenBacklog); err != nil {
			ep.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%q: listen on tcp %s: %w", s.name, local, stackError(err))
	}
	return stackListener{gonet.NewTCPListener(s.stack, &wq, ep)}, nil
}

// listenBacklog is how many connections wait to be accepted.
const listenBacklog = 128

// bind makes an endpoint for addresses of the family of a, and binds it.
func (s *StackStation) bind(
	proto tcpip.TransportProtocolNumber, wq *waiter.Queue, a netip.Addr, local netip.AddrPort,
) (tcpip.Endpoint, tcpip.Error) {
	ep, err := s.stack.NewEndpoint(proto, protocolOf(a), wq)
	if err != nil {
		return nil, err
	}
	ep.SocketOptions().SetV6Only(true)
	ep.SocketOptions().SetReuseAddress(proto == tcp.ProtocolNumber) // of connections that have ended
	if err := ep.Bind(stackAddr(local)); err != nil {
		ep.Close()
		return nil, err
	}
	return ep, nil
}

// stackListener is a listener whose Close ends an Accept that is waiting.
type stackListener struct{ *gonet.TCPListener }

func (l stackListener) Close() error {
	l.Shutdown()
	return l.TCPListener.Close()
}

// ListenUDP implements Station.
func (s *StackStation) ListenUDP(_ context.Context, local netip.AddrPort) (net.PacketConn, error) {
	var wq waiter.Queue
	ep, err := s.bind(udp.ProtocolNumber, &wq, local.Addr(), local)
	if err != nil {
		return nil, fmt.Errorf("%q: listen on udp %s: %w", s.name, local, stackError(err))
	}
	return gonet.NewUDPConn(&wq, ep), nil
}

// DialUDP implements Station.
func (s *StackStation) DialUDP(_ context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	var wq waiter.Queue
	ep, err := s.bind(udp.ProtocolNumber, &wq, remote.Addr(), local)
	if err == nil {
		if err = ep.Connect(stackAddr(remote)); err != nil {
			ep.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%q: dial udp %s: %w", s.name, remote, stackError(err))
	}
	return gonet.NewUDPConn(&wq, ep), nil
}

// DialTCP implements Station.
func (s *StackStation) DialTCP(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	wait, err := s.BeginTCP(local, remote)
	if err != nil {
		return nil, err
	}
	return wait(ctx)
}

// BeginTCP implements Station.
func (s *StackStation) BeginTCP(local, remote netip.AddrPort) (wait func(context.Context) (net.Conn, error), err error) {
	failed := func(err error) error { return fmt.Errorf("%q: dial tcp %s: %w", s.name, remote, err) }
	wq := &waiter.Queue{}
	ep, terr := s.bind(tcp.ProtocolNumber, wq, remote.Addr(), local)
	if terr != nil {
		return nil, failed(stackError(terr))
	}
	writable, ready := waiter.NewChannelEntry(waiter.WritableEvents)
	wq.EventRegister(&writable)
	terr = ep.Connect(stackAddr(remote))
	return func(ctx context.Context) (net.Conn, error) {
		defer wq.EventUnregister(&writable)
		if _, ok := terr.(*tcpip.ErrConnectStarted); ok {
			select {
			case <-ctx.Done():
				ep.Abort()
				return nil, failed(ctx.Err())
			case <-ready:
			}
			terr = ep.LastError()
		}
		if terr != nil {
			ep.Close()
			return nil, failed(stackError(terr))
		}
		return gonet.NewTCPConn(wq, ep), nil
	}, nil
}

// stackAddr gives the stack's form of an address; what is zero is for the stack to choose.
func stackAddr(a netip.AddrPort) tcpip.FullAddress {
	f := tcpip.FullAddress{Port: a.Port()}
	if a.Addr().IsValid() && !a.Addr().IsUnspecified() {
		f.Addr = tcpip.AddrFromSlice(a.Addr().AsSlice())
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
	case *tcpip.ErrBadLocalAddress:
		return syscall.EADDRNOTAVAIL
	case *tcpip.ErrMessageTooLong:
		return syscall.EMSGSIZE
	case *tcpip.ErrClosedForSend:
		return ErrClosed
	}
	return errors.New(err.String())
}
