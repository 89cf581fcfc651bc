// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package unixsock

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

// The pause after an Accept that failed for lack of something: the first one, and the longest that it doubles to.
const (
	minPause = 5 * time.Millisecond
	maxPause = time.Second
)

// Patient makes a listener of one whose Accept fails while the process or the machine lacks something, such as file
// descriptors: its own Accept logs that and tries again, with growing pauses, until there is a connection, another
// error, or Close.
func Patient(l net.Listener, log *slog.Logger) net.Listener {
	return &patient{Listener: l, log: log, min: minPause, max: maxPause, closed: make(chan struct{})}
}

// Serve hands the connections of a listener over, one after the other, until it is closed, and returns nil then.
func Serve(l net.Listener, serve func(net.Conn)) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		serve(conn)
	}
}

type patient struct {
	net.Listener
	log      *slog.Logger
	min, max time.Duration // of pauses
	once     sync.Once
	closed   chan struct{}
}

func (p *patient) Accept() (net.Conn, error) {
	for pause := p.min; ; pause = min(2*pause, p.max) {
		conn, err := p.Listener.Accept()
		if err == nil || !scarce(err) {
			return conn, err
		}
		p.log.Warn("connection not accepted yet", "listener", p.Addr(), "error", err, "pause", pause)
		again := time.NewTimer(pause)
		select {
		case <-again.C:
		case <-p.closed:
			again.Stop()
			return nil, net.ErrClosed
		}
	}
}

func (p *patient) Close() error {
	p.once.Do(func() { close(p.closed) })
	return p.Listener.Close()
}

// scarce reports whether an Accept failed for a reason that passes (accept(2)).
func scarce(err error) bool {
	for _, reason := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR,
	} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}
