// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/ovskit/ovskit/internal/hostop"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A machine is the one that an address is for, while it is given or taken.
type machine struct {
	*hostop.Op
}

func open(ctx context.Context, db *vswitch.DB, switchNetns string, h hostop.Hook) (machine, error) {
	op, err := hostop.Open(ctx, db, hostop.Options{Netns: switchNetns, Lock: "ovskit-hostaddr", Busy: ErrBusy, Hook: h})
	return machine{op}, err
}

// record returns the record of an address.
func (m machine) record(addr netip.Addr) (*record, error) {
	records, err := allRecords(m.DB)
	for _, r := range records {
		if r.config.Addr == addr {
			return r, nil
		}
	}
	return nil, cmp.Or(err, ErrNotFound)
}

// others are the records of the machine's other addresses, made since it was
// started.
func (m machine) others(r *record) (others []*record, err error) {
	records, err := allRecords(m.DB)
	for _, o := range records {
		if o.config.Addr == r.config.Addr || o.Boot != m.Boot {
			continue
		}
		ns, err := netns.OpenOrCurrent(o.Netns)
		if errors.Is(err, netns.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		same, err := ns.Same(m.NS)
		ns.Close()
		if err != nil {
			return nil, err
		}
		if same {
			others = append(others, o)
		}
	}
	return others, err
}

func (m machine) write(ctx context.Context, r *record) error {
	op, err := r.write()
	if err != nil {
		return err
	}
	if err := m.Step(ctx, "record: %s", r.State); err != nil {
		return err
	}
	results, err := m.DB.Client().Transact(ctx, op)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	if results[0].Count == 0 {
		return ErrNoBridge
	}
	return nil
}

func family(a netip.Addr) int {
	if a.Is4() {
		return netlink.FAMILY_V4
	}
	return netlink.FAMILY_V6
}

// host is the subnet of an address alone.
func host(a netip.Addr) *net.IPNet {
	return &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())}
}

func hostRoute(own netlink.Link, a netip.Addr) *netlink.Route {
	return &netlink.Route{LinkIndex: own.Attrs().Index, Dst: host(a), Scope: netlink.SCOPE_LINK, Protocol: unix.RTPROT_STATIC}
}

func proxy(nic netlink.Link, a netip.Addr) *netlink.Neigh {
	return &netlink.Neigh{LinkIndex: nic.Attrs().Index, Family: family(a), Flags: netlink.NTF_PROXY, IP: a.AsSlice()}
}
