// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	of "github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/openflow/trace"
)

// Tracer asks a switch what it does with a packet: [trace.Packet] with the bridge and the options filled in.
type Tracer func(ctx context.Context, packet string) (*trace.Result, error)

// Explanation is what becomes of a connection's first packet.
type Explanation struct {
	Query   string  `json:"query"`
	Verdict Verdict `json:"verdict"`
	// Legs are the packet's ways from port to port, or past the bridge. The host routes it between them.
	Legs []Leg `json:"legs"`
}

// Outcome is how a packet ends.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"
	Dropped   Outcome = "dropped"
)

// Verdict is what became of the packet, and who decided that.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	// To is who gets it, such as endpoint "web0"; empty if it is dropped.
	To string `json:"to,omitempty"`
	// Packet is the packet as it is delivered, or as it came to where it is dropped.
	Packet string `json:"packet"`
	// Table is the name of the table that it is dropped in; empty if it is delivered or never got to the bridge.
	Table string `json:"table,omitempty"`
	// Rule is the name of the rule that decided; empty if a default did.
	Rule string `json:"rule,omitempty"`
	// Reason says in words why.
	Reason string `json:"reason"`
	// Among are the endpoints that share the published port, such as endpoint "web0", if it is one that endpoints share: it is
	// one of them that the packet was for. By [ByConnection], a connection from another port may be for another one.
	Among []string `json:"among,omitempty"`
	// Reply is what answers; nil if nobody does, or no flow sees it.
	Reply *Reply `json:"reply,omitempty"`
}

// Reply is a packet that answers one that was delivered. It belongs to a connection that is known, so that no rule is asked
// about it. It is told by what became of the first packet; the switch is not asked.
type Reply struct {
	// Sent is the packet as the receiver of the first sends it, Received as the sender of the first gets it.
	Sent     string `json:"sent"`
	Received string `json:"received"`
}

func (v Verdict) String() string {
	reason := v.Reason
	if len(v.Among) > 0 {
		reason += " (one of " + strings.Join(v.Among, ", ") + ")"
	}
	switch {
	case v.Outcome == Delivered:
		return fmt.Sprintf("delivered to %s as %s: %s", v.To, v.Packet, reason)
	case v.Table != "":
		return fmt.Sprintf("dropped in table %q as %s: %s", v.Table, v.Packet, reason)
	}
	return fmt.Sprintf("not sent: %s", reason)
}

// Leg is a way through the bridge.
type Leg struct {
	// From is who sends the packet, To who gets it; empty if nobody does.
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	// Packet is the packet that comes in.
	Packet string `json:"packet"`
	// Port is the OpenFlow port number that it comes in at; 0 if no flow sees the packet.
	Port uint32 `json:"port,omitempty"`
	// Steps are the tables that it passes.
	Steps []Step `json:"steps"`
	// Trace is the switch's own words.
	Trace *trace.Result `json:"-"`
}

// Step is a table that a packet passes.
type Step struct {
	Table uint8 `json:"table"`
	// Name and Purpose say what the table is for.
	Name    string `json:"name"`
	Purpose string `json:"purpose"`
	// Cookie, Match, Priority and Actions are those of the flow that it matched, as the switch writes them. Miss says that
	// it matched none.
	Cookie   string   `json:"cookie,omitempty"`
	Match    string   `json:"match"`
	Priority int      `json:"priority"`
	Actions  []string `json:"actions"`
	Miss     bool     `json:"miss,omitempty"`
	// Object is whose the flow is, such as network "web", or "base" if it is there whatever is declared; empty if it is
	// not one of the intents'.
	Object string `json:"object"`

	ref ref
}

// maxLegs is how often a packet may come into the bridge.
const maxLegs = 4

// Explain asks the switch what becomes of the first packet of a connection. The packet is the one that the party would
// send by the intents; where it gets to the host, what the host does with it is taken from the intents as well. The switch
// takes the connection for a new one. Errors wrap [ErrInvalid], [ErrConflict] or [ErrNotFound] if the intents or the query
// do not fit together, or are those of ask.
func (i Intents) Explain(ctx context.Context, q Query, ask Tracer) (*Explanation, error) {
	s, err := i.state(kept{})
	if err != nil {
		return nil, fmt.Errorf("intents: %w", err)
	}
	x := &explainer{state: s, ask: ask, refs: s.byCookie(), why: &Explanation{Query: q.String(), Legs: []Leg{}}}
	if err := x.explain(ctx, q); err != nil {
		return nil, fmt.Errorf("explain %q: %w", q, err)
	}
	x.why.Verdict.Among = x.among
	return x.why, nil
}

// explainer follows a packet.
type explainer struct {
	*state
	ask  Tracer
	refs map[uint64]ref
	why  *Explanation
	p    packet
	sent packet // as it came into the bridge first
	// everyone is the network whose endpoints the packet is for, all of them; nil if it is for one receiver.
	everyone *networkState
	// decided is the last decision of the rules on the way.
	decided *decision
	// among are the endpoints that share the published port that it came by.
	among []string
}

// sending is a packet that somebody sends into a port of the bridge.
type sending struct {
	from     string
	port     uint32
	src, dst net.HardwareAddr
}

func (x *explainer) explain(ctx context.Context, q Query) error {
	if err := q.Service.checkAsked(); err != nil {
		return err
	}
	if x.host == nil {
		return fmt.Errorf("the host is not declared: %w", ErrNotFound)
	}
	f, err := q.family(x.has)
	if err != nil {
		return err
	}
	from, err := x.resolve(q.From, q.To, f)
	if err != nil {
		return err
	}
	to, err := x.resolve(q.To, q.From, f)
	if err != nil {
		return err
	}
	if from.spare {
		return fmt.Errorf("%s is nobody who connects: %w", from.name, ErrInvalid)
	}
	x.p = packet{f: f, proto: q.Service.Proto, src: from.addr, dst: to.addr, ttl: 64}
	if x.p.proto != ICMP {
		x.p.srcPort, x.p.dstPort = sourcePort, q.Service.FirstPort
	}
	next := x.first(from, to)
	x.sent = x.p
	for range maxLegs {
		if next == nil {
			return nil
		}
		if next, err = x.leg(ctx, *next); err != nil {
			return err
		}
	}
	if next != nil {
		return errors.New("the packet comes into the bridge again and again")
	}
	return nil
}

const ownStack = "a machine's connections to itself stay in its own stack, where no flow sees them"

// publishedToHost says what becomes of the host's own connections to a port that is published at an address of its own.
func (x *explainer) publishedToHost(at netip.Addr) string {
	for _, p := range x.published[publishedKey{x.p.proto, x.p.f.v6, x.p.dstPort}] {
		if x.sameAddress(p.addr, at) {
			return fmt.Sprintf("; what %s publishes there it gets if the program forwards it (package hostport)", Endpoint{Name: p.endpoint})
		}
	}
	return ""
}

// first is how the packet comes into the bridge; nil if it does not.
func (x *explainer) first(from, to party) *sending {
	switch {
	case from.host && (to.host || to.addr.IsLoopback()):
		x.p.src = x.p.dst
		x.deliver(from.name, from.name, ownStack+x.publishedToHost(to.addr))
		return nil
	case from.addr == to.addr:
		x.deliver(from.name, to.name, ownStack)
		return nil
	case from.host:
		// The host sends from the address that it has next to the receiver.
		if n := x.subnet(to.addr); n != nil {
			g, _ := n.gateway(x.p.f)
			x.p.src = g.Addr()
		}
		return x.hostSends("host")
	case from.endpoint != nil:
		return x.endpointSends(from, to)
	case from.outside() && to.outside():
		x.deliver(from.name, to.name, "the outside is nothing that the bridge lies between")
		return nil
	case x.uplink != nil:
		return &sending{from.name, x.uplink.Port, neighbour, x.host.MAC}
	case to.host:
		x.deliver(from.name, to.name, "the bridge has no uplink: the host's own devices get it, where no flow sees it")
		return nil
	}
	x.p.ttl--
	return x.hostSends("host")
}

func (x *explainer) endpointSends(from, to party) *sending {
	e := from.endpoint
	if x.many(e, to.addr) {
		x.everyone = x.networks[e.Network]
		return &sending{from.name, e.Port, e.MAC, manyMAC(to.addr)}
	}
	if g, _ := x.networks[e.Network].gateway(x.p.f); !g.Contains(to.addr) || to.host {
		return &sending{from.name, e.Port, e.MAC, x.host.MAC}
	}
	if to.endpoint == nil {
		x.unanswered(from.name)
		return nil
	}
	return &sending{from.name, e.Port, e.MAC, to.endpoint.MAC}
}

// hostSends is what the host's routing does with the packet; nil if it does not come into the bridge.
func (x *explainer) hostSends(from string) *sending {
	to := x.holder(x.p.dst)
	in := &sending{from, of.PortLocal, x.host.MAC, neighbour}
	switch {
	case to.spare:
		in.dst = spareMAC(x.host.MAC)
	case to.endpoint != nil:
		in.dst = to.endpoint.MAC
	case x.subnet(x.p.dst) != nil:
		x.unanswered(from)
		return nil
	case x.uplink == nil:
		x.deliver(from, "outside", x.reason("the host routes it outside by its own devices, where no flow sees it"))
		return nil
	}
	return in
}

// unanswered ends a packet whose receiver nobody is.
func (x *explainer) unanswered(from string) {
	x.why.Legs = append(x.why.Legs, Leg{From: from, Packet: x.p.String(), Steps: []Step{}})
	x.why.Verdict = Verdict{
		Outcome: Dropped, Packet: x.p.String(), Reason: fmt.Sprintf("nobody has the address %s, and its MAC is not told", x.p.dst),
	}
}

// deliver ends a packet that no flow sees on its last way.
func (x *explainer) deliver(from, to, reason string) {
	x.why.Legs = append(x.why.Legs, Leg{From: from, To: to, Packet: x.p.String(), Steps: []Step{}})
	x.why.Verdict = Verdict{Outcome: Delivered, To: to, Packet: x.p.String(), Reason: reason}
	if x.decided != nil {
		x.why.Verdict.Rule = x.decided.rule
	}
}

// leg has a packet sent into the bridge, and returns how the host sends it on; nil if it has ended.
func (x *explainer) leg(ctx context.Context, in sending) (*sending, error) {
	r, err := x.ask(ctx, x.p.into(in.port, in.src, in.dst))
	if err != nil {
		return nil, err
	}
	if len(r.Passes) == 0 {
		return nil, errors.New("the switch says nothing of the packet")
	}
	if failure := r.Failure(); failure != "" {
		return nil, fmt.Errorf("the switch could not follow the packet: %s", failure)
	}
	if len(r.Unresolved()) > 0 {
		return nil, errors.New("the switch does not follow the packet to its end")
	}
	l := Leg{From: in.from, Packet: x.p.String(), Port: in.port, Steps: x.steps(r), Trace: r}
	if err := x.p.read(r.Passes[len(r.Passes)-1].FinalFlow); err != nil {
		return nil, err
	}
	if d := x.decide(l.Steps); d != nil {
		x.decided = d
	}
	for _, s := range l.Steps {
		if s.ref.kind == kindBalanced {
			x.among = x.balanced[s.ref.name].sharers()
		}
	}
	out := x.leaving(r)
	if n := x.everyone; n != nil && out.copies > 0 {
		l.To = "all others of " + n.String()
		x.why.Legs = append(x.why.Legs, l)
		x.why.Verdict = Verdict{Outcome: Delivered, To: l.To, Packet: x.p.String(), Reason: n.String() + " has multicast, past the rules"}
		return nil, nil
	}
	if r.Dropped() || out.port == 0 || out.problem != "" {
		x.why.Legs = append(x.why.Legs, l)
		x.why.Verdict = x.dropped(l.Steps, out)
		return nil, nil
	}
	port := out.port
	switch {
	case port == of.PortLocal && x.holder(x.p.dst).host:
		l.To = "host"
	case port == of.PortLocal:
		l.To = "host, which routes it"
	case x.uplink != nil && port == x.uplink.Port:
		l.To = "outside"
	default:
		by, declared := x.ports[port]
		if l.To = fmt.Sprintf("port %d, which is not declared", port); declared {
			l.To = by.String()
		}
	}
	x.why.Legs = append(x.why.Legs, l)
	if port == of.PortLocal && l.To != "host" {
		x.p.ttl--
		return x.hostSends("host"), nil
	}
	x.why.Verdict = Verdict{
		Outcome: Delivered, To: l.To, Packet: x.p.String(), Reason: x.reason(passedReason(l.Steps)),
		Reply: &Reply{Sent: x.p.reply().String(), Received: x.sent.reply().String()},
	}
	if x.decided != nil {
		x.why.Verdict.Rule = x.decided.rule
	}
	return nil, nil
}

// reason is why a packet was let through: what the rules or their defaults decided, else what is given.
func (x *explainer) reason(otherwise string) string {
	if x.decided != nil {
		return x.decided.reason
	}
	return otherwise
}
