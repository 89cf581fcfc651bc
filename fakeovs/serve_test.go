// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
)

// broken is a listener that does not accept.
type broken struct{ net.Listener }

func (broken) Accept() (net.Conn, error) { return nil, syscall.EINVAL }

// TestDatabaseSocketFails: the failure is in the log, closes Done, and is what Close returns.
func TestDatabaseSocketFails(t *testing.T) {
	var log bytes.Buffer
	o, err := listen(Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	o.socket = broken{o.socket}
	if err := o.run(true); err != nil {
		t.Fatal(err)
	}
	<-o.Done()
	if err := o.RestartDatabase(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("RestartDatabase: got %v, want %v", err, syscall.EINVAL)
	}
	if err := o.Close(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("Close: got %v, want %v", err, syscall.EINVAL)
	}
	if got := log.String(); !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "not served any more") {
		t.Errorf("log: got %q, want an error that the database is not served any more", got)
	}
}
