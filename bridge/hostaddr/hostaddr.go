// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/ovskit/ovskit/internal/mark"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Errors of addresses.
var (
	// ErrNotFound says that the address is not there.
	ErrNotFound = errors.New("no such address")
	// ErrExists says that the address belongs to another bridge or NIC.
	ErrExists = errors.New("address is in use")
	// ErrNoBridge says that there is no such bridge.
	ErrNoBridge = errors.New("no such bridge")
	// ErrBusy says that another program is just changing the addresses of the
	// machine.
	ErrBusy = errors.New("another program is changing addresses")
)

// A Config is an address that a bridge is to have.
type Config struct {
	// Bridge is the bridge's name. It must exist, and its own port be up.
	Bridge string
	// Device is the NIC by whose link the address is reached.
	Device string
	// Addr is the address. The machine must not have it.
	Addr netip.Addr
	// SwitchNetns is the network namespace that ovs-vswitchd runs in, where
	// the NIC is, by name or path as in netns. Empty means the caller's.
	SwitchNetns string
	// Owner is noted in the database; empty means "ovskit".
	Owner string
}

// An Address is an address that a bridge has.
type Address struct {
	Config
	// Complete says that it is in use. Otherwise it is being added or deleted,
	// or the program that did has died.
	Complete bool
}

// Ensure gives a bridge an address. One that it has is made complete. When it
// fails everything is as before, unless the error says that taking back has
// failed as well; then [Recover] does it.
//
// It fails with [ErrNoBridge], [ErrExists] and [ErrBusy].
func Ensure(ctx context.Context, db *vswitch.DB, c Config) error {
	return ensure(ctx, db, c, nil)
}

// Delete takes an address from its bridge. It fails with [ErrNotFound] and
// [ErrBusy]. When it fails otherwise, [Recover] or a further Delete finishes it.
func Delete(ctx context.Context, db *vswitch.DB, addr netip.Addr) error {
	return remove(ctx, db, addr, nil)
}

// Recover brings all addresses of a switch in order: see the package's comment.
// A program calls it when it starts.
func Recover(ctx context.Context, db *vswitch.DB) error {
	return recoverAll(ctx, db, nil)
}

// Get returns an address. It fails with [ErrNotFound].
func Get(db *vswitch.DB, addr netip.Addr) (*Address, error) {
	all, err := List(db)
	for _, a := range all {
		if a.Addr == addr {
			return a, nil
		}
	}
	return nil, fmt.Errorf("address %s: %w", addr, cmp.Or(err, ErrNotFound))
}

// List returns the addresses of all bridges, sorted. Those whose record cannot be
// read are told of in an error, and the others are returned.
func List(db *vswitch.DB) ([]*Address, error) {
	records, err := allRecords(db)
	var all []*Address
	for _, r := range records {
		all = append(all, &Address{Config: r.config, Complete: r.State == added})
	}
	return all, err
}

// allRecords are the records of all bridges, sorted by address.
func allRecords(db *vswitch.DB) (records []*record, err error) {
	for _, br := range db.Bridges() {
		for key, text := range br.ExternalIDs {
			name, ok := strings.CutPrefix(key, mark.HostAddr)
			if !ok {
				continue
			}
			r, e := decodeRecord(br, name, text)
			if e != nil {
				err = errors.Join(err, fmt.Errorf("address %q of bridge %q: %w", name, br.Name, e))
				continue
			}
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b *record) int { return a.config.Addr.Compare(b.config.Addr) })
	return records, err
}
