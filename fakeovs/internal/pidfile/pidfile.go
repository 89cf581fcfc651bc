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

	"golang.org/x/sys/unix"
)

// File is a pid file of this process. The lock is one of POSIX, as that of Open vSwitch must be: it is lost when this
// process opens the file once more and closes it.
type File struct {
	f    *os.File
	path string
}

// Create makes the file, or takes over one that a process has left. It is an error if another process holds it.
func Create(path string) (*File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := claim(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("pid file %s: %w", path, err)
	}
	return &File{f, path}, nil
}

func claim(f *os.File) error {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err := unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock)
	switch {
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES):
		return errors.New("another process has it")
	case err != nil:
		return fmt.Errorf("lock it: %w", err)
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

// Close removes the file.
func (f *File) Close() error { return errors.Join(os.Remove(f.path), f.f.Close()) }
