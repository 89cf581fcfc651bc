// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/dbtest"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/ovsdb"
)

// attempts is a log handler that takes note of the pauses after failed rounds
// of attempts to connect.
type attempts struct {
	mu     sync.Mutex
	pauses []time.Duration
	failed chan struct{} // has an element after a failure
}

func newAttempts() *attempts { return &attempts{failed: make(chan struct{}, 1)} }

func (a *attempts) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }
func (a *attempts) WithAttrs([]slog.Attr) slog.Handler               { return a }
func (a *attempts) WithGroup(string) slog.Handler                    { return a }

func (a *attempts) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(attr slog.Attr) bool {
		if attr.Key == "pause" {
			a.mu.Lock()
			a.pauses = append(a.pauses, attr.Value.Duration())
			a.mu.Unlock()
			select {
			case a.failed <- struct{}{}:
			default:
			}
		}
		return true
	})
	return nil
}

// The pauses between rounds of attempts grow from the least to the greatest.
func TestBackoff(t *testing.T) {
	t.Parallel()
	s := dbtest.FakeWith(t, entrySchema)
	p := faultproxy.New(t, s.Endpoint)
	a := newAttempts()
	o := entryOptions(p.Endpoint())
	o.Logger, o.MinBackoff, o.MaxBackoff = slog.New(a), time.Millisecond, 12*time.Millisecond
	c := dialOptions(t, o)
	p.Refuse(true)
	awaitState(t, c, func(s ovsdb.State) bool { return s.Failures >= 8 })
	if err := c.State().Err; !isRefused(err) || !strings.Contains(err.Error(), p.Endpoint()) {
		t.Errorf("state: got error %v, want one that says that %q refuses", err, p.Endpoint())
	}
	p.Refuse(false)
	waitConnected(t, c, 2)
	a.mu.Lock()
	defer a.mu.Unlock()
	if first := a.pauses[0]; first != time.Millisecond && first != 2*time.Millisecond { // the latter if the connection was short
		t.Errorf("first pause: got %v, want 1ms or 2ms", first)
	}
	for i, pause := range a.pauses[1:] {
		if want := min(2*a.pauses[i], o.MaxBackoff); pause != want {
			t.Errorf("pauses %v: got %v after %v, want %v", a.pauses, pause, a.pauses[i], want)
		}
	}
}

// Of several endpoints the next one is tried when one fails.
func TestEndpointsInTurn(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		first, second := faultproxy.New(t, s.Endpoint), faultproxy.New(t, s.Endpoint)
		names := map[string]string{first.Endpoint(): "first", second.Endpoint(): "second"}
		const dead = "unix:/nonexistent/socket"
		var mu sync.Mutex
		var connected []string
		o := entryOptions(dead)
		o.Endpoints = []string{first.Endpoint(), dead, second.Endpoint()}
		o.Hooks.Connected = func(endpoint string) {
			mu.Lock()
			defer mu.Unlock()
			connected = append(connected, names[endpoint])
		}
		c := dialOptions(t, o)
		entries := newEntryTable("Entry")
		m := monitorTables(t, c, entries)
		f := follow(t, m, ovsdb.WatchOptions{})
		steps := []struct {
			fail func()
			want string // where the client goes
		}{
			{first.Cut, "second"},
			{second.Cut, "first"},
			{func() { second.Refuse(true); first.Cut() }, "first"},
			{func() { second.Refuse(false); first.Refuse(true) }, "second"},
		}
		want := []string{"first"}
		for i, step := range steps {
			step.fail()
			waitConnected(t, c, i+2)
			want = append(want, step.want)
			if got := names[c.Endpoint()]; got != step.want || c.State().Endpoint != c.Endpoint() {
				t.Errorf("step %d: connected to the %s server, want the %s", i, got, step.want)
			}
			transact(t, c, insertEntry(step.want+strings.Repeat("'", i), int64(i)))
		}
		mu.Lock()
		if !slices.Equal(connected, want) {
			t.Errorf("connected: got %v, want %v", connected, want)
		}
		mu.Unlock()
		wantTable(t, "entries", readAll(t, s.Endpoint)["Entry"], entries)
		m.Close()
		f.wantEnd(ovsdb.ErrMonitorClosed, map[string]*entryTable{"Entry": entries})
	})
}

// Dial tries each endpoint once and says what was wrong with each.
func TestDialFails(t *testing.T) {
	t.Parallel()
	endpoints := []string{"unix:/nonexistent/1", "unix:/nonexistent/2", "tcp:127.0.0.1:1"}
	_, err := ovsdb.Dial(testContext(t), ovsdb.Options{Endpoints: endpoints})
	for _, endpoint := range endpoints {
		if err == nil || strings.Count(err.Error(), `"`+endpoint+`"`) != 1 {
			t.Errorf("got error %v, want it to name %q once", err, endpoint)
		}
	}
	if _, err := ovsdb.Dial(testContext(t), ovsdb.Options{Endpoints: []string{endpoints[0], "elsewhere"}}); err == nil {
		t.Error("an endpoint that is none was accepted")
	}
}

// With Retry a client can begin before its server does.
func TestDialRetries(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		s.Stop(t)
		a := newAttempts()
		o := entryOptions(s.Endpoint)
		o.Retry, o.Logger = true, slog.New(a)

		ctx, cancel := context.WithCancel(testContext(t))
		gaveUp := make(chan error)
		go func() {
			_, err := ovsdb.Dial(ctx, o)
			gaveUp <- err
		}()
		<-a.failed
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), s.Endpoint) {
			t.Errorf("Dial with a context that ends: got error %v, want %v and why %q cannot be connected to", err, context.Canceled, s.Endpoint)
		}

		ctx, cancel = context.WithCancel(testContext(t))
		defer cancel()
		dialed := make(chan *ovsdb.Client)
		go func() {
			c, err := ovsdb.Dial(ctx, o)
			if err != nil {
				t.Error(err)
			}
			dialed <- c
		}()
		<-a.failed
		s.Start(t)
		c := <-dialed
		if c == nil {
			return
		}
		defer c.Close()
		if got := c.State(); got.Connections != 1 || got.Failures != 0 || got.Err != nil || got.Endpoint != s.Endpoint {
			t.Errorf("state: got %+v, want one connection to %q", got, s.Endpoint)
		}
		cancel() // which bounds Dial only
		transact(t, c, insertEntry("entry", 1))
		s.Kill(t)
		s.Start(t)
		waitConnected(t, c, 2)
		transact(t, c, insertEntry("another", 1))
	})
}

// With NoReconnect the end of the connection is that of the client.
func TestNoReconnect(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		p := faultproxy.New(t, s.Endpoint)
		o := entryOptions(p.Endpoint())
		o.NoReconnect = true
		disconnected := make(chan error, 2)
		o.Hooks.Disconnected = func(reason error) { disconnected <- reason }
		c := dialOptions(t, o)
		entries := newEntryTable("Entry")
		m := monitorTables(t, c, entries)
		f := follow(t, m, ovsdb.WatchOptions{})
		waiting := make(chan error)
		go func() { waiting <- m.Wait(testContext(t), func() (bool, error) { return entries.Len() > 0, nil }) }()
		if err := c.Err(); err != nil {
			t.Errorf("client that lives: got error %v", err)
		}
		s.Kill(t)
		<-c.Done()
		reason := c.Err()
		if !errors.Is(reason, io.EOF) || errors.Is(reason, ovsdb.ErrClosed) {
			t.Errorf("client that has lost its server: got error %v, want %v", reason, io.EOF)
		}
		if err := <-disconnected; err != reason {
			t.Errorf("Disconnected: got %v, want %v", err, reason)
		}
		if err := <-waiting; !errors.Is(err, reason) {
			t.Errorf("Wait: got error %v, want %v", err, reason)
		}
		if got := c.State(); got.Endpoint != "" || got.Connections != 1 || got.Err != reason {
			t.Errorf("state: got %+v, want the end of the first connection", got)
		}
		s.Start(t)
		for name, call := range disconnectedCalls(c, m, entries) {
			if err := call(testContext(t)); !errors.Is(err, reason) || errors.As(err, new(*ovsdb.OutcomeUnknownError)) {
				t.Errorf("%s after the end: got error %v, want %v", name, err, reason)
			}
		}
		f.wantEnd(reason, map[string]*entryTable{"Entry": entries})
		c.Close()
		if err := c.Err(); err != reason {
			t.Errorf("after Close: got error %v, want still %v", err, reason)
		}
		if got := p.Connections(); got != 1 {
			t.Errorf("the client has made %d connections, want 1", got)
		}
	})
}

// Close ends a client at once, connected or not, and all calls with it.
func TestClose(t *testing.T) {
	t.Parallel()
	dbtest.EachWith(t, entrySchema, func(t *testing.T, s *dbtest.Server) {
		for name, before := range map[string]func(p *faultproxy.Proxy, c *ovsdb.Client){
			"connected": func(*faultproxy.Proxy, *ovsdb.Client) {},
			"stalled":   func(p *faultproxy.Proxy, _ *ovsdb.Client) { p.Stall(true) },
			"refused": func(p *faultproxy.Proxy, c *ovsdb.Client) {
				p.Refuse(true)
				awaitState(t, c, func(s ovsdb.State) bool { return s.Failures > 0 })
			},
			"connecting": func(p *faultproxy.Proxy, c *ovsdb.Client) {
				silent, accepted := silentServer(t)
				p.SetTarget(silent)
				p.Cut()
				<-accepted
			},
		} {
			t.Run(name, func(t *testing.T) { testClose(t, s, before) })
		}
	})
}

// silentServer accepts connections and does nothing with them.
func silentServer(t testing.TB) (endpoint string, accepted <-chan struct{}) {
	path := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	connected, done := make(chan struct{}, 1), make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			select {
			case connected <- struct{}{}:
			default:
			}
		}
	}()
	return "unix:" + path, connected
}

func testClose(t *testing.T, s *dbtest.Server, before func(*faultproxy.Proxy, *ovsdb.Client)) {
	p := faultproxy.New(t, s.Endpoint)
	o := entryOptions(p.Endpoint())
	var mu sync.Mutex
	var reasons []error
	o.Hooks.Disconnected = func(reason error) {
		mu.Lock()
		defer mu.Unlock()
		reasons = append(reasons, reason)
	}
	c := dialOptions(t, o)
	entries := newEntryTable("Entry")
	m := monitorTables(t, c, entries)
	before(p, c)
	calls := disconnectedCalls(c, m, entries)
	calls["Wait"] = func(ctx context.Context) error { return m.Wait(ctx, func() (bool, error) { return false, nil }) }
	done := make(chan error, len(calls))
	for _, call := range calls {
		go func() { done <- call(testContext(t)) }()
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for range calls {
		if err := <-done; err != nil && !errors.Is(err, ovsdb.ErrClosed) {
			t.Errorf("call in progress: got error %v, want %v", err, ovsdb.ErrClosed)
		}
	}
	<-c.Done()
	if err := c.Err(); err != ovsdb.ErrClosed {
		t.Errorf("Err: got %v, want %v", err, ovsdb.ErrClosed)
	}
	if got := c.State(); got.Endpoint != "" || got.Err == nil {
		t.Errorf("state: got %+v, want no connection", got)
	}
	for name, call := range disconnectedCalls(c, m, entries) {
		if err := call(testContext(t)); !errors.Is(err, ovsdb.ErrClosed) {
			t.Errorf("%s after Close: got error %v, want %v", name, err, ovsdb.ErrClosed)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(reasons) != 1 {
		t.Errorf("Disconnected was called with %v, want once", reasons)
	}
}
