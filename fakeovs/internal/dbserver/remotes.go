// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ovskit/ovskit/internal/endpoint"
)

// DefaultPort is the TCP port of a remote without one: RFC 7047, section 6.
const DefaultPort = 6640

// RemotesOptions are the options of OpenRemotes.
type RemotesOptions struct {
	// Targets are the remotes, as those of ovsdb-server(1): passive ones such as "ptcp:6640:127.0.0.1", at which clients
	// are taken; active ones such as "tcp:127.0.0.1:6640", to which the server connects, again and again; and columns of
	// databases that hold such ones, "db:DATABASE,TABLE,COLUMN".
	Targets []string
	// TLS returns what a connection of a "pssl:" or "ssl:" remote needs; it is called for each. nil: there are none.
	TLS func() (server, client *tls.Config, err error)
	// Logger gets what happens at the remotes; nil discards it.
	Logger *slog.Logger
}

// Remotes are where a server has its clients from, besides those that it is given by Serve and ServeConn.
type Remotes struct {
	server  *Server
	options RemotesOptions
	log     *slog.Logger
	changed chan struct{} // has an element when clients have come or gone
	cancel  context.CancelFunc
	running context.Context
	done    sync.WaitGroup // of what follows columns

	// mu is held while remotes are opened and closed, and guards all that follows. It is locked before that of a remote, and
	// this before that of the server.
	mu      sync.Mutex
	targets map[string]bool
	columns map[string]*followedColumn // by target
	active  map[string]*remote         // by target
	// addresses are the passive targets with the port that they listen at, by target.
	addresses map[string]endpoint.Passive
}

// remote is one remote that is in use. Its fields but sessions and status are its own goroutine's.
type remote struct {
	remotes  *Remotes
	target   string
	listener net.Listener // nil if it is active
	cancel   context.CancelFunc
	running  context.Context
	done     sync.WaitGroup

	mu       sync.Mutex
	settings remoteSettings
	sessions map[*session]struct{}
	status   dialStatus // of an active one
}

// remoteSettings is what a database says about a remote.
type remoteSettings struct {
	probe      time.Duration // after which a silent client is asked for a sign of life; 0: never
	maxBackoff time.Duration // the longest pause between two attempts to connect
	// What follows is as it was when the remote was opened.
	readOnly bool   // its clients write nothing
	role     string // its clients write what that role may; "": everything
}

// What ovsdb-server does where the database says nothing.
const (
	defaultProbe      = 5 * time.Second
	defaultMaxBackoff = 8 * time.Second
	minBackoff        = time.Second
)

// OpenRemotes takes clients at the given remotes until the Remotes are closed. It is an error if one of those that do not
// come from a database cannot be listened at.
func (s *Server) OpenRemotes(o RemotesOptions) (*Remotes, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Remotes{
		server: s, options: o, log: o.Logger, changed: make(chan struct{}, 1), targets: map[string]bool{},
		columns: map[string]*followedColumn{}, active: map[string]*remote{}, addresses: map[string]endpoint.Passive{},
	}
	r.running, r.cancel = context.WithCancel(context.Background())
	if err := r.open(o.Targets); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Remotes) open(targets []string) error {
	for _, target := range targets {
		if strings.HasPrefix(target, columnPrefix) {
			if err := r.Add(target); err != nil {
				return fmt.Errorf("remote %w", err)
			}
			continue
		}
		r.mu.Lock()
		var err error
		if r.active[target] == nil {
			err = r.add(target, defaultSettings(target))
		}
		r.targets[target] = true
		r.mu.Unlock()
		if err != nil {
			return fmt.Errorf("remote %q: %w", target, err)
		}
	}
	return nil
}

// Add takes clients at one remote more. Like ovsdb-server it tries for ever what it cannot do; it is an error only if the
// target is a column that there is not.
func (r *Remotes) Add(target string) error {
	column, isColumn, err := r.server.remoteColumn(target)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.targets[target] {
		return nil
	}
	r.targets[target] = true
	if isColumn {
		r.watchColumn(target, column)
	}
	r.follow()
	return nil
}

// Remove takes a remote away, and cuts its clients. It reports whether there was one.
func (r *Remotes) Remove(target string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.targets[target] {
		return false
	}
	delete(r.targets, target)
	if c := r.columns[target]; c != nil {
		c.watch.Close()
		delete(r.columns, target)
	}
	r.follow()
	return true
}

// Targets returns the remotes that were given, in order of their texts.
func (r *Remotes) Targets() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.targets))
}

// Close closes all remotes and cuts their clients. It returns when nothing runs for them any more.
func (r *Remotes) Close() {
	r.cancel()
	r.done.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for target, c := range r.columns {
		c.watch.Close()
		delete(r.columns, target)
	}
	for target := range r.active {
		r.drop(target)
	}
}

// drop closes a remote. r.mu is held.
func (r *Remotes) drop(target string) {
	r.active[target].close()
	delete(r.active, target)
}

// CheckTarget reports what is wrong with the text of a target.
func CheckTarget(target string) error {
	if strings.HasPrefix(target, "db:") {
		return nil
	}
	_, passiveErr := endpoint.ParsePassive(target, DefaultPort)
	_, err := endpoint.Parse(target, DefaultPort)
	switch scheme, _, _ := strings.Cut(target, ":"); {
	case passiveErr == nil || err == nil:
		return nil
	case slices.Contains([]string{endpoint.PassiveUnix, endpoint.PassiveTCP, endpoint.PassiveSSL}, scheme):
		return passiveErr
	case slices.Contains([]string{endpoint.Unix, endpoint.TCP, endpoint.SSL}, scheme):
		return err
	}
	return fmt.Errorf("%q: not a connection method such as ptcp:PORT, punix:PATH, tcp:HOST:PORT or unix:PATH", target)
}

// Endpoint returns where clients connect to for a passive target of the options, and the target as which it can be opened
// again: with the port, if that was left to be chosen. Both are empty for others.
func (r *Remotes) Endpoint(target string) (active, passive string) {
	r.mu.Lock()
	p, ok := r.addresses[target]
	r.mu.Unlock()
	switch {
	case !ok:
		return "", ""
	case p.Scheme == endpoint.PassiveUnix:
		return endpoint.Unix + ":" + p.Path, p.String()
	}
	host := "127.0.0.1" // all addresses
	if p.Host.IsValid() && !p.Host.IsUnspecified() {
		host = p.Host.String()
	} else if p.Host.Is6() {
		host = "::1"
	}
	return fmt.Sprintf("%s:%s", p.Scheme[1:], net.JoinHostPort(host, fmt.Sprint(p.Port))), p.String()
}

// add opens a remote that is not in use. r.mu is held.
func (r *Remotes) add(target string, settings remoteSettings) error {
	m := &remote{remotes: r, target: target, settings: settings, sessions: map[*session]struct{}{}}
	m.running, m.cancel = context.WithCancel(r.running)
	p, passiveErr := endpoint.ParsePassive(target, DefaultPort)
	if passiveErr == nil {
		if err := m.listen(p); err != nil {
			m.cancel()
			return err
		}
	} else {
		e, err := endpoint.Parse(target, DefaultPort)
		if err != nil {
			// ovsdb-server tries for ever what it cannot do.
			r.log.Warn("remote cannot be used", "remote", target, "error", errors.Join(passiveErr, err))
		}
		m.done.Add(1)
		go m.dial(e, err)
	}
	r.active[target] = m
	return nil
}

func (m *remote) close() {
	m.cancel()
	if m.listener != nil {
		m.listener.Close()
	}
	m.done.Wait()
	m.mu.Lock()
	sessions := slices.Collect(maps.Keys(m.sessions))
	m.mu.Unlock()
	for _, c := range sessions {
		c.out.close()
		<-c.ended
	}
}

// defaultSettings are those of ovsdb-server, which does not probe on unix sockets.
func defaultSettings(target string) remoteSettings {
	s := remoteSettings{maxBackoff: defaultMaxBackoff}
	for _, scheme := range []string{endpoint.TCP, endpoint.SSL, endpoint.PassiveTCP, endpoint.PassiveSSL} {
		if strings.HasPrefix(target, scheme+":") {
			s.probe = defaultProbe
		}
	}
	return s
}

// set changes the settings of a remote that is in use.
func (m *remote) set(settings remoteSettings) {
	m.mu.Lock()
	defer m.mu.Unlock()
	settings.readOnly, settings.role = m.settings.readOnly, m.settings.role
	m.settings = settings
	for c := range m.sessions {
		c.setProbe(settings.probe)
	}
}

// tls returns what TLS connections need.
func (r *Remotes) tls() (server, client *tls.Config, err error) {
	if r.options.TLS == nil {
		return nil, nil, errors.New("there is no private key, certificate and CA certificate")
	}
	return r.options.TLS()
}

// attach takes a client for one of the remote's, if the server takes it.
func (m *remote) attach(conn net.Conn) *session {
	m.mu.Lock()
	settings := m.settings
	m.mu.Unlock()
	c := m.remotes.server.serve(conn, m, settings)
	m.remotes.notice()
	return c
}

// detach forgets a client that has gone.
func (m *remote) detach(c *session) {
	m.mu.Lock()
	delete(m.sessions, c)
	m.status.state, m.status.disconnected = stateBackoff, time.Now()
	m.mu.Unlock()
	m.remotes.notice()
}

// notice has the databases told that clients have come or gone.
func (r *Remotes) notice() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}
