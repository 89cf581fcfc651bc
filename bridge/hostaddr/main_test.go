// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package hostaddr_test

import (
	"context"
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/bridge/hostaddr"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"go.uber.org/goleak"
)

// A job is what a program does that is killed.
type job struct {
	Verb                  string // ensure or delete
	Database, SwitchNetns string
	Addr                  netip.Addr
}

func TestMain(m *testing.M) {
	killtest.Main(func(ctx context.Context, j job, step killtest.Step) error { return j.run(ctx, step) })
	goleak.VerifyTestMain(m)
}

// program makes a program of what it is to do.
func (l *lab) program(verb string, addr netip.Addr) killtest.Program[job] {
	return killtest.Program[job]{Job: job{
		Verb: verb, Database: l.OVS().DatabaseEndpoint(), SwitchNetns: l.Host().Path(), Addr: addr,
	}}
}

// run is the program.
func (j job) run(ctx context.Context, step killtest.Step) error {
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: j.Database})
	if err != nil {
		return err
	}
	defer db.Close()
	if j.Verb == "delete" {
		return hostaddr.DeleteHooked(ctx, db, j.Addr, step)
	}
	return hostaddr.EnsureHooked(ctx, db,
		hostaddr.Config{Bridge: "br0", Device: node.Uplink, SwitchNetns: j.SwitchNetns, Addr: j.Addr}, step)
}
