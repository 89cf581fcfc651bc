// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package unixctl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// defaultRunDir is where packages of Open vSwitch keep sockets and pid files.
const defaultRunDir = "/var/run/openvswitch"

// RunDir is the directory that Open vSwitch's own programs take: OVS_RUNDIR of
// the environment, else /var/run/openvswitch.
func RunDir() string {
	if dir := os.Getenv("OVS_RUNDIR"); dir != "" {
		return dir
	}
	return defaultRunDir
}

// Socket is the path of the control socket DIR/DAEMON.PID.ctl of a daemon such
// as "ovs-vswitchd". An empty directory is [RunDir]. The process id is that of
// DIR/DAEMON.pid; where there is no such file, the only such socket is taken.
// A socket of this process is taken before others.
// Whether the daemon runs is for [Call] to find out. It is an [io/fs.ErrNotExist]
// if there is none.
func Socket(dir, daemon string) (string, error) {
	if dir == "" {
		dir = RunDir()
	}
	path, err := socket(dir, daemon)
	if err != nil {
		return "", fmt.Errorf("control socket of %s in %s: %w", daemon, dir, err)
	}
	return path, nil
}

func socket(dir, daemon string) (string, error) {
	// Whoever opens and closes a pid file of its own process takes its lock away, by which other programs know that the
	// process is there (fcntl(2)).
	if own := filepath.Join(dir, fmt.Sprintf("%s.%d.ctl", daemon, os.Getpid())); exists(own) {
		return own, nil
	}
	pid, err := readPID(filepath.Join(dir, daemon+".pid"))
	if err == nil {
		return filepath.Join(dir, fmt.Sprintf("%s.%d.ctl", daemon, pid)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	entries, dirErr := os.ReadDir(dir)
	if dirErr != nil {
		return "", dirErr
	}
	var found []string
	for _, e := range entries {
		if pid, ok := strings.CutPrefix(e.Name(), daemon+"."); ok {
			pid, ok = strings.CutSuffix(pid, ".ctl")
			if _, err := strconv.ParseUint(pid, 10, 31); ok && err == nil {
				found = append(found, e.Name())
			}
		}
	}
	switch len(found) {
	case 0:
		return "", err
	case 1:
		return filepath.Join(dir, found[0]), nil
	}
	return "", fmt.Errorf("there is no %s.pid to tell which of %s it is", daemon, strings.Join(found, ", "))
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// readPID reads a pid file: a number on a line.
func readPID(path string) (int, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0, err
	}
	pid, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 31)
	if err != nil || pid == 0 {
		return 0, fmt.Errorf("%s has no process id but %q", path, text)
	}
	return int(pid), nil
}
