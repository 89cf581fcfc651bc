// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package unixsock

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// failing is a listener whose Accept gives the errors in turn, the last one for ever, and a connection for nil.
type failing struct {
	net.Listener
	errs []error
}

func (f *failing) Accept() (net.Conn, error) {
	err := f.errs[0]
	if len(f.errs) > 1 {
		f.errs = f.errs[1:]
	}
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: "unix", Err: os.NewSyscallError("accept4", err)}
	}
	ours, theirs := net.Pipe()
	theirs.Close()
	return ours, nil
}

func (*failing) Addr() net.Addr { return &net.UnixAddr{Name: "s", Net: "unix"} }
func (*failing) Close() error   { return nil }

// pauses is a log that tells how long a listener is going to wait.
type pauses chan time.Duration

func (pauses) Enabled(context.Context, slog.Level) bool { return true }
func (p pauses) WithAttrs([]slog.Attr) slog.Handler     { return p }
func (p pauses) WithGroup(string) slog.Handler          { return p }

func (p pauses) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "pause" {
			p <- a.Value.Duration()
		}
		return true
	})
	return nil
}

func listener(first, longest time.Duration, log pauses, errs ...error) net.Listener {
	p := Patient(&failing{errs: errs}, slog.New(log)).(*patient)
	p.min, p.max = first, longest
	return p
}

func TestPatientAccept(t *testing.T) {
	log := make(pauses, 10)
	conn, err := listener(1, 4, log, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS, nil).Accept()
	if err != nil {
		t.Fatalf("Accept after errors that pass: got %v, want a connection", err)
	}
	conn.Close()
	close(log)
	var got []time.Duration
	for d := range log {
		got = append(got, d)
	}
	if want := []time.Duration{1, 2, 4, 4}; !slices.Equal(got, want) {
		t.Errorf("pauses: got %v, want %v", got, want)
	}
	if _, err := listener(1, 4, make(pauses, 10), syscall.EMFILE, syscall.EINVAL).Accept(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("Accept with an error that stays: got %v, want %v", err, syscall.EINVAL)
	}
}

// TestPatientClose closes a listener that is going to wait for an hour.
func TestPatientClose(t *testing.T) {
	log := make(pauses)
	l := listener(time.Hour, time.Hour, log, syscall.EMFILE)
	result := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		result <- err
	}()
	select {
	case <-log:
	case err := <-result:
		t.Fatalf("Accept with an error that passes: got %v, want it to go on", err)
	}
	l.Close()
	if err := <-result; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept when the listener is closed: got %v, want %v", err, net.ErrClosed)
	}
}
