// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A remote is a TCP port on which an ovsdb-server listens whenever it runs.
//
// The port is kept by a socket that is bound to it but does not listen: others can then listen on it only if they ask
// for exactly this port, as ovsdb-server does, and neither a listener nor a connection that leaves the choice to the
// kernel is ever given it. So it can be told before the server is started, and is still free when it is started again.
type remote struct {
	scheme string // "tcp" or "ssl"
	addr   netip.AddrPort
	keeper int // the socket
}

// keepRemote keeps the port of a passive remote such as "ptcp:0:127.0.0.1" or "pssl:6640:[::1]"; for 0 the kernel chooses
// one. It is kept in the network namespace of the calling thread, until close.
func keepRemote(passive string) (*remote, error) {
	r, err := parseRemote(passive)
	if err != nil {
		return nil, err
	}
	if err := r.keep(); err != nil {
		return nil, fmt.Errorf("remote %q: %w", passive, err)
	}
	return r, nil
}

func parseRemote(passive string) (*remote, error) {
	method, where, _ := strings.Cut(passive, ":")
	port, host, _ := strings.Cut(where, ":")
	number, portErr := strconv.ParseUint(port, 10, 16)
	addr, hostErr := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	if method != "ptcp" && method != "pssl" || portErr != nil || hostErr != nil {
		return nil, fmt.Errorf("remote %q: not of the form ptcp:PORT:ADDRESS or pssl:PORT:ADDRESS", passive)
	}
	return &remote{scheme: method[1:], addr: netip.AddrPortFrom(addr, uint16(number))}, nil
}

func (r *remote) keep() (err error) {
	family, sockaddr := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(r.addr.Port())})
	if ip := r.addr.Addr(); ip.Is4() {
		sockaddr.(*unix.SockaddrInet4).Addr = ip.As4()
	} else {
		family, sockaddr = unix.AF_INET6, &unix.SockaddrInet6{Port: int(r.addr.Port()), Addr: ip.As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Bind(fd, sockaddr); err != nil {
		return os.NewSyscallError("bind", err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	port := 0
	switch bound := bound.(type) {
	case *unix.SockaddrInet4:
		port = bound.Port
	case *unix.SockaddrInet6:
		port = bound.Port
	}
	r.addr, r.keeper = netip.AddrPortFrom(r.addr.Addr(), uint16(port)), fd
	return nil
}

// active is where clients connect to.
func (r *remote) active() string { return r.scheme + ":" + r.addr.String() }

// passive is where the server listens.
func (r *remote) passive() string {
	host := r.addr.Addr().String()
	if r.addr.Addr().Is6() {
		host = "[" + host + "]"
	}
	return fmt.Sprintf("p%s:%d:%s", r.scheme, r.addr.Port(), host)
}

func (r *remote) close() { unix.Close(r.keeper) }
