// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// Dir holds a directory for each node of the machine.
const Dir = "/run/ovskit"

// A name is a node's name, ovskit-PREFIX-PID-START-SERIAL. The process with
// that number that started at that time, in clock ticks since the machine's
// start, is the owner; process numbers alone are used again. What the node
// consists of has names that begin with the node's, and a hyphen.
type name struct {
	prefix string
	pid    int
	start  uint64
	serial int
}

var (
	prefixPattern = regexp.MustCompile(`^[a-z0-9]{1,16}$`)
	namePattern   = regexp.MustCompile(`^ovskit-([a-z0-9]{1,16})-(\d+)-(\d+)-(\d+)(?:-.+)?$`)
)

// newName is the first name for a node of the calling process.
func newName(prefix string) (name, error) {
	if !prefixPattern.MatchString(prefix) {
		return name{}, fmt.Errorf("prefix %q: not 1 to 16 lower-case letters and digits", prefix)
	}
	start, err := startTime(os.Getpid())
	if err != nil {
		return name{}, err
	}
	return name{prefix: prefix, pid: os.Getpid(), start: start, serial: 1}, nil
}

// parseName takes a node's name out of the name of a part of it.
func parseName(s string) (name, bool) {
	m := namePattern.FindStringSubmatch(s)
	if m == nil {
		return name{}, false
	}
	pid, err1 := strconv.Atoi(m[2])
	start, err2 := strconv.ParseUint(m[3], 10, 64)
	serial, err3 := strconv.Atoi(m[4])
	return name{prefix: m[1], pid: pid, start: start, serial: serial}, errors.Join(err1, err2, err3) == nil
}

func (n name) String() string {
	return fmt.Sprintf("ovskit-%s-%d-%d-%d", n.prefix, n.pid, n.start, n.serial)
}

// part is the name of a part of the node.
func (n name) part(s string) string { return n.String() + "-" + s }

// ownerLives reports whether the process that made the node still runs.
func (n name) ownerLives() bool {
	start, err := startTime(n.pid)
	return err == nil && start == n.start
}

// startTime returns when a process started, proc(5).
func startTime(pid int) (uint64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The program's name, in parentheses, may contain anything. The start
	// time is field 22 of the line, which makes it the 20th after the name.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0, fmt.Errorf("process %d: unexpected content of its stat file", pid)
	}
	if state := fields[0][0]; state == 'Z' || state == 'X' {
		return 0, fmt.Errorf("process %d: ended", pid)
	}
	return strconv.ParseUint(string(fields[19]), 10, 64)
}
