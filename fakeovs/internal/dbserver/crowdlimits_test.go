// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/mempipe"
)

// Clients who monitor large values and do not read are cut off when too much waits for them together; one that reads is
// not.
func TestManyWhoDoNotRead(t *testing.T) {
	const n, size, limit = 30, 100_000, 1 << 20
	s := startServer(t, Options{MaxTotalBacklog: limit})
	for i := range n {
		ours, theirs := mempipe.New()
		s.ServeConn(theirs)
		// Monitors with ids of their own are told in messages of their own.
		newClient(t, ours).mustCall("monitor", "test", i, parse(t, `{"root":{"columns":["s"]}}`))
	}
	c := connect(t, s)
	for i := range 20 {
		text := strings.Repeat(fmt.Sprint(i%10), size)
		c.transact(`[{"op":"delete","table":"root","where":[]},{"op":"insert","table":"root","row":{"name":"huge","some":1,"s":"` + text + `"}}]`)
		if got := s.backlog.Load(); got > limit {
			t.Fatalf("bytes that wait for %d clients: got %d, want at most %d", n, got, limit)
		}
	}
	s.Disconnect()
	if got := s.backlog.Load(); got != 0 {
		t.Errorf("bytes that wait for nobody: got %d, want 0", got)
	}
}

// A message that waits for many clients is there once.
func TestMessageForMany(t *testing.T) {
	const n, size, limit = 30, 100_000, 1 << 20
	s := startServer(t, Options{MaxTotalBacklog: limit})
	for range n {
		ours, theirs := mempipe.New()
		s.ServeConn(theirs)
		newClient(t, ours).mustCall("monitor", "test", nil, parse(t, `{"root":{"columns":["s"]}}`))
	}
	c := connect(t, s)
	for range 3 {
		c.transact(`[{"op":"insert","table":"root","row":{"name":"huge","some":1,"s":"` + strings.Repeat("x", size) + `"}}]`)
	}
	if got := len(s.clients()); got != n+1 {
		t.Errorf("clients that are left: got %d, want %d", got, n+1)
	}
}

// Clients who begin large messages and never end them take no more memory together than there may be.
func TestManyLargeMessages(t *testing.T) {
	const n, size, limit = 20, 1 << 20, 4 << 20
	s := startServer(t, Options{MaxBuffered: limit})
	begun := []byte(`{"id":1,"method":"transact","params":["test","` + strings.Repeat("x", size))
	for range n {
		ours, theirs := mempipe.New()
		s.ServeConn(theirs)
		newClient(t, ours)
		_, _ = ours.Write(begun) // which fails when the client is cut off
		if got := s.buffered.Load(); got > 2*limit {
			t.Fatalf("bytes of buffers: got %d, want about %d", got, limit)
		}
	}
	c := connect(t, s)
	c.mustCall("echo")
	for len(s.clients()) > 5 {
		c.mustCall("echo")
	}
	if _, err := io.WriteString(c.conn, " "); err != nil {
		t.Errorf("a client that sends little: %v", err)
	}
	s.Disconnect()
	if got := s.buffered.Load(); got != 0 {
		t.Errorf("bytes of buffers of nobody: got %d, want 0", got)
	}
}
