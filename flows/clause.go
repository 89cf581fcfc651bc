// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// A clause is one condition of a rule: a packet that meets it meets the rule's dimension. Rules share the flow of a
// condition that they have in common, so that it costs as many flows as there are conditions, not rules times endpoints.
type clause struct {
	priority  uint16
	match     of.Match
	condition of.Conjunction
}

// flow is the clause's flow, with itself alone as the condition.
func (c clause) flow() of.Flow {
	return of.Flow{
		Table: tablePolicy, Priority: c.priority, Match: c.match,
		Instructions: of.Instructions{Apply: []of.Action{c.condition}},
	}
}

// The dimensions of a rule.
const (
	dimSource uint8 = 1 + iota
	dimDestination
	dimService
	dimensions = dimService
)

// clause makes a condition part of a rule. Two flows are the same to the switch if they match the same, and one cannot stand
// for two dimensions of a rule: so each dimension has a condition of its own that every packet meets.
func (b *builder) clause(r *ruleState, dimension uint8, match of.Match) {
	match = match.With(of.RegMasked(regNext, 0, byDefault<<dimension))
	b.clauses = append(b.clauses, clause{r.priority(), match, of.Conjunction{ID: r.id, Clause: dimension, Clauses: dimensions}})
}

// The priorities of tablePolicy.
const (
	priorityAdmitted = 0xffff
	priorityRules    = 1000 // of the lowest rule; each has a place to allow and one before it to deny
	priorityDefault  = 1
)

// priority is the place of a rule in tablePolicy.
func (r *ruleState) priority() uint16 {
	p := priorityRules + 2*uint16(r.Priority)
	if r.Deny {
		p++
	}
	return p
}

// compileRule gives the flow of a rule and the conditions that do not go by what an endpoint is.
func compileRule(v env, r *ruleState) compiled {
	b := v.builder(r.ref())
	match := of.Match{of.ConjID(r.id)}
	if r.Deny {
		b.drop(tablePolicy, r.priority(), match)
	} else {
		b.add(tablePolicy, r.priority(), match, tableAdmit)
	}
	for _, d := range []struct {
		dimension uint8
		selectors []Selector
	}{{dimSource, r.From}, {dimDestination, r.To}} {
		if len(d.selectors) == 0 {
			b.clause(r, d.dimension, nil)
		}
		for _, s := range d.selectors {
			if match, ok := v.selected(s, d.dimension); ok {
				b.clause(r, d.dimension, match)
			}
		}
	}
	if len(r.Services) == 0 {
		b.clause(r, dimService, nil)
	}
	for _, s := range r.Services {
		for _, f := range families {
			for _, m := range s.matches(f) {
				b.clause(r, dimService, m)
			}
			if r.Deny && s.FirstPort|s.LastPort != 0 {
				b.clause(r, dimService, f.ip(of.IPProto(uint8(s.Proto)), fragment))
			}
		}
	}
	return b.compiled
}

// selected is the condition of a selector that does not go by what an endpoint is. There is none for a network that is not
// declared.
func (v env) selected(s Selector, dimension uint8) (of.Match, bool) {
	source := dimension == dimSource
	switch s.kind {
	case selectNetwork:
		n := v.networks[s.name]
		if n == nil {
			return nil, false
		}
		id := n.id
		if source {
			return of.Match{senderNetwork(id)}, true
		}
		return of.Match{receiverNetwork(id)}, true
	case selectPrefix:
		f := familyOf(s.prefix.Addr())
		if source {
			return f.ip(f.src(s.prefix)), true
		}
		return f.ip(f.dst(s.prefix)), true
	case selectHost, selectOutside:
		port := uint32(of.PortLocal)
		if s.kind == selectOutside {
			port = 0
		}
		if source {
			return of.Match{sender(port)}, true
		}
		return of.Match{receiver(port)}, true
	}
	return nil, false
}

// fragment matches packets in fragments, whose ports flows do not see, not even those of the first. What may be for a port
// that a rule denies is denied: else one datagram in fragments would open it for all that follow.
var fragment = of.IPFrag(of.FragYes)

// matches are the conditions of a service in a family.
func (s Service) matches(f *family) []of.Match {
	proto := uint8(s.Proto)
	if s.Proto == ICMP {
		proto = f.icmp
	}
	if s.FirstPort == 0 && s.LastPort == 0 || !s.Proto.hasPorts() {
		return []of.Match{f.ip(of.IPProto(proto))}
	}
	_, dst := s.Proto.ports()
	var ms []of.Match
	for _, p := range portMasks(s.FirstPort, max(s.FirstPort, s.LastPort)) {
		ms = append(ms, f.ip(of.IPProto(proto), p.match(dst)))
	}
	return ms
}

// compileMember gives an endpoint's conditions in the rules that select it.
func compileMember(b *builder, e *Endpoint, rules []*ruleState) {
	for _, r := range rules {
		if slices.ContainsFunc(r.From, func(s Selector) bool { return s.selects(e) }) {
			b.clause(r, dimSource, of.Match{sender(e.Port)})
		}
		if slices.ContainsFunc(r.To, func(s Selector) bool { return s.selects(e) }) {
			b.clause(r, dimDestination, of.Match{receiver(e.Port)})
		}
	}
}
