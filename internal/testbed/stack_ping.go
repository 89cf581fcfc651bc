// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Ping implements Station.
func (s *StackStation) Ping(ctx context.Context, dst netip.Addr) error {
	var wq waiter.Queue
	proto := icmp.ProtocolNumber4
	if dst.Is6() {
		proto = icmp.ProtocolNumber6
	}
	ep, terr := s.stack.NewEndpoint(proto, protocolOf(dst), &wq)
	if terr != nil {
		return pingFailed(s.name, dst, stackError(terr))
	}
	if terr := ep.Connect(tcpip.FullAddress{Addr: tcpip.AddrFromSlice(dst.AsSlice())}); terr != nil {
		ep.Close()
		return pingFailed(s.name, dst, stackError(terr))
	}
	// An ICMP endpoint is a datagram endpoint, and so is what gonet makes a connection of.
	if err := pingOver(ctx, gonet.NewUDPConn(&wq, ep), dst); err != nil {
		return pingFailed(s.name, dst, err)
	}
	return nil
}
