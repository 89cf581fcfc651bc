// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Dir is where named namespaces live.
const Dir = "/run/netns"

// Errors of namespaces.
var (
	// ErrNotFound says that there is no such namespace.
	ErrNotFound = errors.New("no such network namespace")
	// ErrExists says that the name is taken.
	ErrExists = errors.New("network namespace exists")
)

// An NS is an open network namespace. As long as it is open, the namespace
// lives, even when its name is deleted and no process is left in it.
type NS struct {
	name string
	path string
	file *os.File
}

// New makes a namespace with a name. Its devices are as the kernel makes them:
// a loopback device that is down. It fails with [ErrExists] when the name is
// taken.
func New(name string) (*NS, error) {
	path, err := pathOf(name)
	if err != nil {
		return nil, err
	}
	if err := mountNew(path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			err = ErrExists
		}
		return nil, fmt.Errorf("create network namespace %q: %w", name, err)
	}
	ns, err := Open(name)
	if err != nil {
		return nil, errors.Join(err, unmount(path))
	}
	return ns, nil
}

// Open opens a namespace given by its name, by "pid:" and the number of a process
// in it or, when ref contains a slash, by the path of a namespace file such as
// /run/netns/web or /proc/123/ns/net. It fails with [ErrNotFound] when there is
// none.
func Open(ref string) (*NS, error) {
	name, path := filepath.Base(ref), ref
	if pid, ok := strings.CutPrefix(ref, "pid:"); ok && !strings.Contains(ref, "/") {
		if n, err := strconv.Atoi(pid); err != nil || n <= 0 {
			return nil, fmt.Errorf("open network namespace %q: %q is not the number of a process", ref, pid)
		}
		path = "/proc/" + pid + "/ns/net"
	} else if !strings.Contains(ref, "/") {
		var err error
		if path, err = pathOf(ref); err != nil {
			return nil, err
		}
	}
	// A pipe would have it wait for somebody at the other end.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open network namespace %q: %w", ref, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open network namespace %q: %w", ref, err)
	}
	kind, err := unix.IoctlRetInt(int(file.Fd()), unix.NS_GET_NSTYPE)
	if err != nil || kind != unix.CLONE_NEWNET {
		file.Close()
		return nil, fmt.Errorf("open network namespace %q: %s is not a network namespace: %w", ref, path, ErrNotFound)
	}
	return &NS{name: name, path: path, file: file}, nil
}

// Current opens the namespace of the calling thread, which is the one the
// process was started in unless the caller has locked its thread and moved it.
func Current() (*NS, error) {
	file, err := os.Open(threadPath)
	if err != nil {
		return nil, fmt.Errorf("open the current network namespace: %w", err)
	}
	return &NS{name: "current", path: fmt.Sprintf("/proc/%d/ns/net", os.Getpid()), file: file}, nil
}

// OpenOrCurrent is [Open], or [Current] when ref is empty.
func OpenOrCurrent(ref string) (*NS, error) {
	if ref == "" {
		return Current()
	}
	return Open(ref)
}

// Delete removes a name. The namespace itself ends when nothing is in it and
// nobody has it open. It fails with [ErrNotFound] when the name is not there.
func Delete(name string) error {
	path, err := pathOf(name)
	if err != nil {
		return err
	}
	err = unmount(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete network namespace %q: %w", name, err)
	}
	return nil
}

// Names lists the named namespaces.
func Names() ([]string, error) {
	entries, err := os.ReadDir(Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list network namespaces: %w", err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

// Name is the last element of the path.
func (n *NS) Name() string { return n.name }

// Path is the file by which other processes reach the namespace.
func (n *NS) Path() string { return n.path }

// Fd is the open file's descriptor, valid until Close.
func (n *NS) Fd() int { return int(n.file.Fd()) }

// Close lets go of the namespace. It keeps its name.
func (n *NS) Close() error { return n.file.Close() }

// Delete is [NS.Close] and then [Delete] of its name.
func (n *NS) Delete() error {
	return errors.Join(n.Close(), Delete(n.name))
}

// Same reports whether both are the same namespace.
func (n *NS) Same(other *NS) (bool, error) {
	a, err := n.file.Stat()
	if err != nil {
		return false, fmt.Errorf("network namespace %q: %w", n.name, err)
	}
	b, err := other.file.Stat()
	if err != nil {
		return false, fmt.Errorf("network namespace %q: %w", other.name, err)
	}
	return os.SameFile(a, b), nil
}

// pathOf returns the file of a named namespace.
func pathOf(name string) (string, error) {
	if name == "" || name == "." || name == ".." || len(name) > unix.NAME_MAX || strings.ContainsAny(name, "/\x00") {
		return "", fmt.Errorf("network namespace %q: not a valid name", name)
	}
	return filepath.Join(Dir, name), nil
}
