// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// datapathUser is the type of the datapath in user space.
const datapathUser = "netdev"

func (m *Manager) attachVeth(ctx context.Context, p *plan) (*Port, error) {
	id, err := identify(m.db, m.owner, p.Name)
	if err != nil {
		return nil, err
	}
	if p.MAC == nil {
		p.MAC = randomMAC()
	}
	pair := &vethPair{
		source: m.source, target: p.target, name: p.Name, id: id, ifname: p.Ifname, mac: p.MAC, mtu: p.MTU, step: m.step,
		removals: m.removals,
	}
	if err := pair.createAnew(ctx, m.db); err != nil {
		return nil, err
	}
	var added *addedRows
	err = together(ctx,
		m.between("interface", func(ctx context.Context) error { return m.configure(ctx, p) }),
		m.between("rows", func(ctx context.Context) (err error) {
			added, err = m.addRows(ctx, placement{p.bridge.UUID, p.Config})
			return err
		}))
	if err == nil {
		err = m.finish(ctx, added.ifaces[0].UUID)
	}
	if err != nil {
		if added != nil {
			err = errors.Join(err, m.undoRows(ctx, added))
		}
		return nil, errors.Join(err, pair.remove())
	}
	return m.made(p.Config, added.ifaces[0]), nil
}

// between makes the beginning and the end of something steps of their own. An end
// that fails is undone by whoever called do.
func (m *Manager) between(name string, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := m.step(name + ": begin")
		if err == nil {
			err = do(ctx)
		}
		if err == nil {
			err = m.step(name + ": end")
		}
		return err
	}
}

// A vethPair is a device in the switch's namespace and its peer in another.
type vethPair struct {
	source, target *netns.Shared
	name           string   // in source
	id             identity // of the device in source
	ifname         string   // in target
	mac            net.HardwareAddr
	mtu            int
	step           func(name string) error
	removals       *removals // of source
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

// create makes the pair: the peer is made in its namespace with its final name,
// the device on the switch's side is up. Nothing is left behind when it fails.
func (v *vethPair) create(ctx context.Context) error {
	here, err := v.source.Netlink()
	if err != nil {
		return err
	}
	if err := errors.Join(context.Cause(ctx), v.step("make the devices")); err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = v.name
	attrs.HardwareAddr = v.id.mac
	attrs.MTU = v.mtu
	link := netlink.NewVeth(attrs)
	link.PeerName = v.ifname
	link.PeerHardwareAddr = v.mac
	link.PeerNamespace = netlink.NsFd(v.target.Fd())
	link.PeerMTU = uint32(v.mtu)
	if err := here.LinkAdd(link); err != nil {
		return v.explain(err)
	}
	if err := v.enable(here, link); err != nil {
		return errors.Join(err, v.remove())
	}
	return nil
}

// enable makes the device on the switch's side ready for the switch.
func (v *vethPair) enable(here *netlink.Handle, link netlink.Link) error {
	if err := v.step("keep the IP stack away"); err != nil {
		return err
	}
	if err := v.source.DisableIP(v.name); err != nil {
		return err
	}
	if err := v.step("set the device up"); err != nil {
		return err
	}
	if err := here.LinkSetUp(link); err != nil {
		return fmt.Errorf("set device %q up: %w", v.name, err)
	}
	return nil
}

// explain says why the kernel did not make the pair: which of the names is
// taken it does not tell.
func (v *vethPair) explain(err error) error {
	if errors.Is(err, unix.EEXIST) {
		if there, _ := hasDevice(v.target, v.ifname); there {
			return fmt.Errorf("interface %q in network namespace %q: %w", v.ifname, v.target.Name(), ErrExists)
		}
		if there, _ := hasDevice(v.source, v.name); there {
			return fmt.Errorf("device %q on the switch's side: %w", v.name, ErrExists)
		}
	}
	return fmt.Errorf("create veth pair %q and %q: %w", v.name, v.ifname, err)
}

func (v *vethPair) remove() error { return v.id.remove(v.removals, v.name) }

// randomMAC is a locally administered unicast address.
func randomMAC() net.HardwareAddr {
	mac := make(net.HardwareAddr, 6)
	rand.Read(mac)
	return locallyAdministered(mac)
}
