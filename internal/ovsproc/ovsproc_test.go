// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsproc_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/tier"
	"go.uber.org/goleak"
)

// orphan, when set in the environment, makes the test program start an
// instance in the directory it names and wait to be killed.
const orphan = "OVSPROC_TEST_ORPHAN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(orphan); dir != "" {
		beOrphan(dir)
	}
	goleak.VerifyTestMain(m)
}

func beOrphan(dir string) {
	ovs, err := ovsproc.Start(context.Background(), ovsproc.Options{Dir: dir, Dummy: true})
	if err != nil {
		os.Stdout.WriteString("failed: " + err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString("ready " + ovs.Dir() + "\n")
	select {}
}

func start(t *testing.T, o ovsproc.Options) *ovsproc.OVS {
	t.Helper()
	tier.Need(t, tier.Sandbox)
	ovs, err := ovsproc.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ovs.Stop(); err != nil {
			t.Error(err)
		}
	})
	return ovs
}

// vsctl runs the real tool against an instance.
func vsctl(t *testing.T, ovs *ovsproc.OVS, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ovs-vsctl", append([]string{"--timeout=10", "--db=" + ovs.DatabaseEndpoint()}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ovs-vsctl %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	ovs := start(t, ovsproc.Options{Dummy: true})
	vsctl(t, ovs, "init")
	vsctl(t, ovs, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy")
	if got, want := vsctl(t, ovs, "get", "interface", "br0", "ofport"), "65534"; got != want {
		t.Errorf("ofport of br0 = %s, want %s", got, want)
	}
	socket := strings.TrimPrefix(ovs.Management("br0"), "unix:")
	if _, err := os.Stat(socket); err != nil {
		t.Errorf("management socket: %v", err)
	}
	pid := ovs.SwitchPID()
	if err := ovs.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("ovs-vswitchd (pid %d) after Stop: %v, want %v", pid, err, syscall.ESRCH)
	}
	if _, err := os.Stat(ovs.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("directory after Stop: %v, want %v", err, fs.ErrNotExist)
	}
}

func TestSwitchKilledAndRestarted(t *testing.T) {
	t.Parallel()
	ovs := start(t, ovsproc.Options{Dummy: true})
	vsctl(t, ovs, "init")
	if err := ovs.StartSwitch(t.Context()); err == nil {
		t.Error("StartSwitch of a running switch succeeded")
	}
	if err := ovs.KillSwitch(); err != nil {
		t.Fatal(err)
	}
	if pid := ovs.SwitchPID(); pid != 0 {
		t.Errorf("SwitchPID after KillSwitch = %d, want 0", pid)
	}
	vsctl(t, ovs, "--no-wait", "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy")
	if err := ovs.StartSwitch(t.Context()); err != nil {
		t.Fatal(err)
	}
	vsctl(t, ovs, "add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy")
	if err := ovs.StopSwitch(); err != nil {
		t.Fatal(err)
	}
	if pid := ovs.SwitchPID(); pid != 0 {
		t.Errorf("SwitchPID after StopSwitch = %d, want 0", pid)
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	for _, tt := range []struct {
		name    string
		options ovsproc.Options
		want    string
	}{
		{"relative directory", ovsproc.Options{Dir: "here"}, `directory "here": not an absolute path`},
		{"long directory", ovsproc.Options{Dir: "/" + strings.Repeat("d", 90)}, "longer than"},
		{"no directory", ovsproc.Options{Dir: filepath.Join("/tmp", "ovskit-is-not-there")}, "no such file"},
		{"no namespace", ovsproc.Options{Netns: "ovskit-is-not-there"}, `open network namespace "ovskit-is-not-there": no such network namespace`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ovs, err := ovsproc.Start(t.Context(), tt.options)
			if err == nil {
				ovs.Stop()
				t.Fatal("Start succeeded")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q does not contain %q", err, tt.want)
			}
		})
	}
}

func TestStartHonoursContext(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := ovsproc.Start(ctx, ovsproc.Options{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("Start with an ended context: %v, want %v", err, context.Canceled)
	}
}

func TestChildrenDieWithTheirParent(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.Sandbox)
	dir, err := os.MkdirTemp("", "ovskit-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), orphan+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line := make([]byte, 200)
	n, _ := out.Read(line)
	if got := string(line[:n]); !strings.HasPrefix(got, "ready ") {
		t.Fatalf("the parent printed %q, want a line with ready", got)
	}
	children := []int{pidFrom(t, dir, "ovsdb-server"), pidFrom(t, dir, "ovs-vswitchd")}
	fds := make([]int, len(children))
	for i, pid := range children {
		fds[i] = pidfd(t, pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for i, pid := range children {
		if !endedWithin(t, fds[i], 10*time.Second) {
			t.Errorf("process %d outlived its parent", pid)
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func TestInNamespace(t *testing.T) {
	t.Parallel()
	tier.Need(t, tier.System)
	ns, err := netns.New(fmt.Sprintf("ovskit-ovsproc-%d", os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Delete()
	ovs := start(t, ovsproc.Options{Netns: ns.Path()})
	pids, err := ns.Processes()
	if err != nil {
		t.Fatal(err)
	}
	if len(pids) != 2 {
		t.Errorf("processes in the namespace: %v, want ovsdb-server and ovs-vswitchd (%d)", pids, ovs.SwitchPID())
	}
}
