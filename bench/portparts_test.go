// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// attachSteps are the very steps that attaching a port takes, without what the library does around them: the same netlink
// calls and sysctls, the same transactions, waited for in the same way.
type attachSteps struct {
	name         string
	db           *vswitch.DB
	host, target *netns.NS
	here, inside *netlink.Handle // in host and target
	// parts are the times of making the pair and of what is done at its inner end, both the kernel's, of which the latter
	// goes on while the switch works; of the transactions, to the server's answer; and of ovs-vswitchd from there on.
	parts *parts
}

func newAttachSteps(b *testing.B, n testNode, name string, target *netns.NS) *attachSteps {
	b.Helper()
	s := &attachSteps{name: name, db: n.db, host: n.Host(), target: target, parts: newParts("pair", "inside", "ovsdb", "vswitchd")}
	var err error
	if s.here, err = s.host.Netlink(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.here.Close)
	if s.inside, err = target.Netlink(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.inside.Close)
	return s
}

func (s *attachSteps) run(int) error {
	ctx := context.Background()
	start := time.Now()
	if err := addVeth(s.here, s.host, s.name, s.target); err != nil {
		return err
	}
	s.parts.add("pair", time.Since(start))
	var inside time.Duration
	configured := make(chan error, 1)
	go func() {
		start := time.Now()
		err := s.target.DisableTransmitChecksums("eth0")
		err = errors.Join(err, configureInside(s.inside, benchAddr, benchGateway.Addr()))
		inside = time.Since(start)
		configured <- err
	}()
	row, err := addRow(ctx, s.db, s.name, "")
	if err := errors.Join(err, <-configured); err != nil {
		return err
	}
	start = time.Now()
	_, err = s.db.Client().Transact(ctx, ovsdb.Mutate(vswitch.TableInterface, []ovsdb.Mutation{
		ovsdb.Change("external_ids", ovsdb.DeleteFrom, []string{"unfinished"})}, ovsdb.Where("name", ovsdb.Equal, s.name)))
	s.parts.add("inside", inside)
	s.parts.add("ovsdb", row.ovsdb+time.Since(start))
	s.parts.add("vswitchd", row.vswitchd)
	return err
}

func (s *attachSteps) undo(int) error {
	ctx := context.Background()
	link, err := s.here.LinkByName(s.name)
	if err != nil {
		return err
	}
	if err := errors.Join(removeRow(ctx, s.db, s.name), s.here.LinkDel(link)); err != nil {
		return err
	}
	_, err = s.db.Apply(ctx)
	return err
}

// addVeth makes a pair whose outer end is up and of which the host's IP stack hears nothing.
func addVeth(h *netlink.Handle, host *netns.NS, name string, target *netns.NS) error {
	veth := netlink.NewVeth(netlink.LinkAttrs{Name: name})
	veth.PeerName, veth.PeerNamespace = "eth0", netlink.NsFd(target.Fd())
	if err := h.LinkAdd(veth); err != nil {
		return err
	}
	return errors.Join(host.DisableIP(name), h.LinkSetUp(veth))
}

// configureInside gives the inner end its address and its default route.
func configureInside(h *netlink.Handle, addr netip.Prefix, gateway netip.Addr) error {
	eth0, err := h.LinkByName("eth0")
	if err != nil {
		return err
	}
	return errors.Join(h.AddrAdd(eth0, &netlink.Addr{IPNet: ipNet(addr)}), h.LinkSetUp(eth0),
		h.RouteAdd(&netlink.Route{LinkIndex: eth0.Attrs().Index, Gw: gateway.AsSlice()}))
}

// rowSide makes a device a port of br0 by nothing but the transaction, and notes the parts of its time.
func rowSide(db *vswitch.DB, name, kind string, p *parts) side {
	ctx := context.Background()
	return side{
		run: func(int) error {
			took, err := addRow(ctx, db, name, kind)
			p.add("ovsdb", took.ovsdb)
			p.add("vswitchd", took.vswitchd)
			return err
		},
		undo: func(int) error { return removeRow(ctx, db, name) },
	}
}

// rowTimes are how long ovsdb-server took to answer a transaction, and ovs-vswitchd to follow it.
type rowTimes struct{ ovsdb, vswitchd time.Duration }

// addRow makes a device a port of br0 and waits for its number.
func addRow(ctx context.Context, db *vswitch.DB, name, kind string) (took rowTimes, err error) {
	br, ok := db.Bridge("br0")
	if !ok {
		return took, errors.New("no bridge br0")
	}
	start := time.Now()
	results, err := db.Commit(ctx,
		ovsdb.Insert(vswitch.TableInterface, &vswitch.Interface{Name: name, Type: kind}).Named("i"),
		ovsdb.Insert(vswitch.TablePort, &vswitch.Port{Name: name, Interfaces: []string{"i"}}).Named("p"),
		vswitch.AddPorts(br.UUID, "p"))
	if err != nil {
		return took, err
	}
	answered := time.Now()
	err = db.Wait(ctx, func() (bool, error) {
		iface, ok := db.InterfaceByUUID(results[0].UUID)
		root := db.Root()
		return ok && iface.OFPort != nil && root.CurCfg >= root.NextCfg, nil
	})
	return rowTimes{answered.Sub(start), time.Since(answered)}, err
}

// removeRow takes the port away again and waits until the switch has done so.
func removeRow(ctx context.Context, db *vswitch.DB, name string) error {
	br, _ := db.Bridge("br0")
	row, ok := db.Port(name)
	if !ok {
		return fmt.Errorf("no port %q", name)
	}
	_, err := db.Apply(ctx, vswitch.RemovePorts(br.UUID, row.UUID))
	return err
}
