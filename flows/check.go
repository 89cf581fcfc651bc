// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"net"
	"net/netip"
)

func checkMAC(mac net.HardwareAddr) error {
	if len(mac) != 6 || mac[0]&1 != 0 {
		return fmt.Errorf("MAC %q is not a unicast Ethernet address: %w", mac, ErrInvalid)
	}
	return nil
}

func checkAddr(a netip.Addr) error {
	if !a.Is4() || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
		return fmt.Errorf("address %s is not an IPv4 unicast address: %w", a, ErrInvalid)
	}
	return nil
}
