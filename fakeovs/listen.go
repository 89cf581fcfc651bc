// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"syscall"

	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
)

// The names of the sockets, in the directory or in memory.
const (
	databaseSocket   = "db.sock"
	managementSuffix = ".mgmt"
)

// DialDatabase connects to the database: the way to it if the fake is in memory. The connection is one of JSON-RPC (RFC
// 7047, section 4). It is an error that is syscall.ENOENT while the database is killed.
func (o *OVS) DialDatabase(ctx context.Context) (net.Conn, error) { return o.dial(ctx, databaseSocket) }

// DialBridge connects to the management socket of a bridge: the way to it if the fake is in memory. The connection is one
// of OpenFlow, as openflow.NewConn takes it. It is an error that is syscall.ENOENT if there is no such bridge.
func (o *OVS) DialBridge(ctx context.Context, name string) (net.Conn, error) {
	return o.dial(ctx, name+managementSuffix)
}

func (o *OVS) dial(ctx context.Context, name string) (net.Conn, error) {
	if o.memory != nil {
		return o.memory.Dial(ctx, name)
	}
	var d net.Dialer
	return d.DialContext(ctx, "unix", filepath.Join(o.dir, name))
}

// listen makes a socket of the fake, in its directory or in memory.
func (o *OVS) listen(name string) (net.Listener, error) {
	if o.memory != nil {
		return o.memory.Listen(name)
	}
	path := filepath.Join(o.dir, name)
	l, err := unixsock.Listen(path)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen at %s: another program does: %w", path, err)
	}
	return l, err
}
