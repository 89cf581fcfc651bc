// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/faultproxy"
	"github.com/ovskit/ovskit/internal/switchtest"
	of "github.com/ovskit/ovskit/openflow"
)

// eachSwitch runs a test on the bridge br0 of a real switch and of the fake.
func eachSwitch(t *testing.T, test func(t *testing.T, sw *switchtest.Switch, endpoint string)) {
	t.Helper()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		br, err := bridge.Ensure(testContext(t), sw.DB, bridge.Config{Name: "br0", Datapath: sw.Datapath})
		if err != nil {
			t.Fatal(err)
		}
		test(t, sw, br.Management())
	})
}

const (
	mine     = uint64(0xabcd << 48)
	mineMask = uint64(0xffff << 48)
)

// owned is numbered, with a cookie of the scope that the tests of synchronising use.
func owned(i uint32) of.Flow {
	f := numbered(i)
	f.Cookie = mine | uint64(i)
	return f
}

func desired(t testing.TB, flows ...of.Flow) *of.Desired {
	t.Helper()
	d := of.NewDesired(of.Scope{Cookie: mine, CookieMask: mineMask})
	if err := d.Add(flows...); err != nil {
		t.Fatal(err)
	}
	return d
}

// holds checks that a switch holds these flows, whatever others it has outside of the scope.
func holds(t *testing.T, c *of.Conn, want ...of.Flow) {
	t.Helper()
	p, err := c.Diff(testContext(t), desired(t, want...))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Empty() {
		t.Errorf("the switch differs from what it should hold: add %v, replace %v, delete %v", p.Flows.Add, p.Flows.Replace, p.Flows.Delete)
	}
}

func TestSync(t *testing.T) {
	t.Parallel()
	eachSwitch(t, func(t *testing.T, _ *switchtest.Switch, endpoint string) {
		ctx := testContext(t)
		c := dial(t, endpoint)
		foreign := numbered(100)
		if err := c.Bundle(ctx, of.Add(foreign), of.Add(owned(1)), of.Add(owned(2)), of.Add(owned(3))); err != nil {
			t.Fatal(err)
		}
		instructions, cookie := owned(2), owned(3)
		instructions.Goto = 9
		cookie.Cookie++
		want := desired(t, owned(1), instructions, cookie, owned(4), owned(5))
		want.Remove(owned(5), owned(6))
		p, err := c.Sync(ctx, want)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.String(); got != "flows: 1 added, 2 replaced, 0 deleted, 1 unchanged" {
			t.Errorf("the first time: %s", got)
		}
		holds(t, c, owned(1), instructions, cookie, owned(4))
		if p, err = c.Sync(ctx, want); err != nil || !p.Empty() || p.Flows.Unchanged != 4 {
			t.Errorf("the second time: %v, error %v", p, err)
		}
		want.Remove(owned(1), cookie)
		if p, err = c.Sync(ctx, want); err != nil || p.String() != "flows: 0 added, 0 replaced, 2 deleted, 2 unchanged" {
			t.Errorf("with two flows fewer: %v, error %v", p, err)
		}
		holds(t, c, instructions, owned(4))
		if got, ok := flowsOf(t, c)[foreign.Key()]; !ok || !got.Equal(foreign) {
			t.Errorf("the flow of another program is now %v", got)
		}
	})
}

func TestDiffListsOthers(t *testing.T) {
	t.Parallel()
	eachSwitch(t, func(t *testing.T, _ *switchtest.Switch, endpoint string) {
		ctx := testContext(t)
		c := dial(t, endpoint)
		if err := c.Bundle(ctx, of.Add(numbered(100)), of.Add(owned(1))); err != nil {
			t.Fatal(err)
		}
		d := of.NewDesired(of.Scope{Cookie: mine, CookieMask: mineMask, Others: true})
		p, err := c.Diff(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Others) != 1 || !p.Others[0].Equal(numbered(100)) || len(p.Flows.Delete) != 1 || !p.Flows.Delete[0].Equal(owned(1)) {
			t.Errorf("others are %v, to be deleted %v", p.Others, p.Flows.Delete)
		}
	})
}

// TestCarryLeavesWhatChanged has somebody replace a flow between the comparison and the change.
func TestCarryLeavesWhatChanged(t *testing.T) {
	t.Parallel()
	eachSwitch(t, func(t *testing.T, _ *switchtest.Switch, endpoint string) {
		ctx := testContext(t)
		c := dial(t, endpoint)
		if err := c.Bundle(ctx, of.Add(owned(1))); err != nil {
			t.Fatal(err)
		}
		p, err := c.Diff(ctx, desired(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Bundle(ctx, of.Add(numbered(1))); err != nil {
			t.Fatal(err)
		}
		if err := c.Carry(ctx, p); err != nil {
			t.Fatal(err)
		}
		if got := flowsOf(t, c); len(got) != 1 {
			t.Errorf("the flow that took the place is gone too: %v", got)
		}
	})
}

func TestDesired(t *testing.T) {
	d := desired(t, owned(1), owned(2), owned(3))
	again := owned(2)
	again.Goto = 5
	if err := d.Add(again); err != nil {
		t.Fatal(err)
	}
	if d.Len() != 3 {
		t.Errorf("%d flows, want 3: one was added twice", d.Len())
	}
	err := d.Add(owned(4), numbered(5))
	if err == nil || !strings.Contains(err.Error(), "cookie is not 0xabcd") {
		t.Errorf("a flow outside of the scope gives %v", err)
	}
	if d.Len() != 3 {
		t.Errorf("%d flows after an Add that failed, want 3", d.Len())
	}
	d.Remove(owned(1), owned(2), owned(3))
	if d.Len() != 0 {
		t.Errorf("%d flows after all were removed", d.Len())
	}
}

// TestSyncRefused has the switch refuse one flow, and finds everything as it was.
func TestSyncRefused(t *testing.T) {
	t.Parallel()
	eachSwitch(t, func(t *testing.T, _ *switchtest.Switch, endpoint string) {
		ctx := testContext(t)
		c := dial(t, endpoint)
		if _, err := c.Sync(ctx, desired(t, owned(1), owned(2))); err != nil {
			t.Fatal(err)
		}
		bad := owned(3)
		bad.Apply = []of.Action{set(of.TCPDst(80))}
		p, err := c.Sync(ctx, desired(t, owned(2), bad, owned(4)))
		if !errors.Is(err, of.ErrMatchInconsistent) || p != nil {
			t.Errorf("Sync gives %v, %v; want %v", p, err, of.ErrMatchInconsistent)
		}
		holds(t, c, owned(1), owned(2))
	})
}

// TestSyncCut cuts the connection after every part of what is sent and of what is answered. The switch holds all or nothing of
// a change, the caller is told, and the next time everything is as it should be.
func TestSyncCut(t *testing.T) {
	t.Parallel()
	eachSwitch(t, func(t *testing.T, _ *switchtest.Switch, endpoint string) {
		ctx := testContext(t)
		c := dial(t, endpoint)
		before := []of.Flow{owned(1), owned(2), owned(3)}
		after := []of.Flow{owned(2), owned(4), owned(5)}
		after[0].Goto = 9
		proxy := faultproxy.New(t, endpoint)
		random := rand.New(rand.NewPCG(1, 2))
		cut := func(toServer, toClient int64) (finished bool) {
			if _, err := c.Sync(ctx, desired(t, before...)); err != nil {
				t.Fatal(err)
			}
			proxy.CutAfter(toServer, toClient)
			err := syncOnce(ctx, proxy.Endpoint(), desired(t, after...))
			proxy.CutAfter(-1, -1)
			got := flowsOf(t, c)
			all := same(got, after)
			var ended *of.ConnError
			switch {
			case !all && !same(got, before):
				t.Errorf("cut after %d and %d bytes: the switch holds a part of the change: %v", toServer, toClient, got)
			case err == nil && !all:
				t.Errorf("cut after %d and %d bytes: no error, but nothing has changed", toServer, toClient)
			case err != nil && !errors.As(err, &ended):
				t.Errorf("cut after %d and %d bytes: error %v, want a ConnError", toServer, toClient, err)
			case err != nil && all && !errors.Is(err, of.ErrOutcomeUnknown):
				t.Errorf("cut after %d and %d bytes: changed with error %v, want %v", toServer, toClient, err, of.ErrOutcomeUnknown)
			}
			if err := syncOnce(ctx, proxy.Endpoint(), desired(t, after...)); err != nil {
				t.Errorf("the next time after a cut at %d and %d bytes: %v", toServer, toClient, err)
			}
			holds(t, c, after...)
			return err == nil
		}
		steps := 0
		for n := int64(0); !cut(n, -1); n += 1 + random.Int64N(24) {
			steps++
		}
		for n := int64(0); !cut(-1, n); n += 1 + random.Int64N(24) {
			steps++
		}
		if steps < 20 {
			t.Errorf("the connection was cut in %d places only", steps)
		}
	})
}

func same(got map[string]of.Flow, want []of.Flow) bool {
	for _, f := range want {
		if g, ok := got[f.Key()]; !ok || !g.Equal(f) {
			return false
		}
	}
	return len(got) == len(want)
}

func syncOnce(ctx context.Context, endpoint string, want *of.Desired) error {
	c, err := of.Dial(ctx, endpoint, of.Options{})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Sync(ctx, want)
	return err
}
