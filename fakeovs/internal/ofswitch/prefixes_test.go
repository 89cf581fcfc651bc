// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// TestPrefixes configures the fields of a table whose prefixes are looked at first, and compares the megaflows of packets
// with those of Open vSwitch.
func TestPrefixes(t *testing.T) {
	real := startReal(t)
	vsctl := func(args ...string) {
		t.Helper()
		args = append([]string{"--db=" + real.ovs.DatabaseEndpoint()}, args...)
		if out, err := exec.CommandContext(real.ctx, "ovs-vsctl", args...).CombinedOutput(); err != nil {
			t.Fatalf("ovs-vsctl: %v\n%s", err, out)
		}
	}
	vsctl("set", "bridge", "br0", "flow_tables:0=@t", "--", "--id=@t", "create", "Flow_Table", "name=t")
	b := newBed(t)
	for p := uint32(1); p <= ports; p++ {
		if err := b.AddPort(pipeline.Port{No: p, Name: fmt.Sprintf("p%d", p)}); err != nil {
			t.Fatal(err)
		}
	}
	mods := []openflow.Modification{}
	for _, text := range []string{
		"priority=5,in_port=1,tcp,nw_dst=10.1.0.0/16,actions=2",
		"priority=7,in_port=1,tcp,nw_dst=10.1.2.0/24,tp_src=79,actions=3",
		"priority=8,in_port=1,tcp,nw_dst=10.1.2.15,nw_src=10.0.0.0/8,tp_dst=80,actions=4",
		"priority=9,ipv6,ipv6_src=2001:db8::/32,actions=3",
		"priority=8,ipv6,ipv6_src=2001:db8:7::/48,ipv6_dst=fe80::/10,actions=4",
		"priority=0,actions=drop",
	} {
		f, err := openflow.ParseFlow(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		mods = append(mods, openflow.Add(f))
	}
	if err := b.dial(t).Bundle(b.ctx, mods...); err != nil {
		t.Fatal(err)
	}
	if err := real.of.Bundle(real.ctx, mods...); err != nil {
		t.Fatal(err)
	}
	for _, prefixes := range []string{"nw_dst", "nw_src", "nw_dst,nw_src", "none", "ipv6_src", "ipv6_dst,ipv6_src", "ip_dst,ipv6_label", "ipv6_label"} {
		vsctl("set", "Flow_Table", "t", "prefixes="+prefixes)
		b.SetTables(map[uint8]pipeline.TableOptions{0: {Prefixes: strings.Split(prefixes, ",")}})
		for _, packet := range []string{
			"in_port=1,tcp,nw_src=192.168.0.1,nw_dst=192.168.0.2", "in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.1.2.15,tcp_src=8,tcp_dst=81",
			"in_port=1,tcp,nw_src=10.0.0.1,nw_dst=10.1.3.15,tcp_src=79", "in_port=2,udp,nw_dst=10.1.2.15",
			"in_port=2,tcp6,ipv6_src=2001:db9::1,ipv6_dst=fe80::1", "in_port=2,tcp6,ipv6_src=2001:db8::1,ipv6_dst=::1",
		} {
			key, err := flowtext.ParseFlow(packet, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := b.Trace(&key, pipeline.TraceOptions{})
			want, err := real.trace("br0", packet)
			if err != nil {
				t.Fatal(err)
			}
			if strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("prefixes of %s, packet %s: got\n%s\nwant\n%s", prefixes, packet, got, want)
			}
		}
	}
}
