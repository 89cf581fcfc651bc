// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// spy is a log that tells of each warning.
type spy struct {
	slog.Handler
	warned chan string
}

func (s *spy) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (s *spy) WithAttrs([]slog.Attr) slog.Handler           { return s }

func (s *spy) Handle(_ context.Context, r slog.Record) error {
	select {
	case s.warned <- r.Message:
	default:
	}
	return nil
}

// TestOutOfDescriptors connects while the process can open no more files: the fake serves the client when it can.
func TestOutOfDescriptors(t *testing.T) {
	log := &spy{warned: make(chan string, 1)}
	ovs, err := fakeovs.Start(fakeovs.Options{Logger: slog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ovs.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{OVS: ovs, t: t}
	l.dial(ovs.DatabaseEndpoint())
	l.addBridge(vswitch.Bridge{Name: "br0"})
	for name, endpoint := range map[string]string{"database": ovs.DatabaseEndpoint(), "bridge": ovs.Bridge("br0").Management()} {
		client, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		patience := unix.NsecToTimeval(int64(20 * time.Second))
		if err := unix.SetsockoptTimeval(client, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
			t.Fatal(err)
		}
		release := exhaust(t)
		err = unix.Connect(client, &unix.SockaddrUnix{Name: strings.TrimPrefix(endpoint, "unix:")})
		warning := ""
		if err == nil {
			warning = <-log.warned
		}
		release()
		c := os.NewFile(uintptr(client), name)
		defer c.Close()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(warning, "not accepted") {
			t.Errorf("%s: got warning %q, want one that a connection is not accepted", name, warning)
		}
		const request = `{"id":1,"method":"echo","params":[]}`
		if name == "database" {
			if _, err := io.WriteString(c, request); err != nil {
				t.Error(err)
			}
		}
		// The answer to that, or the bridge's greeting.
		if _, err := io.ReadFull(c, make([]byte, openflow.HeaderLen)); err != nil {
			t.Errorf("%s: read from the fake: %v", name, err)
		}
	}
	select {
	case <-ovs.Done():
		t.Error("Done is closed before Close")
	default:
	}
}

// exhaust takes all descriptors that the process may have, few as they are until release.
func exhaust(t *testing.T) (release func()) {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 256
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	var taken []int
	for {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		taken = append(taken, fd)
	}
	return func() {
		for _, fd := range taken {
			unix.Close(fd)
		}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	}
}
