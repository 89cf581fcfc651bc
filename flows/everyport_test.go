// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
)

// greets has a station say its name to whoever connects, until the test ends.
func (s *site) greets(who testbed.Station, at netip.AddrPort) {
	s.t.Helper()
	l, err := who.ListenTCP(s.ctx, at)
	if err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, who.Name())
			c.Close()
		}
	}()
	s.t.Cleanup(func() {
		l.Close()
		<-done
	})
}

// greeted connects to an address and returns who is there.
func (s *site) greeted(who testbed.Station, at netip.AddrPort) (string, error) {
	c, err := who.DialTCP(s.ctx, netip.AddrPort{}, at)
	if err != nil {
		return "", err
	}
	defer c.Close()
	deadline, _ := s.ctx.Deadline()
	c.SetDeadline(deadline)
	name, err := io.ReadAll(c)
	return string(name), err
}

// Every port of an address is published, as one range and by a mapping for each. The host's own connections have theirs
// nevertheless.
func TestEveryPort(t *testing.T) {
	onSites(t, func(s *site) {
		s.start(flows.Options{})
		s.greets(s.web1.Station, netip.AddrPortFrom(siteAddr1.Addr(), 80))
		s.greets(s.Outside(), netip.AddrPortFrom(testbed.BeyondAddr, 80))
		step := 1
		if s.Kind() == testbed.Fake && os.Getenv("OVSKIT_MATRIX") != "all" {
			step = 14 // the fake takes long for so many flows; 65534 is divisible by it
		}
		var each []flows.PortMapping
		for port := 1; port <= 65535; port += step {
			each = append(each, flows.PortMapping{Proto: flows.TCP, HostPort: uint16(port), Port: 80})
		}
		for _, way := range []struct {
			name    string
			publish []flows.PortMapping
			lead    []uint16 // ports outside that lead to port 80
		}{
			{"as one range", []flows.PortMapping{{Proto: flows.TCP, HostPort: 1, HostPortEnd: 65535, Port: 1}}, []uint16{80}},
			{"by a mapping for each", each, []uint16{1, 15, 32761, 60985, 65535}},
			{"no more", nil, nil},
		} {
			s.set(s.endpoint(s.web1, siteAddr1, way.publish...))
			for _, port := range way.lead {
				if got, err := s.greeted(s.Outside(), netip.AddrPortFrom(testbed.HostAddr.Addr(), port)); got != "web1" {
					s.t.Errorf("%s: at port %d: got %q, %v, want web1", way.name, port, got, err)
				}
			}
			if got, err := s.greeted(s.Host(), netip.AddrPortFrom(testbed.BeyondAddr, 80)); got != "outside" {
				s.t.Errorf("%s: from the host to the outside: got %q, %v", way.name, got, err)
			}
			for _, taken := range []uint16{1, 32761, 65535} {
				err := s.sw.Set(s.ctx, s.endpoint(s.web0, siteAddr0, flows.PortMapping{Proto: flows.TCP, HostPort: taken, Port: 80}))
				if way.publish != nil && !errors.Is(err, flows.ErrConflict) || way.publish == nil && err != nil {
					s.t.Errorf("%s: another endpoint publishes port %d: %v", way.name, taken, err)
				}
			}
		}
		s.set(s.endpoint(s.web0, siteAddr0))
		if got, err := s.greeted(s.Outside(), netip.AddrPortFrom(testbed.HostAddr.Addr(), 80)); !errors.Is(err, syscall.ECONNREFUSED) {
			s.t.Errorf("a port that is published no more: got %q, %v", got, err)
		}
	})
}
