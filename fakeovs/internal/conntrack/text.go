// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import "net/netip"

// addrText writes an address as inet_ntop(3) does, which writes IPv4-compatible IPv6 addresses (RFC 4291, 2.5.5.1) in their
// mixed form.
func addrText(a netip.Addr) string {
	if a.Is6() {
		if b := a.As16(); [12]byte(b[:12]) == [12]byte{} && (b[12] != 0 || b[13] != 0) {
			return "::" + netip.AddrFrom4([4]byte(b[12:])).String()
		}
	}
	return a.String()
}
