// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/openflow"
)

// restartFlows starts a program that declares what the switch has already, about 50,000 flows, beside the first start of it.
func restartFlows(b *testing.B) (again, first side) {
	ctx := context.Background()
	endpoints := publishers(4500)
	start := func(s *flowSwitch) (time.Duration, error) {
		begin := time.Now()
		stop := s.open(b, nil)
		err := s.Set(ctx, append(endpoints, s.base...)...)
		took := time.Since(begin)
		stop()
		return took, err
	}
	full, empty := newFlowSwitch(b), newFlowSwitch(b)
	full.Close()
	if _, err := start(&full); err != nil {
		b.Fatal(err)
	}
	return side{clocked: func(int) (time.Duration, error) { return start(&full) }},
		side{clocked: func(int) (time.Duration, error) { return start(&empty) }, undo: func(int) error {
			empty.open(b, nil)
			if _, err := empty.Prune(ctx); err != nil {
				return err
			}
			return empty.Close()
		}}
}

// replayFlows kills ovs-vswitchd where some 10,000 flows are declared, and starts it again: the time from its socket's return
// until the flows are there, beside that of connecting and writing the bundle of the same flows, made beforehand.
func replayFlows(b *testing.B) (ours, peer side) {
	ctx := context.Background()
	endpoints := publishers(820)
	type replayed struct {
		flows.Replay
		at time.Time
	}
	replays := make(chan replayed, 1)
	kept, raw := newFlowSwitch(b), newFlowSwitch(b)
	kept.Close()
	kept.open(b, func(_ context.Context, r flows.Replay) { replays <- replayed{r, time.Now()} })
	if err := kept.Set(ctx, append(endpoints, kept.base...)...); err != nil {
		b.Fatal(err)
	}
	raw.Close()
	var mods []openflow.Modification
	for _, f := range raw.compiled(b, endpoints...) {
		mods = append(mods, openflow.Add(f))
	}
	blob := bundleBlob(b, mods...)
	ours.clocked = func(int) (time.Duration, error) {
		return kept.restart(ctx, func() (time.Time, error) {
			r := <-replays
			if n := len(r.Plan.Flows.Add); n != len(mods) {
				return r.at, fmt.Errorf("%d flows were replayed, want %d", n, len(mods))
			}
			return r.at, nil
		})
	}
	peer.clocked = func(int) (time.Duration, error) {
		return raw.restart(ctx, func() (time.Time, error) {
			err := dialRawFlow(b, raw.br.Management()).write(blob)
			return time.Now(), err
		})
	}
	return ours, peer
}

// restart kills the switch, starts it again and says how long after its socket's return it was filled.
func (s *flowSwitch) restart(ctx context.Context, filled func() (at time.Time, err error)) (time.Duration, error) {
	if err := s.node.OVS().KillSwitch(); err != nil {
		return 0, err
	}
	started := make(chan error, 1)
	go func() { started <- s.node.OVS().StartSwitch(ctx) }()
	for {
		conn, err := net.Dial("unix", strings.TrimPrefix(s.br.Management(), "unix:"))
		if err == nil {
			conn.Close()
			break
		}
		time.Sleep(time.Millisecond)
	}
	back := time.Now()
	at, err := filled()
	return at.Sub(back), errors.Join(err, <-started)
}
