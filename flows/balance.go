// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"net/netip"
	"slices"
)

// Balance says whether endpoints share a published port, and by what each of its connections gets to one of them. All that
// publish the port say the same. It takes a client that offers OpenFlow 1.5, by Versions of [openflow.Options]: on a
// connection with an older version a change that declares it fails with an error that wraps [errors.ErrUnsupported].
type Balance string

// The kinds of balance.
const (
	// Exclusive ports are one endpoint's alone.
	Exclusive Balance = ""
	// ByConnection spreads connections by their addresses and ports.
	ByConnection Balance = "connection"
	// ByClientIP is session affinity: all connections from an address get to the same endpoint, at all ports that the same
	// endpoints share. When an endpoint goes its clients alone get to others, and when one comes it gets clients of all.
	ByClientIP Balance = "client-ip"
)

// words says it in an error.
func (b Balance) words() string {
	if b == Exclusive {
		return "exclusive"
	}
	return "balanced by " + string(b)
}

// maxBackends is how many endpoints may share a port: as many as the values that Open vSwitch chooses by.
const maxBackends = 256

// balancedPort is a port outside that endpoints share, at one address, or at all of the host's if addr is not valid.
type balancedPort struct {
	publishedKey
	addr netip.Addr
}

func (p balancedPort) ref() ref { return ref{kindBalanced, p.String()} }

// String is such as "tcp/80 at 192.0.2.1".
func (p balancedPort) String() string {
	if p.addr.IsValid() {
		return fmt.Sprintf("%s/%d at %s", p.proto, p.port, p.addr)
	}
	return fmt.Sprintf("%s/%d of %s", p.proto, p.port, p.family().name)
}

func (k publishedKey) family() *family {
	if k.v6 {
		return families[1]
	}
	return families[0]
}

// backend is an endpoint that shares a port, and where the port leads there.
type backend struct {
	endpoint string
	to       netip.AddrPort
}

func (b backend) compare(o backend) int { return cmp.Compare(b.endpoint, o.endpoint) }

// balancedState is a balanced port with its backends, by name, and the number of its group.
type balancedState struct {
	balancedPort
	balance  Balance
	group    uint16
	backends []backend
}

// share makes a backend one of those of a port.
func (s *state) share(p balancedPort, balance Balance, b backend, before kept) error {
	put := &balancedState{balancedPort: p, balance: balance}
	if old := s.balanced[p.String()]; old != nil {
		if len(old.backends) == maxBackends {
			return fmt.Errorf("%d endpoints share it already: %w", maxBackends, ErrConflict)
		}
		put.group, put.backends = old.group, old.backends
	} else {
		id, err := s.groupNumber(p, before)
		if err != nil {
			return err
		}
		put.group = id
		assign(s, s.groups, id, p.String())
	}
	at, _ := slices.BinarySearchFunc(put.backends, b, backend.compare)
	put.backends = slices.Insert(slices.Clone(put.backends), at, b)
	assign(s, s.balanced, p.String(), put)
	s.touch(p.ref())
	return nil
}

// unshare takes an endpoint out of those that share a port.
func (s *state) unshare(p balancedPort, endpoint string) {
	put := *s.balanced[p.String()]
	put.backends = slices.DeleteFunc(slices.Clone(put.backends), func(b backend) bool { return b.endpoint == endpoint })
	if len(put.backends) == 0 {
		unassign(s, s.balanced, p.String())
		unassign(s, s.groups, put.group)
	} else {
		assign(s, s.balanced, p.String(), &put)
	}
	s.touch(p.ref())
}

// firstGroup is the first of the numbers that groups of balanced ports get; networks get theirs from the other end.
const firstGroup = 1 << 15

// groupNumber finds the number of a balanced port's group: the one it had before, else one that follows from the port, so
// that it does not depend on the order in which endpoints are declared.
func (s *state) groupNumber(p balancedPort, before kept) (uint16, error) {
	if id, ok := before.groups[objectCookie(p.ref())]; ok && !s.numbered(id) {
		return id, nil
	}
	h := fnv.New32a()
	h.Write([]byte(p.String()))
	const n = math.MaxUint16 - firstGroup + 1
	for _, avoid := range []map[uint16]bool{before.numbers(), nil} {
		for i := range uint32(n) {
			if id := uint16(firstGroup + (h.Sum32()%n+i)%n); !s.numbered(id) && !avoid[id] {
				return id, nil
			}
		}
	}
	return 0, fmt.Errorf("no group is left: %w", ErrConflict)
}

// numbered reports whether a network or a balanced port has a number: both may have a group of that number.
func (s *state) numbered(id uint16) bool {
	_, network := s.zones[id]
	_, port := s.groups[id]
	return network || port
}

// sharers are the endpoints that share a port, as verdicts name them.
func (p *balancedState) sharers() []string {
	names := make([]string, len(p.backends))
	for i, b := range p.backends {
		names[i] = Endpoint{Name: b.endpoint}.String()
	}
	return names
}
