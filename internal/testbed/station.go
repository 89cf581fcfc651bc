// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"net"
	"net/netip"
)

// Station is a machine on the network with an IPv4 and IPv6 stack. Of its Ethernet interfaces, if it has several, one is
// meant where there is talk of "the interface". Its methods may be used concurrently.
//
// Errors that a network gives wrap what a kernel calls them: syscall.ECONNREFUSED, syscall.EHOSTUNREACH,
// syscall.ENETUNREACH. When nothing answers they wrap the context's error.
type Station interface {
	// Name is the name of the machine, for people.
	Name() string
	// MAC is the address of the interface.
	MAC() net.HardwareAddr
	// ListenTCP and ListenUDP listen on an address of the station, or on all of its family if it is unspecified.
	ListenTCP(ctx context.Context, local netip.AddrPort) (net.Listener, error)
	ListenUDP(ctx context.Context, local netip.AddrPort) (net.PacketConn, error)
	// DialTCP and DialUDP connect to remote. The address and the port of local are each chosen if they are zero; so is an
	// unspecified address.
	DialTCP(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error)
	DialUDP(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error)
	// BeginTCP is DialTCP in two parts: when it returns, the first segment is on its way. wait, which has to be called, waits
	// for the answer, and gives the connection up if there is none before ctx ends.
	BeginTCP(local, remote netip.AddrPort) (wait func(ctx context.Context) (net.Conn, error), err error)
	// Ping sends echo requests of ICMP or ICMPv6 to dst until one is answered or ctx ends.
	Ping(ctx context.Context, dst netip.Addr) error
	// DialPing has what is written sent to dst in echo requests, and reads what the replies carry, one by one; of the
	// station's other pings to dst as well. The port of local is the identifier.
	DialPing(ctx context.Context, local netip.AddrPort, dst netip.Addr) (net.Conn, error)
	// SendFrames sends frames as they are, from the Ethernet header on and without FCS, after what the station has sent
	// before.
	SendFrames(frames ...[]byte) error
	// Neighbours are the MACs that the station takes its neighbours at the interface to have.
	Neighbours() (map[netip.Addr]net.HardwareAddr, error)
	// Capture collects the frames that arrive at the interface from now on, whomever they are for.
	Capture(ctx context.Context) (Capture, error)
}

// Capture is what arrives at a station's interface.
type Capture interface {
	// Next returns the next frame, from the Ethernet header on and without FCS, in the order of arrival. It fails when
	// ctx has ended and no frame is left, and with ErrLost if frames had to be dropped: what a capture does not show
	// did not arrive.
	Next(ctx context.Context) ([]byte, error)
	// Close ends the capture.
	Close() error
}

// Route is a route of a station by way of a neighbour.
type Route struct {
	Dst netip.Prefix
	Via netip.Addr
}
