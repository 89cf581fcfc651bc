// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/internal/guest"
	"github.com/ovskit/ovskit/internal/tier"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// ownerVariable has the executable run a guest in place of the tests.
const ownerVariable = "OVSKIT_GUEST_TEST_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(ownerVariable) != "" {
		_, err := guest.Run(context.Background(), guest.Options{
			Programs: []string{"/bin/sh"}, Commands: []guest.Command{script("echo ready; while :; do :; done")}, Output: os.Stdout,
		})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// TestOwnerIsKilled has a program that runs a guest killed: the guest ends as well.
func TestOwnerIsKilled(t *testing.T) {
	tier.Need(t, tier.Kernel)
	// What the killed program leaves becomes a child of this one.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"=1", "TMPDIR="+t.TempDir())
	owner.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	owner.Stderr = os.Stderr
	says, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	group := owner.Process.Pid
	defer context.AfterFunc(testContext(t), func() { unix.Kill(-group, unix.SIGKILL) })()
	if line, err := bufio.NewReader(says).ReadString('\n'); line != "ready\n" {
		t.Errorf("the guest said %q, %v", line, err)
	}
	if err := errors.Join(owner.Process.Kill(), owner.Wait()); err == nil {
		t.Error("the program ended by itself")
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(-group, &status, 0, nil); err != nil || !status.Exited() || status.ExitStatus() != 0 {
		t.Errorf("the guest's emulator ended with %#x, %v; want it to end by itself", status, err)
	}
}
