// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	of "github.com/ovskit/ovskit/openflow"
)

// TestEndlessAnswer has a switch answer with one part after the other. The call ends with its context, and with the
// connection.
func TestEndlessAnswer(t *testing.T) {
	part := of.FlowStatsReply{More: true}
	for i := range uint32(400) {
		part.Flows = append(part.Flows, of.FlowStats{Flow: owned(i)})
	}
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		m, xid := p.read()
		if _, ok := m.(of.FlowStatsRequest); !ok {
			return
		}
		b, err := of.Encode(of.Version13, part, xid)
		for err == nil {
			_, err = p.nc.Write(b)
		}
	})
	calls := map[string]func(context.Context, *of.Conn) error{
		"Flows": func(ctx context.Context, c *of.Conn) error { _, err := c.Flows(ctx, of.FlowFilter{}); return err },
		"Diff":  func(ctx context.Context, c *of.Conn) error { _, err := c.Diff(ctx, desired(t)); return err },
	}
	for name, call := range calls {
		c := dial(t, endpoint)
		ctx, cancel := context.WithTimeout(testContext(t), 20*time.Millisecond)
		if err := call(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s gives %v, want %v", name, err, context.DeadlineExceeded)
		}
		cancel()
		c = dial(t, endpoint)
		ended := make(chan error)
		go func() { ended <- call(testContext(t), c) }()
		c.Close()
		if err := <-ended; !errors.Is(err, of.ErrClosed) {
			t.Errorf("%s of a connection that is closed gives %v, want %v", name, err, of.ErrClosed)
		}
	}
}

// TestOddAnswer has a switch answer requests by what is no answer to them.
func TestOddAnswer(t *testing.T) {
	mod := of.Add(of.Flow{})
	for _, tc := range []struct {
		name   string
		answer func(m of.Message) of.Message
		call   func(c *of.Conn) error
		want   string
	}{
		{"barrier by features", func(m of.Message) of.Message {
			if _, ok := m.(of.BarrierRequest); ok {
				return of.FeaturesReply{}
			}
			return nil
		}, func(c *of.Conn) error { return c.Apply(testContext(t), mod) }, "barrier request: answered by features reply"},
		{"barrier by a part of something", func(m of.Message) of.Message {
			if _, ok := m.(of.BarrierRequest); ok {
				return of.MultipartReply{Type: 1, Body: []byte{0, 1, 2}}
			}
			return nil
		}, func(c *of.Conn) error { return c.Apply(testContext(t), mod) }, "flow statistics"},
		{"commit by a bundle that is open", func(m of.Message) of.Message {
			if control, ok := m.(of.BundleControl); ok {
				if control.Type != of.BundleCommitRequest {
					control.Type++
					return control
				}
				control.Type = of.BundleOpenReply
				return control
			}
			return nil
		}, func(c *of.Conn) error { return c.Bundle(testContext(t), mod) }, "answered by open reply of bundle"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, serveUnix(t, func(p *peer) {
				p.greet()
				for m, xid := p.read(); m != nil; m, xid = p.read() {
					if answer := tc.answer(m); answer != nil {
						p.write(answer, xid)
					}
				}
			}))
			if err := tc.call(c); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

// TestRealCarryOwnPlan carries out a plan that no comparison has made. What fails in it undoes what came before.
func TestRealCarryOwnPlan(t *testing.T) {
	c := dial(t, realSwitch(t).Management("br0"))
	ctx := testContext(t)
	must(t, c.Apply(ctx, of.MeterMod{MeterConfig: drops(1, 10)}))
	p := &of.Plan{Meters: of.Changes[of.MeterConfig]{
		Add: []of.MeterConfig{drops(2, 20)}, Replace: []of.MeterConfig{drops(1, 15), drops(77, 30)},
	}}
	if err := c.Carry(ctx, p); !errors.Is(err, of.ErrUnknownMeter) {
		t.Errorf("Carry gives %v, want %v", err, of.ErrUnknownMeter)
	}
	meters, err := c.Meters(ctx)
	if err != nil || len(meters) != 1 || !meters[0].Equal(drops(1, 10)) {
		t.Errorf("meters are %v, error %v; want the one there was", meters, err)
	}
}
