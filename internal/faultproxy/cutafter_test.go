// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package faultproxy_test

import (
	"io"
	"net"
	"testing"

	"github.com/ovskit/ovskit/internal/faultproxy"
)

// recordingEcho answers with what it reads and tells at the end of each
// connection what that was.
func recordingEcho(t testing.TB) (endpoint string, served <-chan string) {
	all := make(chan string, 10)
	return serve(t, func(conn *net.UnixConn) {
		var got []byte
		buf := make([]byte, 1<<16)
		for {
			n, err := conn.Read(buf)
			got = append(got, buf[:n]...)
			conn.Write(buf[:n])
			if err != nil {
				all <- string(got)
				return
			}
		}
	}), all
}

func TestCutAfter(t *testing.T) {
	const hello = "hello world"
	large := string(random(1 << 20))
	for _, tt := range []struct {
		name               string
		toServer, toClient int64
		send               string
		server, client     string // what each gets before the end
	}{
		{"nothing to the server", 0, -1, hello, "", ""},
		{"a part to the server", 5, -1, hello, "hello", ""},
		{"all to the server", 11, -1, hello, hello, ""},
		{"nothing to the client", -1, 0, hello, hello, ""},
		{"a part to the client", -1, 4, hello, hello, "hell"},
		{"all to the client", -1, 11, hello, hello, hello},
		{"the client's limit first", 12, 4, hello, hello, "hell"},
		{"the server's limit first", 5, 12, hello, "hello", ""},
		{"both at once", 0, 0, hello, "", ""},
		{"much to the server", 300_001, -1, large, large[:300_001], ""},
		{"much to the client", -1, 300_001, large, "", large[:300_001]},
	} {
		for _, when := range []string{"before", "after"} {
			t.Run(tt.name+", "+when+" the connection", func(t *testing.T) {
				endpoint, served := recordingEcho(t)
				p := faultproxy.New(t, endpoint)
				if when == "before" {
					p.CutAfter(tt.toServer, tt.toClient)
				}
				conn := dial(t, p.Endpoint())
				if when == "after" {
					p.CutAfter(tt.toServer, tt.toClient)
				}
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					io.WriteString(conn, tt.send)
				}()
				got, err := readToEnd(conn)
				if err != nil {
					t.Error(err)
				}
				server := <-served
				<-sent
				if tt.toServer > 0 && tt.send == large {
					// The answer to what was sent before the last bytes got through.
					tt.client = large[:min(len(got), 300_001)]
				} else if tt.send == large {
					// How much more than it answered the server got is open.
					tt.server = large[:max(len(server), 300_001)]
				}
				if server != tt.server {
					t.Errorf("the server got %.20q (%d bytes), want %.20q (%d bytes)", server, len(server), tt.server, len(tt.server))
				}
				if got != tt.client {
					t.Errorf("the client got %.20q (%d bytes), want %.20q (%d bytes)", got, len(got), tt.client, len(tt.client))
				}

				again := dial(t, p.Endpoint())
				send(t, again, hello+hello)
				expect(t, again, hello+hello)
			})
		}
	}
}

// An answer to the last byte never comes, however fast the server is.
func TestCutAfterDropsAnswer(t *testing.T) {
	p := faultproxy.New(t, serve(t, echo))
	for range 200 {
		p.CutAfter(5, -1)
		conn := dial(t, p.Endpoint())
		send(t, conn, "hello")
		expectEnd(t, conn, "")
	}
}

// Limits count all connections together, and cut the one that reaches them.
func TestCutAfterCountsAllConnections(t *testing.T) {
	endpoint, served := recordingEcho(t)
	p := faultproxy.New(t, endpoint)
	p.CutAfter(13, -1)
	first, second, third := dial(t, p.Endpoint()), dial(t, p.Endpoint()), dial(t, p.Endpoint())
	send(t, first, "hello")
	expect(t, first, "hello")
	send(t, second, "world")
	expect(t, second, "world")
	second.Close()
	if got := <-served; got != "world" {
		t.Errorf("server read %q, want %q", got, "world")
	}
	send(t, third, "again")
	expectEnd(t, third, "")
	if got := <-served; got != "aga" {
		t.Errorf("server read %q, want %q", got, "aga")
	}
	send(t, first, "still here")
	expect(t, first, "still here")
}

func TestCutAfterReplaced(t *testing.T) {
	p := faultproxy.New(t, serve(t, echo))
	conn := dial(t, p.Endpoint())
	for range 3 {
		p.CutAfter(6, 6)
		send(t, conn, "hello")
		expect(t, conn, "hello")
	}
	p.CutAfter(-1, -1)
	send(t, conn, "hello again")
	expect(t, conn, "hello again")
}

// What is held when the limit is set counts too.
func TestCutAfterWhileStalled(t *testing.T) {
	endpoint, served := recordingEcho(t)
	p := faultproxy.New(t, endpoint)
	conn := dial(t, p.Endpoint())
	p.Stall(true)
	send(t, conn, "hello")
	p.CutAfter(2, -1)
	p.Stall(false)
	expectEnd(t, conn, "")
	if got := <-served; got != "he" {
		t.Errorf("server read %q, want %q", got, "he")
	}
}
