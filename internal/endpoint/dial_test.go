// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package endpoint_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/endpoint"
)

// testContext bounds a test's calls.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func parse(t testing.TB, text string) endpoint.Endpoint {
	t.Helper()
	e, err := endpoint.Parse(text, 6640)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// listen serves each connection to an address with a function, and returns the
// address. The test does not end before the functions have returned.
func listen(t testing.TB, network, address string, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Add(1)
	t.Cleanup(func() { l.Close(); conns.Wait() })
	go func() {
		defer conns.Done()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				defer conns.Done()
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(time.Minute))
				serve(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// portOf is the port of an address of package net.
func portOf(t testing.TB, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func echo(conn net.Conn) { io.Copy(conn, conn) }

// exchange says something to an echoing server and wants it back.
func exchange(t testing.TB, conn net.Conn) {
	t.Helper()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := conn.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "hello" {
		t.Errorf("server answered %q, %v, want %q", got, err, "hello")
	}
}

func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "endpoint")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func needIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 on the loopback device: %v", err)
	}
	l.Close()
}

func TestDial(t *testing.T) {
	for _, tt := range []struct{ name, network, address, endpoint string }{
		{"unix", "unix", filepath.Join(tempDir(t), "s"), ""},
		{"IPv4", "tcp", "127.0.0.1:0", "tcp:127.0.0.1:"},
		{"name", "tcp", "127.0.0.1:0", "tcp:localhost:"},
		{"IPv6", "tcp", "[::1]:0", "tcp:[::1]:"},
		{"IPv6 with scope", "tcp", "[::1]:0", "tcp:[::1%lo]:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Contains(tt.address, "::1") {
				needIPv6(t)
			}
			text := "unix:" + tt.address
			if address := listen(t, tt.network, tt.address, echo); tt.network == "tcp" {
				text = tt.endpoint + portOf(t, address)
			}
			conn, err := parse(t, text).Dial(testContext(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			exchange(t, conn)
		})
	}
}

func TestDialNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	port := portOf(t, l.Addr().String())
	for text, want := range map[string]error{
		"unix:" + filepath.Join(tempDir(t), "s"): fs.ErrNotExist,
		"tcp:127.0.0.1:" + port:                  syscall.ECONNREFUSED,
		"ssl:127.0.0.1:" + port:                  syscall.ECONNREFUSED,
	} {
		conn, err := parse(t, text).Dial(testContext(t), nil)
		if conn != nil || !errors.Is(err, want) {
			t.Errorf("dial %s: got %v, %v, want %v", text, conn, err, want)
		}
	}
}

func TestDialZeroEndpoint(t *testing.T) {
	conn, err := endpoint.Endpoint{}.Dial(testContext(t), nil)
	if conn != nil || err == nil || !strings.Contains(err.Error(), "not a connection method") {
		t.Errorf("got %v, %v, want an error that says it is no connection method", conn, err)
	}
}

func TestDialEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := filepath.Join(tempDir(t), "s")
	listen(t, "unix", path, echo)
	port := portOf(t, listen(t, "tcp", "127.0.0.1:0", echo))
	for _, text := range []string{"unix:" + path, "tcp:127.0.0.1:" + port, "ssl:127.0.0.1:" + port, "tcp:localhost:" + port} {
		if conn, err := parse(t, text).Dial(ctx, nil); conn != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("dial %s: got %v, %v, want %v", text, conn, err, context.Canceled)
		}
	}
}

// A server whose queue of connections is full does not even complete the TCP
// handshake.
func TestDialUnansweredConnect(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	e := endpoint.Endpoint{Scheme: endpoint.TCP, Host: "127.0.0.1", Port: sa.(*syscall.SockaddrInet4).Port}
	first, err := e.Dial(testContext(t), nil) // takes the only place
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if conn, err := e.Dial(ctx, nil); conn != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v, want %v", conn, err, context.DeadlineExceeded)
	}
}
