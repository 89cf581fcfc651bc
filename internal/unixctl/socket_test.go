// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package unixctl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
)

func TestSocket(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"pid file", map[string]string{"ovs-vswitchd.pid": "42\n", "ovs-vswitchd.7.ctl": ""}, "ovs-vswitchd.42.ctl"},
		{"socket alone", map[string]string{"ovs-vswitchd.7.ctl": "", "ovs-vswitchd.x.ctl": "", "ovsdb-server.8.ctl": ""},
			"ovs-vswitchd.7.ctl"},
	} {
		dir := writeDir(t, test.files)
		got, err := Socket(dir, "ovs-vswitchd")
		if want := filepath.Join(dir, test.want); err != nil || got != want {
			t.Errorf("%s: got %q, error %v; want %s", test.name, got, err, want)
		}
		t.Setenv("OVS_RUNDIR", dir)
		if again, err := Socket("", "ovs-vswitchd"); err != nil || again != got {
			t.Errorf("%s by OVS_RUNDIR: got %q, error %v; want %s", test.name, again, err, got)
		}
	}
}

func TestSocketErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct {
		dir, says string
		is        error
	}{
		{missing, missing, fs.ErrNotExist},
		{writeDir(t, nil), "ovs-vswitchd.pid", fs.ErrNotExist},
		{writeDir(t, map[string]string{"ovs-vswitchd.1.ctl": "", "ovs-vswitchd.2.ctl": ""}),
			"ovs-vswitchd.1.ctl, ovs-vswitchd.2.ctl", nil},
		{writeDir(t, map[string]string{"ovs-vswitchd.pid": "x"}), `"x"`, nil},
		{writeDir(t, map[string]string{"ovs-vswitchd.pid": "0\n"}), `"0\n"`, nil},
		{writeDir(t, map[string]string{"ovs-vswitchd.pid": "-1"}), `"-1"`, nil},
		{writeDir(t, map[string]string{"ovs-vswitchd.pid": strings.Repeat("1", 1000)}), `"1111`, nil},
	} {
		got, err := Socket(test.dir, "ovs-vswitchd")
		if err == nil || !strings.Contains(err.Error(), test.says) || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%s: got %q, error %v; want an error with %q", test.dir, got, err, test.says)
		}
	}
}

func TestRunDirDefault(t *testing.T) {
	t.Setenv("OVS_RUNDIR", "")
	if got := RunDir(); got != "/var/run/openvswitch" {
		t.Errorf("got %q", got)
	}
}

func writeDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRealDaemons asks both daemons of a real Open vSwitch.
func TestRealDaemons(t *testing.T) {
	ctx := testContext(t)
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	want := filepath.Join(ovs.Dir(), fmt.Sprintf("ovs-vswitchd.%d.ctl", ovs.SwitchPID()))
	if got, err := Socket(ovs.Dir(), "ovs-vswitchd"); err != nil || got != want {
		t.Errorf("got %q, error %v; want %s", got, err, want)
	}
	for _, daemon := range []string{"ovs-vswitchd", "ovsdb-server"} {
		socket, err := Socket(ovs.Dir(), daemon)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Call(ctx, socket, "version"); err != nil || !strings.HasPrefix(got, daemon+" (Open vSwitch) ") {
			t.Errorf("version of %s: got %q, error %v", daemon, got, err)
		}
		_, err = Call(ctx, socket, "no/such")
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Reason, `"no/such" is not a valid command`) {
			t.Errorf("no/such of %s: got %v, want a refusal", daemon, err)
		}
	}
}

// The pid file of this process is left alone: opening it would take its lock away.
func TestSocketOfThisProcess(t *testing.T) {
	dir := t.TempDir()
	want := filepath.Join(dir, fmt.Sprintf("ovs-vswitchd.%d.ctl", os.Getpid()))
	for file, text := range map[string]string{want: "", filepath.Join(dir, "ovs-vswitchd.pid"): "no number"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := Socket(dir, "ovs-vswitchd"); got != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
