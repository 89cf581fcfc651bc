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
// Errors wrap [ErrInvalid].
func ParseQuery(text string) (Query, error) {
	from, rest, arrow := strings.Cut(text, "->")
	rest = strings.TrimSpace(rest)
	space := strings.LastIndexByte(rest, ' ')
	if !arrow || space < 0 {
		return Query{}, fmt.Errorf("query %q is not of the form \"web0 -> outside tcp/443\": %w", text, ErrInvalid)
	}
	var q Query
	var err error
	if q.Service, err = parseService(rest[space+1:]); err != nil {
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

func parseService(text string) (Service, error) {
	proto, port, hasPort := strings.Cut(text, "/")
	var s Service
	if err := s.Proto.UnmarshalText([]byte(proto)); err != nil {
		return Service{}, err
	}
	if hasPort {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return Service{}, fmt.Errorf("port %q is not one: %w", port, ErrInvalid)
		}
		s.FirstPort = uint16(n)
	}
	return s, s.checkAsked()
}

// checkAsked holds a service to be one that can be connected to.
func (s Service) checkAsked() error {
	switch {
	case s.Proto != ICMP && !s.Proto.hasPorts():
		return fmt.Errorf("service %s: no connection of that protocol can be asked about: %w", s, ErrInvalid)
	case s.Proto.hasPorts() && s.FirstPort == 0, s.LastPort != 0 && s.LastPort != s.FirstPort:
		return fmt.Errorf("service %s: one port is what a connection is to: %w", s, ErrInvalid)
	case s.Proto == ICMP && s.FirstPort != 0:
		return fmt.Errorf("service %s has a port, of which icmp has none: %w", s, ErrInvalid)
	}
	return nil
}

func (q Query) String() string {
	return fmt.Sprintf("%s -> %s %s", q.From.party(), q.To.party(), q.Service)
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
