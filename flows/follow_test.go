// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows_test

import (
	"net/netip"
	"testing"

	"github.com/ovskit/ovskit/flows"
	"github.com/ovskit/ovskit/internal/testbed"
)

// TestRealStreamFollowsThePort has the outside send datagrams without a pause to a published port, which moves from one
// endpoint to another and back, with and without a time in which it is not published.
func TestRealStreamFollowsThePort(t *testing.T) {
	onSites(t, func(s *site) {
		s.start(flows.Options{})
		dns := flows.PortMapping{Proto: flows.UDP, HostPort: 5300, Port: 53}
		with := []flows.Endpoint{s.endpoint(s.web0, siteAddr0, dns), s.endpoint(s.web1, siteAddr1, dns)}
		without := []flows.Endpoint{s.endpoint(s.web0, siteAddr0), s.endpoint(s.web1, siteAddr1)}
		names := []string{"web0", "web1"}

		// Before the port is published the datagrams come to the host.
		st := s.newStream(s.Outside(), netip.AddrPortFrom(testbed.HostAddr.Addr(), 5300), stations{
			s.web0.Station: netip.AddrPortFrom(siteAddr0.Addr(), 53),
			s.web1.Station: netip.AddrPortFrom(siteAddr1.Addr(), 53),
			s.Host():       netip.AddrPortFrom(testbed.HostAddr.Addr(), 5300),
		})
		st.arrives(s.ctx, "host", 0)
		s.set(with[0])
		st.arrives(s.ctx, "web0", st.now())
		for round := range 10 {
			from, to := round%2, 1-round%2
			before := st.now()
			if round%4 < 2 {
				s.set(without[from], with[to])
			} else {
				s.set(without[from])
				before = st.now()
				st.arrives(s.ctx, "host", before)
				s.set(with[to])
			}
			changed := st.now()
			first := st.arrives(s.ctx, names[to], changed)
			s.t.Logf("round %d: %s has datagram %d, %d behind the change; %s had %d behind it", round, names[to], first,
				first-changed, names[from], st.count(names[from], changed, st.now()))
		}
	})
}
