// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Ping implements Station.
func (s *StackStation) Ping(ctx context.Context, dst netip.Addr) error {
	c, err := s.DialPing(ctx, netip.AddrPort{}, dst)
	if err != nil {
		return err
	}
	if err := pingOver(ctx, c); err != nil {
		return pingFailed(s.name, dst, err)
	}
	return nil
}

// DialPing implements Station. Without an identifier the stack chooses one.
func (s *StackStation) DialPing(_ context.Context, local netip.AddrPort, dst netip.Addr) (net.Conn, error) {
	var wq waiter.Queue
	proto := icmp.ProtocolNumber4
	if dst.Is6() {
		proto = icmp.ProtocolNumber6
	}
	ep, err := s.bind(proto, &wq, dst, local)
	if err == nil {
		if err = ep.Connect(stackAddr(netip.AddrPortFrom(dst, 0))); err != nil {
			ep.Close()
		}
	}
	if err != nil {
		return nil, pingFailed(s.name, dst, stackError(err))
	}
	// An ICMP endpoint is a datagram endpoint, and so is what gonet makes a connection of.
	return newEchoConn(gonet.NewUDPConn(&wq, ep), dst, local.Port()), nil
}
