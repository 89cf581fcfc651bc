// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	of "github.com/ovskit/ovskit/openflow"
	"github.com/ovskit/ovskit/openflow/trace"
)

// steps are the tables of a trace.
func (x *explainer) steps(r *trace.Result) []Step {
	steps := []Step{}
	for _, p := range r.Passes {
		for _, v := range p.All() {
			if v.Kind != trace.KindTable {
				continue
			}
			s := Step{Table: v.Table, Name: strconv.Itoa(int(v.Table)), Miss: v.Flow == nil, Actions: []string{}}
			for _, t := range tables {
				if t.number == v.Table {
					s.Name, s.Purpose = t.name, t.purpose
				}
			}
			if v.Flow != nil {
				s.Match, s.Priority, s.Cookie = v.Flow.Match, v.Flow.Priority, fmt.Sprintf("%#016x", v.Flow.Cookie)
				if r, ok := x.refs[v.Flow.Cookie&^ownerMask]; ok && v.Flow.Cookie&ownerMask == x.owner {
					s.Object, s.ref = r.String(), r
				}
			}
			for i, a := range v.Steps {
				// What is inside of an action stands for itself once more.
				if i > 0 && strings.HasPrefix(a.Action, "nat") && strings.HasPrefix(v.Steps[i-1].Action, "ct(") {
					continue
				}
				s.Actions = append(s.Actions, a.Action)
			}
			steps = append(steps, s)
		}
	}
	return steps
}

// leaving is how a packet was to leave the bridge.
type leaving struct {
	port    uint32 // OpenFlow port number; 0 if no flow had it leave
	problem string // why it did not, in the switch's words
	copies  int    // how often it did leave
}

// leaving finds the last port that the packet was to leave by. Ports that get copies do not count.
func (x *explainer) leaving(r *trace.Result) (l leaving) {
	for _, p := range r.Passes {
		for _, v := range p.All() {
			for _, s := range v.Steps {
				text, problem := s.Action, ""
				for _, n := range s.Notes {
					if by, ok := strings.CutPrefix(n.Text, "output port is "); ok {
						text = "output:" + by
					} else if n.Severity != trace.Detail {
						problem = n.Text
					}
				}
				text = strings.TrimPrefix(text, "output:")
				port, err := strconv.ParseUint(text, 10, 32)
				switch {
				case text == "LOCAL" || err == nil && uint32(port) == of.PortLocal:
					l.port, l.problem = of.PortLocal, problem
				case err == nil && x.mirrors[uint32(port)] == 0:
					l.port, l.problem = uint32(port), problem
				default:
					continue
				}
				if problem == "" {
					l.copies++
				}
			}
		}
	}
	return l
}

// read takes the packet's addresses, ports and TTL from its text, as a trace writes it.
func (p *packet) read(text string) error {
	field := map[string]string{}
	for _, part := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		field[name] = value
	}
	src, dst := "nw_src", "nw_dst"
	if p.f.v6 {
		src, dst = "ipv6_src", "ipv6_dst"
	}
	for name, to := range map[string]*netip.Addr{src: &p.src, dst: &p.dst} {
		a, err := netip.ParseAddr(field[name])
		if err != nil {
			return fmt.Errorf("the switch's packet %q: field %s: %w", text, name, err)
		}
		*to = a
	}
	if p.proto != ICMP {
		for name, to := range map[string]*uint16{"tp_src": &p.srcPort, "tp_dst": &p.dstPort} {
			n, err := strconv.ParseUint(field[name], 10, 16)
			if err != nil {
				return fmt.Errorf("the switch's packet %q: field %s: %w", text, name, err)
			}
			*to = uint16(n)
		}
	}
	ttl, err := strconv.ParseUint(field["nw_ttl"], 10, 8)
	if err != nil {
		return fmt.Errorf("the switch's packet %q: field nw_ttl: %w", text, err)
	}
	p.ttl = uint8(ttl)
	return nil
}

// decision is what the table of rules made of a packet.
type decision struct{ rule, reason string }

var setsNext = regexp.MustCompile(`[:(](0x[0-9a-f]+|[0-9]+)->(?:reg4|NXM_NX_REG4\[\])$`)

// decide finds the decision on the packet, nil if the rules were not asked.
func (x *explainer) decide(steps []Step) *decision {
	var asked *Step // where it was settled what follows if the rules say nothing
	var next uint64
	for i := range steps {
		s := &steps[i]
		for _, a := range s.Actions {
			m := setsNext.FindStringSubmatch(a)
			if m == nil {
				continue
			}
			n, _ := strconv.ParseUint(m[1], 0, 32)
			// A published port stays one where its hairpin is told apart.
			if asked == nil || asked.Table != tableInbound || n == 0 {
				asked = s
			}
			next = n
		}
		if s.Table != tablePolicy {
			continue
		}
		allowed := !s.Miss && s.Priority > 0
		if s.ref.kind == kindRule {
			allowed = !x.rules[s.ref.name].Deny
			verb := "allows"
			if !allowed {
				verb = "denies"
			}
			return &decision{s.ref.name, fmt.Sprintf("%s %s it", s.ref, verb)}
		}
		if asked != nil && asked.ref.kind == kindBalanced {
			return &decision{"", fmt.Sprintf("%s publishes the port, %s", x.holder(x.p.dst).name, x.balanced[asked.ref.name].balance.words())}
		}
		return &decision{"", defaultReason(asked, steps, uint32(next)&^byDefault, allowed)}
	}
	return nil
}

// defaultReason is why what the rules do not decide is let through or not.
func defaultReason(asked *Step, steps []Step, stage uint32, allowed bool) string {
	if asked == nil {
		for _, s := range steps {
			if s.Table == tableFromEndpoint {
				return "endpoints of " + s.Object + " reach each other"
			}
		}
		return "it belongs to what was allowed before"
	}
	switch {
	case asked.Table == tableInbound || asked.ref.kind == kindEndpoint:
		return asked.Object + " publishes the port"
	case asked.Table == tableHostAccess && allowed:
		return asked.Object + " lets its endpoints connect to the host"
	case asked.Table == tableHostAccess:
		return asked.Object + " does not let its endpoints connect to the host, and no rule does"
	case asked.Table == tableHostToEndpoint && strings.Contains(asked.Match, fmt.Sprintf("reg1=%#x", originRouted)):
		if allowed {
			return "a routed network is pinged from outside"
		}
		return "the port is not published, and no rule allows it"
	case asked.Table == tableHostToEndpoint && allowed:
		return asked.Object + " lets the host connect to its endpoints"
	case asked.Table == tableHostToEndpoint:
		return asked.Object + " does not let the host connect to its endpoints, and no rule does"
	case asked.Table == tableOutbound:
		return asked.Object + " has a way out"
	case asked.Table == tableBetween && stage == admitOther:
		return "endpoints of different networks reach each other only as rules allow, and none does"
	case asked.Table == tableBetween && asked.ref.kind == kindBase:
		return "a routed network reaches the outside with its own addresses"
	case asked.Table == tableBetween && allowed:
		return "endpoints of " + asked.Object + " reach each other"
	case asked.Table == tableBetween:
		return asked.Object + " is isolated inside, and no rule allows it"
	}
	return "table \"" + asked.Name + "\": " + asked.Purpose
}

// passedReason is why a packet came through that the rules were not asked about.
func passedReason(steps []Step) string {
	if len(steps) == 0 {
		return "no table was asked"
	}
	last := steps[len(steps)-1]
	switch last.Table {
	case tableFromUplink, tableRoute:
		return "it is for the host itself, and no port is published there"
	case tableLeave, tableFromHost:
		return "what the host sends outside leaves"
	}
	return "table \"" + last.Name + "\": " + last.Purpose
}

// dropped is the verdict on a packet that ended in the bridge.
func (x *explainer) dropped(steps []Step, out leaving) Verdict {
	v := Verdict{Outcome: Dropped, Packet: x.p.String()}
	if len(steps) == 0 {
		v.Reason = "the switch takes nothing from the port"
		return v
	}
	last := steps[len(steps)-1]
	v.Table = last.Name
	switch {
	case out.port != 0:
		v.Reason = fmt.Sprintf("it does not get out of port %d: %s", out.port, cmp.Or(out.problem, "the port takes nothing"))
	case last.Table == tablePolicy && x.decided != nil:
		v.Rule, v.Reason = x.decided.rule, x.decided.reason
	default:
		v.Reason = x.droppedReason(last)
	}
	return v
}

// droppedReason is why a table other than that of the rules drops the packet.
func (x *explainer) droppedReason(s Step) string {
	toSubnet := x.subnet(x.p.dst)
	switch {
	case s.Object == "" && !s.Miss:
		return "a flow that no intent asks for drops it"
	case s.Table == tableClassify:
		return "the switch has no flow for the port that it comes in at"
	case s.Table == tableSource:
		return "the switch does not know the sender's MAC and address at this port"
	case s.Table == tableFromEndpoint && x.everyone != nil && x.everyone.Multicast:
		return x.everyone.String() + " has no other endpoint"
	case s.Table == tableFromEndpoint && x.everyone != nil:
		return x.everyone.String() + " has no multicast"
	case s.Table == tableFromEndpoint && s.ref.kind == kindBase && !s.Miss:
		return fmt.Sprintf("%s is not for unicast on a link", x.p.dst)
	case s.Table == tableFromEndpoint && toSubnet != nil:
		return "endpoints of different networks reach each other only as rules allow, and there is no rule"
	case s.Table == tableFromEndpoint && s.Miss:
		return "the network has no way out"
	case s.Table == tableFromUplink && toSubnet != nil:
		return toSubnet.String() + " is not routed: from outside only published ports are reached"
	case s.Table == tableFromUplink || s.Table == tableFromHost || s.Table == tableHostSource && toSubnet == nil:
		return "its addresses are none that may come from there"
	case s.Table == tableHostSource:
		return "the host forwards nothing to endpoints of a network that is not routed"
	case s.Table == tableInbound || s.Table == tableRoute:
		return "no port is published there"
	case s.Table == tableDestination && s.Miss && x.holder(x.p.dst).endpoint != nil:
		return "the switch lacks the flow of " + x.holder(x.p.dst).name
	case s.Table == tableDestination && s.Miss:
		return fmt.Sprintf("no endpoint of the network has the address %s", x.p.dst)
	}
	return "table \"" + s.Name + "\": " + s.Purpose
}
