// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"net"
	"net/netip"
)

func checkMAC(mac net.HardwareAddr) error {
	if len(mac) != 6 || mac[0]&1 != 0 || mac.String() == "00:00:00:00:00:00" {
		return fmt.Errorf("MAC %q is not a unicast Ethernet address: %w", mac, ErrInvalid)
	}
	return nil
}

// checkAddr holds an address with its subnet to be one that a machine can have.
func checkAddr(p netip.Prefix) error {
	if !p.IsValid() || !p.Addr().Is4() {
		return fmt.Errorf("address %s is not an IPv4 address with its subnet: %w", p, ErrInvalid)
	}
	if err := checkUnicast(netip.PrefixFrom(p.Addr(), 32)); err != nil {
		return err
	}
	for _, all := range broadcasts(p) {
		if p.Addr() == all {
			return fmt.Errorf("address %s is a broadcast address of its subnet: %w", p, ErrInvalid)
		}
	}
	return nil
}

// notUnicast are the prefixes that no machine has an address out of (RFC 6890).
var notUnicast = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"),
}

func checkUnicast(p netip.Prefix) error {
	for _, not := range notUnicast {
		if not.Overlaps(p) {
			return fmt.Errorf("%s is not for unicast, like all of %s: %w", p, not, ErrInvalid)
		}
	}
	return nil
}
