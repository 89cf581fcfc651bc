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
)

// quietSettings are what keeps the IP stack away from a device.
//
// The kernel takes the greater of a device's rp_filter and that of "all". Where
// net.ipv4.conf.all.rp_filter is 2, as some distributions have it, sources are
// not tied to a device, which nothing that concerns one device can change: what
// is sent to the device's MAC address then still reaches the machine's own
// sockets, but only if the device has an IPv4 address. On one without, the value
// 2 drops what 1 drops.
//
// No setting keeps from the machine's sockets what has no source address and is
// for 255.255.255.255: the kernel looks for no route of it. A socket that is
// bound to another device does not get it.
var quietSettings = [...]struct{ key, value string }{
	{"ipv4/arp_ignore", "8"}, // answer no request
	{"ipv4/rp_filter", "1"},  // no source is routed to this device
	{"ipv4/forwarding", "0"},
	{"ipv6/disable_ipv6", "1"},
}

// DisableIP keeps the namespace's own IP stack away from a device that is the
// port of a switch. A switch in user space gets a copy of what arrives at a
// device; the kernel processes it as well: it answers ARP requests for any of
// the machine's addresses, and whatever is sent to the device's MAC address
// reaches the machine, or is forwarded, past the flows of the switch.
//
// The device loses its IPv6 addresses.
func (n *NS) DisableIP(device string) error {
	err := n.eachSetting(device, func(path, _, quiet string) error {
		return os.WriteFile(path, []byte(quiet), 0)
	})
	if err != nil {
		return fmt.Errorf("disable IP on device %q in network namespace %q: %w", device, n.name, err)
	}
	return nil
}

// IPSettings returns the settings of a device that [NS.DisableIP] changes, for
// [NS.RestoreIP]: "ipv4/arp_ignore=0 ipv4/rp_filter=2" and so on.
func (n *NS) IPSettings(device string) (string, error) {
	var settings []string
	err := n.eachSetting(device, func(path, key, _ string) error {
		value, err := readSetting(path)
		settings = append(settings, key+"="+value)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the IP settings of device %q in network namespace %q: %w", device, n.name, err)
	}
	return strings.Join(settings, " "), nil
}

// IsIPDisabled reports whether a device is as [NS.DisableIP] leaves it.
func (n *NS) IsIPDisabled(device string) (bool, error) {
	disabled := true
	err := n.eachSetting(device, func(path, _, quiet string) error {
		value, err := readSetting(path)
		disabled = disabled && value == quiet
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read the IP settings of device %q in network namespace %q: %w", device, n.name, err)
	}
	return disabled, nil
}

// RestoreIP takes DisableIP back, given what IPSettings returned before. A
// setting that has another value than DisableIP gave it has been changed by
// somebody else, or belongs to another device of that name, and is left as it
// is. A device that is gone is no error.
func (n *NS) RestoreIP(device, settings string) error {
	before := map[string]string{}
	for _, s := range strings.Fields(settings) {
		key, value, _ := strings.Cut(s, "=")
		if _, err := strconv.Atoi(value); err != nil {
			return fmt.Errorf("restore IP on device %q: setting %q: not a number", device, s)
		}
		before[key] = value
	}
	err := n.eachSetting(device, func(path, key, quiet string) error {
		value, ok := before[key]
		if !ok {
			return nil
		}
		now, err := readSetting(path)
		if err != nil || now != quiet {
			return err
		}
		return os.WriteFile(path, []byte(value), 0)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("restore IP on device %q in network namespace %q: %w", device, n.name, err)
	}
	return nil
}

// eachSetting calls do inside the namespace, for each of a device's settings in
// turn, until one fails.
func (n *NS) eachSetting(device string, do func(path, key, quiet string) error) error {
	if device != filepath.Base(device) || device == "." || device == ".." || device == "all" || device == "default" {
		return errors.New("not a valid name")
	}
	return n.Do(func() error {
		for _, s := range quietSettings {
			family, name, _ := strings.Cut(s.key, "/")
			err := do(filepath.Join("/proc/sys/net", family, "conf", device, name), s.key, s.value)
			if family == "ipv6" && errors.Is(err, fs.ErrNotExist) {
				continue // a kernel without IPv6
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func readSetting(path string) (string, error) {
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}
