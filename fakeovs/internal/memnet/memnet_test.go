// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package memnet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/nettest"

	"github.com/ovskit/ovskit/fakeovs/internal/memnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestListener(t *testing.T) {
	var n memnet.Network
	if _, err := n.Dial(t.Context(), "x"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("dial without a listener: got %v, want ENOENT", err)
	}
	l, err := n.Listen("x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Listen("x"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listen twice: got %v, want EADDRINUSE", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Dial(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("dial with an ended context: got %v, want that", err)
	}
	accepted := make(chan net.Conn)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- conn
	}()
	client, err := n.Dial(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	server := <-accepted
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Error(err)
	}
	client.Close()
	if b, err := io.ReadAll(server); string(b) != "hello" || err != nil {
		t.Errorf("got %q, %v; want what was written before the end", b, err)
	}
	server.Close()
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept at a closed listener: got %v, want net.ErrClosed", err)
	}
	if l, err = n.Listen("x"); err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// A writer waits for room, and no longer than its deadline.
func TestRoom(t *testing.T) {
	a, b := memnet.Pipe("x")
	defer a.Close()
	defer b.Close()
	if err := a.SetWriteDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want that the deadline has passed", err)
	}
	if err := a.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	sent := bytes.Repeat([]byte("0123456789"), 100_000)
	go func() {
		if n, err := a.Write(sent); n != len(sent) || err != nil {
			t.Errorf("wrote %d bytes, %v", n, err)
		}
		a.Close()
	}()
	if got, err := io.ReadAll(b); !bytes.Equal(got, sent) || err != nil {
		t.Errorf("read %d bytes, %v; want the %d that were written", len(got), err, len(sent))
	}
}

func TestConn(t *testing.T) {
	nettest.TestConn(t, func() (a, b net.Conn, stop func(), err error) {
		a, b = memnet.Pipe("x")
		return a, b, func() {
			a.Close()
			b.Close()
		}, nil
	})
}
