// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/ovskit/ovskit/ovsdb"
)

// One of several programs writes, as long as it has the lock.
func ExampleClient_Lock() {
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	l, err := c.Lock(ctx, "bridge_owner")
	if err != nil {
		log.Fatal(err)
	}
	_, err = c.Transact(ctx, ovsdb.Update("Bridge", ovsdb.Row{"fail_mode": "secure"}, ovsdb.Where("name", ovsdb.Equal, "br0")))
	switch {
	case errors.Is(err, ovsdb.ErrLockLost):
		// Nothing was written, and nothing will be until:
		if l, err = l.Regain(ctx); err != nil {
			log.Fatal(err)
		}
		fmt.Println("owner again: what was read before may have changed")
	case err != nil:
		log.Fatal(err)
	}
	if err := l.Unlock(ctx); err != nil {
		log.Fatal(err)
	}
}

// A program that is active while it has the lock and stands by otherwise, as
// ovs-vswitchd does.
func ExampleClient_Hold() {
	ctx := context.Background()
	c, err := ovsdb.Dial(ctx, ovsdb.Options{Endpoint: "unix:/run/openvswitch/db.sock", Retry: true})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	err = c.Hold(ctx, "active", func(ctx context.Context, l *ovsdb.Lock) error {
		fmt.Println("active")
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				fmt.Println("standing by:", context.Cause(ctx))
				return nil // and wait for the lock again
			case <-ticker.C:
			}
			count := ovsdb.Mutate("Open_vSwitch", []ovsdb.Mutation{ovsdb.Change("next_cfg", ovsdb.Add, 1)})
			if _, err := c.Transact(ctx, count); err != nil && !errors.Is(err, ovsdb.ErrLockLost) {
				return err
			}
		}
	})
	if err != nil {
		log.Fatal(err)
	}
}
