// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/port"
)

// TestCancelledAtEachStep has the context of an Attach end at each of its steps: the port
// is there and whole, or there is nothing. No descriptor is kept either, for the sake of
// which no other test runs meanwhile.
func TestCancelledAtEachStep(t *testing.T) {
	for _, kind := range []port.Kind{port.Veth, port.Internal} {
		t.Run(kind.String(), func(t *testing.T) {
			l := newLab(t, bridge.Secure)
			c, web := l.config(t, "web", "10.0.0.2/24")
			c.Kind = kind
			c.QoS = &port.QoS{Queues: map[uint32]port.Queue{0: {MaxRate: 1e9}}}
			c.Policing.Rate = 1000
			c.Sysctls = map[string]string{"net.ipv4.conf.all.arp_notify": "1"}
			hostLinks := links(t, l.Host())

			var mu sync.Mutex
			var steps []string
			at, cancel := "", func() {}
			m := l.manager(t, port.Options{})
			m.Hook(func(step string) error {
				mu.Lock()
				defer mu.Unlock()
				steps = append(steps, step)
				if step == at {
					cancel()
				}
				return nil
			})
			attach := func(step string) error {
				ctx, end := context.WithCancel(testContext(t))
				defer end()
				mu.Lock()
				at, cancel = step, end
				mu.Unlock()
				_, err := m.Attach(ctx, c)
				return err
			}
			whole := func(step string) {
				if got := differences(testContext(t), t, m, "web"); len(got) > 0 {
					t.Errorf("cancelled at %q: differences %q", step, got)
				}
				l.detach(t, "web")
			}
			if err := attach(""); err != nil {
				t.Fatal(err)
			}
			whole("")
			all := slices.Clone(steps)
			before := descriptors(t)
			for _, step := range all {
				if err := attach(step); err == nil {
					whole(step)
				}
				if err := l.db.Client().Echo(testContext(t)); err != nil {
					t.Fatal(err)
				}
				if _, err := l.db.Apply(testContext(t)); err != nil { // the switch has removed its devices
					t.Fatal(err)
				}
				l.expectUntouched(t, hostLinks)
				if got, want := links(t, web), []string{"lo"}; !slices.Equal(got, want) {
					t.Errorf("cancelled at %q: devices in the namespace = %v, want %v", step, got, want)
				}
				if got := collected(t, m, port.CollectOptions{DryRun: true}); len(got) > 0 {
					t.Errorf("cancelled at %q: %q is left", step, got)
				}
			}
			if after := descriptors(t); after > before {
				t.Errorf("%d descriptors are open, %d were before", after, before)
			}
		})
	}
}

// descriptors counts the files that this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}
