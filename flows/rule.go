// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Rule allows or denies new connections. Where none applies, the defaults do: endpoints of one network talk with each
// other unless it is isolated, those of different networks do not; the host as [Network.Host] says; the outside is
// reached by the network's way out, and reaches published ports. What the host and the outside have with each other is
// not the rules' business. A connection that is established goes on, in both directions, whatever rules come after it; but
// inside a network that is not isolated, the first rule of all is held against what is under way as well: without one, nobody
// tracks it.
type Rule struct {
	Name string `json:"name"`
	// From are who begins the connection, To who is connected to, each any of several. None means anyone. A connection to a
	// published port is one to the endpoint that it leads to.
	From []Selector `json:"from,omitempty"`
	To   []Selector `json:"to,omitempty"`
	// Services are what is connected to; none means everything.
	Services []Service `json:"services,omitempty"`
	// Deny refuses what would be allowed. Without it the rule allows.
	Deny bool `json:"deny,omitempty"`
	// Priority puts a rule before those with less; of equal ones, those that deny come first.
	Priority uint8 `json:"priority,omitempty"`
}

// Service is a protocol with a range of ports.
type Service struct {
	Proto Proto `json:"proto"`
	// FirstPort to LastPort are the destination ports; a zero LastPort is FirstPort alone, both zero are all. ICMP has none.
	// A packet in fragments does not tell its port: of such a one that begins a connection, no port is allowed, and all are
	// denied if one is.
	FirstPort uint16 `json:"firstPort,omitempty"`
	LastPort  uint16 `json:"lastPort,omitempty"`
}

func (s Service) String() string {
	switch {
	case s.FirstPort == 0 && s.LastPort == 0:
		return s.Proto.String()
	case s.LastPort == 0 || s.LastPort == s.FirstPort:
		return fmt.Sprintf("%s/%d", s.Proto, s.FirstPort)
	}
	return fmt.Sprintf("%s/%d-%d", s.Proto, s.FirstPort, s.LastPort)
}

// Selector is one party of a rule.
type Selector struct {
	kind   selectorKind
	name   string
	labels string // sorted, so that selectors can be compared
	prefix netip.Prefix
}

type selectorKind uint8

const (
	selectEndpoint selectorKind = iota + 1
	selectLabels
	selectNetwork
	selectPrefix
	selectHost
	selectOutside
)

// EndpointNamed selects one endpoint, whether it is declared yet or not.
func EndpointNamed(name string) Selector { return Selector{kind: selectEndpoint, name: name} }

// Labelled selects the endpoints that have all of the labels.
func Labelled(labels map[string]string) Selector {
	return Selector{kind: selectLabels, labels: joinLabels(labels)}
}

// InNetwork selects the endpoints of a network.
func InNetwork(name string) Selector { return Selector{kind: selectNetwork, name: name} }

// Within selects the addresses of a prefix, whoever has them.
func Within(p netip.Prefix) Selector { return Selector{kind: selectPrefix, prefix: p} }

// TheHost selects the host.
func TheHost() Selector { return Selector{kind: selectHost} }

// Outside selects whoever is neither an endpoint nor the host.
func Outside() Selector { return Selector{kind: selectOutside} }

func (s Selector) String() string {
	switch s.kind {
	case selectEndpoint:
		return s.name
	case selectLabels:
		return strings.ReplaceAll(s.labels, "\x00", ",")
	case selectNetwork:
		return "network " + s.name
	case selectPrefix:
		return s.prefix.String()
	case selectHost:
		return "host"
	case selectOutside:
		return "outside"
	}
	return "nobody"
}

// joinLabels makes one text of labels, equal for equal ones.
func joinLabels(labels map[string]string) string {
	var b strings.Builder
	for i, k := range slices.Sorted(maps.Keys(labels)) {
		if i > 0 {
			b.WriteByte(0)
		}
		b.WriteString(k + "=" + labels[k])
	}
	return b.String()
}

// selects reports whether the selector is one of endpoints and e is among them.
func (s Selector) selects(e *Endpoint) bool {
	switch s.kind {
	case selectEndpoint:
		return s.name == e.Name
	case selectLabels:
		for label := range strings.SplitSeq(s.labels, "\x00") {
			k, v, _ := strings.Cut(label, "=")
			if got, has := e.Labels[k]; !has || got != v {
				return false
			}
		}
		return true
	}
	return false
}

// key is what an endpoint has that the selector may select: the rules that concern an endpoint are found by its keys, and
// those that concern a network by that of its selector.
func (s Selector) key() string {
	switch s.kind {
	case selectEndpoint:
		return "endpoint " + s.name
	case selectLabels:
		first, _, _ := strings.Cut(s.labels, "\x00")
		return "label " + first
	case selectNetwork:
		return "network " + s.name
	}
	return ""
}

// labelKeys are those keys of an endpoint that others may have as well.
func (e *Endpoint) labelKeys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for k, v := range e.Labels {
			if !yield("label " + k + "=" + v) {
				return
			}
		}
	}
}

// check holds the rule against itself.
func (r Rule) check() error {
	if r.Name == "" {
		return fmt.Errorf("no name: %w", ErrInvalid)
	}
	for _, s := range slices.Concat(r.From, r.To) {
		switch {
		case s.kind == 0:
			return fmt.Errorf("a selector selects nobody: make it with a function of this package: %w", ErrInvalid)
		case s.kind == selectPrefix && (!s.prefix.IsValid() || s.prefix != s.prefix.Masked()):
			return fmt.Errorf("prefix %s is not one or has host bits: %w", s.prefix, ErrInvalid)
		case s.kind == selectLabels && s.labels == "":
			return fmt.Errorf("a selector has no label: %w", ErrInvalid)
		}
	}
	for _, s := range r.Services {
		switch {
		case s.Proto == 0:
			return fmt.Errorf("a service has no protocol: %w", ErrInvalid)
		case (s.FirstPort != 0 || s.LastPort != 0) && !s.Proto.hasPorts():
			return fmt.Errorf("service %s has ports, of which %s has none: %w", s, s.Proto, ErrInvalid)
		case s.LastPort != 0 && s.LastPort < s.FirstPort:
			return fmt.Errorf("service %s: the range ends before it begins: %w", s, ErrInvalid)
		}
	}
	return nil
}

// clone is the rule with nothing that the caller can change.
func (r Rule) clone() Rule {
	r.From, r.To, r.Services = slices.Clone(r.From), slices.Clone(r.To), slices.Clone(r.Services)
	return r
}
