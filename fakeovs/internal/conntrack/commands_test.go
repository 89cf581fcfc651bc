// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
)

// newMatch begins a round by ways.
func newMatch(t *testing.T, real *realTracker, seed uint64, ways []way) (*match, *generator) {
	x := &match{T: t, real: real, now: time.Unix(1000, 0)}
	x.tr = conntrack.New(func() time.Time { return x.now }, 0)
	x.appctl("dpctl/flush-conntrack")
	real.program(t, ways)
	return x, &generator{Rand: rand.New(rand.NewPCG(seed, 9)), ways: ways, seq: map[[2]netip.AddrPort]uint32{}}
}

// send sends a frame to both and compares what comes out.
func (x *match) send(g *generator, frame []byte) {
	x.Helper()
	got, packets := g.ways[frame[5]].follow(x.tr, frame)
	if d := cmp.Diff(x.real.input(x, frame), got); d != "" {
		x.Fatalf("%s differs (-Open vSwitch +this):\n%s", digest(frame), d)
	}
	g.seen = append(g.seen, packets...)
}

// simple makes a packet of a connection to enter along a way.
func (g *generator) simple(to int) []byte {
	v6 := g.ways[to][0].v6
	s := netip.AddrPortFrom(host(v6, 1+g.IntN(2)), pick[uint16](g, 1000, 1001))
	d := netip.AddrPortFrom(host(v6, 3+g.IntN(2)), pick[uint16](g, 80, 81))
	var proto uint8
	var l4 []byte
	switch g.IntN(4) {
	case 0:
		proto, l4 = 6, tcpHeader(s, d, segment{flags: "S", scale: -1})
	case 1:
		proto, l4 = icmpOf(s.Addr()), icmpHeader(s.Addr(), d.Addr(), map[bool]uint8{true: 128, false: 8}[v6], 0, 1<<16, nil)
	case 2:
		proto, l4 = 132, []byte("chunk")
	default:
		proto, l4 = 17, udpHeader(s, d, nil)
	}
	return frameOf(uint64(to), v6, network(s.Addr(), d.Addr(), proto, l4, nil))
}

// zoneWays commit in zones 0 to 2, IPv4 and IPv6 in turn, and with NAT.
func zoneWays() (ways []way) {
	for n := range 6 {
		ways = append(ways, way{{v6: n%2 == 1, r: conntrack.Request{Zone: uint16(n / 2), Commit: true}}})
	}
	return append(ways, way{{r: conntrack.Request{
		Zone: 1, Commit: true, NAT: &openflow.NAT{Type: openflow.NATSource, AddrMin: host(false, 9)},
	}}})
}

// TestFlushAsOpenVSwitch flushes connections by filters.
func TestFlushAsOpenVSwitch(t *testing.T) {
	x, g := newMatch(t, startReal(t), 1, zoneWays())
	for n := range 80 {
		for range 5 {
			x.send(g, g.simple(g.IntN(len(g.ways))))
		}
		f, args := g.filter()
		err := x.tr.FlushMatching(f)
		_, realErr := unixctl.Call(x.real.ctx, x.real.ctl, "dpctl/flush-conntrack", args...)
		var refused *unixctl.RefusedError
		if errors.Is(err, conntrack.ErrNotFound) != errors.As(realErr, &refused) {
			t.Fatalf("flush %d, %q: got %v, Open vSwitch says %v", n, args, err, realErr)
		}
		if d := cmp.Diff(sorted(x.appctl("dpctl/dump-conntrack")), sorted(x.tr.Dump(conntrack.DumpOptions{}))); d != "" {
			t.Fatalf("after flush %d, %q, the connections differ (-Open vSwitch +this):\n%s", n, args, d)
		}
	}
}

// filter makes one for flushing, also as arguments of dpctl/flush-conntrack.
func (g *generator) filter() (f openflow.CTFilter, args []string) {
	if g.chance(50) {
		zone := uint16(g.IntN(3))
		f.Zone = &zone
		args = append(args, fmt.Sprintf("zone=%d", zone))
	}
	if g.chance(5) {
		return f, args
	}
	v6 := g.chance(30)
	f.Proto = pick[uint8](g, 6, 17, 132)
	if !v6 && g.chance(30) {
		f.Proto = 1
	}
	var texts [2]string
	for i, u := range []*openflow.CTTuple{&f.Orig, &f.Reply} {
		if g.chance([]int{20, 70}[i]) {
			continue
		}
		fields := []string{fmt.Sprintf("ct_nw_proto=%d", f.Proto)}
		name := "ct_nw"
		if v6 {
			name = "ct_ipv6"
		}
		src, dst := host(v6, 1+g.IntN(2)), host(v6, 3+g.IntN(2))
		sport, dport := pick[uint16](g, 1000, 1001), pick[uint16](g, 80, 81)
		if i == 1 {
			src, dst, sport, dport = dst, src, dport, sport
		}
		if g.chance(70) {
			u.Src = src
			fields = append(fields, fmt.Sprintf("%s_src=%v", name, src))
		}
		if g.chance(70) || f.Proto == 1 {
			u.Dst = dst
			fields = append(fields, fmt.Sprintf("%s_dst=%v", name, dst))
		}
		if f.Proto == 1 {
			u.ICMPID, u.ICMPType = 1, []uint8{8, 0}[i]
			fields = append(fields, fmt.Sprintf("icmp_id=1,icmp_type=%d,icmp_code=0", u.ICMPType))
		} else {
			if g.chance(70) {
				u.SrcPort = sport
				fields = append(fields, fmt.Sprintf("ct_tp_src=%d", sport))
			}
			if g.chance(70) {
				u.DstPort = dport
				fields = append(fields, fmt.Sprintf("ct_tp_dst=%d", dport))
			}
		}
		texts[i] = strings.Join(fields, ",")
	}
	if texts[0] == "" && texts[1] == "" {
		f.Proto = 0
		return f, args
	}
	if f.Proto == 1 && (texts[0] == "" || texts[1] == "") && !f.Orig.Src.IsValid() {
		f.Orig, f.Reply, f.Proto = openflow.CTTuple{}, openflow.CTTuple{}, 17
		return f, append(args, "ct_nw_proto=17")
	}
	args = append(args, texts[0])
	if texts[1] != "" {
		args = append(args, texts[1])
	}
	return f, args
}

// TestLimitsAsOpenVSwitch sets limits and fills the zones.
func TestLimitsAsOpenVSwitch(t *testing.T) {
	x, g := newMatch(t, startReal(t), 2, zoneWays())
	for n := range 60 {
		zone, limit := uint16(g.IntN(4)), uint32(g.IntN(12))
		switch g.IntN(9) {
		case 0, 1:
			x.tr.SetZoneLimit(zone, limit)
			x.appctl("dpctl/ct-set-limits", fmt.Sprintf("zone=%d,limit=%d", zone, limit))
		case 2:
			x.tr.SetDefaultLimit(3 * limit)
			x.appctl("dpctl/ct-set-limits", fmt.Sprintf("default=%d", 3*limit))
		case 3:
			x.tr.DeleteZoneLimit(zone)
			x.appctl("dpctl/ct-del-limits", fmt.Sprintf("zone=%d", zone))
		case 4:
			x.tr.SetMaxConns(4 * limit)
			x.appctl("dpctl/ct-set-maxconns", fmt.Sprint(4*limit))
		case 5:
			x.tr.FlushZone(zone)
			x.appctl("dpctl/flush-conntrack", fmt.Sprintf("zone=%d", zone))
		}
		for range 6 {
			x.send(g, g.simple(g.IntN(len(g.ways))))
		}
		for what, pair := range map[string][2]string{
			"limits":          {x.appctl("dpctl/ct-get-limits"), x.tr.Limits()},
			"limits of zones": {x.appctl("dpctl/ct-get-limits", "zone=0,2,9"), x.tr.Limits(0, 2, 9)},
			"connections":     {x.appctl("dpctl/ct-get-nconns"), fmt.Sprintln(x.tr.Len())},
			"maximum":         {x.appctl("dpctl/ct-get-maxconns"), fmt.Sprintln(x.tr.MaxConns())},
			"of a zone":       {x.appctl("dpctl/ct-stats-show", "zone=1"), x.tr.Stats(ptr(uint16(1)), false)},
		} {
			if pair[0] != pair[1] {
				t.Fatalf("step %d, %s: got\n%s\nOpen vSwitch says\n%s", n, what, pair[1], pair[0])
			}
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestFragmentsAsOpenVSwitch changes what the reassembly does.
func TestFragmentsAsOpenVSwitch(t *testing.T) {
	x, g := newMatch(t, startReal(t), 3, zoneWays())
	status := func() {
		t.Helper()
		if d := cmp.Diff(sorted(x.appctl("dpctl/ipf-get-status", "-m")), sorted(x.tr.FragmentStatus(true))); d != "" {
			t.Fatalf("the status differs (-Open vSwitch +this):\n%s", d)
		}
	}
	status()
	for range 80 {
		v6 := g.chance(50)
		family := map[bool]string{false: "v4", true: "v6"}[v6]
		switch g.IntN(8) {
		case 0:
			on := g.chance(70)
			x.tr.SetFragmentsEnabled(v6, on)
			x.appctl(map[bool]string{true: "dpctl/ipf-set-enabled", false: "dpctl/ipf-set-disabled"}[on], family)
		case 1:
			size := pick[uint32](g, 399, 400, 1000, 1300)
			_, err := unixctl.Call(x.real.ctx, x.real.ctl, "dpctl/ipf-set-min-frag", family, fmt.Sprint(size))
			if got := x.tr.SetMinFragment(v6, size); (got != nil) != (err != nil) {
				t.Fatalf("minimum size %d: got %v, Open vSwitch says %v", size, got, err)
			}
		case 2:
			n := pick[uint32](g, 5001, 1000, 12)
			_, err := unixctl.Call(x.real.ctx, x.real.ctl, "dpctl/ipf-set-max-nfrags", fmt.Sprint(n))
			if got := x.tr.SetMaxFragments(n); (got != nil) != (err != nil) {
				t.Fatalf("maximum %d: got %v, Open vSwitch says %v", n, got, err)
			}
		case 3:
			x.warp(5 * time.Second)
			x.await("fragments", "dpctl/ipf-get-status", x.tr.FragmentStatus(false))
		}
		for range 6 {
			if len(g.waiting) == 0 || g.chance(30) {
				to := g.IntN(len(g.ways))
				src, dst := host(g.ways[to][0].v6, 1), host(g.ways[to][0].v6, 2)
				g.divide(uint64(to), src, dst, 132, make([]byte, 2000+g.IntN(8000)))
			}
			x.send(g, g.waiting[0])
			g.waiting = g.waiting[1:]
		}
		status()
	}
}

// TestTimeoutsAsOpenVSwitch gives zones timeout policies.
func TestTimeoutsAsOpenVSwitch(t *testing.T) {
	real := startReal(t)
	x, g := newMatch(t, real, 4, zoneWays())
	vsctl := func(args ...string) {
		t.Helper()
		args = append([]string{"--db=" + real.ovs.DatabaseEndpoint()}, args...)
		if out, err := exec.CommandContext(real.ctx, "ovs-vsctl", args...).CombinedOutput(); err != nil {
			t.Fatalf("ovs-vsctl %v: %v\n%s", args, err, out)
		}
	}
	vsctl("--", "--id=@d", "create", "Datapath", "datapath_version=0", "--", "set", "Open_vSwitch", ".", "datapaths:dummy=@d")
	policies := []map[string]uint32{
		{"udp_first": 7, "udp_single": 8, "udp_multiple": 9, "tcp_syn_sent": 10, "icmp_first": 11},
		{"tcp_syn_recv": 12, "tcp_established": 13, "icmp_reply": 14, "tcp_close": 5},
	}
	for n := range 20 {
		zone := uint16(g.IntN(3))
		if g.chance(50) {
			vsctl("--if-exists", "del-zone-tp", "dummy", fmt.Sprintf("zone=%d", zone))
			args := []string{"add-zone-tp", "dummy", fmt.Sprintf("zone=%d", zone)}
			p := policies[g.IntN(len(policies))]
			for name, v := range p {
				args = append(args, fmt.Sprintf("%s=%d", name, v))
			}
			vsctl(args...)
			x.tr.SetTimeouts(zone, p)
			// A policy that is in use no more is gone within 20 seconds.
			x.warp(25 * time.Second)
		} else if g.chance(30) {
			vsctl("--if-exists", "del-zone-tp", "dummy", fmt.Sprintf("zone=%d", zone))
			x.tr.DeleteTimeouts(zone)
			x.warp(25 * time.Second)
		}
		real.purge(t)
		for range 8 {
			// A policy is not for all protocols, and whether it counts depends on the first packet of a datapath flow.
			if f := g.simple(g.IntN(len(g.ways))); packet.Parse(f).Key.Uint(openflow.FieldIPProto) != openflow.IPProtoSCTP {
				x.send(g, f)
			}
		}
		x.compareDumps(n)
		x.warp(time.Second)
	}
}

// TestRangesAsOpenVSwitch looks at which ports and addresses NAT has to give, and when it has none left.
func TestRangesAsOpenVSwitch(t *testing.T) {
	real := startReal(t)
	for _, nat := range []openflow.NAT{
		{Type: openflow.NATSource, AddrMin: host(false, 9), PortMin: 2000, PortMax: 2019},
		{Type: openflow.NATSource, AddrMin: host(false, 50), AddrMax: host(false, 53), PortMin: 2000, PortMax: 2003},
		{Type: openflow.NATDestination, AddrMin: host(false, 50), AddrMax: host(false, 53), PortMin: 80, PortMax: 83},
		{Type: openflow.NATSource, AddrMin: host(false, 9)},
		{Type: openflow.NATDestination, AddrMin: host(false, 9)},
		{Type: openflow.NATSource, AddrMin: host(true, 9), PortMin: 2000, PortMax: 2019},
		{Type: openflow.NATDestination, AddrMin: host(true, 50), AddrMax: host(true, 53), PortMin: 80, PortMax: 83},
	} {
		t.Run(nat.String(), func(t *testing.T) {
			v6 := nat.AddrMin.Is6()
			x, g := newMatch(t, real, 5, []way{{{v6: v6, r: conntrack.Request{Commit: true, NAT: &nat}}}})
			for n := range 60 {
				s := netip.AddrPortFrom(host(v6, 100+n%60), pick[uint16](g, 1000, 1000, 1000, 520, 511))
				d := netip.AddrPortFrom(host(v6, 2), 80)
				proto, l4 := uint8(17), udpHeader(s, d, nil)
				if g.chance(20) {
					proto, l4 = 132, []byte("chunk")
				}
				frame := frameOf(0, v6, network(s.Addr(), d.Addr(), proto, l4, nil))
				got, packets := g.ways[0].follow(x.tr, frame)
				want := x.real.input(x, frame)
				if single := !nat.AddrMax.IsValid() && nat.PortMax == 0; single && !cmp.Equal(got, want) {
					t.Fatalf("packet %d: got %s, Open vSwitch says %s", n, got, want)
				}
				checkRange(t, n, &nat, packets[0].Network(), proto)
				if ours, theirs := translations(got), translations(want); nat.AddrMax.IsValid() == false && ours != theirs {
					t.Fatalf("packet %d is translated: got %v, Open vSwitch says %v\n%s\n%s", n, ours, theirs, got, want)
				}
			}
		})
	}
}

func translations(out []string) bool { return strings.Contains(out[0], "nat ") }

// checkRange checks that a packet is from the range, or untouched.
func checkRange(t *testing.T, n int, nat *openflow.NAT, l3 []byte, proto uint8) {
	t.Helper()
	at, size, header := 12, 4, 20
	if nat.AddrMin.Is6() {
		at, size, header = 8, 16, 40
	}
	port := header
	if nat.Type == openflow.NATDestination {
		at, port = at+size, port+2
	}
	addr, _ := netip.AddrFromSlice(l3[at : at+size])
	if addr == host(nat.AddrMin.Is6(), 2) || addr == host(nat.AddrMin.Is6(), 100+n%60) {
		return
	}
	last := nat.AddrMax
	if !last.IsValid() {
		last = nat.AddrMin
	}
	if addr.Less(nat.AddrMin) || last.Less(addr) {
		t.Fatalf("packet %d: address %v is not of %v", n, addr, nat)
	}
	if p := be.Uint16(l3[port:]); nat.PortMin != 0 && proto == 17 && (p < nat.PortMin || p > nat.PortMax) {
		t.Fatalf("packet %d: port %d is not of %v", n, p, nat)
	}
}
