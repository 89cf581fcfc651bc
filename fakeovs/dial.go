// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ovskit/ovskit/fakeovs/internal/mempipe"
)

// Dial connects to one of the fake's own endpoints, that of the database or of the management of a bridge, in memory: there
// is no socket, and no file descriptor is taken. It is what Options.Dial of packages ovsdb and openflow want. While there
// is no such bridge, or the database or the switch is killed, the error wraps [syscall.ECONNREFUSED].
func (o *OVS) Dial(ctx context.Context, endpoint string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	serve, bridge := o.serverAt(endpoint)
	if serve == nil {
		return nil, fmt.Errorf("dial %s in memory: %w", endpoint, syscall.ECONNREFUSED)
	}
	ours, theirs := mempipe.New()
	serve(o.proxy(bridge, theirs))
	return ours, nil
}

// DialDatabase is Dial to the database.
func (o *OVS) DialDatabase(ctx context.Context) (net.Conn, error) {
	return o.Dial(ctx, o.DatabaseEndpoint())
}

// DialBridge is Dial to the management of a bridge, as openflow.NewConn takes it.
func (o *OVS) DialBridge(ctx context.Context, name string) (net.Conn, error) {
	return o.Dial(ctx, o.Bridge(name).Management())
}

// serverAt returns what serves connections to an endpoint, and the bridge whose it is; nil if nothing does.
func (o *OVS) serverAt(endpoint string) (serve func(net.Conn), bridge string) {
	if endpoint == o.DatabaseEndpoint() {
		return o.serveDatabase(), ""
	}
	d := o.host.vswitchd()
	path, isUnix := strings.CutPrefix(endpoint, "unix:")
	name, isManagement := strings.CutSuffix(filepath.Base(path), managementSuffix)
	if d == nil || !isUnix || !isManagement || filepath.Dir(path) != filepath.Clean(o.dir) {
		return nil, ""
	}
	if sw, ok := d.Bridge(name); ok {
		return sw.ServeConn, name
	}
	return nil, ""
}

func (o *OVS) serveDatabase() func(net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.disk != nil {
		return nil
	}
	return o.server.ServeConn
}
