// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/ovskit/ovskit/internal/endpoint"
	"github.com/ovskit/ovskit/internal/retry"
)

// dialStatus is how far an active remote is.
type dialStatus struct {
	state                   string // as ovsdb-server names it
	connected, disconnected time.Time
}

// The states of a connection that matter to who reads them: ovs-vswitchd.conf.db(5), Manager.status:state.
const (
	stateBackoff    = "BACKOFF"
	stateConnecting = "CONNECTING"
	stateActive     = "ACTIVE"
	stateIdle       = "IDLE" // a probe has been sent
)

// dial keeps an active remote connected. bad is the reason why that cannot be.
func (m *remote) dial(e endpoint.Endpoint, bad error) {
	defer m.done.Done()
	backoff := time.Duration(0)
	for m.running.Err() == nil {
		m.setState(stateConnecting)
		conn, err := net.Conn(nil), bad
		if err == nil {
			conn, err = m.connect(e, max(minBackoff, backoff))
		}
		lasted := time.Duration(0)
		if err == nil {
			since := time.Now()
			m.serveUntilEnd(conn)
			lasted = time.Since(since)
		} else if m.running.Err() == nil {
			m.remotes.log.Info("remote not connected", "remote", m.target, "error", err)
		}
		if lasted > backoff {
			backoff = minBackoff
		} else {
			backoff = m.nextBackoff(backoff)
		}
		m.setState(stateBackoff)
		if retry.Pause(m.running, backoff) != nil {
			return
		}
	}
}

func (m *remote) nextBackoff(last time.Duration) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last < minBackoff {
		return min(minBackoff, m.settings.maxBackoff)
	}
	return min(2*last, m.settings.maxBackoff)
}

func (m *remote) connect(e endpoint.Endpoint, patience time.Duration) (net.Conn, error) {
	var config *tls.Config
	if e.Scheme == endpoint.SSL {
		var err error
		if _, config, err = m.remotes.tls(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(m.running, patience)
	defer cancel()
	return e.Dial(ctx, config)
}

// serveUntilEnd serves the peer of a connection until one of them, or the remote, ends it.
func (m *remote) serveUntilEnd(conn net.Conn) {
	c := m.attach(conn)
	if c == nil {
		return
	}
	defer context.AfterFunc(m.running, c.out.close)()
	<-c.ended
}

func (m *remote) setState(state string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status.state = state
}
