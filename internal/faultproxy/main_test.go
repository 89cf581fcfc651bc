// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package faultproxy_test

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves each connection to a new unix socket with a function, and
// returns the endpoint. The test does not end before the functions have
// returned.
func serve(t testing.TB, f func(*net.UnixConn)) (endpoint string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "faultproxy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "server")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	acceptAll(t, l, func(conn net.Conn) { f(conn.(*net.UnixConn)) })
	return "unix:" + path
}

func acceptAll(t testing.TB, l net.Listener, f func(net.Conn)) {
	var running sync.WaitGroup
	running.Add(1)
	t.Cleanup(func() { l.Close(); running.Wait() })
	go func() {
		defer running.Done()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Add(1)
			go func() {
				defer running.Done()
				defer conn.Close()
				deadline := time.Now().Add(time.Minute)
				conn.SetDeadline(deadline)
				f(conn)
				if time.Now().After(deadline) {
					t.Error("a connection to the server did not end")
				}
			}()
		}
	}()
}

func echo(conn *net.UnixConn) { io.Copy(conn, conn) }

// dial connects to a proxy.
func dial(t testing.TB, endpoint string) *net.UnixConn {
	t.Helper()
	conn, err := net.Dial("unix", strings.TrimPrefix(endpoint, "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return conn.(*net.UnixConn)
}

func send(t testing.TB, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// expect reads a text.
func expect(t testing.TB, conn net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(conn, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v, want %q", got[:n], err, want)
	}
}

// expectEnd reads a text and the end of the connection after it.
func expectEnd(t testing.TB, conn net.Conn, want string) {
	t.Helper()
	if got, err := readToEnd(conn); err != nil || got != want {
		t.Fatalf("read %.100q, %v, want %.100q and the end of the connection", got, err, want)
	}
}

// readToEnd reads all that comes. A connection that was closed with data
// unread ends with a reset.
func readToEnd(conn net.Conn) (string, error) {
	got, err := io.ReadAll(conn)
	if errors.Is(err, syscall.ECONNRESET) {
		err = nil
	}
	return string(got), err
}
