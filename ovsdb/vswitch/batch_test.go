// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package vswitch_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// Ports that are added at the same time share reconfigurations of the switch,
// each is there when its caller goes on, and one that the database refuses
// harms no other.
func TestApplyTogether(t *testing.T) {
	db := dial(t, start(t, ovsproc.Options{}))
	br := addBridge(t, db, "br0")
	before := db.Root().NextCfg
	const ports = 60
	ended := make(chan error)
	for i := range ports {
		name := fmt.Sprintf("p%d", i)
		wrong := i%20 == 7
		if wrong {
			name = "br0" // taken
		}
		go func() {
			_, err := db.Apply(testContext(t), portOps(br, name, "dummy")...)
			switch {
			case wrong && !errors.Is(err, ovsdb.ErrConstraintViolation):
				err = fmt.Errorf("second port %q: got error %v, want %v", name, err, ovsdb.ErrConstraintViolation)
			case wrong:
				err = nil
			case err == nil:
				var row *vswitch.Interface
				if row, err = db.WaitInterface(testContext(t), name); err == nil && *row.OFPort < 1 {
					err = fmt.Errorf("port %q: got ofport %d", name, *row.OFPort)
				}
			}
			ended <- err
		}()
	}
	for range ports {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	root := db.Root()
	if n := root.NextCfg - before; n < 1 || n >= ports/2 || root.CurCfg != root.NextCfg {
		t.Errorf("%d ports: got %d reconfigurations asked for, want few; cur_cfg %d, next_cfg %d", ports, n, root.CurCfg, root.NextCfg)
	}
	if n := len(db.Ports()); n != 1+ports-3 {
		t.Errorf("got %d ports, want %d", n, 1+ports-3)
	}
}
