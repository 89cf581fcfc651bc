// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node/nodetest"
	"github.com/ovskit/ovskit/port"
)

// TestRestartsDuringAttaches has the database server or the switch killed and started
// again in the middle of 200 attaches: each is made, or has failed and left nothing.
func TestRestartsDuringAttaches(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"database", "switch"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			restartDuringAttaches(t, what != "switch", what != "database")
		})
	}
}

func restartDuringAttaches(t *testing.T, database, vswitchd bool) {
	const ports = 200
	l := newLab(t, bridge.Secure)
	ns := nodetest.Endpoint(t, l.Node, "web")
	hostLinks := links(t, l.Host())
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var taken atomic.Int32
	middle := make(chan bool)
	l.ports.Hook(func(step string) error {
		if step == "interface: begin" && taken.Add(1) == ports/2 {
			close(middle)
		}
		return nil
	})
	var wg sync.WaitGroup
	results := make([]error, ports)
	for i := range ports {
		wg.Add(1)
		go func() {
			defer wg.Done()
			addr := netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)})
			_, results[i] = l.ports.Attach(ctx, port.Config{Bridge: "br0", Name: fmt.Sprintf("p%d", i), Netns: ns.Path(),
				Ifname: fmt.Sprintf("e%d", i), Addrs: []netip.Prefix{netip.PrefixFrom(addr, 32)}})
		}()
	}
	<-middle
	for _, restart := range []struct {
		wanted bool
		kill   func() error
		start  func(context.Context) error
	}{{database, l.OVS().KillDatabase, l.OVS().StartDatabase}, {vswitchd, l.OVS().KillSwitch, l.OVS().StartSwitch}} {
		if restart.wanted {
			if err := restart.kill(); err != nil {
				t.Fatal(err)
			}
			if err := restart.start(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	wg.Wait()
	if err := l.db.Client().Echo(ctx); err != nil {
		t.Fatal(err)
	}
	wantInside, wantOutside, made := []string{"lo"}, hostLinks, 0
	for i, err := range results {
		name := fmt.Sprintf("p%d", i)
		_, isPort := l.db.Port(name)
		if err != nil {
			t.Logf("%s: %v", name, err)
			if isPort {
				t.Errorf("%s has a row although its Attach failed", name)
			}
			continue
		}
		made++
		wantInside, wantOutside = append(wantInside, fmt.Sprintf("e%d", i)), append(wantOutside, name)
		if found, err := l.ports.Check(ctx, name); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	slices.Sort(wantInside)
	slices.Sort(wantOutside)
	if got := links(t, ns); !slices.Equal(got, wantInside) {
		t.Errorf("%d devices in the namespace, want %d", len(got), len(wantInside))
	}
	if got := links(t, l.Host()); !slices.Equal(got, wantOutside) {
		t.Errorf("%d devices of the host, want %d", len(got), len(wantOutside))
	}
	if got := len(l.db.Interfaces()); got != made+1 {
		t.Errorf("%d interfaces in the database, want %d", got, made+1)
	}
	t.Logf("%d of %d made", made, ports)
}
