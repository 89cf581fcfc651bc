// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// BeginTCP implements Station. Package net has no call that returns when the first segment is sent.
func (s *kernelStation) BeginTCP(local, remote netip.AddrPort) (wait func(context.Context) (net.Conn, error), err error) {
	failed := func(err error) error { return fmt.Errorf("%q: dial tcp %s: %w", s.name, remote, err) }
	family := unix.AF_INET6
	if remote.Addr().Is4() {
		family = unix.AF_INET
	}
	var fd int
	err = s.ns.Do(func() (err error) {
		fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, failed(err)
	}
	err = connect(fd, local, remote)
	f := os.NewFile(uintptr(fd), "tcp")
	if err != nil {
		f.Close()
		return nil, failed(err)
	}
	return func(ctx context.Context) (net.Conn, error) {
		defer f.Close()
		defer context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })()
		if err := connected(f); err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, failed(err)
		}
		c, err := net.FileConn(f)
		if err != nil {
			return nil, failed(err)
		}
		return c, nil
	}, nil
}

// connect begins to connect a socket that does not block. What is zero of local is for the kernel to choose.
func connect(fd int, local, remote netip.AddrPort) error {
	if a, ok := chosen(local); ok {
		if err := unix.Bind(fd, socketAddr(a, remote.Addr().Is4())); err != nil {
			return err
		}
	}
	if err := unix.Connect(fd, socketAddr(remote, remote.Addr().Is4())); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return err
	}
	return nil
}

func socketAddr(a netip.AddrPort, is4 bool) unix.Sockaddr {
	if is4 {
		sa := &unix.SockaddrInet4{Port: int(a.Port())}
		if a.Addr().IsValid() {
			sa.Addr = a.Addr().As4()
		}
		return sa
	}
	sa := &unix.SockaddrInet6{Port: int(a.Port())}
	if a.Addr().IsValid() {
		sa.Addr = a.Addr().As16()
	}
	return sa
}

// connected waits until the socket that connects is connected or failed.
func connected(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Write(func(fd uintptr) bool {
		if n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR); err != nil {
			failure = err
		} else if n != 0 {
			failure = syscall.Errno(n)
		} else if _, err := unix.Getpeername(int(fd)); errors.Is(err, unix.ENOTCONN) {
			return false
		} else {
			failure = err
		}
		return true
	})
	return errors.Join(err, failure)
}
