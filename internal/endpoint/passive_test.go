// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParsePassive(t *testing.T) {
	for text, want := range map[string]string{
		"punix:/run/s":                 "punix:/run/s",
		"ptcp:":                        "ptcp:6653",
		"ptcp":                         "ptcp:6653",
		"ptcp:0:127.0.0.1":             "ptcp:0:127.0.0.1",
		"ptcp::127.0.0.1":              "ptcp:6653:127.0.0.1",
		"pssl:65535:[::1]":             "pssl:65535:[::1]",
		"pssl:1:[fe80::1%lo]":          "pssl:1:[fe80::1%lo]",
		"ptcp:65536":                   "",
		"ptcp:-1":                      "",
		"ptcp:x":                       "",
		"ptcp:1:":                      "",
		"ptcp:1:host":                  "",
		"ptcp:1:::1":                   "",
		"ptcp:1:[127.0.0.1]":           "",
		"ptcp:1:[::1":                  "",
		"tcp:127.0.0.1":                "",
		"unix:/run/s":                  "",
		"punix:":                       "",
		"":                             "",
		"/run/s":                       "",
		"punix:" + longPath(maxPath):   "punix:" + longPath(maxPath),
		"punix:" + longPath(1+maxPath): "",
	} {
		p, err := ParsePassive(text, 6653)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is taken for %v", text, p)
		case want == "" && !strings.Contains(err.Error(), text):
			t.Errorf("error of %q is %q, which does not quote it", text, err)
		case want != "" && (err != nil || p.String() != want):
			t.Errorf("%q gives %v, %v; want %s", text, p, err, want)
		}
	}
}

func longPath(n int) string { return "/" + strings.Repeat("x", n-1) }

func TestListen(t *testing.T) {
	for _, text := range []string{"punix:" + filepath.Join(t.TempDir(), "s"), "ptcp:0:127.0.0.1", "ptcp:0:[::1]", "pssl:0"} {
		p, err := ParsePassive(text, 0)
		if err != nil {
			t.Fatal(err)
		}
		l, err := p.Listen(t.Context())
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		conn, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else {
			conn.Close()
		}
		l.Close()
	}
}

// TestListenReplacesAbandonedSocket leaves alone what is in use and what is no socket.
func TestListenReplacesAbandonedSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	p := Passive{Scheme: PassiveUnix, Path: path}
	old, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := p.Listen(t.Context()); err == nil {
		l.Close()
		t.Error("a socket in use is replaced")
	}
	old.(*net.UnixListener).SetUnlinkOnClose(false)
	old.Close()
	l, err := p.Listen(t.Context())
	if err != nil {
		t.Fatalf("an abandoned socket is not replaced: %v", err)
	}
	l.Close()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := p.Listen(t.Context()); err == nil {
		l.Close()
		t.Error("a file is replaced")
	}
}
