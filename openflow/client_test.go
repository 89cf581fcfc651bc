// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/faultproxy"
	of "github.com/ovskit/ovskit/openflow"
)

// quick makes a client's attempts follow each other quickly.
var quick = of.ClientOptions{MinBackoff: time.Millisecond, MaxBackoff: 5 * time.Millisecond}

func connect(t *testing.T, endpoint string, o of.ClientOptions) *of.Client {
	t.Helper()
	c, err := of.Connect(testContext(t), endpoint, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// await waits for a state.
func await(t *testing.T, c *of.Client, what string, is func(of.State) bool) of.State {
	t.Helper()
	ctx := testContext(t)
	for {
		changed := c.StateChanged()
		state := c.State()
		if is(state) {
			return state
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the client does not come to be %s: %+v", what, state)
		}
	}
}

// TestClientComesBack cuts connections: each new one is prepared before anybody has it.
func TestClientComesBack(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	var prepared atomic.Pointer[of.Conn]
	o := quick
	o.OnConnect = func(ctx context.Context, c *of.Conn) error {
		if err := c.Barrier(ctx); err != nil {
			return err
		}
		prepared.Store(c)
		return nil
	}
	c := connect(t, proxy.Endpoint(), o)
	ctx := testContext(t)
	var last *of.Conn
	for i := 1; i <= 5; i++ {
		conn, err := c.Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if conn == last || conn != prepared.Load() {
			t.Fatalf("connection %d is not a new one that was prepared", i)
		}
		if err := conn.Echo(ctx); err != nil {
			t.Error(err)
		}
		if s := c.State(); s.Phase != of.Connected || s.Connections != i || s.Failures != 0 || s.Err != nil {
			t.Errorf("with connection %d the state is %+v", i, s)
		}
		last = conn
		proxy.Cut()
		<-conn.Done()
	}
}

// TestClientWaits has a switch that is away: the client says why, whoever waits for it gives up, and it comes back.
func TestClientWaits(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	c := connect(t, proxy.Endpoint(), quick)
	proxy.Refuse(true)
	s := await(t, c, "waiting", func(s of.State) bool { return s.Phase == of.Waiting && s.Failures >= 3 })
	if s.Err == nil || !strings.Contains(s.Err.Error(), "refused") || s.Connections != 1 {
		t.Errorf("without a switch the state is %+v, want a refusal", s)
	}
	ctx, cancel := context.WithTimeout(testContext(t), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Conn(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") ||
		!strings.Contains(err.Error(), c.Endpoint()) {
		t.Errorf("Conn gives %v, want the context's error, the refusal and the endpoint", err)
	}
	proxy.Refuse(false)
	if _, err := c.Conn(testContext(t)); err != nil {
		t.Error(err)
	}
}

// TestClientLeavesStoppedSwitch has a switch that stands still: the client ends the connection, and the next one is
// good when the switch goes on.
func TestClientLeavesStoppedSwitch(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	o := quick
	o.Probe = 50 * time.Millisecond
	c := connect(t, proxy.Endpoint(), o)
	proxy.Stall(true)
	s := await(t, c, "disconnected", func(s of.State) bool { return s.Err != nil })
	if !errors.Is(s.Err, of.ErrInactive) {
		t.Errorf("the connection has ended with %v, want %v", s.Err, of.ErrInactive)
	}
	proxy.Stall(false)
	await(t, c, "connected", func(s of.State) bool { return s.Phase == of.Connected && s.Connections > 1 })
}

// TestClientGreetingCut cuts the greeting at every byte, in both directions.
func TestClientGreetingCut(t *testing.T) {
	t.Parallel()
	// The greeting has 16 bytes each way and is followed by a request of 8 bytes for features of 32.
	proxy := faultproxy.New(t, serveUnix(t, behave))
	c := connect(t, proxy.Endpoint(), quick)
	cut := func(toServer, toClient int64) {
		before := c.State().Connections
		proxy.CutAfter(toServer, toClient)
		proxy.Cut()
		await(t, c, "connected again", func(s of.State) bool { return s.Phase == of.Connected && s.Connections > before })
		conn, err := c.Conn(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		// What is cut right behind the greeting shows here.
		if err := conn.Echo(testContext(t)); err != nil {
			t.Logf("cut after %d and %d bytes: %v", toServer, toClient, err)
		}
		proxy.CutAfter(-1, -1)
	}
	for n := range int64(24) {
		cut(n, -1)
	}
	for n := range int64(48) {
		cut(-1, n)
	}
	if n := proxy.Connections(); n < 2*(24+48) {
		t.Errorf("the proxy has seen %d connections, want a failed and a good one for each cut", n)
	}
}

// TestClientHookFails has the preparation fail: nobody gets such a connection.
func TestClientHookFails(t *testing.T) {
	endpoint := serveUnix(t, behave)
	refusal := errors.New("not ready")
	calls := 0
	o := quick
	o.OnConnect = func(_ context.Context, c *of.Conn) error {
		if calls++; calls < 4 {
			return refusal
		}
		return nil
	}
	if _, err := of.Connect(testContext(t), endpoint, o); !errors.Is(err, refusal) || !strings.Contains(err.Error(), endpoint) {
		t.Errorf("Connect gives %v, want the hook's error and the endpoint", err)
	}
	o.Retry = true
	c := connect(t, endpoint, o)
	if calls != 4 {
		t.Errorf("the hook was called %d times, want 4", calls)
	}
	if s := c.State(); s.Connections != 1 || s.Failures != 0 || s.Err != nil {
		t.Errorf("the state is %+v, want the first connection", s)
	}
}

// TestClientHookContext ends the hook's context with its connection and with the client.
func TestClientHookContext(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	entered := make(chan *of.Conn)
	o := quick
	o.OnConnect = func(ctx context.Context, c *of.Conn) error {
		entered <- c
		<-ctx.Done()
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(testContext(t))
	result := make(chan error)
	go func() {
		_, err := of.Connect(ctx, proxy.Endpoint(), o)
		result <- err
	}()
	<-entered
	proxy.Cut()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Connect gives %v, want the hook's error", err)
	}
	go func() {
		_, err := of.Connect(ctx, proxy.Endpoint(), o)
		result <- err
	}()
	conn := <-entered
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Connect gives %v, want the context's error", err)
	}
	if err := conn.Err(); !errors.Is(err, of.ErrClosed) {
		t.Errorf("the connection has ended with %v, want %v", err, of.ErrClosed)
	}
}

// TestClientCloses closes a client in each of its phases.
func TestClientCloses(t *testing.T) {
	check := func(t *testing.T, c *of.Client) {
		t.Helper()
		c.Close()
		if s := c.State(); s.Phase != of.Closed || !errors.Is(s.Err, of.ErrClosed) {
			t.Errorf("the state is %+v, want closed", s)
		}
		if _, err := c.Conn(testContext(t)); !errors.Is(err, of.ErrClosed) {
			t.Errorf("Conn gives %v, want %v", err, of.ErrClosed)
		}
		c.Close()
	}
	t.Run("connected", func(t *testing.T) {
		c := connect(t, serveUnix(t, behave), quick)
		conn, err := c.Conn(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		check(t, c)
		if err := conn.Err(); !errors.Is(err, of.ErrClosed) {
			t.Errorf("its connection has ended with %v, want %v", err, of.ErrClosed)
		}
	})
	t.Run("waiting", func(t *testing.T) {
		proxy := faultproxy.New(t, serveUnix(t, behave))
		c := connect(t, proxy.Endpoint(), of.ClientOptions{MinBackoff: time.Hour, MaxBackoff: time.Hour})
		waiting := make(chan error)
		proxy.Refuse(true)
		await(t, c, "waiting", func(s of.State) bool { return s.Phase == of.Waiting })
		go func() {
			_, err := c.Conn(context.Background())
			waiting <- err
		}()
		check(t, c)
		if err := <-waiting; !errors.Is(err, of.ErrClosed) {
			t.Errorf("Conn that waited gives %v, want %v", err, of.ErrClosed)
		}
	})
	t.Run("greeting", func(t *testing.T) {
		proxy := faultproxy.New(t, serveUnix(t, behave))
		c := connect(t, proxy.Endpoint(), quick)
		proxy.Stall(true)
		proxy.Cut()
		await(t, c, "connecting", func(s of.State) bool { return s.Phase == of.Connecting })
		check(t, c)
	})
	t.Run("preparing", func(t *testing.T) {
		proxy := faultproxy.New(t, serveUnix(t, behave))
		entered := make(chan struct{}, 1)
		first := true
		o := quick
		o.OnConnect = func(ctx context.Context, _ *of.Conn) error {
			if first {
				first = false
				return nil
			}
			entered <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}
		c := connect(t, proxy.Endpoint(), o)
		proxy.Cut()
		<-entered
		check(t, c)
	})
}

// TestConnectGivesUp tries once, or with Retry until the context ends.
func TestConnectGivesUp(t *testing.T) {
	const endpoint = "unix:/nonexistent/br0.mgmt"
	if _, err := of.Connect(testContext(t), endpoint, quick); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("Connect gives %v, want that there is no such file", err)
	}
	o := quick
	o.Retry = true
	ctx, cancel := context.WithTimeout(testContext(t), 30*time.Millisecond)
	defer cancel()
	if _, err := of.Connect(ctx, endpoint, o); !errors.Is(err, context.DeadlineExceeded) ||
		!strings.Contains(err.Error(), "no such file") {
		t.Errorf("Connect gives %v, want the context's error and that there is no such file", err)
	}
}
