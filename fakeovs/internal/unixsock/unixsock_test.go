// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package unixsock

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestListen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path); err == nil {
		t.Error("a socket that is in use was replaced")
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	l, err = Listen(path)
	if err != nil {
		t.Fatalf("a socket that was left behind is not replaced: %v", err)
	}
	l.Close()
	if _, err := Listen("/tmp/" + strings.Repeat("x", MaxPath)); err == nil || !strings.Contains(err.Error(), "107") {
		t.Errorf("path too long: got error %v, want one that says the limit", err)
	}
}
