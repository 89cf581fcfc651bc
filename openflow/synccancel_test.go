// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// typeConn calls a function when a message of a type was written.
type typeConn struct {
	net.Conn
	typ  byte
	then func()
}

func (c typeConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	for ; len(b) >= of.HeaderLen; b = b[binary.BigEndian.Uint16(b[2:]):] {
		if b[1] == c.typ {
			c.then()
		}
	}
	return n, err
}

// TestRealSyncCancelled cancels a synchronisation behind each kind of its messages. The switch holds all or nothing, meters
// included unless the outcome is unknown, and the next time everything is as it should be.
func TestRealSyncCancelled(t *testing.T) {
	ovs := realSwitch(t)
	endpoint := ovs.Management("br0")
	seen := dial(t, endpoint)
	scope := of.Scope{Meters: of.IDRange{First: 1, Last: 9}}
	meter := func(id, rate uint32) of.MeterConfig {
		return of.MeterConfig{ID: id, Flags: of.MeterKbps, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: rate}}}
	}
	want := func(flow of.Flow, meters ...of.MeterConfig) *of.Desired {
		d := of.NewDesired(scope)
		if err := errors.Join(d.Add(flow), d.AddMeters(meters...)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	metered := func(id uint32) of.Flow {
		return of.Flow{Table: uint8(id), Instructions: of.Instructions{Meter: id, Apply: []of.Action{of.Output{Port: 1}}}}
	}
	before := want(metered(1), meter(1, 10), meter(2, 20))
	after := want(metered(3), meter(2, 25), meter(3, 30))
	is := func(d *of.Desired) bool {
		p, err := seen.Diff(testContext(t), d)
		if err != nil {
			t.Fatal(err)
		}
		return p.Empty()
	}
	const experimenter, meterMod, multipart, barrier = 4, 29, 18, 20
	for name, typ := range map[string]byte{"bundle": experimenter, "meter-mod": meterMod, "question": multipart, "barrier": barrier} {
		if _, err := seen.Sync(testContext(t), before); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(testContext(t))
		nc, err := net.Dial("unix", strings.TrimPrefix(endpoint, "unix:"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := of.NewConn(ctx, typeConn{nc, typ, cancel}, of.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Sync(ctx, after)
		if barrierErr := c.Barrier(testContext(t)); barrierErr != nil {
			t.Fatal(barrierErr)
		}
		switch {
		case !errors.Is(err, context.Canceled):
			t.Errorf("cancelled behind the %s: %v, want %v", name, err, context.Canceled)
		case !errors.Is(err, of.ErrOutcomeUnknown) && !is(before):
			t.Errorf("cancelled behind the %s: the switch is not as it was: %v", name, err)
		}
		c.Close()
		if _, err := seen.Sync(testContext(t), after); err != nil || !is(after) {
			t.Errorf("the next time, cancelled behind the %s: %v", name, err)
		}
	}
}

// lateConn cancels a context behind the first meter-mod, and keeps what is answered back until there is a second one.
type lateConn struct {
	typeConn
	answers chan struct{}
}

func newLateConn(nc net.Conn, cancel func()) *lateConn {
	c := &lateConn{answers: make(chan struct{})}
	meterMods := 0
	const meterMod = 29
	c.typeConn = typeConn{nc, meterMod, func() {
		if meterMods++; meterMods == 1 {
			cancel()
		} else if meterMods == 2 {
			close(c.answers)
		}
	}}
	return c
}

func (c *lateConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	const barrierReply = 21
	if n >= of.HeaderLen && b[1] == barrierReply {
		<-c.answers
	}
	return n, err
}

// TestRealMeterUndone cancels while the switch is asked for a meter: it is taken back.
func TestRealMeterUndone(t *testing.T) {
	ovs := realSwitch(t)
	endpoint := ovs.Management("br0")
	ctx, cancel := context.WithCancel(testContext(t))
	nc, err := net.Dial("unix", strings.TrimPrefix(endpoint, "unix:"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := of.NewConn(ctx, newLateConn(nc, cancel), of.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	d := of.NewDesired(of.Scope{Meters: of.IDRange{First: 1, Last: 9}})
	if err := d.AddMeters(of.MeterConfig{ID: 1, Flags: of.MeterKbps, Bands: []of.MeterBand{{Type: of.BandDrop, Rate: 1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Sync(ctx, d); !errors.Is(err, context.Canceled) {
		t.Errorf("Sync gives %v, want %v", err, context.Canceled)
	}
	if meters, err := dial(t, endpoint).Meters(testContext(t)); err != nil || len(meters) != 0 {
		t.Errorf("meters are left: %v, error %v", meters, err)
	}
}

func TestNoModification(t *testing.T) {
	c := dial(t, serveUnix(t, behave))
	for name, call := range map[string]func(context.Context, ...of.Modification) error{"Apply": c.Apply, "Bundle": c.Bundle} {
		if err := call(testContext(t), of.Add(of.Flow{}), nil); err == nil || !strings.Contains(err.Error(), "modification 1: unknown type") {
			t.Errorf("%s of nil gives %v", name, err)
		}
	}
	for _, m := range []of.Message{of.BundleAdd{}, of.RequestForward{Request: of.BundleAdd{}}} {
		if _, err := of.Encode(of.Version14, m, 1); err == nil {
			t.Errorf("%T without a message is encoded", m)
		}
	}
}
