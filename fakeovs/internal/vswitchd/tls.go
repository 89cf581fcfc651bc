// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// secure is a connection to a controller over TLS. Unlike other failures, those of TLS end the connection with one of two
// errors, whatever they are.
func (d *Daemon) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	_, config, err := d.tls()
	if err != nil {
		d.log.Warn("TLS", "error", err)
		conn.Close()
		return nil, reason("Protocol not available")
	}
	c := tls.Client(conn, config)
	if err := c.HandshakeContext(ctx); err != nil {
		d.log.Warn("TLS", "controller", conn.RemoteAddr(), "error", err)
		conn.Close()
		return nil, reason("Protocol error")
	}
	return c, nil
}

// secured is a listener for controllers that connect over TLS. Each meets what is configured when it comes.
func (d *Daemon) secured(l net.Listener) net.Listener {
	return tls.NewListener(l, &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		server, _, err := d.tls()
		if err != nil {
			d.log.Warn("TLS", "error", err)
		}
		return server, err
	}})
}

func (d *Daemon) tls() (server, client *tls.Config, err error) {
	if d.o.TLS == nil {
		return nil, nil, errors.New("there is none")
	}
	return d.o.TLS()
}
