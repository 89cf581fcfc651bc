// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/ovskit/ovskit/internal/faultproxy"
	of "github.com/ovskit/ovskit/openflow"
)

// TestProbeUnanswered stalls the connection: whoever waits learns of it.
func TestProbeUnanswered(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	c, err := of.Dial(testContext(t), proxy.Endpoint(), of.Options{Probe: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	proxy.Stall(true)
	if err := c.Barrier(testContext(t)); !errors.Is(err, of.ErrInactive) {
		t.Errorf("Barrier gives %v, want %v", err, of.ErrInactive)
	}
	if err := c.Err(); !errors.Is(err, of.ErrInactive) {
		t.Errorf("Err() = %v, want %v", err, of.ErrInactive)
	}
}

// TestProbeAnswered has a switch that answers nothing but probes: it is asked again and again, and subscribers do not
// see the answers.
func TestProbeAnswered(t *testing.T) {
	endpoint := serveUnix(t, func(p *peer) {
		p.greet()
		for range 3 {
			m, xid := p.read()
			if _, ok := m.(of.EchoRequest); !ok {
				t.Errorf("a silent switch is sent %+v, want an echo request", m)
			}
			p.answer(m, xid)
		}
	})
	c, err := of.Dial(testContext(t), endpoint, of.Options{Probe: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := c.Subscribe(of.SubscribeOptions{})
	defer s.Close()
	if m, err := s.Next(testContext(t)); !errors.Is(err, io.EOF) {
		t.Errorf("the subscription has %+v, error %v; want the end of the connection", m, err)
	}
}

// TestProbeOff has nothing said for longer than the probe of another connection takes to end that one.
func TestProbeOff(t *testing.T) {
	proxy := faultproxy.New(t, serveUnix(t, behave))
	open := func(probe time.Duration) *of.Conn {
		c, err := of.Dial(testContext(t), proxy.Endpoint(), of.Options{Probe: probe})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	off, on := open(-1), open(50*time.Millisecond)
	proxy.Stall(true)
	<-on.Done()
	proxy.Stall(false)
	if err := off.Barrier(testContext(t)); err != nil {
		t.Errorf("the connection that is not probed gives %v", err)
	}
}
