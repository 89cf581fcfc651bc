// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
)

// Neighbours implements Station.
func (s *kernelStation) Neighbours() (map[netip.Addr]net.HardwareAddr, error) {
	var entries []netlink.Neigh
	err := s.ns.Do(func() (err error) {
		entries, err = netlink.NeighList(s.iface.Index, netlink.FAMILY_ALL)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%q: list neighbours: %w", s.name, err)
	}
	known := map[netip.Addr]net.HardwareAddr{}
	for _, e := range entries {
		addr, ok := netip.AddrFromSlice(e.IP)
		if ok && len(e.HardwareAddr) != 0 && e.State&netlink.NUD_NOARP == 0 {
			known[addr.Unmap()] = e.HardwareAddr
		}
	}
	return known, nil
}

// Neighbours implements Station.
func (i *StackInterface) Neighbours() (map[netip.Addr]net.HardwareAddr, error) {
	known := map[netip.Addr]net.HardwareAddr{}
	for _, protocol := range []tcpip.NetworkProtocolNumber{ipv4.ProtocolNumber, ipv6.ProtocolNumber} {
		entries, err := i.station.stack.Neighbors(i.id, protocol)
		if err != nil {
			return nil, fmt.Errorf("%q: list neighbours: %w", i.station.name, stackError(err))
		}
		for _, e := range entries {
			if addr, ok := netip.AddrFromSlice(e.Addr.AsSlice()); ok && e.LinkAddr != "" {
				known[addr] = net.HardwareAddr(e.LinkAddr)
			}
		}
	}
	return known, nil
}
