// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// TestRealModify has a switch refuse some of many modifications, and carry out the others.
func TestRealModify(t *testing.T) {
	ovs := realSwitch(t)
	ctx := testContext(t)
	c := dial(t, ovs.Management("br0"))
	err := c.Apply(ctx,
		of.GroupMod{Group: of.Group{ID: 1}},
		of.GroupMod{Group: of.Group{ID: 1}},
		of.Add(of.Flow{Table: 1, Instructions: apply(of.Output{Port: 1})}),
		of.GroupMod{Command: of.GroupRemoveBucket}, // not in OpenFlow 1.3
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
}

// TestRealBundleOfModifications puts into bundles what may stand in them, in each version. A port-mod may not if the bundle
// is atomic.
func TestRealBundleOfModifications(t *testing.T) {
	ovs := realSwitch(t)
	for i, v := range allVersions {
		a := newAsker(t, ovs.Management("br0"), v)
		bundle := func(flags of.BundleFlags, mods ...of.Modification) (commit []of.Message) {
			t.Helper()
			a.ask(of.BundleControl{ID: 1, Type: of.BundleOpenRequest, Flags: flags})
			for _, m := range mods {
				a.tell(of.BundleAdd{ID: 1, Flags: flags, Message: m})
			}
			return a.ask(of.BundleControl{ID: 1, Type: of.BundleCommitRequest, Flags: flags})
		}
		port := parts(a, of.PortDescRequest{}, func(m of.PortDescReply) []of.PortDesc { return m.Ports })[0]
		portMod := of.PortMod{Port: port.No, HWAddr: port.HWAddr}
		id := uint32(i + 1)
		group := of.GroupMod{Group: of.Group{ID: id, Buckets: []of.Bucket{{Actions: []of.Action{of.Output{Port: 1}}}}}}
		if answer := bundle(of.BundleAtomic|of.BundleOrdered, group, portMod); len(answer) == 0 || isCommitted(answer[0]) {
			t.Errorf("%v: an atomic bundle with a port-mod is answered by %v", v, answer)
		}
		if answer := bundle(of.BundleAtomic|of.BundleOrdered, group, of.Add(numbered(id))); len(answer) != 1 || !isCommitted(answer[0]) {
			t.Errorf("%v: an atomic bundle is answered by %v", v, answer)
		}
		if answer := bundle(of.BundleOrdered, portMod); len(answer) != 1 || !isCommitted(answer[0]) {
			t.Errorf("%v: a bundle with a port-mod is answered by %v", v, answer)
		}
		groups := parts(a, of.GroupDescRequest{ID: of.GroupAll}, func(m of.GroupDescReply) []of.Group { return m.Groups })
		if len(groups) != i+1 {
			t.Errorf("%v: groups are %v, want %d", v, groups, i+1)
		}
		for _, m := range []of.Modification{of.MeterMod{MeterConfig: of.MeterConfig{ID: 1}}, of.TableMod{Table: 1}} {
			answer := a.ask(of.BundleAdd{ID: 2, Flags: of.BundleAtomic | of.BundleOrdered, Message: m})
			if e, ok := answer[0].(of.Error); !ok || !strings.Contains(e.Error(), "MSG_UNSUP") && e.Code != of.MakeErrorCode(17, 10) {
				t.Errorf("%v: a bundle-add of %T is answered by %v", v, m, answer)
			}
		}
	}
}

func isCommitted(m of.Message) bool {
	reply, ok := m.(of.BundleControl)
	return ok && reply.Type == of.BundleCommitReply
}

// TestCallsAnsweredOtherwise has a switch answer each request with something else.
func TestCallsAnsweredOtherwise(t *testing.T) {
	endpoint := listen(t, func(p *peer) {
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
	endpoint := listen(t, func(p *peer) {
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
