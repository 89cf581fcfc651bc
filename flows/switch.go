// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"sync"

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
	// Taken says that a program of the host has a port at an address, so that it is not chosen for a mapping which names
	// none; nil: nobody is asked. It is asked for each of the host's addresses that the mapping is for, loopback ones
	// included. A port that was chosen earlier stays. It must return soon, and not call the Switch. Package hostport has
	// one; it also reserves what was chosen, so that it stays free.
	Taken func(proto Proto, at netip.AddrPort) bool
	// OnReplay is called when a switch that has come back holds all that is declared, before anybody gets the connection:
	// the place to let it forward, if it is held until then. It must not call the Switch or its client. Its context ends
	// with the connection.
	OnReplay func(ctx context.Context, r Replay)
	// OnDrift is called when somebody else has changed what the owner has on the switch. It must return soon, and not call
	// the Switch.
	OnDrift func(Drift)
	// Logger is told what is sent to the switch; nil: nobody.
	Logger *slog.Logger
}

// env is what the options say to the compiler.
func (o Options) env() env {
	if o.FirstZone == 0 {
		o.FirstZone = 1
	}
	return env{owner: ownerCookie(o.Owner), natZone: o.FirstZone, hostHas: o.Taken}
}

// Switch keeps the flows of one owner on one bridge equal to what was declared. Its methods may be called at the same
// time.
type Switch struct {
	client   *of.Client
	owner    uint64
	onReplay func(context.Context, Replay)
	onDrift  func(Drift)
	log      *slog.Logger

	queue     *queue
	alive     context.Context // until Close
	kill      context.CancelFunc
	unprepare func()
	wg        sync.WaitGroup

	turn  chan struct{} // holds one token: whoever takes it may use what follows
	state *state
	book  book
	// conn is the connection on which the switch was brought up to date last; nil before the first.
	conn *of.Conn
	// stale says that the switch may hold something else than book and left, and must be asked again.
	stale  bool
	closed bool
	// left are the items found at the start that nothing declared accounts for yet; leftKeys has the keys of flows by the
	// object's cookie.
	left     items
	leftKeys map[uint64][]string
	// leftShared are those of the flows whose groups have a bucket of a number.
	leftShared map[uint32][]string
	// before is what was chosen for objects when the program ran before.
	before kept
	pace   pace
	// settling are connections that the switch is still to be told to forget, or again.
	settling []settling

	suspect suspicion
}

// errClosed is why changes fail on a Switch that Close has ended.
var errClosed = fmt.Errorf("flows: %w", of.ErrClosed)

// Open reads what the bridge holds of the owner. It stays as it is until something is declared: what is declared as
// before is left untouched. From then on the switch is kept equal to what is declared: when it comes back after a restart,
// the client's next connection finds it up to date. The client stays the caller's; its MaxBackoff is how long a switch that
// comes back may wait for it.
//
// Tables 0 to 100, and groups and meters up to 65535, belong to one owner: a flow of somebody else in one of them could let
// through what is not declared. Open refuses such a bridge with an error that wraps [ErrConflict]; afterwards such flows
// are deleted.
func Open(ctx context.Context, client *of.Client, o Options) (*Switch, error) {
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
		client:   client,
		owner:    ownerCookie(o.Owner),
		onReplay: o.OnReplay,
		onDrift:  o.OnDrift,
		log:      o.Logger,
		queue:    newQueue(),
		turn:     make(chan struct{}, 1),
		book:     newBook(),
		left:     newItems(),
		leftKeys: map[uint64][]string{},
	}
	s.alive, s.kill = context.WithCancel(context.Background())
	s.state = newState(o.env())
	s.turn <- struct{}{}
	var err error
	if s.unprepare, err = client.Prepare(ctx, s.prepare); err != nil {
		s.kill()
		s.wg.Wait()
		return nil, fmt.Errorf("open flows of %q: %w", o.Owner, err)
	}
	s.wg.Add(1)
	go s.run()
	return s, nil
}

// Close ends the Switch and leaves the flows as they are. Changes under way fail with an error that wraps
// [openflow.ErrClosed].
func (s *Switch) Close() error {
	s.kill()
	s.unprepare()
	<-s.turn
	s.closed = true
	if s.conn != nil {
		s.unwatch(s.conn)
	}
	s.turn <- struct{}{}
	s.wg.Wait()
	return nil
}

// read takes note of what the switch holds when the program starts.
func (s *Switch) read(ctx context.Context, conn *of.Conn) error {
	p, err := diff(ctx, conn, s.owner, newItems())
	if err != nil {
		return err
	}
	if foreign := inTheWay(p.Others); len(foreign) > 0 {
		return fmt.Errorf("the bridge has a flow of another owner in the way: %s: %w", foreign[0], ErrConflict)
	}
	s.left, s.leftKeys = newItems(), map[uint64][]string{}
	for _, f := range p.Flows.Delete {
		key, object := f.Key(), f.Cookie&^ownerMask
		switch {
		case object>>layoutShift != layout:
			// Its table means something else now: it goes with the first change.
			object = objectCookie(ref{kind: kindBase})
		case isClause(&f):
			s.book.adopt(key, &f)
			continue
		}
		s.left.flows[key] = &f
		s.leftKeys[object] = append(s.leftKeys[object], key)
	}
	for _, g := range p.Groups.Delete {
		s.left.groups[g.ID] = &g
	}
	s.leftShared = map[uint32][]string{}
	for key, f := range s.left.flows {
		if g := s.left.groups[groupOfPort(f)]; g != nil {
			for _, b := range g.Buckets {
				s.leftShared[b.ID] = append(s.leftShared[b.ID], key)
			}
		}
	}
	for _, m := range p.Meters.Delete {
		s.left.meters[m.ID] = &m
	}
	s.before = chosenBefore(s.left.flows)
	return nil
}

// chosenBefore reads out of a switch's flows which number each network has and the group of each balanced port, and which
// port outside each published port.
func chosenBefore(flows map[string]*of.Flow) kept {
	k := kept{map[uint64]uint16{}, map[uint64]uint16{}, map[keptPort][]keptOutside{}}
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
				k.ports[p] = append(k.ports[p], outside)
			}
			if id := groupOfPort(f); id != 0 && id <= math.MaxUint16 {
				k.groups[object] = uint16(id)
			}
		}
	}
	return k
}

// groupOfPort is the group of a port that endpoints share, by the flow of tableInbound that leads there; 0 if none does.
func groupOfPort(f *of.Flow) uint32 {
	for _, a := range f.Apply {
		if g, ok := a.(of.OutputGroup); ok && f.Table == tableInbound {
			return g.ID
		}
	}
	return 0
}

// publishedPort is the port that a flow of tableInbound publishes alone, and where.
func publishedPort(f *of.Flow) (p keptPort, outside keptOutside, ok bool) {
	for _, a := range f.Apply {
		if ct, is := a.(of.CT); is && ct.NAT != nil && ct.NAT.Type == of.NATDestination {
			p.port = ct.NAT.PortMin
		}
	}
	for _, proto := range []Proto{TCP, UDP, SCTP} {
		_, dst := proto.ports()
		if m, has := f.Match.Get(dst); has && m.Mask == nil {
			p.proto, outside.port = proto, binary.BigEndian.Uint16(m.Value)
		}
	}
	for _, dst := range []of.Field{of.FieldIPv4Dst, of.FieldIPv6Dst} {
		if m, has := f.Match.Get(dst); has && m.Mask == nil {
			outside.addr, _ = netip.AddrFromSlice(m.Value)
		}
	}
	return p, outside, p.port != 0 && outside.port != 0
}

// Set declares objects, replacing those of the same kind and name, in any order. A program that starts again declares
// all it has in one Set, and nothing that was right is touched; what it declares by and by takes the place of what its
// last run declared for the same objects.
//
// Set returns when the switch has applied the change, which it waits for while there is no connection. Changes that are
// made at the same time share one bundle. With an error nothing has changed, neither what is declared nor the switch,
// except that with one that wraps [openflow.ErrOutcomeUnknown] the change may have been made. Errors wrap [ErrInvalid],
// [ErrConflict] or [ErrNotFound], the context's error, or are those of [openflow.Conn.Bundle].
func (s *Switch) Set(ctx context.Context, objects ...Object) error {
	objects = clones(objects)
	return s.change(ctx, &change{edit: func() error { return s.state.set(objects, s.before) }})
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
// object that others refer to is not deleted: the error wraps [ErrInUse]. Otherwise it is as Set.
func (s *Switch) Delete(ctx context.Context, objects ...Object) error {
	objects = slices.Clone(objects)
	return s.change(ctx, &change{edit: func() error { return s.state.remove(objects) }})
}

// Prune compares what the switch holds with what is declared, and puts it right: what nothing declared accounts for goes,
// such as the flows of objects that an earlier run of the program declared and this one has not, and what somebody deleted
// or changed comes back. It says what it did: Flows.Delete is what was left. Call it when all is declared.
func (s *Switch) Prune(ctx context.Context) (*of.Plan, error) {
	c := &change{prune: true, edit: func() error { return nil }}
	if err := s.change(ctx, c); err != nil {
		return nil, err
	}
	return c.plan, nil
}

func (s *Switch) change(ctx context.Context, c *change) error {
	err := s.queue.do(ctx, c)
	for _, invalid := range []error{ErrInvalid, ErrConflict, ErrNotFound, ErrInUse} {
		if errors.Is(err, invalid) {
			return err
		}
	}
	if err == nil {
		return nil
	}
	switch state := s.client.State(); {
	case ctx.Err() != nil && state.Err != nil:
		return fmt.Errorf("change flows: %w: %w", err, state.Err)
	case s.alive.Err() != nil && !errors.Is(err, errClosed):
		return fmt.Errorf("change flows: %w: %w", err, errClosed)
	}
	return fmt.Errorf("change flows: %w", err)
}
