// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire is what the two sides of a guest's border say to each other.
package wire

import "time"

const (
	// Port is the name of the virtio port that the guest sends its events to,
	// each in JSON.
	Port = "ovskit.events"
	// JobFile is where the guest finds its [Job], in JSON.
	JobFile = "/job.json"
)

// A Job is what the guest does before it powers itself off.
type Job struct {
	// Modules are the paths of the kernel's modules in the order in which
	// they are loaded.
	Modules []string
	// Uptime is how long the kernel has to have run before the first command.
	Uptime time.Duration
	// Commands run one after the other, whatever becomes of each.
	Commands []Command
}

// A Command is a program to run.
type Command struct {
	// Args are the program's path and its arguments.
	Args []string
	// Dir is where it runs; made if it is not there.
	Dir string
	// Env is added to an environment with PATH, HOME and TMPDIR.
	Env []string
}

// An Event is what the guest has to say.
type Event struct {
	// Output is what the command that runs has printed.
	Output []byte `json:",omitempty"`
	// Ended is set when the command has ended.
	Ended *End `json:",omitempty"`
	// Error is why the guest gives up. No other event follows.
	Error string `json:",omitempty"`
	// Done is set when all commands have run. No other event follows.
	Done bool `json:",omitempty"`
}

// An End is how a command ended.
type End struct {
	// ExitCode is -1 if the command did not start or was killed by a signal.
	ExitCode int
	// Reason is how it ended in words, "" for an exit code of 0.
	Reason string
}
