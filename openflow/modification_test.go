// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// TestRealModify has a switch refuse some of many modifications, and carry out the others.
func TestRealModify(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		emptied(t, c)
		err := c.Apply(ctx,
			of.GroupMod{Group: of.Group{ID: 1}},
			of.GroupMod{Group: of.Group{ID: 1}},
			of.Add(of.Flow{Table: 1, Instructions: apply(of.Output{Port: 1})}),
			of.GroupMod{Command: of.GroupRemoveBucket}, // of no group, and not in OpenFlow 1.3
			of.MeterMod{Command: of.MeterModify, MeterConfig: of.MeterConfig{ID: 1}},
			of.PacketOut{Actions: []of.Action{of.Output{Port: 1}}, Data: make([]byte, 60)},
			of.TableMod{Table: 1},
		)
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Fatalf("Modify gives %v, want joined errors", err)
		}
		var refused []int
		for _, err := range joined.Unwrap() {
			var e *of.RequestError
			if errors.As(err, &e) {
				refused = append(refused, e.Index)
			}
		}
		if got := fmt.Sprint(refused); got != "[1 3 4]" || !errors.Is(err, of.ErrGroupExists) || !errors.Is(err, of.ErrUnknownMeter) {
			t.Errorf("refused are %s, want [1 3 4]: %v", got, err)
		}
		if groups, err := c.Groups(ctx); err != nil || len(groups) != 1 {
			t.Errorf("groups are %v, error %v; want 1", groups, err)
		}
		if flows := flowsOf(t, c); len(flows) != 1 {
			t.Errorf("flows are %v, want 1", flows)
		}
	})
}

// TestRealBundleOfModifications puts into bundles what may stand in them, in each version. A port-mod may not, since the
// bundles of a Conn are atomic.
func TestRealBundleOfModifications(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	eachVersion(t, of.Version13, func(t *testing.T, v of.Version) {
		ctx := testContext(t)
		c := dial(t, endpoint, v)
		ports, err := c.Ports(ctx)
		must(t, err)
		portMod := of.PortMod{Port: ports[0].No, HWAddr: ports[0].HWAddr}
		id := uint32(v)
		group := of.GroupMod{Group: of.Group{ID: id, Buckets: []of.Bucket{{Actions: []of.Action{of.Output{Port: 1}}}}}}
		holds := func(want bool) {
			t.Helper()
			groups, err := c.Groups(ctx)
			if got := slices.ContainsFunc(groups, func(g of.Group) bool { return g.ID == id }); err != nil || got != want {
				t.Errorf("groups are %v, error %v; want group %d to be there: %t", groups, err, id, want)
			}
		}
		for _, refused := range []of.Modification{portMod, of.MeterMod{MeterConfig: of.MeterConfig{ID: 1}}, of.TableMod{Table: 1}} {
			if err := c.Bundle(ctx, group, refused); err == nil || errors.Is(err, of.ErrOutcomeUnknown) {
				t.Errorf("an atomic bundle with a %T gives %v", refused, err)
			}
			holds(false)
		}
		must(t, c.Bundle(ctx, group, of.Add(numbered(id))))
		holds(true)
	})
}

// TestRealBundleNotAtomic has a port-mod in a bundle that is not atomic.
func TestRealBundleNotAtomic(t *testing.T) {
	t.Parallel()
	endpoint := realSwitch(t).Management("br0")
	ports, err := dial(t, endpoint).Ports(testContext(t))
	must(t, err)
	portMod := of.PortMod{Port: ports[0].No, HWAddr: ports[0].HWAddr}
	for _, v := range versions {
		answer := dialPeer(t, endpoint, v).ask(
			of.BundleControl{ID: 1, Type: of.BundleOpenRequest, Flags: of.BundleOrdered},
			of.BundleAdd{ID: 1, Flags: of.BundleOrdered, Message: portMod},
			of.BundleControl{ID: 1, Type: of.BundleCommitRequest, Flags: of.BundleOrdered})
		var types []of.BundleType
		for _, f := range answer {
			reply, _ := f.Message.(of.BundleControl)
			types = append(types, reply.Type)
		}
		if want := []of.BundleType{of.BundleOpenReply, of.BundleCommitReply}; !slices.Equal(types, want) {
			t.Errorf("%v: a bundle with a port-mod is answered by %v", v, answer)
		}
	}
}

// TestCallsAnsweredOtherwise has a switch answer each request with something else.
func TestCallsAnsweredOtherwise(t *testing.T) {
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		for {
			m, xid := p.read()
			if m == nil {
				return
			}
			p.write(of.EchoReply{}, xid)
		}
	})
	c := dial(t, endpoint)
	ctx := testContext(t)
	for name, call := range map[string]func(context.Context) error{
		"group description":   func(ctx context.Context) error { _, err := c.Groups(ctx); return err },
		"group statistics":    func(ctx context.Context) error { _, err := c.GroupStats(ctx, 1); return err },
		"group features":      func(ctx context.Context) error { _, err := c.GroupFeatures(ctx); return err },
		"meter configuration": func(ctx context.Context) error { _, err := c.Meters(ctx); return err },
		"meter statistics":    func(ctx context.Context) error { _, err := c.MeterStats(ctx, 1); return err },
		"meter features":      func(ctx context.Context) error { _, err := c.MeterFeatures(ctx); return err },
		"port statistics":     func(ctx context.Context) error { _, err := c.PortStats(ctx, 1); return err },
		"queue statistics":    func(ctx context.Context) error { _, err := c.QueueStats(ctx, 1, 0); return err },
		"queue description":   func(ctx context.Context) error { _, err := c.Queues(ctx, 1); return err },
		"table statistics":    func(ctx context.Context) error { _, err := c.TableStats(ctx); return err },
		"table features":      func(ctx context.Context) error { _, err := c.TableFeatures(ctx); return err },
	} {
		err := call(ctx)
		if want := endpoint + ": " + name + " request answered by echo"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

// TestCallsInParts has a switch answer in two parts.
func TestCallsInParts(t *testing.T) {
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		for {
			m, xid := p.read()
			if m == nil {
				return
			}
			if _, ok := m.(of.GroupDescRequest); ok {
				p.write(of.GroupDescReply{Groups: []of.Group{{ID: 1}, {ID: 2}}, More: true}, xid)
				p.write(of.GroupDescReply{Groups: []of.Group{{ID: 3}}}, xid)
			}
		}
	})
	c := dial(t, endpoint)
	if groups, err := c.Groups(testContext(t)); err != nil || len(groups) != 3 || groups[2].ID != 3 {
		t.Errorf("Groups() = %v, %v; want 3", groups, err)
	}
}
