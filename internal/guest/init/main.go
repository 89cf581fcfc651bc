// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Command init is the first program of a guest. It makes the machine ready, runs
// the guest's job and switches the machine off.
//
// As process 1 it only starts itself once more, which does all this, and waits for
// processes whose parents have died: those that wait for their own children and one
// that waits for everybody's do not go together.
package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func main() {
	if os.Getpid() != 1 {
		if err := work(); err != nil {
			fmt.Fprintln(os.Stderr, "init:", err)
			os.Exit(1)
		}
		return
	}
	if err := supervise(); err != nil {
		fmt.Fprintln(os.Stderr, "init:", err)
	}
	// A restart is the end: the machine was told not to begin anew.
	err := unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	fmt.Fprintln(os.Stderr, "init: restart:", err)
}

// supervise starts this program again and waits until that has ended.
func supervise() error {
	for _, m := range []struct{ kind, dir string }{
		{"devtmpfs", "/dev"}, {"proc", "/proc"}, {"sysfs", "/sys"},
	} {
		if err := os.MkdirAll(m.dir, 0o755); err != nil {
			return err
		}
		// Some kernels mount the first themselves.
		if err := unix.Mount(m.kind, m.dir, m.kind, 0, ""); err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s on %s: %w", m.kind, m.dir, err)
		}
	}
	self, err := os.StartProcess("/proc/self/exe", []string{"init"}, &os.ProcAttr{
		Env:   []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TMPDIR=/tmp"},
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
	})
	if err != nil {
		return err
	}
	for {
		pid, err := unix.Wait4(-1, nil, 0, nil)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("wait4", err)
		}
		if pid == self.Pid {
			return nil
		}
	}
}
