// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ovskit/ovskit/internal/guest/internal/wire"
)

// SwitchUptime is how long a kernel has to have run before an ovs-vswitchd is started.
// One of Open vSwitch 3.1 that starts in the first ten seconds decides on no threads for
// packets that no flow of the kernel matches, and is deaf.
const SwitchUptime = 11 * time.Second

// Options say what a guest consists of and does. Paths are those of the host.
type Options struct {
	// Modules are the names of the kernel's modules to load. Those that these
	// need come along.
	Modules []string
	// Programs are programs of the host that the guest has, with their shared
	// libraries, at the same paths: paths, or names that PATH has.
	Programs []string
	// Files are other files that the guest has, at the same paths. All are
	// executable.
	Files []string
	// Commands run one after the other, whatever becomes of each.
	Commands []Command
	// Uptime is how long the kernel has to have run before the first command.
	Uptime time.Duration
	// Output receives what the commands print as they print it; nil discards it.
	Output io.Writer
	// Memory is what the guest has, in MiB; 0 means 1024. The archive with all of
	// the above is in it twice for a while.
	Memory int
}

// A Command is a program that runs in the guest as root.
type Command struct {
	// Args are the program's path and its arguments.
	Args []string
	// Dir is where it runs; empty means /tmp. It is made if it is not there.
	Dir string
	// Env is added to an environment with PATH, HOME and TMPDIR.
	Env []string
}

// A Result is what became of a command.
type Result struct {
	// Output is what it printed, to standard output and standard error.
	Output []byte
	// ExitCode is its exit code; -1 if it did not start or was killed.
	ExitCode int
	// Reason is how it ended in words, "" for an exit code of 0.
	Reason string
}

// Run boots a guest, runs the commands in it, and ends it. It returns the results of
// the commands that ended; when the error is not nil there may be fewer than commands.
// How a command ends is no error of Run; a guest whose kernel panics, that ends before
// its commands do, that says more than 4 MiB, or that outlives the context is: a
// [*CrashError].
func Run(ctx context.Context, o Options) (results []Result, err error) {
	dir, err := os.MkdirTemp("", "ovskit-guest-")
	if err != nil {
		return nil, fmt.Errorf("run a guest: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	kernel, err := findKernel()
	if err != nil {
		return nil, fmt.Errorf("run a guest: %w", err)
	}
	initramfs := filepath.Join(dir, "initramfs")
	if err := o.build(ctx, kernel, initramfs); err != nil {
		return nil, fmt.Errorf("build the guest's file system: %w", err)
	}
	m := &machine{kernel: kernel.image, initramfs: initramfs, memory: cmp.Or(o.Memory, 1024), output: o.Output}
	if m.output == nil {
		m.output = io.Discard
	}
	return m.run(ctx, len(o.Commands))
}

// job is what the guest is told.
func (o *Options) job(modules []string) *wire.Job {
	j := &wire.Job{Modules: modules, Uptime: o.Uptime}
	for _, c := range o.Commands {
		if c.Dir == "" {
			c.Dir = "/tmp"
		}
		j.Commands = append(j.Commands, wire.Command(c))
	}
	return j
}
