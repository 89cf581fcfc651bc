// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"crypto/tls"
	"net"

	"github.com/ovskit/ovskit/fakeovs/internal/unixsock"
	"github.com/ovskit/ovskit/internal/endpoint"
)

// listen opens a passive remote. m.remotes.mu is held.
func (m *remote) listen(p endpoint.Passive) error {
	l, err := p.Listen(m.running)
	if err != nil {
		return err
	}
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		p.Port = uint16(a.Port)
		m.remotes.log.Info("remote listens", "remote", m.target, "port", p.Port)
	}
	m.remotes.addresses[m.target] = p
	m.listener = unixsock.Patient(l, m.remotes.log)
	m.done.Add(1)
	go m.accept(p.Scheme == endpoint.PassiveSSL)
	return nil
}

func (m *remote) accept(secured bool) {
	defer m.done.Done()
	err := unixsock.Serve(m.listener, func(conn net.Conn) {
		if secured {
			server, _, err := m.remotes.tls()
			if err != nil {
				m.remotes.log.Error("client refused", "remote", m.target, "error", err)
				conn.Close()
				return
			}
			conn = tls.Server(conn, server)
		}
		m.attach(conn)
	})
	if err != nil {
		m.remotes.log.Error("no clients are taken any more", "remote", m.target, "error", err)
	}
}

// port is the one that a passive remote listens at; 0 for a unix socket.
func (m *remote) port() int {
	if a, ok := m.listener.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}
