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
	"os"
	"strings"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// lockName is the lock of the switch's namespace that only one program has that
// changes addresses.
const lockName = "ovskit-hostaddr"

// lockPatience is how long somebody else may have the lock.
const lockPatience = 200 * time.Millisecond

// A hook is told of each step before it is taken; its error ends the operation.
type hook func(step string) error

func noHook(string) error { return nil }

// A machine is the namespace that an address is for.
type machine struct {
	db     *vswitch.DB
	ns     *netns.NS
	links  *netlink.Handle
	unlock func()
	boot   string
	hook   hook
}

func open(ctx context.Context, db *vswitch.DB, switchNetns string, h hook) (_ *machine, err error) {
	m := &machine{db: db, hook: h}
	defer func() {
		if err != nil {
			m.close()
		}
	}()
	if m.ns, err = netns.OpenOrCurrent(switchNetns); err != nil {
		return nil, err
	}
	if m.unlock, err = m.ns.LockWithin(ctx, lockName, lockPatience); err != nil {
		if errors.Is(err, netns.ErrLocked) {
			err = ErrBusy
		}
		return nil, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	m.boot = strings.TrimSpace(string(boot))
	if m.links, err = m.ns.Netlink(); err != nil {
		return nil, err
	}
	// The copy of the database then shows what earlier owners of the lock did.
	return m, db.Client().Echo(ctx)
}

func (m *machine) close() {
	if m.links != nil {
		m.links.Close()
	}
	if m.unlock != nil {
		m.unlock()
	}
	if m.ns != nil {
		m.ns.Close()
	}
}

// step is called before anything is changed.
func (m *machine) step(ctx context.Context, format string, args ...any) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return m.hook(fmt.Sprintf(format, args...))
}

// record returns the record of an address.
func (m *machine) record(addr netip.Addr) (*record, error) {
	records, err := allRecords(m.db)
	for _, r := range records {
		if r.config.Addr == addr {
			return r, nil
		}
	}
	return nil, cmp.Or(err, ErrNotFound)
}

// others are the records of the machine's other addresses, made since it was
// started.
func (m *machine) others(r *record) (others []*record, err error) {
	records, err := allRecords(m.db)
	for _, o := range records {
		if o.config.Addr == r.config.Addr || o.Boot != m.boot {
			continue
		}
		ns, err := netns.OpenOrCurrent(o.Netns)
		if errors.Is(err, netns.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		same, err := ns.Same(m.ns)
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

func (m *machine) write(ctx context.Context, r *record) error {
	op, err := r.write()
	if err != nil {
		return err
	}
	if err := m.step(ctx, "record: %s", r.State); err != nil {
		return err
	}
	results, err := m.db.Client().Transact(ctx, op)
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
