// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"fmt"
	"slices"
)

// Intents are what an owner has declared on a bridge, in a form that can be kept: their JSON is what another program
// reads, such as "ovskit trace"; docs/intents.md describes it.
type Intents struct {
	// Bridge is the name of the bridge.
	Bridge string
	// Owner and FirstZone are those of [Options].
	Owner     string
	FirstZone uint16
	// Process is the number of the process that has published ports in the host's own stack (package hostport), whose
	// sockets take nothing away; 0: none has.
	Process int
	Objects []Object
}

// options are those of the Switch.
func (i Intents) options() Options { return Options{Owner: i.Owner, FirstZone: i.FirstZone} }

// state is the state after the objects were declared, with what the switch had chosen for them.
func (i Intents) state(before kept) (*state, error) {
	s := newState(i.options().env())
	if err := s.set(i.Objects, before); err != nil {
		return nil, err
	}
	return s, nil
}

// Declared are the objects that are declared, what others refer to first, and else by name. Ports outside that were left
// to be chosen have the numbers that were.
func (s *Switch) Declared(ctx context.Context) ([]Object, error) {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, fmt.Errorf("declared objects: %w", context.Cause(ctx))
	}
	return s.state.objects(), nil
}

// objects are all that is declared, in the order of ref.compare.
func (s *state) objects() []Object {
	var all []Object
	if s.host != nil {
		all = append(all, *s.host)
	}
	if s.uplink != nil {
		all = append(all, *s.uplink)
	}
	for _, a := range s.addresses {
		all = append(all, a)
	}
	for _, n := range s.networks {
		all = append(all, n.Network)
	}
	for _, r := range s.rules {
		all = append(all, r.Rule)
	}
	for _, e := range s.endpoints {
		all = append(all, e.Endpoint)
	}
	all = clones(all)
	slices.SortFunc(all, func(a, b Object) int { return a.ref().compare(b.ref()) })
	return all
}

// refs are what flows can be of, in their order: base, the objects, and the ports that endpoints share.
func (s *state) refs() []ref {
	refs := []ref{{kind: kindBase}}
	for _, o := range s.objects() {
		refs = append(refs, o.ref())
	}
	for _, p := range s.balanced {
		refs = append(refs, p.ref())
	}
	slices.SortFunc(refs, ref.compare)
	return refs
}

// byCookie are the refs by the cookies of their flows, the owner's part left out.
func (s *state) byCookie() map[uint64]ref {
	refs := map[uint64]ref{}
	for _, r := range s.refs() {
		refs[objectCookie(r)] = r
	}
	return refs
}

// items are what the switch should hold.
func (s *state) items() items {
	b := newBook()
	b.apply(b.edit(s.outputs()))
	return b.items
}
