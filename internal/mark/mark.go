// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package mark names the keys of external_ids that rows of this module carry.
package mark

// Prefix begins the keys that are nobody else's.
const Prefix = "ovskit-"

// The keys.
const (
	// Owner is on every row that was made by this module: who had it made.
	Owner = "ovskit-owner"
	// Creation is on a bridge's own port: a random text that whoever made the
	// bridge knows it by.
	Creation = "ovskit-creation"
	// Kind is on interfaces: the kind of port, which says what there is
	// besides the row.
	Kind = "ovskit-kind"
	// SwitchNetns is on interfaces whose device is not in the network
	// namespace of whoever made it: the path of the namespace.
	SwitchNetns = "ovskit-switch-netns"
	// Config is on interfaces: how the port was asked for, as JSON.
	Config = "ovskit-config"
	// Attaching is on interfaces as long as what belongs to their port is not all
	// made.
	Attaching = "ovskit-attaching"
	// Leaving is on interfaces whose port is being changed: which addresses and
	// routes are to be taken from the interface in the namespace, as JSON.
	Leaving = "ovskit-leaving"
	// Port is on rows that belong to a port and that the server does not remove
	// with it: the port's name.
	Port = "ovskit-port"
	// Dead is on rows that were seen to be of no use: when that was first.
	Dead = "ovskit-dead"
	// IPSettings is on interfaces whose device the kernel's IP stack is kept
	// away from: what is to be restored when that ends.
	IPSettings = "ovskit-ip-settings"
	// DeviceIndex is on the same interfaces: the index of the device, which another
	// one that gets its name does not have.
	DeviceIndex = "ovskit-device-index"
	// Uplink begins the keys in Open_vSwitch of adopted NICs: how one was, and how
	// far its adoption or release has come. The bridge's name follows. They belong
	// to package bridge/uplink. A bridge that is deleted by others does not take
	// them along.
	Uplink = "ovskit-uplink-"
	// HostAddr begins the keys on bridges that have an address of the machine's
	// link: what was done for it. The address follows. They belong to package
	// bridge/hostaddr.
	HostAddr = "ovskit-hostaddr-"
	// ContainerID and ContainerIface are on interfaces, as ovs-docker(8)
	// writes them: the container's id and the interface's name inside.
	ContainerID    = "container_id"
	ContainerIface = "container_iface"
	// AttachedMAC is on interfaces, ovs-vswitchd.conf.db(5): the MAC address
	// at the other end.
	AttachedMAC = "attached-mac"
)

// DefaultOwner is the owner where none is given.
const DefaultOwner = "ovskit"
