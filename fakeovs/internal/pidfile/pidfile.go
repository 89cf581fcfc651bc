// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package pidfile says which process is a daemon, as the programs of Open vSwitch do: by a file with the process's id
// that the process holds a lock on. ovs-appctl(8) takes a file that nobody has locked for one of a daemon that is gone.
package pidfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// File is a pid file of this process. The lock is one of POSIX, as that of Open vSwitch must be: it is lost when this
// process opens the file once more and closes it.
type File struct {
	f        *os.File
	path     string
	previous int
}

// Create makes the file, or takes over one that a process has left. It is an error if another process holds it.
func Create(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	previous, err := claim(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("pid file %s: %w", path, err)
	}
	return &File{f, path, previous}, nil
}

// claim locks the file and puts the process's id in the place of the one that is in it.
func claim(f *os.File) (previous int, err error) {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES):
		return 0, errors.New("another process has it")
	case err != nil:
		return 0, fmt.Errorf("lock it: %w", err)
	}
	text := make([]byte, 16)
	n, _ := f.ReadAt(text, 0)
	previous, _ = strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err := f.Truncate(0); err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	return previous, err
}

// Previous is the id of the process that had left the file; 0 if none had.
func (f *File) Previous() int { return f.previous }

// Close removes the file.
func (f *File) Close() error { return errors.Join(os.Remove(f.path), f.f.Close()) }
