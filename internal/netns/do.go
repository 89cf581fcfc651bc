// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// threadPath is the network namespace of the calling thread.
const threadPath = "/proc/thread-self/ns/net"

// Do runs fn on a thread inside the namespace and returns its error. Only fn
// itself is inside: goroutines that it starts are not, and sockets that it
// opens stay there when it returns. Paths under /proc/sys/net are those of the
// namespace; /sys/class/net is not.
//
// fn runs on another goroutine than the caller; a panic of fn reaches the
// caller.
func (n *NS) Do(fn func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter network namespace %q: %w", n.name, err)
		}
		return fn()
	})
}

// onThread runs fn, which may move its thread to another network namespace, on
// a locked thread that is not the process's first one. The thread is moved
// back afterwards; one that cannot be is ended with its goroutine.
func onThread(fn func() error) error {
	var (
		err      error
		returned bool
		panicked any
		done     = make(chan struct{})
	)
	go func() {
		defer close(done)
		defer func() {
			if !returned {
				panicked = recover()
			}
		}()
		err = onLockedThread(fn)
		returned = true
	}()
	<-done
	switch {
	case returned:
		return err
	case panicked != nil:
		panic(panicked)
	default:
		// fn called runtime.Goexit, as the Fatal methods of tests do.
		runtime.Goexit()
		return nil
	}
}

// onLockedThread is the part of onThread that runs on a goroutine that is
// about to end, with its thread if that must be.
func onLockedThread(fn func() error) (err error) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		// The first thread's namespace is what other processes see as
		// that of this one, and it cannot be ended. While it is locked
		// here the runtime takes another.
		defer runtime.UnlockOSThread()
		return onThread(fn)
	}
	before, err := os.Open(threadPath)
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("open the current network namespace: %w", err)
	}
	defer before.Close()
	defer func() {
		if e := unix.Setns(int(before.Fd()), unix.CLONE_NEWNET); e != nil {
			err = errors.Join(err, fmt.Errorf("leave network namespace: %w", e))
			return // still locked: the thread ends with the goroutine
		}
		runtime.UnlockOSThread()
	}()
	return fn()
}
