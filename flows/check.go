// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

func checkMAC(mac net.HardwareAddr) error {
	if len(mac) != 6 || mac[0]&1 != 0 || [6]byte(mac) == [6]byte{} {
		return fmt.Errorf("MAC %q is not a unicast Ethernet address: %w", mac, ErrInvalid)
	}
	return nil
}

// checkLabels holds labels to be ones that a selector can tell apart.
func checkLabels(labels map[string]string) error {
	for k, v := range labels {
		if k == "" || strings.ContainsAny(k, "=\x00") || strings.Contains(v, "\x00") {
			return fmt.Errorf("label %q: %q: the name is empty or has a \"=\", or a part has a NUL: %w", k, v, ErrInvalid)
		}
	}
	return nil
}

// checkAddr holds an address with its subnet to be one that a machine can have.
func checkAddr(p netip.Prefix) error {
	if !p.IsValid() || p.Addr().Is4In6() {
		return fmt.Errorf("address %s is not an address with its subnet: %w", p, ErrInvalid)
	}
	if err := checkUnicast(single(p.Addr())); err != nil {
		return err
	}
	if p.Addr().IsLinkLocalUnicast() && p.Addr().Is6() {
		return fmt.Errorf("address %s is of one link only: %w", p.Addr(), ErrInvalid)
	}
	if first, last := broadcasts(p); p.Addr() == first || p.Addr() == last {
		return fmt.Errorf("address %s is a broadcast address of its subnet: %w", p, ErrInvalid)
	}
	return nil
}

func checkUnicast(p netip.Prefix) error {
	for _, not := range familyOf(p.Addr()).notUnicast {
		if not.Overlaps(p) {
			return fmt.Errorf("%s is not for unicast, like all of %s: %w", p, not, ErrInvalid)
		}
	}
	return nil
}
