// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	of "github.com/ovskit/ovskit/openflow"
)

// Counters are what a switch has counted of intents since it got their flows: a restart of the program does not reset
// them, one of the switch does, and so does a change of what an object's flows match. A switch brings them up to date from
// time to time, Open vSwitch every half a second or so.
type Counters struct {
	// Endpoints are by name, and so are Rules; Published are by endpoint, and each endpoint's as it declares them.
	Endpoints []EndpointCounters  `json:"endpoints"`
	Published []PublishedCounters `json:"published"`
	Rules     []RuleCounters      `json:"rules"`
	// Allowed and Denied are what the defaults decided, because no rule did. They count as those of a rule.
	Allowed Count `json:"allowed"`
	Denied  Count `json:"denied"`
	// Dropped are the packets that each table has dropped, by table; a table that has dropped none is not there. Those that
	// rules and defaults have denied are among them.
	Dropped []TableDrops `json:"dropped"`
	// Strays are flows in the owner's tables that are none of the intents', by cookie.
	Strays []Stray `json:"strays"`
}

// Count is packets and their bytes, from the Ethernet header on.
type Count struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}

func (c *Count) add(f of.FlowStats) {
	c.Packets += f.Packets
	c.Bytes += f.Bytes
}

// EndpointCounters are those of an endpoint.
type EndpointCounters struct {
	Name    string `json:"name"`
	Network string `json:"network"`
	// Absent says that the switch has no flows of the endpoint.
	Absent bool `json:"absent,omitempty"`
	// Sent is what came from the endpoint without a VLAN tag, whatever became of it. Received is what was delivered to it,
	// but for what a network with multicast sends to all.
	Sent     Count `json:"sent"`
	Received Count `json:"received"`
	// Exceeding is what was dropped because of the endpoint's limit; it is part of Sent.
	Exceeding Count `json:"exceeding"`
}

// PublishedCounters are those of a published port.
type PublishedCounters struct {
	Endpoint string      `json:"endpoint"`
	Mapping  PortMapping `json:"mapping"`
	// Absent says that the switch lacks flows of the mapping, or the group of a port that endpoints share.
	Absent bool `json:"absent,omitempty"`
	// Connections is how many began, those that rules denied included. In a routed network it is packets instead, as a rule
	// counts them. Of a port that endpoints share it is those that got to this one, since any of them came or went.
	Connections uint64 `json:"connections"`
}

// RuleCounters are those of a rule.
type RuleCounters struct {
	Name string `json:"name"`
	Deny bool   `json:"deny"`
	// Absent says that the switch has no flow of the rule.
	Absent bool `json:"absent,omitempty"`
	// Decided is the packets that the rule let through or refused. Only those that begin a connection are held against rules:
	// its first, those that follow before it is answered, and every new attempt at one that is denied. What belongs to an
	// established connection is not counted.
	Decided Count `json:"decided"`
}

// TableDrops is the packets that a table has dropped.
type TableDrops struct {
	Table   uint8  `json:"table"`
	Name    string `json:"name"`
	Purpose string `json:"purpose"`
	// Unmatched is how many matched no flow of the table, Refused how many a flow that drops.
	Unmatched uint64 `json:"unmatched"`
	Refused   uint64 `json:"refused"`
}

// Stray is flows with a cookie that is no object's.
type Stray struct {
	Cookie string `json:"cookie"`
	// Foreign says that the cookie is another owner's; else an earlier or another run of the owner's program declared them.
	Foreign bool `json:"foreign"`
	Flows   int  `json:"flows"`
	// Matched is over all of them.
	Matched Count `json:"matched"`
}

// Counters asks a switch for the counters of the intents. Errors wrap [ErrInvalid], [ErrConflict] or [ErrNotFound] if the
// intents do not fit together.
func (i Intents) Counters(ctx context.Context, conn *of.Conn) (*Counters, error) {
	t, err := readTally(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("counters of bridge %q: %w", i.Bridge, err)
	}
	owner, there := ownerCookie(i.Owner), map[string]*of.Flow{}
	for key, f := range t.flows {
		if f.Cookie&ownerMask == owner {
			there[key] = &f.Flow
		}
	}
	s, err := i.state(chosenBefore(there))
	if err != nil {
		return nil, fmt.Errorf("intents: %w", err)
	}
	return t.counters(s.counted()), nil
}

// Counters asks the switch for the counters of what is declared.
func (s *Switch) Counters(ctx context.Context) (*Counters, error) {
	select {
	case <-s.turn:
	case <-ctx.Done():
		return nil, fmt.Errorf("counters: %w", context.Cause(ctx))
	}
	c := s.state.counted()
	s.turn <- struct{}{}
	conn, err := s.client.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("counters: %w", err)
	}
	t, err := readTally(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("counters: %w", err)
	}
	return t.counters(c), nil
}

// counted is what there are counters of.
type counted struct {
	owner     uint64
	endpoints []Endpoint
	published map[string][]publishing // by endpoint and mapping
	rules     []Rule
	known     map[uint64]bool // the cookies of objects, and of the flows that rules share
}

// publishing is what counts connections to a published port: flows, by their keys, or buckets of groups.
type publishing struct {
	keys   []string
	shares []share
}

// share is one endpoint's share of the buckets of a group: each that is number nth of so many.
type share struct {
	group   uint32
	nth     int
	sharers int
}

func (s *state) counted() counted {
	c := counted{owner: s.owner, published: map[string][]publishing{}, known: map[uint64]bool{}}
	for _, e := range s.endpoints {
		c.endpoints = append(c.endpoints, e.clone())
		for _, m := range e.Publish {
			b := s.builder(e.ref())
			compilePublished(&b, s.env, &e.Endpoint, s.networks[e.Network], m)
			p := publishing{keys: make([]string, len(b.flows))}
			for i, f := range b.flows {
				p.keys[i] = f.flow.Key()
			}
			if m.Balance != Exclusive {
				for _, o := range s.outside(&e.Endpoint, m) {
					p.shares = append(p.shares, s.balanced[o.balanced().String()].share(e.Name))
				}
			}
			c.published[e.Name] = append(c.published[e.Name], p)
		}
	}
	for _, r := range s.rules {
		c.rules = append(c.rules, r.clone())
	}
	slices.SortFunc(c.endpoints, func(a, b Endpoint) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(c.rules, func(a, b Rule) int { return cmp.Compare(a.Name, b.Name) })
	for _, r := range s.refs() {
		c.known[s.owner|objectCookie(r)] = true
	}
	return c
}

// tally is what a switch has counted.
type tally struct {
	flows  map[string]of.FlowStats // by key
	tables []of.TableStats
	groups map[uint32]of.GroupStats
	meters map[uint32]Count // dropped by meters
}

func readTally(ctx context.Context, conn *of.Conn) (t tally, err error) {
	t = tally{flows: map[string]of.FlowStats{}, groups: map[uint32]of.GroupStats{}, meters: map[uint32]Count{}}
	// The tables are read first: what comes in between is then counted by flows alone, and taken for no miss.
	if t.tables, err = conn.TableStats(ctx); err != nil {
		return t, err
	}
	flows, err := conn.Flows(ctx, of.FlowFilter{})
	if err != nil {
		return t, err
	}
	for _, f := range flows {
		t.flows[f.Key()] = f
	}
	groups, err := conn.GroupStats(ctx, of.GroupAll)
	if err != nil {
		return t, err
	}
	for _, g := range groups {
		t.groups[g.ID] = g
	}
	meters, err := conn.MeterStats(ctx, of.MeterAll)
	if err != nil {
		return t, err
	}
	for _, m := range meters {
		for _, b := range m.Bands {
			t.meters[m.ID] = Count{b.Packets, b.Bytes}
		}
	}
	return t, nil
}

// place is where the flows are that count something of an object.
type place struct {
	cookie uint64
	table  uint8
}

// counters sorts what the switch has counted by what was declared.
func (t tally) counters(c counted) *Counters {
	at := map[place]*Count{}
	drops := map[uint8]*TableDrops{}
	strays := map[uint64]*Stray{}
	for _, table := range tables {
		drops[table.number] = &TableDrops{Table: table.number, Name: table.name, Purpose: table.purpose}
	}
	for _, f := range t.flows {
		if f.Table > tableDeliver {
			continue
		}
		if !c.known[f.Cookie] && !(f.Cookie&ownerMask == c.owner && isClause(&f.Flow)) {
			s := strays[f.Cookie]
			if s == nil {
				s = &Stray{Cookie: fmt.Sprintf("%#016x", f.Cookie), Foreign: f.Cookie&ownerMask != c.owner}
				strays[f.Cookie] = s
			}
			s.Flows++
			s.Matched.add(f)
		}
		if d := drops[f.Table]; d != nil && len(f.Apply) == 0 && f.Goto == 0 {
			d.Refused += f.Packets
		}
		p := place{f.Cookie, f.Table}
		if at[p] == nil {
			at[p] = &Count{}
		}
		at[p].add(f)
	}
	for _, s := range t.tables {
		if d := drops[s.Table]; d != nil && s.Lookups > s.Matches {
			d.Unmatched = s.Lookups - s.Matches
		}
	}
	return t.collect(c, at, drops, strays)
}

func (t tally) collect(c counted, at map[place]*Count, drops map[uint8]*TableDrops, strays map[uint64]*Stray) *Counters {
	all := &Counters{
		Endpoints: []EndpointCounters{}, Published: []PublishedCounters{}, Rules: []RuleCounters{}, Dropped: []TableDrops{}, Strays: []Stray{},
	}
	get := func(r ref, table uint8) (n Count, there bool) {
		if found := at[place{c.owner | objectCookie(r), table}]; found != nil {
			return *found, true
		}
		return Count{}, false
	}
	for _, e := range c.endpoints {
		n := EndpointCounters{Name: e.Name, Network: e.Network}
		var sends, receives bool
		n.Sent, sends = get(e.ref(), tableClassify)
		n.Received, receives = get(e.ref(), tableDeliver)
		n.Absent = !sends && !receives
		// The answers of a DHCP server have a flow of their own.
		more, _ := get(e.ref(), tableFromHost)
		n.Received.Packets += more.Packets
		n.Received.Bytes += more.Bytes
		if e.Limit != nil {
			n.Exceeding = t.meters[limitMeter(&e).ID]
		}
		all.Endpoints = append(all.Endpoints, n)
		for i, m := range e.Publish {
			p := PublishedCounters{Endpoint: e.Name, Mapping: m}
			for _, key := range c.published[e.Name][i].keys {
				if f, there := t.flows[key]; there && f.Cookie&ownerMask == c.owner {
					p.Connections += f.Packets
				} else {
					p.Absent = true
				}
			}
			for _, s := range c.published[e.Name][i].shares {
				g, there := t.groups[s.group]
				p.Absent = p.Absent || !there
				for n, b := range g.Buckets {
					if n%s.sharers == s.nth {
						p.Connections += b.Packets
					}
				}
			}
			all.Published = append(all.Published, p)
		}
	}
	for _, r := range c.rules {
		n := RuleCounters{Name: r.Name, Deny: r.Deny}
		var there bool
		n.Decided, there = get(r.ref(), tablePolicy)
		n.Absent = !there
		all.Rules = append(all.Rules, n)
	}
	base := c.owner | objectCookie(ref{kind: kindBase})
	for _, f := range t.flows {
		switch {
		case f.Cookie != base || f.Table != tablePolicy:
		case f.Priority == priorityDefault:
			all.Allowed.add(f)
		case f.Priority == 0:
			all.Denied.add(f)
		}
	}
	for _, table := range tables {
		if d := drops[table.number]; d.Unmatched+d.Refused > 0 {
			all.Dropped = append(all.Dropped, *d)
		}
	}
	for _, s := range strays {
		all.Strays = append(all.Strays, *s)
	}
	slices.SortFunc(all.Strays, func(a, b Stray) int { return cmp.Compare(a.Cookie, b.Cookie) })
	return all
}
