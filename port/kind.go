// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import "fmt"

// A Kind is what a port is made of.
type Kind int

// The kinds of ports.
const (
	// Veth is a pair of devices: the port, and an interface in a namespace.
	// Its Type can be "afxdp", with which ovs-vswitchd in user space takes
	// packets from the device by AF_XDP: faster than by a packet socket.
	Veth Kind = iota
	// Internal is a device that ovs-vswitchd makes. It can be put into a
	// namespace, where it keeps the port's name: Open vSwitch finds it by its
	// name when it starts again. One of a datapath in user space ends with
	// ovs-vswitchd; Attach puts the new one into its place.
	Internal
	// Device is a device that exists already, or one that ovs-vswitchd makes
	// by itself from Type and Options: "dpdk", "dpdkvhostuserclient", "afxdp".
	//
	// A device of the kernel, such as a NIC, is taken from the machine's own
	// IP stack as long as it is the port of a bridge with a datapath in user
	// space: that gets only copies of what arrives, and the kernel would go on
	// to answer ARP requests and to receive and forward packets past the
	// bridge's flows. The device's sysctl parameters arp_ignore, rp_filter,
	// forwarding and disable_ipv6 are changed for this, noted in
	// Interface.external_ids, and restored by Detach. The device loses its
	// IPv6 addresses. Those of IPv4 are to be moved to the bridge's own port
	// as well: where net.ipv4.conf.all.rp_filter is 2, packets to the MAC
	// address of a device that has one still reach the machine's own sockets.
	// So does UDP from 0.0.0.0 to 255.255.255.255, wherever it comes in, but
	// for sockets that are bound to another device.
	// When such a device has gone and another one has come with its name, such
	// as the tap device of a VM, another Attach makes the port anew.
	Device
	// Tunnel is a tunnel to another switch, as [Config].Tunnel says.
	Tunnel
	// Patch is one half of a cable to another bridge of the switch, as
	// [Config].Patch says. The other half is made and removed with it.
	Patch
)

var kindNames = [...]string{Veth: "veth", Internal: "internal", Device: "device", Tunnel: "tunnel", Patch: "patch"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) {
	if k < 0 || int(k) >= len(kindNames) {
		return nil, fmt.Errorf("kind %s: not known", k)
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads the kind's name.
func (k *Kind) UnmarshalText(text []byte) error {
	for kind, name := range kindNames {
		if name == string(text) {
			*k = Kind(kind)
			return nil
		}
	}
	return fmt.Errorf("kind %q: not known", text)
}
