// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package unixsock makes unix sockets in places where an earlier program may have left its own, listeners that
// outlast a shortage of file descriptors, and what serves a listener until it is closed.
package unixsock

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// MaxPath is the length in bytes of the longest path that a unix socket can have on Linux.
const MaxPath = 107

// Listen listens on a path. A socket there that nobody listens on any more is replaced.
func Listen(path string) (net.Listener, error) {
	if len(path) > MaxPath {
		return nil, fmt.Errorf("listen on %s: the path of a unix socket has at most %d bytes", path, MaxPath)
	}
	l, err := net.Listen("unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	conn, dialErr := net.Dial("unix", path)
	if dialErr == nil {
		conn.Close()
	}
	if !errors.Is(dialErr, syscall.ECONNREFUSED) {
		return nil, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return net.Listen("unix", path)
}
