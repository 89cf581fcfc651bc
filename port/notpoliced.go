// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/internal/netns"
)

// checkPolicing fails with ErrNotPoliced, and the reason, if nobody would keep the limits
// of a config. The source is the switch's namespace.
func (p *plan) checkPolicing(source *netns.Shared) error {
	if reason := p.notPoliced(source); reason != "" {
		return fmt.Errorf("policing: %w: %s", ErrNotPoliced, reason)
	}
	return nil
}

// notPoliced is why nobody would keep the limits; empty if somebody does, or if that is
// not known of the type of interface.
func (p *plan) notPoliced(source *netns.Shared) string {
	limits := p.Policing
	switch {
	case limits == Policing{}:
		return ""
	case p.Kind == Tunnel:
		return "Open vSwitch limits no tunnel"
	case p.bridge.DatapathType != datapathUser && p.Kind != Internal:
		return ""
	case p.Kind == Device && isKernelType(p.Type):
		return "the datapath in user space takes packets from the device before the kernel limits them"
	case p.Kind == Device && strings.HasPrefix(p.Type, "dpdk") && limits.PacketRate != 0:
		return "DPDK limits no number of packets"
	case !p.hasInterface():
		return ""
	case limits.Rate != 0 && limits.PacketRate != 0:
		return "the interface limits either bits or packets, not both"
	case p.HandOver:
		return "the interface would lose its queueing discipline when it is moved"
	case p.Kind == Internal && p.target.Is(source):
		return "ovs-vswitchd removes queueing disciplines from its devices"
	}
	return ""
}

// isKernelType reports whether an interface type is that of a device that the kernel has.
func isKernelType(interfaceType string) bool {
	return slices.Contains([]string{"", "system", "tap", "afxdp", "afxdp-nonpmd"}, interfaceType)
}
