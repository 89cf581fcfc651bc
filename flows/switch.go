// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// Options say whose flows a Switch keeps.
type Options struct {
	// Owner tells the flows of this program from those of others on the same bridge. It is required, and stays the
	// same from run to run.
	Owner string
	// FirstZone is the first of the conntrack zones that the owner uses: of translations; the next is of connections between
	// networks, and networks have those that follow.
	// Zones are shared by all bridges of a datapath. Zero means 1.
	FirstZone uint16
	// Logger is told what is sent to the switch; nil: nobody.
	Logger *slog.Logger
}

// env is what the options say to the compiler.
func (o Options) env() env {
	if o.FirstZone == 0 {
		o.FirstZone = 1
	}
	return env{owner: ownerCookie(o.Owner), natZone: o.FirstZone}
}

// Switch keeps the flows of one owner on one bridge equal to what was declared. Its methods may be called at the same
// time; changes are applied one after the other.
type Switch struct {
	conn  *of.Conn
	owner uint64
	log   *slog.Logger

	turn  chan struct{} // holds one token: whoever takes it may use what follows
	state *state
	// compiled are the flows declared, by object; desired has them by key, as the switch should hold them.
	compiled map[ref][]entry
	desired  map[string]of.Flow
	// stale says that the switch may hold something else than desired and left, and must be asked again.
	stale bool
	// left are the flows found at the start that nothing declared accounts for yet, by key; leftKeys has the keys by the
	// object's cookie.
	left     map[string]of.Flow
	leftKeys map[uint64][]string
	// before is what was chosen for objects when the program ran before.
	before kept
}

// entry is a flow with its key.
type entry struct {
	key  string
	flow of.Flow
}

// Open reads what flows of the owner the bridge holds. They stay as they are until something is declared: what is
// declared as before leaves them untouched. The connection stays the caller's.
//
// Tables 0 to 100 belong to one owner: a flow of somebody else in one of them could let through what is not declared.
// Open refuses such a bridge with an error that wraps [ErrConflict].
func Open(ctx context.Context, conn *of.Conn, o Options) (*Switch, error) {
	if o.Owner == "" {
		return nil, fmt.Errorf("open flows: no owner: %w", ErrInvalid)
	}
	if o.FirstZone == 0 {
		o.FirstZone = 1
	}
	if o.FirstZone >= math.MaxUint16-1 {
		return nil, fmt.Errorf("open flows: first zone %d leaves none for networks: %w", o.FirstZone, ErrInvalid)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Switch{
		conn:     conn,
		owner:    ownerCookie(o.Owner),
		log:      o.Logger,
		turn:     make(chan struct{}, 1),
		compiled: map[ref][]entry{},
		desired:  map[string]of.Flow{},
		left:     map[string]of.Flow{},
		leftKeys: map[uint64][]string{},
	}
	s.state = newState(o.env())
	s.turn <- struct{}{}
	p, err := s.diff(ctx, nil)
	if err == nil {
		if foreign := inTheWay(p.Others); foreign != nil {
			err = fmt.Errorf("the bridge has a flow of another owner in the way: %s: %w", foreign, ErrConflict)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open flows of %q: %w", o.Owner, err)
	}
	s.leave(p.Flows.Delete)
	s.before = chosenBefore(s.left)
	return s, nil
}

// chosenBefore reads out of a switch's flows which number each network has, and which port outside each published port.
func chosenBefore(flows map[string]of.Flow) kept {
	k := kept{map[uint64]uint16{}, map[keptPort]uint16{}}
	for _, f := range flows {
		object := f.Cookie &^ ownerMask
		switch f.Table {
		case tableBetween:
			if id, ok := f.Match.Get(of.FieldReg0 + regNetwork); ok {
				k.networks[object] = binary.BigEndian.Uint16(id.Value[2:])
			}
		case tableInbound:
			if p, outside, ok := publishedPort(f); ok {
				p.endpoint = object
				k.ports[p] = outside
			}
		}
	}
	return k
}

// publishedPort is the port that a flow of tableInbound publishes alone, and where.
func publishedPort(f of.Flow) (p keptPort, outside uint16, ok bool) {
	for _, a := range f.Apply {
		if ct, is := a.(of.CT); is && ct.NAT != nil && ct.NAT.Type == of.NATDestination {
			p.port = ct.NAT.PortMin
		}
	}
	for _, proto := range []Proto{TCP, UDP, SCTP} {
		_, dst := proto.ports()
		if m, has := f.Match.Get(dst); has && m.Mask == nil {
			p.proto, outside = proto, binary.BigEndian.Uint16(m.Value)
		}
	}
	return p, outside, p.port != 0 && outside != 0
}

// Set declares objects, replacing those of the same kind and name, in any order. A program that starts again declares
// all it has in one Set, and nothing that was right is touched; what it declares by and by takes the place of what its
// last run declared for the same objects. Set returns when the switch has
// applied the change; with an error nothing has changed, neither what is declared nor, unless the connection broke
// while the change was being committed, the switch. Errors wrap [ErrInvalid], [ErrConflict] or [ErrNotFound], or are
// those of [openflow.Conn.Bundle].
func (s *Switch) Set(ctx context.Context, objects ...Object) error {
	return s.change(ctx, false, func() error { return s.state.set(objects, s.before) })
}

// Published are the ports that an endpoint publishes, with the ports outside that were chosen for it; nil if it is not
// declared.
func (s *Switch) Published(ctx context.Context, endpoint string) ([]PortMapping, error) {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, fmt.Errorf("published ports of endpoint %q: %w", endpoint, context.Cause(ctx))
	}
	if e := s.state.endpoints[endpoint]; e != nil {
		return slices.Clone(e.Publish), nil
	}
	return nil, nil
}

// Delete takes objects back, of which only the names count, with the flows that an earlier run declared for them. An
// object that others refer to is not deleted: the error wraps [ErrInUse].
func (s *Switch) Delete(ctx context.Context, objects ...Object) error {
	return s.change(ctx, false, func() error { return s.state.remove(objects) })
}

// Prune compares what the switch holds with what is declared, and puts it right: the owner's flows that nothing declared
// accounts for go, such as those of objects that an earlier run of the program declared and this one has not, and those
// that somebody deleted or changed come back. Call it when all is declared.
func (s *Switch) Prune(ctx context.Context) error {
	return s.change(ctx, true, func() error { return nil })
}

// change edits the state and brings the switch up to it; if either fails, the state is as before.
func (s *Switch) change(ctx context.Context, prune bool, edit func() error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("change flows: %w", context.Cause(ctx))
	}
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("change flows: %w", context.Cause(ctx))
	}
	if err := edit(); err != nil {
		s.state.rollback()
		return err
	}
	next := map[ref][]entry{}
	for r, flows := range s.state.compileDirty() {
		next[r] = entries(flows)
	}
	if err := s.sync(ctx, next, prune); err != nil {
		s.state.rollback()
		return fmt.Errorf("change flows: %w", err)
	}
	s.state.commit()
	return nil
}

func entries(flows []of.Flow) []entry {
	es := make([]entry, len(flows))
	for i, f := range flows {
		es[i] = entry{f.Key(), f}
	}
	return es
}

// sync sends what makes the switch hold the flows of next in place of those the same objects had. With prune it looks at
// all that the switch holds.
func (s *Switch) sync(ctx context.Context, next map[ref][]entry, prune bool) error {
	removed, added := map[string]bool{}, map[string]of.Flow{}
	for r, es := range next {
		for _, e := range s.compiled[r] {
			removed[e.key] = true
		}
		for _, key := range s.leftKeys[objectCookie(r)] {
			removed[key] = true
		}
		for _, e := range es {
			added[e.key] = e.flow
		}
	}
	for key := range added {
		delete(removed, key)
	}
	var p *of.Plan
	left := s.left
	if prune || s.stale {
		var err error
		if p, left, err = s.compare(ctx, removed, added, prune); err != nil {
			return err
		}
	} else {
		p = s.step(removed, added)
	}
	if err := s.conn.Carry(ctx, p); err != nil {
		s.stale = true
		return err
	}
	if !p.Empty() {
		s.log.Debug("flows changed", "changes", p.String())
	}
	s.stale = false

	for key := range removed {
		delete(s.desired, key)
		delete(left, key)
	}
	for key, f := range added {
		s.desired[key] = f
		delete(left, key)
	}
	s.left = left
	for r, es := range next {
		delete(s.leftKeys, objectCookie(r))
		if len(es) == 0 {
			delete(s.compiled, r)
		} else {
			s.compiled[r] = es
		}
	}
	return nil
}

// step is the change from what the switch is known to hold.
func (s *Switch) step(removed map[string]bool, added map[string]of.Flow) *of.Plan {
	p := &of.Plan{}
	holds := func(key string) (of.Flow, bool) {
		f, there := s.desired[key]
		if !there {
			f, there = s.left[key]
		}
		return f, there
	}
	for key := range removed {
		if f, there := holds(key); there {
			p.Flows.Delete = append(p.Flows.Delete, f)
		}
	}
	for key, f := range added {
		switch old, there := holds(key); {
		case !there:
			p.Flows.Add = append(p.Flows.Add, f)
		case !old.Equal(f):
			p.Flows.Replace = append(p.Flows.Replace, f)
		default:
			p.Flows.Unchanged++
		}
	}
	return p
}

// compare is the change from what the switch turns out to hold, and what is left there of an earlier run, which stays
// unless it is removed or everything is pruned.
func (s *Switch) compare(
	ctx context.Context, removed map[string]bool, added map[string]of.Flow, prune bool,
) (*of.Plan, map[string]of.Flow, error) {
	wanted := maps.Clone(s.desired)
	maps.Copy(wanted, added)
	for key := range removed {
		delete(wanted, key)
	}
	p, err := s.diff(ctx, wanted)
	if err != nil {
		return nil, nil, err
	}
	if foreign := inTheWay(p.Others); foreign != nil {
		s.log.Warn("a flow of another owner may let through what is not declared", "flow", foreign.String())
	}
	left := map[string]of.Flow{}
	if !prune {
		p.Flows.Delete = slices.DeleteFunc(p.Flows.Delete, func(f of.Flow) bool {
			key := f.Key()
			_, stays := s.left[key]
			if stays = stays && !removed[key]; stays {
				left[key] = f
			}
			return stays
		})
	}
	return p, left, nil
}

// diff compares the flows that the owner should have with those that the switch holds.
func (s *Switch) diff(ctx context.Context, flows map[string]of.Flow) (*of.Plan, error) {
	d := of.NewDesired(of.Scope{Cookie: s.owner, CookieMask: ownerMask, Others: true})
	if err := d.Add(slices.Collect(maps.Values(flows))...); err != nil {
		return nil, err
	}
	return s.conn.Diff(ctx, d)
}

// leave notes what is left of an earlier run.
func (s *Switch) leave(flows []of.Flow) {
	for _, f := range flows {
		key, object := f.Key(), f.Cookie&^ownerMask
		s.left[key] = f
		s.leftKeys[object] = append(s.leftKeys[object], key)
	}
}

// inTheWay returns one of the flows that is in the owner's tables, if there is one.
func inTheWay(others []of.FlowStats) *of.Flow {
	for i := range others {
		if others[i].Table <= tableDeliver {
			return &others[i].Flow
		}
	}
	return nil
}
