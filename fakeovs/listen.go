// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
)

const (
	// databaseSocket is the name of the database's socket.
	databaseSocket = "db.sock"
	// memoryDir stands for the directory of a fake that has none.
	memoryDir = "memory"
)

// listen makes a socket of the fake, in its directory. In memory it is one that nobody connects to: OVS.Dial needs none.
func (o *OVS) listen(name string) (net.Listener, error) {
	if o.inMemory {
		return &nowhere{closed: make(chan struct{})}, nil
	}
	path := filepath.Join(o.dir, name)
	l, err := unixsock.Listen(path)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen at %s: another program does: %w", path, err)
	case err != nil:
		return nil, err
	}
	bridge, _ := strings.CutSuffix(name, managementSuffix)
	if name == databaseSocket {
		bridge = ""
	}
	return &proxied{l, o, bridge}, nil
}

// nowhere is a listener that nobody can connect to.
type nowhere struct {
	once   sync.Once
	closed chan struct{}
}

func (n *nowhere) Accept() (net.Conn, error) {
	<-n.closed
	return nil, net.ErrClosed
}

func (n *nowhere) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *nowhere) Addr() net.Addr { return &net.UnixAddr{Name: memoryDir, Net: "unix"} }
