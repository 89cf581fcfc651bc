// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
)

// roundsVariable says how many random rounds the comparison with Open vSwitch has; seedVariable is the first.
const (
	roundsVariable = "OVSKIT_ROUNDS"
	seedVariable   = "OVSKIT_SEED"
)

// TestSameAsOpenVSwitch sends random packets along random ways through the tracker, here and in Open vSwitch, and compares
// what comes out, byte for byte and with its connection state, and the connections.
func TestSameAsOpenVSwitch(t *testing.T) {
	real := startReal(t)
	rounds, seed := 20, uint64(1)
	if v, err := strconv.Atoi(os.Getenv(roundsVariable)); err == nil {
		rounds = v
	}
	if v, err := strconv.ParseUint(os.Getenv(seedVariable), 10, 64); err == nil {
		seed = v
	}
	crashes := 0
	for round := range rounds {
		s := seed + uint64(round)
		x := match{real: real}
		if !t.Run(fmt.Sprintf("seed=%d", s), func(t *testing.T) { x.play(t, s) }) {
			return
		}
		if real.crashed {
			crashes++
			real = startReal(t)
		}
	}
	t.Logf("%d rounds, Open vSwitch crashed in %d", rounds, crashes)
	if 4*crashes > rounds {
		t.Errorf("Open vSwitch crashed in %d of %d rounds, which leaves too little to compare", crashes, rounds)
	}
}

// match is a round: a tracker here and one of Open vSwitch.
type match struct {
	*testing.T
	real *realTracker
	tr   *conntrack.Tracker
	now  time.Time
	log  strings.Builder
}

// play plays a round.
func (x *match) play(t *testing.T, seed uint64) {
	x.T = t
	x.now = time.Unix(1000, 0)
	x.tr = conntrack.New(func() time.Time { return x.now }, 0)
	g := newGenerator(seed)
	defer func() {
		if x.Failed() {
			for i, w := range g.ways {
				for _, s := range w {
					x.Logf("way %d: %v", i, s.action(1))
				}
			}
			x.Logf("all packets:\n%s", x.log.String())
		}
	}()
	x.appctl("dpctl/flush-conntrack")
	x.real.program(x, g.ways)
	if g.chance(5) {
		x.appctl("dpctl/ct-disable-tcp-seq-chk")
		defer x.appctl("dpctl/ct-enable-tcp-seq-chk")
		x.tr.SetCheckSequence(false)
	}
	for n := range 80 {
		frame := g.frame()
		got, packets := g.ways[frame[5]].follow(x.tr, frame)
		fmt.Fprintf(&x.log, "%d: %s\n\t%s\n", n, digest(frame), strings.Join(got, "\n\t"))
		if slices.ContainsFunc(packets, func(p *packet.Packet) bool { return len(p.Bytes()) > len(frame) && !p.Fragment() }) {
			// A control message has grown, at which Open vSwitch writes over its memory.
			x.appctl("dpctl/flush-conntrack")
			x.tr.Flush()
			x.drain(g)
			return
		}
		want := x.real.input(x, frame)
		if d := cmp.Diff(want, got); d != "" {
			x.Fatalf("packet %d differs (-Open vSwitch +this):\n%s\nwant %s\ngot  %s\n%s", n, d, strings.Join(want, "\n"),
				strings.Join(got, "\n"), x.appctl("dpctl/dump-conntrack", "-m", "-s"))
		}
		g.seen = append(g.seen, packets...)
		if n%10 == 9 {
			x.compareDumps(n)
		}
		if g.chance(4) {
			x.warp(time.Duration(pick(g, 1, 15, 31, 61, 1000, 90000)) * time.Second)
			x.compareDumps(n)
		}
	}
	x.drain(g)
}

// appctl runs a command of Open vSwitch.
func (x *match) appctl(method string, args ...string) string {
	x.Helper()
	return x.real.appctl(x, method, args...)
}

// warp lets time pass in both.
func (x *match) warp(d time.Duration) {
	fmt.Fprintf(&x.log, "time passes: %v\n", d)
	x.now = x.now.Add(d)
	x.tr.Clean()
	x.appctl("time/warp", fmt.Sprint(d.Milliseconds()))
	// Open vSwitch cleans up in threads of its own.
	x.await("connections", "dpctl/ct-get-nconns", fmt.Sprintf("\n%d\n", x.tr.Len()))
	x.await("fragments", "dpctl/ipf-get-status", fmt.Sprintf(" num frag: %d\n", x.tr.Held()))
}

// await waits until what a command of Open vSwitch says has this in it.
func (x *match) await(what, method, want string) {
	x.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		got := x.appctl(method)
		if strings.Contains("\n"+got, want) {
			return
		}
		if time.Now().After(deadline) {
			x.Fatalf("%s: got\n%s\nOpen vSwitch says\n%s", what, want, got)
		}
	}
}

func sorted(s string) []string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	slices.Sort(lines)
	return lines
}

func (x *match) compareDumps(n int) {
	x.Helper()
	for _, o := range []conntrack.DumpOptions{{Verbose: true, Stats: true}, {}} {
		var args []string
		if o.Verbose {
			args = []string{"-m", "-s"}
		}
		if d := cmp.Diff(sorted(x.appctl("dpctl/dump-conntrack", args...)), sorted(x.tr.Dump(o))); d != "" {
			x.Fatalf("after packet %d the connections differ (-Open vSwitch +this):\n%s", n, d)
		}
	}
	if d := cmp.Diff(x.appctl("dpctl/ct-stats-show", "-m"), x.tr.Stats(nil, true)); d != "" {
		x.Fatalf("after packet %d the statistics differ (-Open vSwitch +this):\n%s", n, d)
	}
	if d := cmp.Diff(x.appctl("dpctl/ct-bkts"), x.tr.Buckets(0)); d != "" {
		x.Fatalf("after packet %d the buckets differ (-Open vSwitch +this):\n%s", n, d)
	}
}

// drain gets the fragments out that wait in vain, so that the next round does not meet them.
func (x *match) drain(g *generator) {
	if x.tr.Held() == 0 {
		return
	}
	x.warp(16 * time.Second)
	// A way of one pass: another one would hold them again.
	w := len(g.ways) - 1
	for range 1000 {
		if x.tr.Held() == 0 {
			return
		}
		frame := frameOf(uint64(w), false, network(host(false, 1), host(false, 2), 47, nil, nil))
		got, _ := g.ways[w].follow(x.tr, frame)
		want := x.real.input(x, frame)
		if d := cmp.Diff(want, got); d != "" {
			x.Fatalf("expired fragments differ (-Open vSwitch +this):\n%s", d)
		}
	}
	x.Fatal("fragments wait for ever")
}
