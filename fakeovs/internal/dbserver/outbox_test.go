// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// dialUnix connects a client by a unix socket.
func dialUnix(t testing.TB, s *Server) *client {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ours, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s.ServeConn(theirs)
	return newClient(t, ours)
}

// TestMoreThanASocketTakes sends a client more than its socket takes at once, before the client reads.
func TestMoreThanASocketTakes(t *testing.T) {
	s := startServer(t, Options{})
	for name, c := range map[string]*client{"unix socket": dialUnix(t, s), "pipe": connect(t, s)} {
		t.Run(name, func(t *testing.T) {
			long := strings.Repeat("x", 1<<20)
			if got := c.mustCall("echo", long).([]any)[0]; got != long {
				t.Errorf("a string of %d bytes came back as one of %d, or another one", len(long), len(got.(string)))
			}
			want(t, "echo", c.mustCall("echo", int64(2)), `[2]`)
		})
	}
}

// TestRequestsThatComeTogether sends many requests before it reads a reply, the last one in two halves.
func TestRequestsThatComeTogether(t *testing.T) {
	c := dialUnix(t, startServer(t, Options{}))
	const n = 500
	var requests bytes.Buffer
	for i := range n {
		fmt.Fprintf(&requests, `{"id":%d,"method":"echo","params":["%s"]}`, i, strings.Repeat("x", i))
	}
	whole := requests.Len() - 50
	if _, err := c.conn.Write(requests.Bytes()[:whole]); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if i == n-1 { // all others have been answered, though there is half a request
			if _, err := c.conn.Write(requests.Bytes()[whole:]); err != nil {
				t.Fatal(err)
			}
		}
		m := c.receive()
		if m["id"] != int64(i) || len(m["result"].([]any)[0].(string)) != i {
			t.Fatalf("reply %d: got %.100s", i, jsonText(m))
		}
	}
}

// TestReplyBeforeGarbage has a request answered that came together with what is none.
func TestReplyBeforeGarbage(t *testing.T) {
	c := dialUnix(t, startServer(t, Options{}))
	if _, err := c.conn.Write([]byte(`{"id":1,"method":"echo","params":[]}{"id":2,"method":"echo"}{"id":3`)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c.conn)
	if want := `{"id":1,"result":[],"error":null}`; err != nil || string(answer) != want {
		t.Errorf("got %s, error %v; want %s and the end", answer, err, want)
	}
}

// TestClientThatDoesNotReadIsNotListenedTo sends requests with long replies and reads none, until the server reads no
// request any more. Nobody else is held up.
func TestClientThatDoesNotReadIsNotListenedTo(t *testing.T) {
	s := startServer(t, Options{})
	deaf, other := dialUnix(t, s), dialUnix(t, s)
	long := strings.Repeat("x", 100<<10)
	const n = 40
	sent := make(chan error, 1)
	go func() {
		for i := range n {
			if _, err := fmt.Fprintf(deaf.conn, `{"id":%d,"method":"echo","params":["%s"]}`, i, long); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for range 50 {
		want(t, "echo", other.mustCall("echo", int64(1)), `[1]`)
	}
	s.mu.Lock()
	for c := range s.sessions {
		c.out.mu.Lock()
		if most := maxUnread + len(long) + 100; c.out.size > most {
			t.Errorf("bytes that wait for a client: got %d, want at most %d", c.out.size, most)
		}
		c.out.mu.Unlock()
	}
	s.mu.Unlock()
	for i := range n {
		if m := deaf.receive(); m["id"] != int64(i) {
			t.Fatalf("reply %d has id %v", i, m["id"])
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// TestDeafClientsOnSockets has clients monitor and not read, which are cut, while another one goes on.
func TestDeafClientsOnSockets(t *testing.T) {
	s := startServer(t, Options{MaxBacklog: 100_000})
	busy := dialUnix(t, s)
	busy.transact(`[{"op":"insert","table":"single","row":{"x":3}}]`)
	var deaf []*client
	for range 3 {
		c := dialUnix(t, s)
		c.mustCall("monitor", "test", nil, parse(t, `{"single":{}}`))
		deaf = append(deaf, c)
	}
	for len(s.clients()) > 1 {
		busy.transact(`[{"op":"mutate","table":"single","where":[],"mutations":[["x","+=",1]]}]`)
	}
	for _, c := range deaf {
		if n, err := io.Copy(io.Discard, c.conn); err != nil || n > 1<<20 {
			t.Errorf("client that did not read: got %d bytes, error %v; want less than 1 MiB and the end", n, err)
		}
	}
}

func (s *Server) clients() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*session
	for c := range s.sessions {
		all = append(all, c)
	}
	return all
}
