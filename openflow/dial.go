// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"net"
	"time"

	ep "github.com/ovskit/ovskit/internal/endpoint"
)

// dialTimeout bounds how long a switch may take to accept a connection, its TLS handshake included.
const dialTimeout = 10 * time.Second

// Dial connects to a switch and greets it. The endpoint is "unix:PATH", such as "unix:/run/openvswitch/br0.mgmt",
// "tcp:HOST[:PORT]" or "ssl:HOST[:PORT]" as in ovs-ofctl(8), with DefaultPort for the port; an IPv6 address stands in
// brackets. The context bounds Dial only. See [Client] for a connection that comes back.
func Dial(ctx context.Context, endpoint string, o Options) (*Conn, error) {
	e, err := ep.Parse(endpoint, DefaultPort)
	if err != nil {
		return nil, &ConnError{endpoint, err}
	}
	nc, err := dialEndpoint(ctx, e, o)
	if err != nil {
		return nil, &ConnError{endpoint, err}
	}
	return newConn(ctx, nc, endpoint, o)
}

func dialEndpoint(ctx context.Context, e ep.Endpoint, o Options) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if o.Dial != nil {
		return o.Dial(ctx, e.String())
	}
	return e.Dial(ctx, o.TLS)
}
