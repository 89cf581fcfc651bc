// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package faultproxy_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/faultproxy"
)

// random is data that no reordering leaves the same.
func random(n int) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

func TestForward(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	acceptAll(t, l, func(conn net.Conn) { io.Copy(conn, conn) })
	for name, target := range map[string]string{"unix": serve(t, echo), "tcp": "tcp:" + l.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			p := faultproxy.New(t, target)
			conn := dial(t, p.Endpoint())
			data := random(3 << 20)
			var sending sync.WaitGroup
			sending.Add(1)
			go func() {
				defer sending.Done()
				if _, err := conn.Write(data); err != nil {
					t.Error(err)
				}
				conn.CloseWrite()
			}()
			got, err := io.ReadAll(conn)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("got %d bytes, %v, want the %d that were sent", len(got), err, len(data))
			}
			sending.Wait()
			if got := p.Connections(); got != 1 {
				t.Errorf("Connections() = %d, want 1", got)
			}
		})
	}
}

// What a server said last arrives although the client first writes to it in
// vain, with so much on its way that the sockets are full.
func TestForwardLastWords(t *testing.T) {
	data := random(4 << 20)
	said := make(chan int, 1)
	p := faultproxy.New(t, serve(t, func(conn *net.UnixConn) {
		conn.Read(make([]byte, 1))
		conn.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		n, _ := conn.Write(data)
		said <- n
	}))
	conn := dial(t, p.Endpoint())
	for {
		if _, err := conn.Write(make([]byte, 1000)); err != nil {
			if !errors.Is(err, syscall.EPIPE) {
				t.Errorf("write: got error %v, want %v", err, syscall.EPIPE)
			}
			break
		}
	}
	got, err := readToEnd(conn)
	if want := data[:<-said]; err != nil || got != string(want) {
		t.Errorf("got %d bytes, %v, want the %d that the server sent", len(got), err, len(want))
	}
}

// A server that never stops talking learns that the client has gone.
func TestForwardToNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	talk := func(conn net.Conn) {
		for {
			if _, err := conn.Write(make([]byte, 1<<16)); err != nil {
				ended <- err
				return
			}
		}
	}
	acceptAll(t, l, talk)
	unix := serve(t, func(conn *net.UnixConn) { talk(conn) })
	for _, target := range []string{unix, "tcp:" + l.Addr().String()} {
		p := faultproxy.New(t, target)
		conn := dial(t, p.Endpoint())
		expect(t, conn, "\x00")
		conn.Close()
		if err := <-ended; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the server never learned it", target)
		}
	}
}

func TestServerIsAway(t *testing.T) {
	p := faultproxy.New(t, "unix:/nonexistent/server")
	conn := dial(t, p.Endpoint())
	expectEnd(t, conn, "")
	p.SetTarget(serve(t, echo))
	conn = dial(t, p.Endpoint())
	send(t, conn, "back")
	expect(t, conn, "back")
}

func TestSetTarget(t *testing.T) {
	says := func(text string) string {
		return serve(t, func(conn *net.UnixConn) { io.WriteString(conn, text); echo(conn) })
	}
	p := faultproxy.New(t, says("first"))
	first := dial(t, p.Endpoint())
	expect(t, first, "first")
	p.SetTarget(says("second"))
	second := dial(t, p.Endpoint())
	expect(t, second, "second")
	send(t, first, "still")
	expect(t, first, "still")
	if got := p.Connections(); got != 2 {
		t.Errorf("Connections() = %d, want 2", got)
	}
}

// recorder is a TB that notes errors.
type recorder struct {
	testing.TB
	errors []error
}

func (r *recorder) Errorf(_ string, args ...any) { r.errors = append(r.errors, args[0].(error)) }

func TestTargetRefused(t *testing.T) {
	r := &recorder{TB: t}
	p := faultproxy.New(r, serve(t, echo))
	for i, tt := range []struct{ target, want string }{
		{"punix:/server", "a server listens there"},
		{"tcp:127.0.0.1", "the port is missing"},
		{"ssl:127.0.0.1:6640", "cannot speak TLS"},
	} {
		p.SetTarget(tt.target)
		if len(r.errors) != i+1 || !strings.Contains(r.errors[i].Error(), tt.want) {
			t.Fatalf("SetTarget(%q): got errors %v, want one more that says %q", tt.target, r.errors, tt.want)
		}
	}
	conn := dial(t, p.Endpoint())
	send(t, conn, "first target")
	expect(t, conn, "first target")
}

// Cut ends the connections of both sides, those included that the proxy has
// not come to accept.
func TestCut(t *testing.T) {
	ended := make(chan string, 1)
	p := faultproxy.New(t, serve(t, func(conn *net.UnixConn) {
		got := make([]byte, 5)
		n, _ := io.ReadFull(conn, got)
		conn.Write(got[:n])
		rest, _ := readToEnd(conn)
		ended <- string(got[:n]) + rest
	}))
	conn := dial(t, p.Endpoint())
	send(t, conn, "hello")
	expect(t, conn, "hello")
	p.Cut()
	expectEnd(t, conn, "")
	if got := <-ended; got != "hello" {
		t.Errorf("server read %q, want %q and the end of the connection", got, "hello")
	}

	p.SetTarget(serve(t, echo))
	for range 50 {
		var conns []net.Conn
		for range 3 {
			conns = append(conns, dial(t, p.Endpoint()))
		}
		p.Cut()
		for _, conn := range conns {
			expectEnd(t, conn, "")
		}
	}
	conn = dial(t, p.Endpoint())
	send(t, conn, "again")
	expect(t, conn, "again")
}

// No client is refused because of a Cut.
func TestCutWhileConnecting(t *testing.T) {
	p := faultproxy.New(t, serve(t, echo))
	var clients sync.WaitGroup
	for range 4 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for range 200 {
				conn, err := net.Dial("unix", strings.TrimPrefix(p.Endpoint(), "unix:"))
				if err != nil {
					t.Error(err)
					return
				}
				conn.Close()
			}
		}()
	}
	for range 200 {
		p.Cut()
	}
	clients.Wait()
}

func TestRefuse(t *testing.T) {
	p := faultproxy.New(t, serve(t, echo))
	conn := dial(t, p.Endpoint())
	send(t, conn, "hello")
	expect(t, conn, "hello")
	for range 2 { // the second time changes nothing
		p.Refuse(true)
		expectEnd(t, conn, "")
		p.Cut()
		if _, err := net.Dial("unix", strings.TrimPrefix(p.Endpoint(), "unix:")); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("connect: got error %v, want %v", err, syscall.ECONNREFUSED)
		}
	}
	for range 2 {
		p.Refuse(false)
		conn := dial(t, p.Endpoint())
		send(t, conn, "again")
		expect(t, conn, "again")
	}
	if got := p.Connections(); got != 3 {
		t.Errorf("Connections() = %d, want 3", got)
	}
}

// What is held while the proxy is stalled flows on afterwards, the end of the
// connection after the data.
func TestStall(t *testing.T) {
	p := faultproxy.New(t, serve(t, echo))
	before := dial(t, p.Endpoint())
	send(t, before, "hello")
	expect(t, before, "hello")
	p.Stall(true)
	during := dial(t, p.Endpoint())
	data := random(1 << 20)
	var sending sync.WaitGroup
	for _, conn := range []*net.UnixConn{before, during} {
		send(t, conn, string(data[:1000]))
		sending.Add(1)
		go func() {
			defer sending.Done()
			if _, err := conn.Write(data[1000:]); err != nil {
				t.Error(err)
			}
			conn.CloseWrite()
		}()
	}
	p.Stall(false)
	for name, conn := range map[string]net.Conn{"before": before, "during": during} {
		if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, data) {
			t.Errorf("connection made %s the stall: got %d bytes, %v, want the %d that were sent", name, len(got), err, len(data))
		}
	}
	sending.Wait()
}

// What is held while the proxy is stalled goes nowhere when the connection is
// cut, and a connection made meanwhile does not reach the server. A proxy that
// does otherwise would be seen in one of the rounds.
func TestStallHolds(t *testing.T) {
	for range 50 {
		var mu sync.Mutex
		var served []string
		t.Run("", func(t *testing.T) {
			speak := make(chan struct{})
			p := faultproxy.New(t, serve(t, func(conn *net.UnixConn) {
				io.WriteString(conn, "hello")
				<-speak
				io.WriteString(conn, "held")
				got, _ := readToEnd(conn)
				if _, err := io.WriteString(conn, "x"); err == nil {
					got += " and the end of the client's direction only"
				}
				mu.Lock()
				defer mu.Unlock()
				served = append(served, got)
			}))
			talking, leaving := dial(t, p.Endpoint()), dial(t, p.Endpoint())
			expect(t, talking, "hello")
			expect(t, leaving, "hello")
			p.Stall(true)
			close(speak)
			send(t, talking, "held")
			leaving.CloseWrite()
			coming := dial(t, p.Endpoint())
			send(t, coming, "held")
			p.Cut()
			expectEnd(t, talking, "")
			expectEnd(t, leaving, "")
			expectEnd(t, coming, "")
		})
		if len(served) != 2 || served[0] != "" || served[1] != "" {
			t.Fatalf("server read %q through a stalled proxy, want nothing on two connections", served)
		}
	}
}

// The proxy can be asked for anything when its test is over.
func TestAfterTheTest(t *testing.T) {
	var p *faultproxy.Proxy
	t.Run("inner", func(t *testing.T) {
		p = faultproxy.New(t, serve(t, echo))
		conn := dial(t, p.Endpoint())
		p.Stall(true)
		send(t, conn, "held")
	})
	p.SetTarget("unix:/other")
	p.Cut()
	p.Refuse(true)
	p.Refuse(false)
	p.Stall(false)
	p.CutAfter(0, 0)
	if conn, err := net.Dial("unix", strings.TrimPrefix(p.Endpoint(), "unix:")); err == nil {
		conn.Close()
		t.Error("the proxy still listens")
	}
}
