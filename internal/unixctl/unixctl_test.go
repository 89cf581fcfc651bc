// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package unixctl

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// daemon serves one connection: it answers a request, which is handed over as a line, and closes the connection.
func daemon(t testing.TB, answer string) (socket string, requests <-chan string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "ctl")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1)
	ended := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	go func() {
		defer close(ended)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		line, _ := bufio.NewReader(conn).ReadString('\n')
		lines <- line
		_, _ = io.WriteString(conn, answer)
	}()
	return socket, lines
}

func TestCall(t *testing.T) {
	socket, requests := daemon(t, `{"id":1,"result":"one\ntwo\n","error":null}`)
	got, err := Call(testContext(t), socket, "do", "a b", `"<`)
	if err != nil || got != "one\ntwo\n" {
		t.Errorf("got %q, error %v; want the result", got, err)
	}
	var request map[string]any
	if err := json.Unmarshal([]byte(<-requests), &request); err != nil {
		t.Fatal(err)
	}
	params, _ := request["params"].([]any)
	if request["method"] != "do" || len(params) != 2 || params[0] != "a b" || params[1] != `"<` {
		t.Errorf("request: got %v", request)
	}
}

func TestCallWithoutArguments(t *testing.T) {
	socket, requests := daemon(t, `{"id":1,"result":""}`)
	if got, err := Call(testContext(t), socket, "do"); got != "" || err != nil {
		t.Errorf("got %q, error %v; want an empty result", got, err)
	}
	if line := <-requests; !strings.Contains(line, `"params":[]`) {
		t.Errorf("request: got %s, want no parameters", line)
	}
}

func TestCallRefused(t *testing.T) {
	socket, _ := daemon(t, `{"id":1,"result":null,"error":"br9: unknown bridge\n"}`)
	_, err := Call(testContext(t), socket, "do")
	var refused *RefusedError
	if !errors.As(err, &refused) || *refused != (RefusedError{"do", "br9: unknown bridge"}) {
		t.Errorf("got %v, want a RefusedError", err)
	}
	if want := "do by control socket " + socket + ": br9: unknown bridge"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCallBadReply(t *testing.T) {
	for _, test := range []struct{ reply, says string }{
		{"", "gave no reply"},
		{`{"id":1,`, "unexpected EOF"},
		{"hello\n", "invalid character"},
		{`{"id":2,"result":"x"}`, "to request 2"},
		{`{"result":"x"}`, "to request 0"},
		{`{"id":1,"result":null,"error":null}`, "neither"},
		{`{"id":1,"result":{"a":1}}`, "cannot unmarshal object"},
		{`{"id":1,"error":7}`, "cannot unmarshal number"},
		{`[]`, "cannot unmarshal array"},
	} {
		socket, _ := daemon(t, test.reply)
		got, err := Call(testContext(t), socket, "do")
		var refused *RefusedError
		if err == nil || !strings.Contains(err.Error(), test.says) || errors.As(err, &refused) || got != "" {
			t.Errorf("reply %q: got %q, error %v; want an error with %q", test.reply, got, err, test.says)
		}
	}
}

func TestReplyTooLong(t *testing.T) {
	reply := `{"id":1,"result":"` + strings.Repeat("x", 100) + `"}`
	_, err := readReply(strings.NewReader(reply), "do", 100)
	if err == nil || !strings.Contains(err.Error(), "longer than 100 bytes") {
		t.Errorf("got %v, want an error with the limit", err)
	}
	if got, err := readReply(strings.NewReader(reply), "do", int64(len(reply))); err != nil || len(got) != 100 {
		t.Errorf("at the limit: got %q, error %v", got, err)
	}
}

// TestCallCancelled ends a call whose daemon reads the request and never answers.
func TestCallCancelled(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "ctl")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("enough")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = bufio.NewReader(conn).ReadString('\n')
		cancel(reason)
		_, _ = io.Copy(io.Discard, conn)
	}()
	if _, err := Call(ctx, socket, "do"); !errors.Is(err, reason) {
		t.Errorf("got %v, want %v", err, reason)
	}
	<-ended
	if _, err := Call(ctx, socket, "do"); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: got %v, want %v", err, context.Canceled)
	}
}

func TestCallNoDaemon(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	for _, test := range []struct {
		socket string
		want   error
	}{
		{filepath.Join(dir, "missing"), fs.ErrNotExist},
		{stale, unix.ECONNREFUSED},
	} {
		_, err := Call(testContext(t), test.socket, "do")
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.socket) {
			t.Errorf("%s: got %v, want %v", test.socket, err, test.want)
		}
	}
	long := "/" + strings.Repeat("x", 200)
	if _, err := Call(testContext(t), long, "do"); err == nil || !strings.Contains(err.Error(), "201 bytes") {
		t.Errorf("long path: got %v, want its length", err)
	}
}

func TestCallBadArgument(t *testing.T) {
	for _, args := range [][]string{{"\xff"}, {"a\x00"}} {
		_, err := Call(testContext(t), "/nonexistent", "do", args...)
		if err == nil || !strings.Contains(err.Error(), "argument 1 is not text") {
			t.Errorf("%q: got %v, want an error", args, err)
		}
	}
}

// FuzzReply reads replies that can be anything.
func FuzzReply(f *testing.F) {
	for _, reply := range []string{`{"id":1,"result":"x\n","error":null}`, `{"id":1,"result":null,"error":"no\n"}`, `[[[`, ""} {
		f.Add(reply)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		got, err := readReply(strings.NewReader(reply), "do", 1000)
		if err != nil && got != "" {
			t.Errorf("got %q beside error %v", got, err)
		}
		var r struct {
			Result *string
			Error  *string
		}
		if err == nil && (json.NewDecoder(strings.NewReader(reply)).Decode(&r) != nil || r.Result == nil || *r.Result != got) {
			t.Errorf("got %q, which is not the result of %q", got, reply)
		}
	})
}
