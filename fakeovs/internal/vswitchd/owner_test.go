// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitchd_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// locker is a client of the database that claims locks.
type locker struct {
	t    *testing.T
	conn net.Conn
	in   *json.Decoder
}

func (s *side) locker() *locker {
	s.t.Helper()
	conn, err := net.Dial("unix", strings.TrimPrefix(s.endpoint, "unix:"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return &locker{s.t, conn, json.NewDecoder(bufio.NewReader(conn))}
}

func (l *locker) ask(method string) string {
	l.t.Helper()
	fmt.Fprintf(l.conn, `{"method":%q,"params":["ovs_vswitchd"],"id":1}`, method)
	var answer struct {
		Result json.RawMessage
	}
	if err := l.in.Decode(&answer); err != nil {
		l.t.Fatal(err)
	}
	return string(answer.Result)
}

// TestOneSwitchOfADatabase takes the lock away from the switch, which then has no bridges, and gives it back.
func TestOneSwitchOfADatabase(t *testing.T) {
	onBoth(t, func(s *side) {
		s.sees(bridge0)
		exists := func() string {
			_, err := os.Stat(filepath.Join(s.dir, "br0.mgmt"))
			return fmt.Sprint(err == nil)
		}
		l := s.locker()
		s.note("lock", func() string { return l.ask("lock") + l.ask("unlock") })
		s.note("the socket", exists)
		s.note("steal", func() string { return l.ask("steal") })
		if s.daemon != nil {
			s.settle(exists, "false")
		}
		s.note("the socket", exists)
		s.sees("--no-wait add-port br0 p1 -- set interface p1 type=dummy")
		l.ask("unlock")
		if s.daemon != nil {
			s.settle(exists, "true")
		}
		s.note("the socket", exists)
		s.sees("wait-until interface p1 ofport=1 -- get interface p1 ofport")
	})
}
