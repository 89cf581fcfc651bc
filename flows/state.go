// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"errors"
	"fmt"
	"iter"
	"maps"
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
	endpoints map[string]*endpointState
	zones     map[uint16]string // network numbers in use
	// lastNumber is the one that a network got last; 0 before the first.
	lastNumber uint16

	ports     map[uint32]ref
	addrs     map[netip.Addr]ref
	macs      map[macKey]ref
	published map[publishedKey][]publishedAt
	balanced  map[string]*balancedState // by what the port is called
	groups    map[uint16]string         // their groups' numbers
	ruleIDs   map[uint32]string
	mirrors   map[uint32]int // how many endpoints are mirrored to a port
	// members are the names of endpoints by what labels they have, and selecting those of rules by what they select by.
	members, selecting map[string]map[string]bool

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
	endpoints map[string]uint32 // their ports
	// The actions that write the number, made once for all endpoints.
	setNetwork, setSenderNetwork, setReceiverNetwork of.Action
}

// setID gives the network its number.
func (n *networkState) setID(id uint16) {
	n.id = id
	n.setNetwork, n.setSenderNetwork, n.setReceiverNetwork = set(network(id)), set(senderNetwork(id)), set(receiverNetwork(id))
}

// ports are those of the network's endpoints.
func (n *networkState) ports() iter.Seq[uint32] { return maps.Values(n.endpoints) }

// endpointState is an endpoint whose ports outside are chosen, where the one that was asked for named none.
type endpointState struct {
	Endpoint
	asked   []PortMapping
	outside []outsidePort
}

// kept is what the switch had chosen for objects before the program started: the numbers of networks and of groups, by
// object cookie, and ports outside.
type kept struct {
	networks, groups map[uint64]uint16
	ports            map[keptPort][]keptOutside
}

// numbers are those of networks and groups.
func (k kept) numbers() map[uint16]bool {
	all := map[uint16]bool{}
	for _, of := range []map[uint64]uint16{k.networks, k.groups} {
		for _, id := range of {
			all[id] = true
		}
	}
	return all
}

// keptPort is a published port of the endpoint with a cookie.
type keptPort struct {
	endpoint uint64
	proto    Proto
	port     uint16
}

// keptOutside is a port outside that it has, at the address that the flow names, if any.
type keptOutside struct {
	addr netip.Addr
	port uint16
}

type ruleState struct {
	Rule
	id uint32
}

func newState(e env) *state {
	e.addresses = map[string]Address{}
	e.networks = map[string]*networkState{}
	e.rules = map[string]*ruleState{}
	return &state{
		env:       e,
		endpoints: map[string]*endpointState{},
		zones:     map[uint16]string{},
		ports:     map[uint32]ref{},
		addrs:     map[netip.Addr]ref{},
		macs:      map[macKey]ref{},
		published: map[publishedKey][]publishedAt{},
		balanced:  map[string]*balancedState{},
		groups:    map[uint16]string{},
		ruleIDs:   map[uint32]string{},
		mirrors:   map[uint32]int{},
		members:   map[string]map[string]bool{},
		selecting: map[string]map[string]bool{},
		dirty:     map[ref]bool{{kind: kindBase}: true},
	}
}

// enter puts a name into the set of a key.
func (s *state) enter(sets map[string]map[string]bool, key, name string) {
	if sets[key] == nil {
		assign(s, sets, key, map[string]bool{})
	}
	assign(s, sets[key], name, true)
}

// leave takes a name out of the set of a key, and with the last one the set.
func (s *state) leave(sets map[string]map[string]bool, key, name string) {
	unassign(s, sets[key], name)
	if len(sets[key]) == 0 {
		unassign(s, sets, key)
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
	s.dirty = map[ref]bool{}
}

func (s *state) touch(r ref) { assign(s, s.dirty, r, true) }

// set declares objects, which nobody changes any more, replacing those of the same kind and name. before is what was chosen
// for them when the program ran before.
func (s *state) set(objects []Object, before kept) error {
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
		case Address:
			s.releaseAddress(o.Name)
		case Rule:
			s.releaseRule(o.Name)
		}
	}
	for _, o := range objects {
		var err error
		switch o := o.(type) {
		case Host:
			err = s.putHost(o)
		case Uplink:
			err = s.putUplink(o)
		case Address:
			err = s.putAddress(o)
		case Network:
			err = s.putNetwork(o, before)
		case Rule:
			err = s.putRule(o)
		case Endpoint:
			err = s.putEndpoint(o, before)
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

// checkAll holds what refers to the changed objects against them. Endpoints that are among these were held against all others
// when they were put.
func (s *state) checkAll(objects []Object) error {
	given := map[string]bool{}
	for _, o := range objects {
		if e, ok := o.(Endpoint); ok {
			given[e.Name] = true
		}
	}
	for _, o := range objects {
		switch o := o.(type) {
		case Network:
			if err := s.checkEndpoints(s.networks[o.Name], given); err != nil {
				return fmt.Errorf("%s: %w", o, err)
			}
		case Uplink:
			if err := s.checkUsers(o, viaUplink, o.Name, given); err != nil {
				return err
			}
		case Address:
			if err := s.checkUsers(o, behindAddress, o.Name, given); err != nil {
				return err
			}
		case Host:
			if err := s.checkShared(o); err != nil {
				return fmt.Errorf("%s: %w", o, err)
			}
			for _, n := range s.networks {
				if by, taken := s.macs[macKey{n.Name, [6]byte(o.MAC)}]; taken {
					return fmt.Errorf("%s: MAC %s belongs to %s: %w", o, o.MAC, by, ErrConflict)
				}
				if err := s.checkEndpoints(n, given); err != nil {
					return fmt.Errorf("%s: %w", o, err)
				}
			}
		}
	}
	return nil
}

// checkShared holds the host to have what the uplink shares.
func (s *state) checkShared(h Host) error {
	if s.uplink == nil {
		return nil
	}
	for _, a := range s.uplink.Addrs {
		if !h.has(a) {
			return fmt.Errorf("has not the address %s of %s: %w", a, s.uplink, ErrInvalid)
		}
	}
	return nil
}

// checkUsers holds the networks that have a way out against what it leads by.
func (s *state) checkUsers(o Object, m mode, name string, given map[string]bool) error {
	for _, n := range s.networks {
		if !n.Egress.uses(m, name) {
			continue
		}
		err := s.checkNetwork(n.Network)
		if err == nil {
			err = s.checkEndpoints(n, given)
		}
		if err != nil {
			return fmt.Errorf("%s: %s: %w", o, n, err)
		}
	}
	return nil
}

// checkEndpoints holds the endpoints of a network, but those that are given, against it.
func (s *state) checkEndpoints(n *networkState, given map[string]bool) error {
	for name := range n.endpoints {
		if given[name] {
			continue
		}
		e := s.endpoints[name].Endpoint
		e.Publish = s.endpoints[name].asked
		if err := s.checkEndpoint(e); err != nil {
			return fmt.Errorf("endpoint %q: %w", name, err)
		}
	}
	return nil
}

func (s *state) claimPort(port uint32, r ref) error {
	if port == 0 || port >= maxPort {
		return fmt.Errorf("port %#x is not the number of a port: %w", port, ErrInvalid)
	}
	if by, taken := s.ports[port]; taken {
		return fmt.Errorf("port %d belongs to %s: %w", port, by, ErrConflict)
	}
	if s.mirrors[port] > 0 {
		return fmt.Errorf("port %d gets copies of what others send: %w", port, ErrConflict)
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
			unassign(s, s.networks, o.Name)
			s.touchRules(InNetwork(o.Name).key())
		case Uplink:
			if s.uplink == nil || s.uplink.Name != o.Name {
				break
			}
			if err := s.unused(o, viaUplink, o.Name); err != nil {
				return err
			}
			unassign(s, s.ports, s.uplink.Port)
			s.replaceUplink(nil)
		case Address:
			if _, ok := s.addresses[o.Name]; !ok {
				break
			}
			if err := s.unused(o, behindAddress, o.Name); err != nil {
				return err
			}
			s.releaseAddress(o.Name)
			unassign(s, s.addresses, o.Name)
			if len(s.addresses) == 0 {
				s.touchNetworks()
			}
			if s.host != nil {
				s.touch(s.host.ref())
			}
		case Rule:
			s.releaseRule(o.Name)
		case Host:
			if s.host == nil {
				break
			}
			if s.uplink != nil || len(s.addresses) > 0 || len(s.networks) > 0 {
				return fmt.Errorf("%s: networks, an uplink or addresses are declared: %w", o, ErrInUse)
			}
			for _, p := range s.host.Addrs {
				unassign(s, s.addrs, p.Addr())
			}
			s.replaceHost(nil)
		default:
			return fmt.Errorf("%T is not an object of this package: %w", o, ErrInvalid)
		}
		s.touch(o.ref())
	}
	return nil
}

// unused reports who has a way out by what is to go.
func (s *state) unused(o Object, m mode, name string) error {
	for _, n := range s.networks {
		if n.Egress.uses(m, name) {
			return fmt.Errorf("%s: is the way out of %s: %w", o, n, ErrInUse)
		}
	}
	return nil
}

// compile gives what an object is on the switch; nothing if it is not declared.
func (s *state) compile(r ref) compiled {
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
	case kindAddress:
		if a, ok := s.addresses[r.name]; ok {
			return compileAddress(s.env, a)
		}
	case kindNetwork:
		if n := s.networks[r.name]; n != nil {
			return compileNetwork(s.env, n)
		}
	case kindRule:
		if r := s.rules[r.name]; r != nil {
			return compileRule(s.env, r)
		}
	case kindEndpoint:
		if e := s.endpoints[r.name]; e != nil {
			return compileEndpoint(s.env, &e.Endpoint, s.networks[e.Network], s.concerning(&e.Endpoint))
		}
	case kindBalanced:
		if p := s.balanced[r.name]; p != nil {
			return compileBalanced(s.env, p)
		}
	}
	return compiled{}
}

func names(set map[string]uint32) string {
	all := make([]string, 0, len(set))
	for name := range set {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
