// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/internal/guest"
	"github.com/ovskit/ovskit/internal/tier"
)

func script(text string, env ...string) guest.Command {
	return guest.Command{Args: []string{"/bin/sh", "-c", text}, Env: env}
}

// testContext ends shortly before the test is given up, to leave time to tell how far
// the guest came.
func testContext(t *testing.T) context.Context {
	t.Helper()
	deadline, ok := t.Deadline()
	if !ok {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-20*time.Second))
	t.Cleanup(cancel)
	return ctx
}

// run runs scripts in a guest.
func run(ctx context.Context, t *testing.T, o guest.Options) ([]guest.Result, error) {
	t.Helper()
	tier.Need(t, tier.Kernel)
	o.Programs = append(o.Programs, "/bin/sh", "cat", "sleep", "ls")
	return guest.Run(ctx, o)
}

func TestCommands(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("from the host\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := script(`echo $GREETING >&2; pwd`, "GREETING=hello")
	in.Dir = "/a/dir"
	var said bytes.Buffer
	results, err := run(testContext(t), t, guest.Options{
		Files:   []string{file},
		Modules: []string{"openvswitch", "dummy"},
		Output:  &said,
		Commands: []guest.Command{
			in,
			script("cat " + file + "; exit 3"),
			{Args: []string{"/not/there"}},
			script("kill -9 $$"),
			script("sleep 600 & cat /sys/module/openvswitch/initstate /sys/module/dummy/initstate"),
			script("ls /sys/class/net"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []guest.Result{
		{Output: []byte("hello\n/a/dir\n")},
		{Output: []byte("from the host\n"), ExitCode: 3, Reason: "exit status 3"},
		{ExitCode: -1, Reason: "fork/exec /not/there: no such file or directory"},
		{ExitCode: -1, Reason: "signal: killed"},
		{Output: []byte("live\nlive\n")},
		{Output: []byte("dummy0\nlo\n")},
	}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	var all []byte
	for _, r := range want {
		all = append(all, r.Output...)
	}
	if said.String() != string(all) {
		t.Errorf("output as it came: %q, want %q", said.String(), all)
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	results, err := run(testContext(t), t, guest.Options{Commands: []guest.Command{
		script("echo first"), script("echo and now; echo c >/proc/sysrq-trigger"), script("echo never"),
	}})
	var crash *guest.CrashError
	if !errors.As(err, &crash) {
		t.Fatalf("error %v, want a CrashError", err)
	}
	if !strings.Contains(crash.Console, "Kernel panic") || crash.Output != "and now" {
		t.Errorf("console %q, output %q; want the panic and what was said before it", crash.Console, crash.Output)
	}
	if len(results) != 1 || string(results[0].Output) != "first\n" {
		t.Errorf("results %q, want that of the first command", results)
	}
}

// TestHang has the context end while a command hangs.
func TestHang(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	results, err := run(ctx, t, guest.Options{Commands: []guest.Command{script("while :; do :; done")}})
	if !errors.As(err, new(*guest.CrashError)) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want a CrashError for %v", err, context.DeadlineExceeded)
	}
	if len(results) != 0 {
		t.Errorf("results %q, want none", results)
	}
}

func TestMissing(t *testing.T) {
	tier.Need(t, tier.Kernel)
	for _, tt := range []struct {
		options guest.Options
		want    string
	}{
		{guest.Options{Modules: []string{"nonesuch"}}, `no module "nonesuch"`},
		{guest.Options{Programs: []string{"nonesuch"}}, `"nonesuch"`},
		{guest.Options{Files: []string{"/none/such"}}, "/none/such"},
		{guest.Options{Files: []string{"/usr"}}, "/usr: no regular file"},
	} {
		if _, err := guest.Run(t.Context(), tt.options); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one with %q", err, tt.want)
		}
	}
	t.Setenv(guest.DirVariable, t.TempDir())
	if err := guest.Probe(); err == nil || !strings.Contains(err.Error(), "no kernel") {
		t.Errorf("Probe without a kernel: %v", err)
	}
}
