// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ovskit/ovskit/internal/netns"
	"golang.org/x/sys/unix"
)

// keptFile marks, in a node's directory, a node that is to stay.
const keptFile = "kept"

// ErrNotFound says that there is no such node.
var ErrNotFound = errors.New("no such node")

// Collect removes what nodes of dead processes left, except kept ones. Only
// nodes with the prefix, and those of Probe, are looked at, all if it is empty.
// It returns the names of those it removed.
func Collect(ctx context.Context, prefix string) (removed []string, err error) {
	found, err := list()
	if err != nil {
		return nil, fmt.Errorf("collect nodes: %w", err)
	}
	var errs []error
	for _, n := range found {
		wanted := prefix == "" || n.prefix == prefix || n.prefix == probePrefix
		if !wanted || n.ownerLives() || isKept(n) {
			continue
		}
		if ctx.Err() != nil {
			errs = append(errs, context.Cause(ctx))
			break
		}
		if err := remove(n); err != nil {
			errs = append(errs, fmt.Errorf("node %q: %w", n, err))
			continue
		}
		removed = append(removed, n.String())
	}
	if err := errors.Join(errs...); err != nil {
		return removed, fmt.Errorf("collect nodes: %w", err)
	}
	return removed, nil
}

// Kept lists the names of the nodes that were kept.
func Kept() ([]string, error) {
	found, err := list()
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	var kept []string
	for _, n := range found {
		if isKept(n) {
			kept = append(kept, n.String())
		}
	}
	return kept, nil
}

// Remove removes a node by its name, kept or not, whoever made it.
func Remove(nodeName string) error {
	found, err := list()
	if err != nil {
		return fmt.Errorf("remove node %q: %w", nodeName, err)
	}
	i := slices.IndexFunc(found, func(n name) bool { return n.String() == nodeName })
	if i < 0 {
		return fmt.Errorf("remove node %q: %w", nodeName, ErrNotFound)
	}
	if err := remove(found[i]); err != nil {
		return fmt.Errorf("remove node %q: %w", nodeName, err)
	}
	return nil
}

// list returns all nodes of which anything is there.
func list() ([]name, error) {
	parts, err := netns.Names()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		parts = append(parts, e.Name())
	}
	var found []name
	for _, p := range parts {
		if n, ok := parseName(p); ok && !slices.Contains(found, n) {
			found = append(found, n)
		}
	}
	return found, nil
}

func isKept(n name) bool {
	_, err := os.Stat(filepath.Join(Dir, n.String(), keptFile))
	return err == nil
}

// remove takes away whatever there is of a node: processes, then namespaces,
// then the directory, by which it is found again if it does not get that far.
// Somebody else may be at it at the same time.
func remove(n name) error {
	parts, err := netns.Names()
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range parts {
		if owner, ok := parseName(p); ok && owner == n {
			errs = append(errs, removeNamespace(p))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(Dir, n.String()))
}

func removeNamespace(nsName string) error {
	ns, err := netns.Open(nsName)
	if err == nil {
		defer ns.Close()
		err = killAll(ns)
	}
	if err != nil && !errors.Is(err, netns.ErrNotFound) {
		return err
	}
	// A file without a namespace is a leftover as well.
	if err := netns.Delete(nsName); err != nil && !errors.Is(err, netns.ErrNotFound) {
		return err
	}
	return nil
}

// killAll ends the processes of a namespace, and those that they may still have
// started, and waits for their ends.
func killAll(ns *netns.NS) error {
	for {
		pids, err := ns.Processes()
		if err != nil || len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			if err := kill(ns, pid); err != nil {
				return fmt.Errorf("kill process %d: %w", pid, err)
			}
		}
	}
}

// kill ends a process if it is still the one in the namespace.
func kill(ns *netns.NS, pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// The number is bound to the process from here on; it may have passed
	// to another one before.
	pids, err := ns.Processes()
	if err != nil {
		return err
	}
	if !slices.Contains(pids, pid) {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return awaitEnd(fd)
}

// awaitEnd returns when the process has ended, which a killed one soon does.
func awaitEnd(fd int) error {
	const patience = 5000 // milliseconds
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, patience)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0:
			return errors.New("does not end")
		default:
			return nil
		}
	}
}
