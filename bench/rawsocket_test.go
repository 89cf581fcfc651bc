// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// A rawSocket exchanges JSON-RPC messages with an ovsdb-server and looks at
// nothing but their ends: what the socket and the server cost by themselves.
type rawSocket struct {
	conn       net.Conn
	buf        []byte
	start, end int // buf[start:end] was read and belongs to the next messages
}

func dialRaw(endpoint string) (*rawSocket, error) {
	conn, err := net.Dial("unix", strings.TrimPrefix(endpoint, "unix:"))
	if err != nil {
		return nil, err
	}
	return &rawSocket{conn: conn, buf: make([]byte, 64<<10)}, nil
}

func newRawSocket(b *testing.B, endpoint string) *rawSocket {
	b.Helper()
	s, err := dialRaw(endpoint)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.conn.Close() })
	return s
}

// exchange sends a request and returns the answer, valid until the next call.
// It passes over notifications that come before.
func (s *rawSocket) exchange(request []byte) ([]byte, error) {
	if _, err := s.conn.Write(request); err != nil {
		return nil, err
	}
	for {
		message, err := s.next()
		if err != nil || !bytes.HasPrefix(message, []byte(`{"id":null,`)) {
			return message, err
		}
	}
}

// next returns the next message.
func (s *rawSocket) next() ([]byte, error) {
	depth, quoted, escaped := 0, false, false
	for at := s.start; ; {
		for ; at < s.end; at++ {
			switch b := s.buf[at]; {
			case escaped:
				escaped = false
			case quoted && b == '\\':
				escaped = true
			case b == '"':
				quoted = !quoted
			case quoted:
			case b == '{':
				depth++
			case b == '}':
				if depth--; depth == 0 {
					message := s.buf[s.start : at+1]
					s.start = at + 1
					return message, nil
				}
			}
		}
		if s.start == s.end {
			s.start, s.end, at = 0, 0, 0
		} else if s.end == len(s.buf) {
			n := copy(s.buf, s.buf[s.start:s.end])
			at -= s.start
			s.start, s.end = 0, n
			if n > len(s.buf)/2 {
				s.buf = append(s.buf, make([]byte, len(s.buf))...)
			}
		}
		n, err := s.conn.Read(s.buf[s.end:])
		if err != nil {
			return nil, err
		}
		s.end += n
	}
}

// transact makes an exchange that must not have failed.
func (s *rawSocket) transact(request []byte) error {
	answer, err := s.exchange(request)
	if err == nil && (!bytes.Contains(answer, []byte(`"error":null`)) || bytes.Contains(answer, []byte(`"details"`))) {
		err = fmt.Errorf("server answered %s", answer)
	}
	return err
}

// record returns the requests that a client makes of a server while dialled is
// connected to it by way of the endpoint that it is given.
func record(b *testing.B, endpoint string, dialled func(endpoint string) error) []json.RawMessage {
	b.Helper()
	path := filepath.Join(b.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	requests := make(chan []json.RawMessage, 1)
	go func() {
		client, err := listener.Accept()
		if err != nil {
			requests <- nil
			return
		}
		defer client.Close()
		server, err := dialRaw(endpoint)
		if err != nil {
			requests <- nil
			return
		}
		defer server.conn.Close()
		go io.Copy(client, server.conn)
		var seen []json.RawMessage
		for in := json.NewDecoder(io.TeeReader(client, server.conn)); ; {
			var m json.RawMessage
			if in.Decode(&m) != nil {
				requests <- seen
				return
			}
			seen = append(seen, m)
		}
	}()
	if err := dialled("unix:" + path); err != nil {
		b.Fatal(err)
	}
	return <-requests
}
