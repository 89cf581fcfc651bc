// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package fakeovs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs"
	"github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

func TestIngressPolicing(t *testing.T) {
	l, clock := manual(t)
	if _, err := l.AddDevice("eth0", nil); err != nil {
		t.Fatal(err)
	}
	l.addPort("br0", vswitch.Interface{Name: "eth0"})
	l.addPort("br0", vswitch.Interface{Name: "dummy0", Type: "dummy"})
	if err := l.openFlow().Bundle(l.ctx, openflow.Add(openflow.Flow{
		Instructions: openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: 2}}},
	})); err != nil {
		t.Fatal(err)
	}
	br := l.Bridge("br0")
	passes := func(name string) int {
		t.Helper()
		port, ok := br.Port(name)
		if !ok {
			t.Fatalf("there is no port %s", name)
		}
		for n := range 100 {
			i := br.Inject(port, broadcast)
			if !i.Policed() {
				i.Expect(t, fakeovs.Output(2))
				continue
			}
			i.Expect(t)
			if !strings.Contains(i.Trace(), "policing") {
				t.Errorf("trace of a frame that policing dropped: got %q", i.Trace())
			}
			return n
		}
		return 100
	}
	wantPasses := func(when, name string, want int) {
		t.Helper()
		if got := passes(name); got != want {
			t.Errorf("frames of %d bytes that pass %s %s: got %d, want %d", len(broadcast), name, when, got, want)
		}
	}
	police := func(name string, rate, burst int) {
		t.Helper()
		l.set(vswitch.TableInterface, name, ovsdb.Row{"ingress_policing_rate": rate, "ingress_policing_burst": burst})
	}
	for _, name := range []string{"p1", "eth0", "dummy0"} {
		wantPasses("without policing", name, 100)
		police(name, 1000, 3) // 384 bytes at once, then 125 in a millisecond
	}
	for _, name := range []string{"p1", "eth0"} {
		wantPasses("at once", name, 6)
	}
	clock.Advance(time.Millisecond)
	for _, name := range []string{"p1", "eth0"} {
		wantPasses("a millisecond later", name, 2)
	}
	wantPasses("as a dummy has no policing", "dummy0", 100)
	l.set(vswitch.TableInterface, "p1", ovsdb.Row{"external_ids": map[string]string{"a": "b"}})
	wantPasses("after a change of something else", "p1", 0)
	police("p1", 0, 3)
	wantPasses("without policing again", "p1", 100)
}
