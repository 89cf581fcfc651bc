// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	of "github.com/ovskit/ovskit/openflow"
)

// The reasons for which intents are refused. The error that wraps them names the objects.
var (
	// ErrInvalid: the object contradicts itself or what it refers to.
	ErrInvalid = errors.New("invalid")
	// ErrConflict: another object has what the object claims.
	ErrConflict = errors.New("taken")
	// ErrNotFound: the object, or one it refers to, is not declared.
	ErrNotFound = errors.New("not found")
	// ErrInUse: another object refers to the object that is to go.
	ErrInUse = errors.New("in use")
)

// state is what is declared, with an index of everything that only one object may have. A change is made of put and
// remove; every step can be undone, so that a change that fails leaves the state as it was.
type state struct {
	env
	networks  map[string]*networkState
	endpoints map[string]Endpoint
	zones     map[uint16]string // network numbers in use
	retired   map[uint16]bool   // and those that were

	ports     map[uint32]ref
	addrs     map[netip.Addr]ref
	macs      map[macKey]ref
	published map[PortMapping]string // without Port: the endpoint that has the host's port

	dirty map[ref]bool // to be compiled again
	// pending are networks that the change replaces, while what they are to be is not known yet.
	pending map[string]bool
	undo    []func()
}

// macKey is a MAC in a network.
type macKey struct {
	network string
	mac     [6]byte
}

type networkState struct {
	Network
	id        uint16
	endpoints map[string]bool
}

func newState(e env) *state {
	return &state{
		env:       e,
		networks:  map[string]*networkState{},
		endpoints: map[string]Endpoint{},
		zones:     map[uint16]string{},
		retired:   map[uint16]bool{},
		ports:     map[uint32]ref{},
		addrs:     map[netip.Addr]ref{},
		macs:      map[macKey]ref{},
		published: map[PortMapping]string{},
		dirty:     map[ref]bool{{kind: kindBase}: true},
	}
}

// assign sets m[k] = v and remembers how it was.
func assign[K comparable, V any](s *state, m map[K]V, k K, v V) {
	old, had := m[k]
	m[k] = v
	s.undo = append(s.undo, func() { restore(m, k, old, had) })
}

// unassign deletes m[k] and remembers how it was.
func unassign[K comparable, V any](s *state, m map[K]V, k K) {
	old, had := m[k]
	delete(m, k)
	s.undo = append(s.undo, func() { restore(m, k, old, had) })
}

func restore[K comparable, V any](m map[K]V, k K, old V, had bool) {
	if had {
		m[k] = old
	} else {
		delete(m, k)
	}
}

// rollback undoes everything since the last commit.
func (s *state) rollback() {
	for _, f := range slices.Backward(s.undo) {
		f()
	}
	s.undo = nil
}

// commit keeps everything since the last commit, and takes what was dirty as compiled.
func (s *state) commit() {
	s.undo = nil
	clear(s.dirty)
}

func (s *state) touch(r ref) { assign(s, s.dirty, r, true) }

// set declares objects, replacing those of the same kind and name. reserved tells the numbers that networks had
// before, by object cookie.
func (s *state) set(objects []Object, reserved map[uint64]uint16) error {
	objects = slices.Clone(objects)
	slices.SortFunc(objects, func(a, b Object) int { return a.ref().compare(b.ref()) })
	for i := 1; i < len(objects); i++ {
		if objects[i].ref() == objects[i-1].ref() {
			return fmt.Errorf("%s is given twice: %w", objects[i], ErrConflict)
		}
	}
	// Claims are released first, so that objects can exchange what they have in one change.
	s.pending = map[string]bool{}
	for _, o := range objects {
		switch o := o.(type) {
		case Network:
			s.releaseNetwork(o.Name)
			s.pending[o.Name] = true
		case Endpoint:
			s.releaseEndpoint(o.Name)
		}
	}
	for _, o := range objects {
		var err error
		switch o := o.(type) {
		case Host:
			err = s.putHost(o)
		case Uplink:
			err = s.putUplink(o)
		case Network:
			err = s.putNetwork(o, reserved)
		case Endpoint:
			err = s.putEndpoint(o)
		default:
			err = fmt.Errorf("%T is not an object of this package: %w", o, ErrInvalid)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o, err)
		}
		s.touch(o.ref())
	}
	return s.checkAll(objects)
}

// checkAll holds what refers to the changed objects against them.
func (s *state) checkAll(objects []Object) error {
	for _, o := range objects {
		switch o := o.(type) {
		case Network:
			for name := range s.networks[o.Name].endpoints {
				if err := s.checkEndpoint(s.endpoints[name]); err != nil {
					return fmt.Errorf("%s: endpoint %q: %w", o, name, err)
				}
			}
		case Host:
			if s.uplink != nil && !o.has(s.uplink.Addr) {
				return fmt.Errorf("%s: has not the address %s of %s: %w", o, s.uplink.Addr, s.uplink, ErrInvalid)
			}
			for _, n := range s.networks {
				if by, taken := s.macs[macKey{n.Name, [6]byte(o.MAC)}]; taken {
					return fmt.Errorf("%s: MAC %s belongs to %s: %w", o, o.MAC, by, ErrConflict)
				}
			}
		}
	}
	return nil
}

func (s *state) claimPort(port uint32, r ref) error {
	if port == 0 || port >= of.PortMax {
		return fmt.Errorf("port %#x is not the number of a port: %w", port, ErrInvalid)
	}
	if by, taken := s.ports[port]; taken {
		return fmt.Errorf("port %d belongs to %s: %w", port, by, ErrConflict)
	}
	assign(s, s.ports, port, r)
	return nil
}

// claimMAC takes a MAC for an endpoint of a network. None may have the host's, which is in all of them.
func (s *state) claimMAC(network string, mac net.HardwareAddr, r ref) error {
	if s.host != nil && slices.Equal(mac, s.host.MAC) {
		return fmt.Errorf("MAC %s is the host's: %w", mac, ErrConflict)
	}
	key := macKey{network, [6]byte(mac)}
	if by, taken := s.macs[key]; taken {
		return fmt.Errorf("MAC %s belongs to %s: %w", mac, by, ErrConflict)
	}
	assign(s, s.macs, key, r)
	return nil
}

func (s *state) releaseMAC(network string, mac net.HardwareAddr) {
	unassign(s, s.macs, macKey{network, [6]byte(mac)})
}

func (s *state) claimAddr(a netip.Addr, r ref) error {
	if by, taken := s.addrs[a]; taken {
		return fmt.Errorf("address %s belongs to %s: %w", a, by, ErrConflict)
	}
	assign(s, s.addrs, a, r)
	return nil
}

// remove takes objects back. Of one that is not declared, the switch may hold flows that an earlier run declared.
func (s *state) remove(objects []Object) error {
	objects = slices.Clone(objects)
	slices.SortFunc(objects, func(a, b Object) int { return b.ref().compare(a.ref()) })
	for _, o := range objects {
		switch o := o.(type) {
		case Endpoint:
			s.releaseEndpoint(o.Name)
			unassign(s, s.endpoints, o.Name)
		case Network:
			n := s.networks[o.Name]
			if n == nil {
				break
			}
			if len(n.endpoints) > 0 {
				return fmt.Errorf("%s: has endpoints: %s: %w", o, names(n.endpoints), ErrInUse)
			}
			s.releaseNetwork(o.Name)
			unassign(s, s.zones, n.id)
			assign(s, s.retired, n.id, true)
			unassign(s, s.networks, o.Name)
		case Uplink:
			if s.uplink == nil || s.uplink.Name != o.Name {
				break
			}
			for _, n := range s.networks {
				if n.Egress == Via(o.Name) {
					return fmt.Errorf("%s: is the way out of %s: %w", o, n, ErrInUse)
				}
			}
			unassign(s, s.ports, s.uplink.Port)
			s.replaceUplink(nil)
		case Host:
			if s.host == nil {
				break
			}
			if s.uplink != nil || len(s.networks) > 0 {
				return fmt.Errorf("%s: networks or an uplink are declared: %w", o, ErrInUse)
			}
			for _, p := range s.host.Addrs {
				unassign(s, s.addrs, p.Addr())
			}
			old := s.host
			s.host = nil
			s.undo = append(s.undo, func() { s.host = old })
		default:
			return fmt.Errorf("%T is not an object of this package: %w", o, ErrInvalid)
		}
		s.touch(o.ref())
	}
	return nil
}

// compile gives the flows of an object; none if it is not declared.
func (s *state) compile(r ref) []of.Flow {
	switch r.kind {
	case kindBase:
		return compileBase(s.env)
	case kindHost:
		if s.host != nil {
			return compileHost(s.env, *s.host)
		}
	case kindUplink:
		if s.uplink != nil && s.uplink.Name == r.name {
			return compileUplink(s.env, *s.uplink)
		}
	case kindNetwork:
		if n := s.networks[r.name]; n != nil {
			return compileNetwork(s.env, n.Network, n.id)
		}
	case kindEndpoint:
		if e, ok := s.endpoints[r.name]; ok {
			return compileEndpoint(s.env, e, s.networks[e.Network].id)
		}
	}
	return nil
}

func names(set map[string]bool) string {
	all := make([]string, 0, len(set))
	for name := range set {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
