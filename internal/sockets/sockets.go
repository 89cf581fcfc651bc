// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package sockets tells which programs of a machine have which ports, by sock_diag(7) and proc(5).
package sockets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// A Socket is one that takes what comes to a port from whomever: of TCP one that listens, of UDP one that is bound and not
// connected.
type Socket struct {
	Proto uint8 // unix.IPPROTO_TCP or unix.IPPROTO_UDP
	// Local is where it is; an unspecified address stands for all of its family.
	Local netip.AddrPort
	// Both says that an unspecified address of IPv6 stands for all of IPv4 as well.
	Both bool
	// Inode tells the socket from others.
	Inode uint32
}

// Takes reports whether the socket takes what comes to an address.
func (s Socket) Takes(a netip.Addr) bool {
	local := s.Local.Addr()
	if local.IsUnspecified() {
		return local.Is4() == a.Is4() || s.Both
	}
	return local == a
}

// List returns the sockets of the calling thread's network namespace.
func List() (all []Socket, err error) {
	for _, proto := range []uint8{unix.IPPROTO_TCP, unix.IPPROTO_UDP} {
		for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
			found, err := list(family, proto)
			if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EAFNOSUPPORT) { // the kernel has no such sockets
				return nil, fmt.Errorf("list sockets: %w", err)
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// States of sockets, of which a set is asked for (the kernel's enum in net/tcp_states.h).
const (
	stateClose  = 7 // of UDP: not connected
	stateListen = 10
)

// The parts of struct inet_diag_req_v2 and inet_diag_msg, linux/inet_diag.h.
const (
	idSize       = 48 // struct inet_diag_sockid: ports, addresses, device, cookie
	requestSize  = 8 + idSize
	messageSize  = 4 + idSize + 20
	atSourcePort = 4
	atSource     = 8
	atInode      = messageSize - 4
)

func list(family, proto uint8) (found []Socket, err error) {
	states := uint32(1 << stateListen)
	if proto == unix.IPPROTO_UDP {
		states = 1 << stateClose
	}
	request := make([]byte, requestSize)
	request[0], request[1] = family, proto
	binary.NativeEndian.PutUint32(request[4:], states)
	r := nl.NewNetlinkRequest(nl.SOCK_DIAG_BY_FAMILY, unix.NLM_F_DUMP)
	r.AddRawData(request)
	replies, err := r.Execute(unix.NETLINK_INET_DIAG, 0)
	if err != nil {
		return nil, err
	}
	for _, reply := range replies {
		s, err := parse(reply, proto)
		if err != nil {
			return nil, err
		}
		if s.Local.Port() != 0 { // else it is not bound yet
			found = append(found, s)
		}
	}
	return found, nil
}

func parse(b []byte, proto uint8) (Socket, error) {
	if len(b) < messageSize {
		return Socket{}, fmt.Errorf("%d bytes about a socket, want %d", len(b), messageSize)
	}
	s := Socket{Proto: proto, Inode: binary.NativeEndian.Uint32(b[atInode:])}
	port := binary.BigEndian.Uint16(b[atSourcePort:])
	if b[0] == unix.AF_INET {
		s.Local = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[atSource:])), port)
		return s, nil
	}
	a := netip.AddrFrom16([16]byte(b[atSource:])).Unmap()
	s.Local, s.Both = netip.AddrPortFrom(a, port), a.IsUnspecified()
	attrs, err := nl.ParseRouteAttr(b[messageSize:])
	if err != nil {
		return Socket{}, err
	}
	for _, at := range attrs {
		if at.Attr.Type == diagSKV6Only && len(at.Value) > 0 && at.Value[0] != 0 {
			s.Both = false
		}
	}
	return s, nil
}

// diagSKV6Only is INET_DIAG_SKV6ONLY: whether the socket is of IPv6 alone.
const diagSKV6Only = 11
