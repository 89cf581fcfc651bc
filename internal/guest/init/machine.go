// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ovskit/ovskit/internal/guest/internal/wire"
	"golang.org/x/sys/unix"
)

// loadModule loads a module of the kernel, unless it is there.
func loadModule(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.FinitModule(int(file.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load %s: %w", path, err)
	}
	return nil
}

// portPatience is how long the host may take to be at the other end of the guest's
// port once that has its driver.
const portPatience = 30 * time.Second

// openPort opens the port to the host. It blocks its reader and its writer, so that
// what has been written has arrived.
func openPort() (*os.File, error) {
	deadline := time.NewTimer(portPatience)
	defer deadline.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	var port *os.File
	for {
		device, err := findPort()
		if err != nil {
			return nil, err
		}
		if port == nil && device != "" {
			fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
			if err != nil {
				return nil, &os.PathError{Op: "open", Path: device, Err: err}
			}
			port = os.NewFile(uintptr(fd), device)
		}
		if port != nil && isConnected(port) {
			return port, nil
		}
		select {
		case <-again.C:
		case <-deadline.C:
			return nil, fmt.Errorf("virtio port %q: no host after %v", wire.Port, portPatience)
		}
	}
}

// isConnected reports whether the host is at the other end of a port.
func isConnected(port *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(port.Fd()), Events: unix.POLLOUT}}
	_, err := unix.Poll(fds, 0)
	return err == nil && fds[0].Revents == unix.POLLOUT
}

// findPort returns the device of the port to the host, "" if it has not appeared
// yet.
func findPort() (device string, err error) {
	names, err := filepath.Glob("/sys/class/virtio-ports/*/name")
	if err != nil {
		return "", err
	}
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			return "", err
		}
		device := filepath.Join("/dev", filepath.Base(filepath.Dir(n)))
		if strings.TrimSpace(string(text)) != wire.Port {
			continue
		}
		if _, err := os.Stat(device); err == nil {
			return device, nil
		}
	}
	return "", nil
}

// fewerDevices keeps the kernel from making a device of each kind of tunnel in every
// new network namespace.
func fewerDevices() error {
	return os.WriteFile("/proc/sys/net/core/fb_tunnels_only_for_init_net", []byte("1"), 0)
}

// loopbackUp sets the loopback device up.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request); err != nil {
		return fmt.Errorf("set device \"lo\" up: %w", err)
	}
	return nil
}
