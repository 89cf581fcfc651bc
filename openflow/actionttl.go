// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// DecTTL decrements the IPv4 TTL or IPv6 hop limit and stops with the packet where that makes it zero.
type DecTTL struct{}

// String is the action in the words of ovs-actions(7).
func (DecTTL) String() string { return "dec_ttl" }

func (DecTTL) appendTo(b []byte, _ Version) ([]byte, error) {
	return pad(appendAction(b, actionDecTTL, 8), 4), nil
}
