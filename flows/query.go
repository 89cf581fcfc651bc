// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Query is a connection that somebody might make.
type Query struct {
	// From and To are the parties: [EndpointNamed], [TheHost], [Outside], or an address by [Within] a prefix of full length,
	// whoever has it.
	From, To Selector
	// Service is what is connected to: a protocol with one port, or ICMP, which is a ping.
	Service Service
	// IPv6 asks for IPv6 where both parties have both families. Else it is IPv4.
	IPv6 bool
}

// ParseQuery reads a query as "web0 -> outside tcp/443": the party that connects, the party that is connected to, and the
// service. A party is an endpoint's name, "host", "outside" or an address; a service is tcp, udp or sctp with a port, or icmp.
// A protocol that ends in 6, as in "tcp6/443", asks for IPv6. An endpoint whose name is also one of these has to be asked
// about by a Query that is made otherwise. Errors wrap [ErrInvalid].
func ParseQuery(text string) (Query, error) {
	from, rest, arrow := strings.Cut(text, "->")
	rest = strings.TrimSpace(rest)
	space := strings.LastIndexByte(rest, ' ')
	if !arrow || space < 0 {
		return Query{}, fmt.Errorf("query %q is not of the form \"web0 -> outside tcp/443\": %w", text, ErrInvalid)
	}
	var q Query
	var err error
	if q.Service, q.IPv6, err = parseService(rest[space+1:]); err != nil {
		return Query{}, fmt.Errorf("query %q: %w", text, err)
	}
	if q.From, err = parseParty(from); err == nil {
		q.To, err = parseParty(rest[:space])
	}
	if err != nil {
		return Query{}, fmt.Errorf("query %q: %w", text, err)
	}
	return q, nil
}

func parseParty(text string) (Selector, error) {
	switch text = strings.TrimSpace(text); text {
	case "":
		return Selector{}, fmt.Errorf("a party is missing: %w", ErrInvalid)
	case "host":
		return TheHost(), nil
	case "outside":
		return Outside(), nil
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return Within(single(a.Unmap())), nil
	}
	return EndpointNamed(text), nil
}

func parseService(text string) (s Service, ipv6 bool, err error) {
	proto, port, hasPort := strings.Cut(text, "/")
	proto, ipv6 = strings.CutSuffix(proto, "6")
	if err := s.Proto.UnmarshalText([]byte(proto)); err != nil {
		return Service{}, false, err
	}
	if hasPort {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return Service{}, false, fmt.Errorf("port %q is not a number from 1 to 65535: %w", port, ErrInvalid)
		}
		s.FirstPort = uint16(n)
	}
	return s, ipv6, s.checkAsked()
}

// checkAsked holds a service to be one that can be connected to.
func (s Service) checkAsked() error {
	switch {
	case s.Proto != ICMP && !s.Proto.hasPorts():
		return fmt.Errorf("service %s: only tcp, udp, sctp and icmp can be asked about: %w", s, ErrInvalid)
	case s.Proto.hasPorts() && s.FirstPort == 0:
		return fmt.Errorf("service %s needs a port, as in %s/443: %w", s, s.Proto, ErrInvalid)
	case s.LastPort != 0 && s.LastPort != s.FirstPort:
		return fmt.Errorf("service %s: one port at a time can be asked about: %w", s, ErrInvalid)
	case s.Proto == ICMP && s.FirstPort != 0:
		return fmt.Errorf("service %s: icmp has no ports: %w", s, ErrInvalid)
	}
	return nil
}

func (q Query) String() string {
	service := q.Service.String()
	if proto := q.Service.Proto.String(); q.IPv6 {
		service = proto + "6" + strings.TrimPrefix(service, proto)
	}
	return fmt.Sprintf("%s -> %s %s", q.From.party(), q.To.party(), service)
}

// party is how a query writes a party.
func (s Selector) party() string {
	if s.kind == selectPrefix && s.prefix.IsSingleIP() {
		return s.prefix.Addr().String()
	}
	return s.String()
}

// family is the one that the query is of, given which the parties have.
func (q Query) family(has func(Selector, *family) bool) (*family, error) {
	order := []*family{families[0], families[1]}
	if q.IPv6 {
		order = []*family{families[1]}
	}
	for _, f := range order {
		if has(q.From, f) && has(q.To, f) {
			return f, nil
		}
	}
	if q.IPv6 {
		return nil, fmt.Errorf("no address of IPv6 for both: %w", ErrInvalid)
	}
	return nil, fmt.Errorf("no family that both have an address of: %w", ErrInvalid)
}
