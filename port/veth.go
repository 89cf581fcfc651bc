// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"

	"github.com/ovskit/ovskit/internal/linkconf"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// datapathUser is the type of the datapath in user space.
const datapathUser = "netdev"

// A vethPair is a device in the switch's namespace and its peer in another.
type vethPair struct {
	source, target *netns.NS
	name           string // in source
	ifname         string // in target
	mac            net.HardwareAddr
	// softwareChecksums makes the kernel compute checksums in target.
	softwareChecksums bool
	config            linkconf.Config
}

// create makes the pair, ready for use: the peer is made in its namespace with
// its final name, and configured. Nothing is left behind when it fails.
func (v *vethPair) create(ctx context.Context) (err error) {
	here, err := v.source.Netlink()
	if err != nil {
		return err
	}
	defer here.Close()
	there, err := v.target.Netlink()
	if err != nil {
		return err
	}
	defer there.Close()
	if err := context.Cause(ctx); err != nil {
		return err
	}

	attrs := netlink.NewLinkAttrs()
	attrs.Name = v.name
	attrs.MTU = v.config.MTU
	link := netlink.NewVeth(attrs)
	link.PeerName = v.ifname
	link.PeerHardwareAddr = v.mac
	link.PeerNamespace = netlink.NsFd(v.target.Fd())
	link.PeerMTU = uint32(v.config.MTU)
	if err := here.LinkAdd(link); err != nil {
		return v.explain(err, here, there)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.remove())
		}
	}()

	if err := v.source.DisableIP(v.name); err != nil {
		return err
	}
	if err := here.LinkSetUp(link); err != nil {
		return fmt.Errorf("set device %q up: %w", v.name, err)
	}
	if v.softwareChecksums {
		if err := v.target.DisableTransmitChecksums(v.ifname); err != nil {
			return err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if _, err := linkconf.Apply(there, v.ifname, v.config); err != nil {
		return fmt.Errorf("network namespace %q: %w", v.target.Name(), err)
	}
	return nil
}

// explain says why the kernel did not make the pair: which of the names is
// taken it does not tell.
func (v *vethPair) explain(err error, here, there *netlink.Handle) error {
	if errors.Is(err, unix.EEXIST) {
		if _, e := there.LinkByName(v.ifname); e == nil {
			return fmt.Errorf("interface %q in network namespace %q: %w", v.ifname, v.target.Name(), ErrExists)
		}
		if _, e := here.LinkByName(v.name); e == nil {
			return fmt.Errorf("device %q on the switch's side: %w", v.name, ErrExists)
		}
	}
	return fmt.Errorf("create veth pair %q and %q: %w", v.name, v.ifname, err)
}

func (v *vethPair) remove() error { return removeDevice(v.source, v.name) }

// removeDevice removes a device, and with it its peer, if it is there.
func removeDevice(ns *netns.NS, name string) error {
	h, err := ns.Netlink()
	if err != nil {
		return err
	}
	defer h.Close()
	link, err := h.LinkByName(name)
	if err == nil {
		err = h.LinkDel(link)
	}
	if errors.As(err, new(netlink.LinkNotFoundError)) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove device %q: %w", name, err)
	}
	return nil
}

// randomMAC is a locally administered unicast address.
func randomMAC() net.HardwareAddr {
	mac := make(net.HardwareAddr, 6)
	rand.Read(mac)
	mac[0] = mac[0]&^1 | 2
	return mac
}
