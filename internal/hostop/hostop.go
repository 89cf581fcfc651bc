// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

// Package hostop is the frame of operations that change the network of a switch's
// machine in several steps, one program at a time. What the steps are, and how they
// are finished or taken back when the program dies between two of them, is for the
// operation to know.
package hostop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"github.com/vishvananda/netlink"
)

// lockPatience is how long somebody else may have the lock.
const lockPatience = 200 * time.Millisecond

// A Hook, of tests, is told of each step before it is taken; its error ends the
// operation.
type Hook func(step string) error

// Options say what an operation is done on.
type Options struct {
	// Netns is the network namespace that ovs-vswitchd runs in, by name or path
	// as in netns. Empty means the caller's.
	Netns string
	// Lock is the lock of that namespace that all operations of the same sort
	// take, as in [netns.NS.Lock].
	Lock string
	// Busy is the error that says that somebody else has the lock.
	Busy error
	// Hook may be nil.
	Hook Hook
}

// An Op is an operation under way. It has the lock until it is closed.
type Op struct {
	// DB is the switch's database. Its copy is not older than the lock: it shows
	// what earlier owners did.
	DB *vswitch.DB
	// NS is the namespace, and Links its devices.
	NS    *netns.NS
	Links *netlink.Handle
	// Boot tells the starts of the machine apart, random(4).
	Boot string

	hook   Hook
	unlock func()
}

// Open begins an operation. It fails with Options.Busy, and with
// [netns.ErrNotFound] when there is no such namespace. The caller must close it.
func Open(ctx context.Context, db *vswitch.DB, o Options) (_ *Op, err error) {
	op := &Op{DB: db, hook: o.Hook}
	defer func() {
		if err != nil {
			op.Close()
		}
	}()
	if op.NS, err = netns.OpenOrCurrent(o.Netns); err != nil {
		return nil, err
	}
	if op.unlock, err = op.NS.LockWithin(ctx, o.Lock, lockPatience); err != nil {
		if errors.Is(err, netns.ErrLocked) {
			err = o.Busy
		}
		return nil, err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, err
	}
	op.Boot = strings.TrimSpace(string(boot))
	if op.Links, err = op.NS.Netlink(); err != nil {
		return nil, err
	}
	return op, db.Client().Echo(ctx)
}

// Close ends the operation and gives the lock back.
func (o *Op) Close() {
	if o.Links != nil {
		o.Links.Close()
	}
	if o.unlock != nil {
		o.unlock()
	}
	if o.NS != nil {
		o.NS.Close()
	}
}

// Step is to be called before anything is changed, with what that is. It fails when
// ctx has ended.
func (o *Op) Step(ctx context.Context, format string, args ...any) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if o.hook == nil {
		return nil
	}
	return o.hook(fmt.Sprintf(format, args...))
}

// Undo takes back what has failed, even if ctx has ended, for as long as patience.
func Undo(ctx context.Context, patience time.Duration, takeBack func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := takeBack(ctx); err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	return nil
}
