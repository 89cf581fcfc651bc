// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	ep "github.com/ovskit/ovskit/internal/endpoint"
)

const (
	// maxGreetings bounds the connections that are being greeted or wait for Accept. When more come, the greeting that
	// has taken longest is given up if that is greetingGrace or more.
	maxGreetings  = 64
	greetingGrace = 500 * time.Millisecond
	// acceptPause is how long nothing is accepted after that has failed, as when there are too many files open.
	acceptPause = 100 * time.Millisecond
)

// Listener waits for switches that connect, as the targets of a bridge's column "controller" say. [Listen] makes one.
type Listener struct {
	endpoint string
	options  Options
	tls      *tls.Config // nil without TLS
	log      *slog.Logger
	nl       net.Listener
	greeted  chan *Conn
	slots    chan struct{} // has one token for each connection that is not accepted yet
	alive    context.Context
	kill     context.CancelFunc
	wg       sync.WaitGroup

	mu        sync.Mutex
	greetings []*greeting // the oldest first
}

// Listen begins to listen at "punix:PATH", "ptcp:[PORT][:HOST]" or "pssl:[PORT][:HOST]" as in ovs-ofctl(8), with
// DefaultPort for the port, a free one if it is 0, and all IPv4 addresses for the host, which is an address. The context
// bounds Listen only.
//
// For "pssl:", Options.TLS must have a certificate. Switches must show one of the authorities in its ClientCAs, or else
// RootCAs, unless ClientAuth says otherwise.
func Listen(ctx context.Context, endpoint string, o Options) (*Listener, error) {
	p, err := ep.ParsePassive(endpoint, DefaultPort)
	if err != nil {
		return nil, fmt.Errorf("listen for switches: %w", err)
	}
	l := &Listener{endpoint: endpoint, options: o, greeted: make(chan *Conn), slots: make(chan struct{}, maxGreetings)}
	if err = l.options.setDefaults(); err == nil && p.Scheme == ep.PassiveSSL {
		l.tls, err = serverConfig(o.TLS)
	}
	if err == nil {
		l.nl, err = p.Listen(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for switches at %s: %w", endpoint, err)
	}
	l.log = l.options.Logger.With("listener", endpoint)
	l.alive, l.kill = context.WithCancel(context.Background())
	l.wg.Add(1)
	go l.acceptLoop()
	return l, nil
}

// serverConfig makes the other side show a certificate, as Open vSwitch does.
func serverConfig(config *tls.Config) (*tls.Config, error) {
	if config == nil || len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
		return nil, errors.New("TLS without a certificate: set Options.TLS")
	}
	config = config.Clone()
	if config.ClientAuth == tls.NoClientCert {
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if config.ClientCAs == nil {
		config.ClientCAs = config.RootCAs
	}
	return config, nil
}

// Accept waits for a switch that has been greeted. The connection is the caller's, and outlives the listener. A switch
// that fails the greeting is passed over. After Close, the error wraps ErrClosed.
func (l *Listener) Accept(ctx context.Context) (*Conn, error) {
	select {
	case c := <-l.greeted:
		return c, nil
	case <-l.alive.Done():
		return nil, fmt.Errorf("listener %s: %w", l.endpoint, ErrClosed)
	case <-ctx.Done():
		return nil, fmt.Errorf("listener %s: waiting for a switch: %w", l.endpoint, ctx.Err())
	}
}

// Addr is the address that is listened at, with the port that was chosen.
func (l *Listener) Addr() net.Addr { return l.nl.Addr() }

// Close stops listening, ends the connections that were not accepted, and returns when the goroutines are gone.
func (l *Listener) Close() error {
	l.kill()
	err := l.nl.Close()
	l.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (l *Listener) acceptLoop() {
	defer l.wg.Done()
	for {
		nc, err := l.nl.Accept()
		switch {
		case l.alive.Err() != nil:
			if err == nil {
				nc.Close()
			}
			return
		case err != nil:
			l.log.Warn("switch not accepted", "err", err)
			l.pause()
			continue
		case !l.acquire():
			nc.Close()
			return
		}
		l.wg.Add(1)
		go l.welcome(nc, l.begin())
	}
}

// pause waits a moment.
func (l *Listener) pause() {
	timer := time.NewTimer(acceptPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.alive.Done():
	}
}

// acquire waits for a slot, at the expense of the oldest greeting if need be. It reports whether the listener is
// still there.
func (l *Listener) acquire() bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case l.slots <- struct{}{}:
			return true
		case <-l.alive.Done():
			return false
		case <-timer.C:
			timer.Reset(l.makeRoom())
		}
	}
}

// makeRoom gives the oldest greeting up if it has taken too long. It returns when to look again.
func (l *Listener) makeRoom() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.greetings) == 0 {
		return greetingGrace
	}
	oldest := l.greetings[0]
	if left := greetingGrace - time.Since(oldest.since); left > 0 {
		return left
	}
	oldest.giveUp()
	l.greetings = l.greetings[1:]
	return greetingGrace
}

// greeting is the greeting of a switch under way.
type greeting struct {
	since  time.Time
	ctx    context.Context
	giveUp context.CancelFunc
}

func (l *Listener) begin() *greeting {
	g := &greeting{since: time.Now()}
	g.ctx, g.giveUp = context.WithTimeout(l.alive, greetingTimeout)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.greetings = append(l.greetings, g)
	return g
}

// finish reports whether the greeting has not been given up to make room.
func (l *Listener) finish(g *greeting) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.greetings, g)
	if i >= 0 {
		l.greetings = slices.Delete(l.greetings, i, i+1)
	}
	return i >= 0
}

// welcome greets a switch and hands it to Accept.
func (l *Listener) welcome(nc net.Conn, g *greeting) {
	defer l.wg.Done()
	defer func() { <-l.slots }()
	defer g.giveUp()
	c, err := l.greet(g.ctx, nc)
	inTime := l.finish(g)
	switch {
	case err != nil:
		l.log.Warn("switch not greeted", "err", err)
		return
	case !inTime:
		c.Close()
		return
	}
	select {
	case l.greeted <- c:
	case <-c.Done():
		l.log.Warn("switch gone before it was accepted", "err", c.Err())
		c.Close()
	case <-l.alive.Done():
		c.Close()
	}
}

func (l *Listener) greet(ctx context.Context, nc net.Conn) (*Conn, error) {
	from := l.endpoint
	if a := nc.RemoteAddr(); a.Network() != "unix" {
		from = ep.TCP + ":" + a.String()
	}
	if l.tls != nil {
		from = ep.SSL + ":" + nc.RemoteAddr().String()
		secured := tls.Server(nc, l.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, &ConnError{from, fmt.Errorf("TLS handshake: %w", err)}
		}
		nc = secured
	}
	return newConn(ctx, nc, from, l.options)
}
