// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Command ovskit puts containers, VMs and processes on Open vSwitch: each verb is one call into the packages of
// github.com/ovskit/ovskit.
//
// It exits with 0 when it is done, 1 when that failed, 2 when it was called the wrong way.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is an error of whoever called the command.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errReported is the failure of a command whose output says all there is to say.
var errReported = errors.New("failed")

// run is the command without the process around it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "ovskit",
		Short:         "Containers, VMs and processes on Open vSwitch",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usagef("%s: %w", c.CommandPath(), err) })
	root.AddCommand(demoCommand(), fakeCommand(), traceCommand(), checkCommand(), countersCommand(), attachCommand(), detachCommand(), statusCommand(), gcCommand(), versionCommand())
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)

	c, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errReported):
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "%v\nRun \"%s --help\" for usage.\n", err, c.CommandPath())
		return exitUsage
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "ovskit: interrupted")
		return exitFailed
	}
	fmt.Fprintf(stderr, "ovskit: %v\n", err)
	return exitFailed
}

// noArgs is the rule of verbs that take flags only.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.HasSubCommands() {
		return usagef("%s: no such verb: %q", c.CommandPath(), args[0])
	}
	return usagef("%s: unexpected argument: %q", c.CommandPath(), args[0])
}
