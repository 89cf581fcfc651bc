// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DisableIP keeps the namespace's own IP stack away from a device that is the
// port of a switch. A switch in user space gets a copy of what arrives at a
// device; the kernel processes it as well: it answers ARP requests for any of
// the machine's addresses, and whatever is sent to the device's MAC address
// reaches the machine, or is forwarded, past the flows of the switch.
func (n *NS) DisableIP(device string) error {
	if device != filepath.Base(device) {
		return fmt.Errorf("disable IP on device %q: not a valid name", device)
	}
	err := n.Do(func() error {
		for _, s := range []struct{ family, key, value string }{
			{"ipv4", "arp_ignore", "8"}, // answer no request
			{"ipv4", "rp_filter", "1"},  // no source is routed to this device
			{"ipv4", "forwarding", "0"},
			{"ipv6", "disable_ipv6", "1"},
		} {
			path := filepath.Join("/proc/sys/net", s.family, "conf", device, s.key)
			err := os.WriteFile(path, []byte(s.value), 0)
			if s.family == "ipv6" && errors.Is(err, fs.ErrNotExist) {
				continue // a kernel without IPv6
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("disable IP on device %q in network namespace %q: %w", device, n.name, err)
	}
	return nil
}
