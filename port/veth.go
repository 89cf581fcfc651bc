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
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// datapathUser is the type of the datapath in user space.
const datapathUser = "netdev"

func attachVeth(ctx context.Context, db *vswitch.DB, br *vswitch.Bridge, c *Config) (*Port, error) {
	target, err := netns.Open(c.Netns)
	if err != nil {
		return nil, err
	}
	defer target.Close()
	source, err := netns.OpenOrCurrent(c.SwitchNetns)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	if c.Name == "" {
		c.Name = derivedName(target.Path(), c.Ifname)
	}
	if err := nameIsFree(db, c.Name); err != nil {
		return nil, err
	}
	if err := namesDiffer(source, target, c); err != nil {
		return nil, err
	}
	id, err := identify(db, c.owner(), c.Name)
	if err != nil {
		return nil, err
	}
	unlock, err := source.Lock(id.lock)
	if errors.Is(err, netns.ErrLocked) {
		return nil, fmt.Errorf("somebody else is attaching a port %q: %w", c.Name, ErrExists)
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	pair := &vethPair{
		source: source, target: target, name: c.Name, id: id, ifname: c.Ifname, mac: c.MAC,
		softwareChecksums: br.DatapathType == datapathUser, config: c.link(),
	}
	if pair.mac == nil {
		pair.mac = randomMAC()
	}
	if err := pair.createAnew(ctx, db); err != nil {
		return nil, err
	}
	c.MAC, c.Netns = pair.mac, target.Path()
	added, err := addRows(ctx, db, br.UUID, c)
	if err != nil {
		return nil, errors.Join(err, pair.remove())
	}
	return c.port(added.iface), nil
}

// namesDiffer reports an interface that would have its own port's name in the
// port's own namespace.
func namesDiffer(source, target *netns.NS, c *Config) error {
	if c.Name != c.Ifname {
		return nil
	}
	same, err := source.Same(target)
	if err == nil && same {
		err = fmt.Errorf("port %q and interface %q in the same network namespace: %w", c.Name, c.Ifname, ErrExists)
	}
	return err
}

// A vethPair is a device in the switch's namespace and its peer in another.
type vethPair struct {
	source, target *netns.NS
	name           string   // in source
	id             identity // of the device in source
	ifname         string   // in target
	mac            net.HardwareAddr
	// softwareChecksums makes the kernel compute checksums in target.
	softwareChecksums bool
	config            linkconf.Config
}

// createAnew is create in place of what a killed program left of the same port.
func (v *vethPair) createAnew(ctx context.Context, db *vswitch.DB) error {
	err := v.create(ctx)
	if !errors.Is(err, ErrExists) {
		return err
	}
	orphan, orphanErr := v.id.isOrphan(ctx, db, v.source, v.name)
	if orphanErr != nil || !orphan {
		return errors.Join(err, orphanErr)
	}
	if err := v.remove(); err != nil {
		return err
	}
	return v.create(ctx)
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
	attrs.HardwareAddr = v.id.mac
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

func (v *vethPair) remove() error { return v.id.remove(v.source, v.name) }

// randomMAC is a locally administered unicast address.
func randomMAC() net.HardwareAddr {
	mac := make(net.HardwareAddr, 6)
	rand.Read(mac)
	return locallyAdministered(mac)
}
