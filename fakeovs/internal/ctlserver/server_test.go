// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ctlserver

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// daemon is a server of a few commands, and a client of it.
func daemon(t testing.TB, commands ...Command) (client net.Conn, s *Server) {
	t.Helper()
	s = New("test (Open vSwitch) 3.1.0", nil, commands...)
	client, server := net.Pipe()
	s.ServeConn(server)
	t.Cleanup(func() {
		client.Close()
		s.Close()
	})
	return client, s
}

var echo = Command{
	Name: "echo", Usage: "word [word]", Min: 1, Max: 2,
	Run: func(args []string) (string, error) { return strings.Join(args, "\n"), nil },
}

var fail = Command{
	Name: "fail", Max: Any, Hidden: true,
	Run: func(args []string) (string, error) { return "not sent", errors.New("no: " + strings.Join(args, ",")) },
}

// exchange sends requests and reads as many lines; fewer if the connection ends.
func exchange(t testing.TB, conn net.Conn, requests ...string) []string {
	t.Helper()
	go func() { _, _ = io.WriteString(conn, strings.Join(requests, "")) }()
	var lines []string
	d := json.NewDecoder(conn)
	for range requests {
		var line json.RawMessage
		if d.Decode(&line) != nil {
			break
		}
		lines = append(lines, string(line))
	}
	return lines
}

func TestAnswers(t *testing.T) {
	for _, tt := range []struct{ request, want string }{
		{`{"id":7,"method":"echo","params":["a"]}`, `{"error":null,"id":7,"result":"a\n"}`},
		{`{"id":"x","method":"echo","params":["a","b\n"]}`, `{"error":null,"id":"x","result":"a\nb\n"}`},
		{`{"id":[1],"method":"echo","params":[""],"result":null,"error":null}`, `{"error":null,"id":[1],"result":""}`},
		{`{"id":0,"method":"version","params":[]}`, `{"error":null,"id":0,"result":"test (Open vSwitch) 3.1.0\n"}`},
		{
			`{"id":0,"method":"list-commands","params":[]}`, `{"error":null,"id":0,"result":"The available commands are:\n` +
				`  echo                    word [word]\n  list-commands           \n  version                 \n"}`,
		},
		{`{"id":0,"method":"fail","params":["a","b"]}`, `{"error":"no: a,b\n","id":0,"result":null}`},
		{`{"id":0,"method":"echo","params":[]}`, `{"error":"\"echo\" command requires at least 1 arguments\n","id":0,"result":null}`},
		{`{"id":0,"method":"echo","params":["a","b","c"]}`, `{"error":"\"echo\" command takes at most 2 arguments\n","id":0,"result":null}`},
		{`{"id":0,"method":"echo","params":[1]}`, `{"error":"\"echo\" command has non-string argument\n","id":0,"result":null}`},
		{
			`{"id":0,"method":"foo","params":[]}`,
			`{"error":"\"foo\" is not a valid command (use \"list-commands\" to see a list of valid commands)\n","id":0,"result":null}`,
		},
	} {
		conn, _ := daemon(t, echo, fail)
		got := exchange(t, conn, tt.request)
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.request, got, tt.want)
		}
	}
}

// A connection has any number of requests, and each its answer in turn.
func TestManyRequests(t *testing.T) {
	conn, _ := daemon(t, echo)
	var requests []string
	for range 50 {
		requests = append(requests, `{"id":1,"method":"echo","params":["a"]} `)
	}
	if got := exchange(t, conn, requests...); len(got) != 50 {
		t.Errorf("got %d answers, want 50", len(got))
	}
}

func TestWhatIsNoRequestEndsTheConnection(t *testing.T) {
	for _, request := range []string{
		`{"id":null,"method":"echo","params":["a"]}`, `{"method":"echo","params":["a"]}`, `{"id":1,"params":[]}`,
		`{"id":1,"method":null,"params":[]}`, `{"id":1,"method":"echo"}`, `{"id":1,"method":"echo","params":{}}`,
		`{"id":1,"method":7,"params":[]}`, `{"id":1,"method":"echo","params":["a"],"more":1}`, `{"id":1,"result":""}`,
		`{"id":1,"method":"echo","params":["a"],"error":""}`, `[]`, `7 `, `hello`, `{"id":1,`,
		`{"id":1,"method":"echo","params":["` + strings.Repeat("x", maxRequest) + `"]}`,
		strings.Repeat("[", 100_000),
	} {
		conn, _ := daemon(t, echo)
		go func() {
			_, _ = io.WriteString(conn, request)
			if request == `{"id":1,` {
				conn.Close()
			}
		}()
		if b, err := io.ReadAll(conn); len(b) > 0 || err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%.80s: got %q, %v; want the end of the connection", request, b, err)
		}
	}
}

// What is to be done after the answer may close the server.
func TestAfter(t *testing.T) {
	done := make(chan string, 1)
	var s *Server
	exit := Command{
		Name: "exit", Max: 1, Run: func([]string) (string, error) { return "", nil },
		After: func(args []string) {
			s.Close()
			done <- strings.Join(args, ",")
		},
	}
	conn, s2 := daemon(t, exit)
	s = s2
	if got := exchange(t, conn, `{"id":1,"method":"exit","params":["--cleanup"]}`); len(got) != 1 {
		t.Errorf("got answers %q, want one", got)
	}
	if got := <-done; got != "--cleanup" {
		t.Errorf("got arguments %q, want --cleanup", got)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes from a closed server", n)
	}
}

func TestTooManyClients(t *testing.T) {
	_, s := daemon(t)
	for range maxConns - 1 {
		client, server := net.Pipe()
		defer client.Close()
		s.ServeConn(server)
	}
	client, server := net.Pipe()
	s.ServeConn(server)
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one client too many: got %v, want the end of the connection", err)
	}
}

func FuzzServe(f *testing.F) {
	f.Add(`{"id":1,"method":"echo","params":["a"]}`)
	f.Add(`{"id":1,"method":"list-commands","params":[]}{"id":{},"method":"x","params":[{}]}`)
	f.Add(`{"id":1,"method":"echo","params":[`)
	f.Fuzz(func(t *testing.T, stream string) {
		conn, _ := daemon(t, echo, fail)
		go func() {
			_, _ = io.WriteString(conn, stream)
			conn.Close()
		}()
		d := json.NewDecoder(conn)
		for {
			var reply struct{ Result, Error *string }
			if err := d.Decode(&reply); err != nil {
				break
			}
			if (reply.Result == nil) == (reply.Error == nil) {
				t.Errorf("stream %q: an answer with %v and %v, want one of the two", stream, reply.Result, reply.Error)
			}
		}
	})
}
