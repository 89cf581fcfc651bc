// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/node"
)

// The ratios are the time for which no ping is answered when ovs-vswitchd ends and starts again, at a bridge that is an ordinary
// learning switch whose flows nobody keeps, divided by the same at ours.
const (
	outageRestart = "flows.outage-restart/learning"
	outageKill    = "flows.outage-kill/learning"
)

// outageSite is a site with pings and TCP connections that do not end.
type outageSite struct {
	*flowsSite
	witnesses []*witness
	keeper    *keeper // nil: the bridge is an ordinary switch
}

// outage is an event that may cost packets.
type outage struct {
	name  string
	ratio string // "" of what an ordinary switch does not know
	cause func(b *testing.B, s *outageSite)
}

var outages = []outage{
	{"program killed", "", func(b *testing.B, s *outageSite) { s.keeper.kill() }},
	{"program started", "", func(b *testing.B, s *outageSite) { s.keeper = s.startKeeper(b) }},
	{"program restarted", "", func(b *testing.B, s *outageSite) {
		s.keeper.end(b)
		s.keeper = s.startKeeper(b)
	}},
	{"switch restarted", outageRestart, func(b *testing.B, s *outageSite) { s.restartSwitch(b, false) }},
	{"switch killed", outageKill, func(b *testing.B, s *outageSite) { s.restartSwitch(b, true) }},
}

func newOutageSite(b *testing.B, kept bool) *outageSite {
	b.Helper()
	ctx := context.Background()
	s := &outageSite{flowsSite: newFlowsSite(b)}
	if kept {
		s.keeper = s.startKeeper(b)
	} else if _, err := bridge.Update(ctx, s.DB(), bridge.Config{
		Name: s.Bridge().Name, Owner: s.Bridge().Owner, FailMode: bridge.Standalone,
	}); err != nil {
		b.Fatal(err)
	}
	for i, ip := range []string{"IPv4", "IPv6"} {
		own, peer := siteAddrs(0)[i], siteAddrs(1)[i]
		beyond := []netip.Addr{node.BeyondAddr.Addr(), node.BeyondAddr6.Addr()}[i]
		reached := peer // nobody translates on an ordinary switch
		if kept {
			reached = []netip.Addr{node.HostAddr.Addr(), node.HostAddr6.Addr()}[i]
		}
		at := func(a netip.Addr) netip.AddrPort { return netip.AddrPortFrom(a, sitePort) }
		pinger, err1 := newPinger(ip+" echo, endpoint to outside", s.a, own, beyond)
		out, err2 := newTalker(ctx, ip+" TCP, endpoint to outside", s.a.Station, at(beyond), s.Outside(), at(beyond))
		in, err3 := newTalker(ctx, ip+" TCP, outside to published port", s.Outside(), at(reached), s.b.Station, at(peer))
		for _, err := range []error{err1, err2, err3} {
			if err != nil {
				b.Fatal(err)
			}
		}
		s.witnesses = append(s.witnesses, pinger, out, in)
	}
	b.Cleanup(func() {
		for _, w := range s.witnesses {
			w.stop()
		}
	})
	return s
}

func (s *outageSite) restartSwitch(b *testing.B, kill bool) {
	if err := s.EndSwitch(kill); err != nil {
		b.Fatal(err)
	}
	if err := s.StartSwitch(context.Background()); err != nil {
		b.Fatal(err)
	}
	if s.keeper != nil {
		s.keeper.await(b, keeperReplayed)
	}
}

// loss is what a witness saw of an outage.
type loss struct {
	lost int
	gap  time.Duration
}

// measure has an outage happen, with some quiet before it, and returns what each witness saw.
func (s *outageSite) measure(b *testing.B, o outage) (all []loss) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	const quiet = 20
	before := make([]uint64, len(s.witnesses))
	for i, w := range s.witnesses {
		n, err := w.after(ctx, w.now()+quiet)
		if err != nil {
			b.Fatal(err)
		}
		before[i] = n - quiet/2
	}
	o.cause(b, s)
	for i, w := range s.witnesses {
		n, err := w.after(ctx, w.now()+quiet)
		if err != nil {
			b.Fatalf("%s: %v", o.name, err)
		}
		lost, gap := w.between(before[i], n)
		all = append(all, loss{lost, gap})
	}
	return all
}

func runOutages(b *testing.B) {
	if isProbe(b) {
		return
	}
	ours, learning := newOutageSite(b, true), newOutageSite(b, false)
	b.ResetTimer()
	text := new(strings.Builder)
	quotients := map[string][]float64{}
	seen, peer := make([][][]loss, len(outages)), make([][][]loss, len(outages))
	for range b.N {
		for i, o := range outages {
			l := ours.measure(b, o)
			seen[i] = append(seen[i], l)
			if o.ratio != "" {
				p := learning.measure(b, o)
				peer[i] = append(peer[i], p)
				quotients[o.ratio] = append(quotients[o.ratio], float64(p[0].gap)/float64(l[0].gap))
			}
		}
	}
	b.StopTimer()
	fmt.Fprintf(text, "lost of what is sent every %v, and the longest time in ms without any; beside it an ordinary switch", witnessPause)
	for i, o := range outages {
		for k, w := range ours.witnesses {
			fmt.Fprintf(text, "\n%20s %36s %s", o.name, w.name, lossText(seen[i], k))
			if o.ratio != "" {
				fmt.Fprintf(text, "   %s", lossText(peer[i], k))
			}
		}
	}
	tables = append(tables, text.String())
	for name, q := range quotients {
		ratios[name] = median(q)
		b.ReportMetric(ratios[name], name)
	}
	b.ReportMetric(0, "ns/op")
}

// lossText is the medians of one witness.
func lossText(all [][]loss, witness int) string {
	var lost []float64
	var gaps []time.Duration
	for _, l := range all {
		lost, gaps = append(lost, float64(l[witness].lost)), append(gaps, l[witness].gap)
	}
	return fmt.Sprintf("%5.0f %7.1f", median(lost), milliseconds(median(gaps)))
}
