// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
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
	if err := json.Unmarshal(text, &i); err != nil {
		return flows.Intents{}, fmt.Errorf("intents: %s: %w", file, err)
	}
	if i.Bridge == "" || i.Owner == "" {
		return flows.Intents{}, fmt.Errorf("intents: %s: it names no bridge or no owner", file)
	}
	return i, nil
}
