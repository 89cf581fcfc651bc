// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// manual is a fake in memory whose clock is moved by hand, with a bridge of two ports.
func manual(t *testing.T) (*lab, *fakeovs.Clock) {
	t.Helper()
	clock := fakeovs.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	l := &lab{OVS: fakeovs.NewWith(t, fakeovs.Options{InMemory: true, Clock: clock}), t: t}
	l.dialMemory(ovsdb.Options{})
	l.addBridge(vswitch.Bridge{Name: "br0", FailMode: vswitch.Optional("secure")})
	l.addPort("br0", vswitch.Interface{Name: "p1", Type: "internal"})
	l.addPort("br0", vswitch.Interface{Name: "p2", Type: "internal"})
	return l, clock
}

func flowTexts(b *fakeovs.Bridge) string {
	var list []string
	for _, f := range b.Flows() {
		list = append(list, f.Flow.String())
	}
	return strings.Join(list, "\n")
}

func TestFlowsTimeOutByTheClock(t *testing.T) {
	l, clock := manual(t)
	c := l.openFlow()
	out := openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: 2}}}
	err := c.Bundle(l.ctx,
		openflow.Add(openflow.Flow{Priority: 1, HardTimeout: 10, Instructions: out}),
		openflow.Add(openflow.Flow{Priority: 2, IdleTimeout: 4, Instructions: out, Match: openflow.Match{openflow.InPort(1)}}))
	if err != nil {
		t.Fatal(err)
	}
	br := l.Bridge("br0")
	clock.Advance(3 * time.Second)
	br.Inject(1, broadcast).Expect(t, fakeovs.Output(2))
	clock.Advance(3 * time.Second)
	if got := flowTexts(br); strings.Count(got, "\n") != 1 {
		t.Errorf("after 6 s: got flows\n%s\nwant both, for one was used", got)
	}
	clock.Advance(2 * time.Second)
	if got := flowTexts(br); !strings.Contains(got, "hard_timeout=10") || strings.Contains(got, "\n") {
		t.Errorf("after 8 s: got flows\n%s\nwant the one with a hard timeout", got)
	}
	clock.Advance(time.Minute)
	if got := br.Flows(); len(got) != 0 {
		t.Errorf("after a minute: got flows %v, want none", got)
	}
}

func TestStatisticsByTheClock(t *testing.T) {
	l, clock := manual(t)
	clock.Advance(5 * time.Second) // after which statistics are next due
	l.Bridge("br0").Inject(1, broadcast)
	clock.Advance(5 * time.Second)
	results, err := l.db.Client().Transact(l.ctx,
		ovsdb.Select(vswitch.TableInterface, []string{"statistics"}, ovsdb.Where("name", ovsdb.Equal, "p1")))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(results[0].Rows); !strings.Contains(got, "rx_packets:1") {
		t.Errorf("statistics: got %s, want one packet received", got)
	}
}

// The commands of the switch move the same clock.
func TestWarpedTime(t *testing.T) {
	l := newLab(t)
	if _, err := l.AskSwitch("time/stop"); err != nil {
		t.Fatal(err)
	}
	before := l.Clock().Now()
	if _, err := l.AskSwitch("time/warp", "90000", "1000"); err != nil {
		t.Fatal(err)
	}
	if got := l.Clock().Now().Sub(before); got != 90*time.Second {
		t.Errorf("the clock was moved by %v, want 90 s", got)
	}
	if _, err := l.AskSwitch("time/warp", "0"); err == nil || err.Error() != "invalid MSECS" {
		t.Errorf("got error %v, want that of ovs-vswitchd", err)
	}
}

func TestPortsOfABridge(t *testing.T) {
	l, _ := manual(t)
	var got []string
	for _, p := range l.Bridge("br0").Ports() {
		got = append(got, p.Name)
	}
	if want := "br0 p1 p2"; strings.Join(got, " ") != want {
		t.Errorf("got ports %q, want %s", got, want)
	}
	if l.Bridge("br9").Ports() != nil || l.Bridge("br9").Flows() != nil || l.Conntrack() != nil {
		t.Error("a bridge that is not there has ports or flows, or there are connections")
	}
}

// A command that moves the clock by decades does not hold up who closes the fake.
func TestCloseDuringWarp(t *testing.T) {
	ovs := fakeovs.New(t)
	start := ovs.Clock().Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = unixctl.Call(t.Context(), ovs.SwitchControl(), "time/warp", "1099511627776")
	}()
	for !ovs.Clock().Now().After(start.Add(time.Hour)) {
		runtime.Gosched()
	}
	if err := ovs.Close(); err != nil {
		t.Error(err)
	}
	<-ended
}
