// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/vishvananda/netlink"
)

// probePrefix marks what Probe makes.
const probePrefix = "probe"

// Probe says what keeps nodes from being made on this machine by making a
// small part of one.
func Probe() (err error) {
	if os.Geteuid() != 0 {
		return errors.New("not root")
	}
	n, err := newName(probePrefix)
	if err != nil {
		return err
	}
	ns, err := netns.New(n.part("host"))
	for errors.Is(err, netns.ErrExists) { // another goroutine's probe
		n.serial++
		ns, err = netns.New(n.part("host"))
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ns.Delete()) }()
	h, err := ns.Netlink()
	if err != nil {
		return err
	}
	defer h.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = Uplink
	if err := h.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: OutsideDevice}); err != nil {
		return fmt.Errorf("create a veth pair: %w", err)
	}
	return nil
}

// configure brings a device up, with addresses.
func configure(h *netlink.Handle, device string, addrs ...netip.Prefix) error {
	_, err := linkconf.Apply(h, device, linkconf.Config{Addrs: addrs})
	return err
}
