// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// TestRealClientRestart stops and kills a switch, which loses its flows: they are there again when a client's users get
// the next connection.
func TestRealClientRestart(t *testing.T) {
	t.Parallel()
	ovs := realSwitch(t)
	flow := numbered(1)
	o := quick
	o.OnConnect = func(ctx context.Context, c *of.Conn) error { return c.Bundle(ctx, of.Add(flow)) }
	c := connect(t, ovs.Management("br0"), o)
	for i, stop := range []func() error{ovs.StopSwitch, ovs.KillSwitch} {
		before, err := c.Conn(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		var broken *of.ConnError
		if err := before.Barrier(testContext(t)); !errors.As(err, &broken) {
			t.Errorf("Barrier of a switch that is gone gives %v, want a ConnError", err)
		}
		await(t, c, "waiting", func(s of.State) bool { return s.Phase == of.Waiting })
		if err := ovs.StartSwitch(testContext(t)); err != nil {
			t.Fatal(err)
		}
		after, err := c.Conn(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := flowsOf(t, after)[flow.Key()]; !ok || !got.Equal(flow) {
			t.Errorf("after restart %d the flow is %v, want %v", i+1, got, flow)
		}
	}
}
