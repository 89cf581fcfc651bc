// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/internal/unixctl"
)

// pathSite is a site with traffic whose switch is asked what it costs.
type pathSite struct {
	*flowsSite
	control, pid string // of ovs-vswitchd
	streams      []*stream
	dialers      []*dialer
}

// pathMeasure measures one thing once.
type pathMeasure struct {
	name string
	run  func() (float64, error)
}

// sampleWindows are the windows of a sample, sampleDials its connections.
const (
	sampleWindows = 40
	sampleDials   = 20
)

// newPathSite is a site of which so many other endpoints are declared as well.
func newPathSite(b *testing.B, others int) *pathSite {
	b.Helper()
	s := &pathSite{flowsSite: newFlowsSite(b)}
	s.keep(b, s.objects(others))
	pid, err := os.ReadFile(filepath.Join(s.RunDir(), "ovs-vswitchd.pid"))
	if err == nil {
		s.pid = strings.TrimSpace(string(pid))
		s.control, err = unixctl.Socket(s.RunDir(), "ovs-vswitchd")
	}
	if err != nil {
		b.Fatal(err)
	}
	for family := range siteGateways {
		streams, dialers := s.traffic(b, family)
		s.streams, s.dialers = append(s.streams, streams...), append(s.dialers, dialers...)
	}
	return s
}

// packets measure what a packet costs of connections that are known, each stream with all its connections.
func (s *pathSite) packets() (all []pathMeasure) {
	for _, t := range s.streams {
		all = append(all, pathMeasure{t.name, func() (float64, error) {
			if err := t.send(); err != nil {
				return 0, err
			}
			return s.perPacket(func() error { return times(sampleWindows, t.send) })
		}})
	}
	return all
}

// connections measure what a packet costs of connections that end at once.
func (s *pathSite) connections() (all []pathMeasure) {
	for _, d := range s.dialers {
		all = append(all, pathMeasure{d.name, func() (float64, error) {
			return s.perPacket(func() error { return times(sampleDials, d.dial) })
		}})
	}
	return all
}

// firstPackets measure what the first packet of a connection costs if no megaflow is for it.
func (s *pathSite) firstPackets() (all []pathMeasure) {
	for _, t := range s.streams {
		all = append(all, pathMeasure{t.name, func() (cost float64, err error) {
			if _, err := s.call("upcall/disable-megaflows"); err != nil {
				return 0, err
			}
			if err := s.forget(); err != nil {
				return 0, err
			}
			if cost, err = s.perPacket(t.send); err != nil {
				return 0, err
			}
			_, err = s.call("upcall/enable-megaflows")
			return cost, err
		}})
	}
	return all
}

// megaflows count what the datapath has for the connections of a stream, or for short ones.
func (s *pathSite) megaflows() (all []pathMeasure) {
	count := func(name string, traffic func() error) {
		all = append(all, pathMeasure{name, func() (float64, error) {
			if err := s.forget(); err != nil {
				return 0, err
			}
			// The first have others than those that find the neighbours known.
			if err := times(2, traffic); err != nil {
				return 0, err
			}
			dump, err := s.call("dpctl/dump-flows")
			n := 0
			for flow := range strings.Lines(dump) {
				if strings.Contains(flow, "frag=no") && !strings.Contains(flow, "icmp") {
					n++
				}
			}
			return float64(n), err
		}})
	}
	for _, t := range s.streams {
		count(t.name, t.send)
	}
	for _, d := range s.dialers {
		count("TCP, "+d.name, func() error { return times(sampleDials, d.dial) })
	}
	return all
}

// forget has the datapath forget megaflows and connections.
func (s *pathSite) forget() error {
	if _, err := s.call("dpctl/flush-conntrack"); err != nil {
		return err
	}
	_, err := s.call("revalidator/purge")
	return err
}

func times(n int, do func() error) error {
	for range n {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

func (s *pathSite) call(method string, args ...string) (string, error) {
	return unixctl.Call(context.Background(), s.control, method, args...)
}

// perPacket is the time in µs for which the thread that forwards packets runs, divided by the packets that come to the
// switch meanwhile.
func (s *pathSite) perPacket(traffic func() error) (float64, error) {
	packets, ran, err := s.forwarded()
	if err != nil {
		return 0, err
	}
	if err := traffic(); err != nil {
		return 0, err
	}
	packetsThen, ranThen, err := s.forwarded()
	return (ranThen - ran) / (packetsThen - packets), err
}

// forwarded is how many packets have come to the switch, and for how long its main thread has run, in µs.
func (s *pathSite) forwarded() (packets, ran float64, err error) {
	stats, err := s.call("dpif-netdev/pmd-stats-show")
	if err != nil {
		return 0, 0, err
	}
	_, counted, ok := strings.Cut(stats, "packets received: ")
	if !ok {
		return 0, 0, fmt.Errorf("no count of packets in %q", stats)
	}
	counted, _, _ = strings.Cut(counted, "\n")
	if packets, err = strconv.ParseFloat(counted, 64); err != nil {
		return 0, 0, err
	}
	task := filepath.Join("/proc", s.pid, "task", s.pid)
	for {
		// A thread that runs has its time brought up to date at ticks only.
		state, err := os.ReadFile(filepath.Join(task, "stat"))
		if err != nil {
			return 0, 0, err
		}
		if strings.Contains(string(state), ") S ") {
			break
		}
	}
	schedstat, err := os.ReadFile(filepath.Join(task, "schedstat"))
	if err != nil {
		return 0, 0, err
	}
	ns, err := strconv.ParseFloat(strings.Fields(string(schedstat))[0], 64)
	return packets, ns / 1000, err
}
