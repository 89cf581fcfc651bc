// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ovskit/ovskit/internal/faultproxy"
	of "github.com/ovskit/ovskit/openflow"
)

// TestPrepare has two functions prepare connections, the one that is there and those that come, until they are stopped.
func TestPrepare(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	ctx := testContext(t)
	var calls []string
	prepare := func(name string) func(context.Context, *of.Conn) error {
		return func(ctx context.Context, c *of.Conn) error {
			calls = append(calls, name)
			return c.Barrier(ctx)
		}
	}
	o := quick
	o.OnConnect = prepare("option")
	c := connect(t, proxy.Endpoint(), o)
	stopA, err := c.Prepare(ctx, prepare("a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Prepare(ctx, prepare("b")); err != nil {
		t.Fatal(err)
	}
	next := func() {
		t.Helper()
		conn, err := c.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		proxy.Cut()
		<-conn.Done()
		if _, err := c.Conn(ctx); err != nil {
			t.Fatal(err)
		}
	}
	next()
	stopA()
	stopA() // again: nothing happens
	next()
	want := []string{"option", "a", "b", "option", "a", "b", "option", "b"}
	if !slices.Equal(calls, want) {
		t.Errorf("got the calls %q, want %q", calls, want)
	}
}

// TestPrepareFails has a function fail: the first time nobody else is concerned, later the attempt has failed.
func TestPrepareFails(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	ctx := testContext(t)
	c := connect(t, proxy.Endpoint(), quick)
	broken := errors.New("broken")
	if _, err := c.Prepare(ctx, func(context.Context, *of.Conn) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got error %v, want %v", err, broken)
	}
	calls := 0
	if _, err := c.Prepare(ctx, func(context.Context, *of.Conn) error {
		if calls++; calls == 2 {
			return broken
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	conn, err := c.Conn(ctx)
	if err != nil || conn.Err() != nil {
		t.Fatalf("got connection %v, error %v; want one that lives", conn, err)
	}
	proxy.Cut()
	<-conn.Done()
	if _, err := c.Conn(ctx); err != nil {
		t.Fatal(err)
	}
	if calls != 3 {
		t.Errorf("got %d calls, want 3", calls)
	}

	gone, cancel := context.WithCancel(ctx)
	if _, err := c.Prepare(gone, func(ctx context.Context, _ *of.Conn) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

// TestPrepareOutlivesConnections has the connection end while it is prepared: the next one is.
func TestPrepareOutlivesConnections(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	ctx := testContext(t)
	c := connect(t, proxy.Endpoint(), quick)
	var prepared []*of.Conn
	if _, err := c.Prepare(ctx, func(ctx context.Context, conn *of.Conn) error {
		if prepared = append(prepared, conn); len(prepared) == 1 {
			proxy.Cut()
			<-ctx.Done()
			return ctx.Err()
		}
		return conn.Barrier(ctx)
	}); err != nil {
		t.Fatal(err)
	}
	conn, err := c.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(prepared) != 2 || prepared[1] != conn {
		t.Errorf("%d connections were prepared, the one in use last: %v", len(prepared), prepared[len(prepared)-1] == conn)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Prepare(ctx, func(context.Context, *of.Conn) error { return nil }); !errors.Is(err, of.ErrClosed) {
		t.Errorf("Prepare of a closed client: got error %v, want %v", err, of.ErrClosed)
	}
}
