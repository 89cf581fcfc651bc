// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package uplink_test

import (
	"context"
	"errors"
	"testing"

	"github.com/ovskit/ovskit/bridge/uplink"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/internal/node"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
	"go.uber.org/goleak"
)

// A job is what a program does that is killed.
type job struct {
	Verb                  string // adopt, release or recover
	Database, SwitchNetns string
}

func TestMain(m *testing.M) {
	killtest.Main(func(ctx context.Context, j job, step killtest.Step) error { return j.run(ctx, step) })
	goleak.VerifyTestMain(m)
}

// program makes a program of what it is to do.
func (l *lab) program(verb string) killtest.Program[job] {
	return killtest.Program[job]{Job: job{Verb: verb, Database: l.OVS().DatabaseEndpoint(), SwitchNetns: l.Host().Path()}}
}

// runUntil has a program do something until it is killed at a step.
func (l *lab) runUntil(t *testing.T, verb, step string) {
	t.Helper()
	p := l.program(verb)
	p.KillAt = step
	if _, killed := p.Run(t); !killed {
		t.Fatalf("%s came to its end without %q", verb, step)
	}
}

// run is the program.
func (j job) run(ctx context.Context, step killtest.Step) error {
	db, err := vswitch.Dial(ctx, ovsdb.Options{Endpoint: j.Database})
	if err != nil {
		return err
	}
	defer db.Close()
	switch j.Verb {
	case "adopt":
		_, err = uplink.AdoptHooked(ctx, db, uplink.Config{Bridge: "br0", Device: node.Uplink, SwitchNetns: j.SwitchNetns}, step)
	case "release":
		err = uplink.ReleaseHooked(ctx, db, node.Uplink, step)
	case "recover":
		_, err = uplink.RecoverHooked(ctx, db, step)
	default:
		err = errors.New("no such verb")
	}
	return err
}
