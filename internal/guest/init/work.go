// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/ovskit/ovskit/internal/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// work does the guest's job, and says on its port how that goes. It ends early when
// the host lets go of the port.
func work() error {
	text, err := os.ReadFile(wire.JobFile)
	if err != nil {
		return err
	}
	var job wire.Job
	if err := json.Unmarshal(text, &job); err != nil {
		return fmt.Errorf("%s: %w", wire.JobFile, err)
	}
	for _, m := range job.Modules {
		if err := loadModule(m); err != nil {
			return err
		}
	}
	port, err := openPort()
	if err != nil {
		return err
	}
	defer port.Close()
	events := json.NewEncoder(port)
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		_, err := io.Copy(io.Discard, port)
		cancel(errors.Join(errors.New("the host has let go of the guest"), err))
	}()
	err = do(ctx, &job, events)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx) // what is written now would wait for a host for ever
	case err != nil:
		return events.Encode(wire.Event{Error: err.Error()})
	}
	return events.Encode(wire.Event{Done: true})
}

func do(ctx context.Context, job *wire.Job, events *json.Encoder) error {
	for _, dir := range []string{"/run", "/tmp", "/root"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := errors.Join(fewerDevices(), loopbackUp()); err != nil {
		return err
	}
	if err := awaitUptime(ctx, job.Uptime); err != nil {
		return err
	}
	for _, c := range job.Commands {
		end, err := run(ctx, c, events)
		if err != nil {
			return err
		}
		if err := events.Encode(wire.Event{Ended: end}); err != nil {
			return err
		}
	}
	return nil
}

// run runs a command. How that ends is no error of run.
func run(ctx context.Context, c wire.Command, events *json.Encoder) (*wire.End, error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	out := &output{events: events}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = time.Second // programs that it has left behind may hold its output open
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return &wire.End{}, nil
	}
	end := &wire.End{ExitCode: -1, Reason: err.Error()}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		end.ExitCode = exit.ExitCode()
	}
	return end, nil
}

// output makes what is written to it events.
type output struct{ events *json.Encoder }

func (o *output) Write(b []byte) (int, error) {
	if err := o.events.Encode(wire.Event{Output: b}); err != nil {
		return 0, err
	}
	return len(b), nil
}

// awaitUptime waits until the kernel has run for a while.
func awaitUptime(ctx context.Context, wanted time.Duration) error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return os.NewSyscallError("clock_gettime", err)
	}
	timer := time.NewTimer(wanted - time.Duration(now.Nano()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
