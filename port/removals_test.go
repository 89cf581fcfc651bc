// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/killtest"
	"github.com/ovskit/ovskit/internal/netns"
	"github.com/ovskit/ovskit/port"
	"github.com/vishvananda/netlink"
)

// gathered are the ports whose devices go together.
var gathered = []string{"web", "db", "mail"}

// detachTogether detaches the gathered ports at the same time by a manager that nobody
// else uses.
func detachTogether(ctx context.Context, m *port.Manager) error {
	m.GatherRemovals(ctx, len(gathered))
	ended := make(chan error)
	for _, name := range gathered {
		go func() { ended <- m.Detach(ctx, name) }()
	}
	var errs []error
	for range gathered {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

// attachGathered attaches the gathered ports, to namespaces that stay.
func (l *lab) attachGathered(t *testing.T) (attach func()) {
	t.Helper()
	var configs []port.Config
	for i, name := range gathered {
		c, _ := l.config(t, name, fmt.Sprintf("10.0.0.%d/24", i+2))
		configs = append(configs, c)
	}
	return func() {
		t.Helper()
		for _, c := range configs {
			l.attach(t, c)
		}
	}
}

func linkByName(t *testing.T, ns *netns.NS, name string) netlink.Link {
	t.Helper()
	h, err := ns.Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	link, err := h.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// TestDetachTogether has the devices of ports go together, and one by one where that
// must not be. Devices of others stay.
func TestDetachTogether(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	attach := l.attachGathered(t)
	addVeth(t, l.Host(), "alien", "alien2")
	clean := l.state(t, nil)
	h, err := l.Host().Netlink()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	const alienGroup = 7
	setGroup := func(link netlink.Link, group int) error { return h.LinkSetGroup(link, group) }
	for _, tt := range []struct {
		name string
		// at is the step of a number at which happens does.
		at      string
		number  int
		happens func() error
		steps   []string
	}{
		{"nothing happens", "", 0, nil, []string{"gather a device", "gather a device", "gather a device", "remove the gathered devices"}},
		{"a device is gone", "gather a device", 0, func() error {
			return h.LinkDel(linkByName(t, l.Host(), "db"))
		}, []string{"gather a device", "gather a device", "gather a device", "remove the gathered devices"}},
		{"all are gone", "remove the gathered devices", 0, func() error {
			var errs []error
			for _, name := range gathered {
				errs = append(errs, h.LinkDel(linkByName(t, l.Host(), name)))
			}
			return errors.Join(errs...)
		}, []string{"gather a device", "gather a device", "gather a device", "remove the gathered devices"}},
		{"somebody takes the group", "gather a device", 2, func() error {
			var group uint32
			for _, name := range gathered {
				group = max(group, linkByName(t, l.Host(), name).Attrs().Group)
			}
			return setGroup(linkByName(t, l.Host(), "alien"), int(group))
		}, []string{"gather a device", "gather a device", "gather a device"}},
		{"gathering fails", "gather a device", 1, func() error { return errors.New("this step fails") }, []string{"gather a device", "gather a device"}},
	} {
		attach()
		if err := setGroup(linkByName(t, l.Host(), "alien"), alienGroup); err != nil {
			t.Fatal(err)
		}
		m := l.manager(t, port.Options{})
		var steps []string // of the one goroutine that removes devices
		m.Hook(func(step string) error {
			if step != "gather a device" && step != "remove the gathered devices" {
				return nil
			}
			n := len(slices.DeleteFunc(slices.Clone(steps), func(s string) bool { return s != step }))
			steps = append(steps, step)
			if step == tt.at && n == tt.number {
				return tt.happens()
			}
			return nil
		})
		if err := detachTogether(testContext(t), m); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.steps, steps); diff != "" {
			t.Errorf("%s: steps (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(clean, l.state(t, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestKilledTogether kills a program that detaches ports together before each of its
// steps. Another Detach goes on, and so does Collect.
func TestKilledTogether(t *testing.T) {
	t.Parallel()
	l := newLab(t, bridge.Secure)
	attach := l.attachGathered(t)
	clean := l.state(t, nil)
	p := killtest.Program[job]{Job: l.job("detach together", "", port.Config{})}
	attach()
	for _, next := range []string{"detach", "collect"} {
		steps := p.Each(t, func(when string) {
			l.settle(t)
			if next == "collect" {
				collected(t, l.ports, port.CollectOptions{})
				collected(t, l.ports, port.CollectOptions{})
			}
			for _, name := range gathered {
				if err := l.ports.Detach(testContext(t), name); err != nil && !errors.Is(err, port.ErrNotFound) {
					t.Errorf("%s: %v", when, err)
				}
			}
			if diff := cmp.Diff(clean, l.state(t, nil)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
			attach()
		})
		t.Logf("%d steps: %q", len(steps), steps)
		if !slices.Contains(steps, "remove the gathered devices") {
			t.Errorf("the devices did not go together: steps %q", steps)
		}
		l.settle(t)
		if diff := cmp.Diff(clean, l.state(t, nil)); diff != "" {
			t.Errorf("got through (-want +got):\n%s", diff)
		}
		attach()
	}
}
