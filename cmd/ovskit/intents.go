// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/demo"
)

// maxIntents is how long a file of intents may be.
const maxIntents = 64 << 20

// runDir is the directory with the sockets of Open vSwitch.
func runDir(flag string) string {
	return cmp.Or(flag, os.Getenv("OVS_RUNDIR"), "/var/run/openvswitch")
}

// readIntents reads what a program has declared on a bridge. Without a file's name it is that in the run directory.
func readIntents(file, rundir string) (flows.Intents, error) {
	file = cmp.Or(file, filepath.Join(runDir(rundir), demo.IntentsFile))
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return flows.Intents{}, fmt.Errorf("intents: %w (--intents says where the program that declared them keeps them)", err)
	}
	if err != nil {
		return flows.Intents{}, fmt.Errorf("intents: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxIntents+1))
	if err != nil {
		return flows.Intents{}, fmt.Errorf("intents: %w", err)
	}
	if len(text) > maxIntents {
		return flows.Intents{}, fmt.Errorf("intents: %s is longer than %d bytes", file, maxIntents)
	}
	var i flows.Intents
	// Not by way of package json, which would hand on the text without what stands before the value, and lines would be fewer.
	if err := i.UnmarshalJSON(text); err != nil {
		return flows.Intents{}, fmt.Errorf("intents: %s: %w", file, err)
	}
	for _, key := range []struct{ name, value string }{{"bridge", i.Bridge}, {"owner", i.Owner}} {
		if key.value == "" {
			return flows.Intents{}, fmt.Errorf("intents: %s: %q is missing", file, key.name)
		}
	}
	return i, nil
}
