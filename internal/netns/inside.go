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

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Netlink opens a route netlink socket inside the namespace. The caller closes
// it; it works from every thread and keeps working when n is closed.
func (n *NS) Netlink() (*netlink.Handle, error) {
	var h *netlink.Handle
	err := n.Do(func() error {
		var err error
		h, err = netlink.NewHandle(unix.NETLINK_ROUTE)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("netlink in network namespace %q: %w", n.name, err)
	}
	return h, nil
}

// SetSysctl sets a kernel parameter under net, such as "net.ipv4.ip_forward".
// An element that contains dots, as the names of some devices do, is written
// with slashes between the elements: "net/ipv4/conf/eth0.1/rp_filter".
func (n *NS) SetSysctl(key, value string) error {
	path, err := sysctlPath(key)
	if err == nil {
		err = n.Do(func() error { return os.WriteFile(path, []byte(value), 0) })
	}
	if err != nil {
		return fmt.Errorf("set sysctl %q in network namespace %q: %w", key, n.name, err)
	}
	return nil
}

// CheckSysctl fails if a key is not one that SetSysctl takes, whether there is such
// a parameter or not.
func CheckSysctl(key string) error {
	if _, err := sysctlPath(key); err != nil {
		return fmt.Errorf("sysctl %q: %w", key, err)
	}
	return nil
}

// Sysctl reads a kernel parameter, given as to SetSysctl.
func (n *NS) Sysctl(key string) (value string, err error) {
	path, err := sysctlPath(key)
	if err == nil {
		err = n.Do(func() error {
			value, err = readSetting(path)
			return err
		})
	}
	if err != nil {
		return "", fmt.Errorf("read sysctl %q in network namespace %q: %w", key, n.name, err)
	}
	return value, nil
}

// sysctlPath is the file of a kernel parameter of the network.
func sysctlPath(key string) (string, error) {
	path := key
	if !strings.Contains(path, "/") {
		path = strings.ReplaceAll(path, ".", "/")
	}
	if filepath.Clean(path) != path || !strings.HasPrefix(path, "net/") {
		return "", errors.New("not a parameter of the network")
	}
	return filepath.Join("/proc/sys", path), nil
}

// Processes lists the processes, other than the calling one, whose first
// thread is in the namespace.
func (n *NS) Processes() ([]int, error) {
	self, err := n.file.Stat()
	if err != nil {
		return nil, fmt.Errorf("network namespace %q: %w", n.name, err)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes of network namespace %q: %w", n.name, err)
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		info, err := os.Stat(filepath.Join("/proc", e.Name(), "ns/net"))
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH), errors.Is(err, fs.ErrPermission):
			// Ended meanwhile, a kernel thread, or not ours to see.
		case err != nil:
			return nil, fmt.Errorf("list processes of network namespace %q: %w", n.name, err)
		case os.SameFile(self, info):
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
