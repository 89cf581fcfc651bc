// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// ErrLocked says that somebody else holds a lock.
var ErrLocked = errors.New("locked by somebody else")

// Lock takes a lock that all processes share that are in the namespace or can
// enter it. It fails with [ErrLocked], without waiting, when the lock is taken.
// It ends with unlock or with the process, however that ends.
//
// The lock is a socket with an abstract name, of which the kernel keeps one set
// per network namespace and which leaves nothing behind (unix(7)). Whoever
// knows the name can take it.
func (n *NS) Lock(name string) (unlock func(), err error) {
	var fd int
	err = n.Do(func() (err error) {
		fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		return err
	})
	if err == nil {
		if err = unix.Bind(fd, &unix.SockaddrUnix{Name: "@" + name}); err != nil {
			unix.Close(fd)
		}
	}
	if errors.Is(err, unix.EADDRINUSE) {
		err = ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("lock %q in network namespace %q: %w", name, n.name, err)
	}
	return func() { unix.Close(fd) }, nil
}

// lockPause is the time between two attempts to take a lock.
const lockPause = time.Millisecond

// LockWithin is [NS.Lock] that tries for a while when the lock is taken. A
// program that starts another one shares its locks with it for a moment, so that
// one which was given back may still be taken.
func (n *NS) LockWithin(ctx context.Context, name string, patience time.Duration) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		unlock, err = n.Lock(name)
		if !errors.Is(err, ErrLocked) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(lockPause):
		}
	}
}
