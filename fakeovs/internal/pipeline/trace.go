// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// TraceOptions are the options of Switch.Trace.
type TraceOptions struct {
	// Frame is a frame with the fields of the flow. It has effects: the controllers get what it sends them, and learn
	// actions learn from it. Nil traces the fields alone.
	Frame []byte
	// Actions are traced instead of those of the flow tables, unless nil.
	Actions []openflow.Action
	// States are the connection states that the packet has when it comes back from the connection tracker, one after the
	// other, and then CTTracked and CTNew.
	States []openflow.CTFlags
	// Names has ports written by name.
	Names bool
}

// maxTraced is how many translations a trace has: one that comes back for ever, with Open vSwitch's trace never ends.
const maxTraced = 1024

// Trace follows a packet with the fields of a flow, in_port among them, through the flow tables and says what becomes of it,
// in the words of ofproto/trace (ovs-vswitchd(8)).
func (s *Bridge) Trace(flow *packet.Key, o TraceOptions) string {
	s.Begin()
	e := &evaluation{dp: s.dp, s: s, t: newTracer()}
	e.t.names = s.names(o.Names)
	var b strings.Builder
	states := o.States
	id := uint32(flow.Uint(openflow.FieldRecircID))
	queue := []*fork{{key: *flow, thawed: s.dp.recirculations.find(id, s.now)}}
	left := maxTraced - 1
	queue[0].key.FixTagType()
	s.dp.recirculations.tracing = true
	for first := true; len(queue) > 0; first = false {
		f := queue[0]
		queue = queue[1:]
		if !first {
			states = f.announce(&b, states)
		}
		x := e.traced(f, &o)
		e.t.writePass(&b, len(e.t.passes)-1, e.t.names)
		forks := x.forks[:min(len(x.forks), left)]
		left -= len(forks)
		for _, f := range forks {
			queue = append(queue, &f)
		}
		x.forks = nil
		s.dp.recirculations.release(queue, s.now)
	}
	s.dp.recirculations.tracing = false
	frames := s.deliveries(nil, false)
	s.End()
	s.leave(frames, e.packetIns)
	return b.String()
}

// traced translates once for a trace.
func (e *evaluation) traced(f *fork, o *TraceOptions) *translation {
	x := newTranslation(e, e.s, &f.key)
	if o.Frame != nil {
		x.packet, x.effects = e.dp.parse(bytes.Clone(o.Frame)), true
	}
	x.thawed = f.thawed
	e.t.begin(x)
	var list steps
	if o.Actions != nil {
		list = actionSteps(o.Actions)
	}
	x.made = x.run(list)
	if x.packet != nil && x.failed == "" {
		e.execute(x.packet, &conntrack.Meta{}, withoutOutputs(x.made))
	}
	return x
}

// withoutOutputs are the actions but for those that send the packet on.
func withoutOutputs(actions []datapath.Action) []datapath.Action {
	var list []datapath.Action
	for _, a := range actions {
		switch a := a.(type) {
		case datapath.Clone:
			list = append(list, datapath.Clone{Actions: withoutOutputs(a.Actions)})
		case datapath.Output, datapath.Recirculate:
		default:
			list = append(list, a)
		}
	}
	return list
}

// announce writes that a copy of the packet comes back from the connection tracker, and makes its fields what it then has.
// It returns the states that are left.
func (f *fork) announce(b *strings.Builder, states []openflow.CTFlags) []openflow.CTFlags {
	line := strings.Repeat("=", 79)
	fmt.Fprintf(b, "\n\n%s\nrecirc(%#x)", line, f.id)
	state := openflow.CTTracked | openflow.CTNew
	if len(states) > 0 {
		state, states = states[0], states[1:]
		text := openflow.Uint(openflow.FieldCTState, uint64(state)).String()
		fmt.Fprintf(b, " - resume conntrack with ct_state=%s", strings.TrimPrefix(text, "ct_state="))
	} else {
		b.WriteString(" - resume conntrack with default ct_state=trk|new (use --ct-next to customize)")
	}
	f.key.SetUint(openflow.FieldCTState, uint64(state))
	b.WriteByte('\n')
	if f.nat != nil {
		b.WriteString("Replacing src/dst IP/ports to simulate NAT:\n Initial flow: ")
		f.writeAddresses(b)
		f.translate()
		b.WriteString(" Modified flow: ")
		f.writeAddresses(b)
	}
	b.WriteString(line + "\n\n")
	return states
}

// translate makes the addresses and ports the first ones that NAT may choose.
func (f *fork) translate() {
	n := f.nat
	v4, v6, port := openflow.FieldIPv4Src, openflow.FieldIPv6Src, openflow.FieldTCPSrc
	switch n.Type {
	case openflow.NATDestination:
		v4, v6, port = openflow.FieldIPv4Dst, openflow.FieldIPv6Dst, openflow.FieldTCPDst
	case openflow.NATExisting:
		return
	}
	switch {
	case n.AddrMin.Is4():
		a := n.AddrMin.As4()
		f.key.SetMasked(v4, a[:], nil)
	case n.AddrMin.Is6():
		a := n.AddrMin.As16()
		f.key.SetMasked(v6, a[:], nil)
	default:
		return
	}
	if n.PortMin != 0 {
		f.key.SetUint(port, uint64(n.PortMin))
	}
}

func (f *fork) writeAddresses(b *strings.Builder) {
	k := &f.key
	src, dst := k.Uint(openflow.FieldTCPSrc), k.Uint(openflow.FieldTCPDst)
	field := func(name string, f openflow.Field) string {
		value := make([]byte, f.Bytes())
		for i := range value {
			value[i] = byte(k.Bits(f, uint16(8*(len(value)-1-i)), 8))
		}
		return name + "=" + strings.SplitN(openflow.MatchField{Field: f, Value: value}.String(), "=", 2)[1]
	}
	switch {
	case f.nat.AddrMin.Is4():
		fmt.Fprintf(b, "%s,tp_src=%d,%s,tp_dst=%d", field("nw_src", openflow.FieldIPv4Src), src,
			field("nw_dst", openflow.FieldIPv4Dst), dst)
	case f.nat.AddrMin.Is6():
		bracket := func(s string) string { return strings.Replace(s, "=", "=[", 1) + "]" }
		fmt.Fprintf(b, "%s,tp_src=%d,%s,tp_dst=%d", bracket(field("ipv6_src", openflow.FieldIPv6Src)), src,
			bracket(field("ipv6_dst", openflow.FieldIPv6Dst)), dst)
	}
	b.WriteByte('\n')
}

// names are the names of the ports, nil if they are not wanted.
func (s *Bridge) names(wanted bool) *openflow.Names {
	if !wanted {
		return nil
	}
	n := &openflow.Names{Ports: map[uint32]string{}}
	for no, p := range s.ports {
		n.Ports[no] = p.Name
	}
	return n
}

// begin notes that a translation begins.
func (t *tracer) begin(x *translation) {
	if t != nil {
		x.first = len(t.nodes)
		t.passes = append(t.passes, x)
	}
}

// Trace says in words what happened, as ofproto/trace does: each table, the flow that matched, each action, and why a packet
// was dropped.
func (r *Result) Trace() string {
	if r.tracer == nil || len(r.tracer.passes) == 0 {
		return fmt.Sprintf("%d bytes in by port %d: %s\n", r.size, r.in, r.dropped)
	}
	var b strings.Builder
	for i, x := range r.tracer.passes {
		if i > 0 {
			line := strings.Repeat("=", 79)
			fmt.Fprintf(&b, "\n%s\nrecirc(%#x)\n%s\n\n", line, x.in.Uint(openflow.FieldRecircID), line)
		}
		r.tracer.writePass(&b, i, nil)
		b.WriteByte('\n')
	}
	return b.String()
}

// writePass writes what a translation did and came to.
func (t *tracer) writePass(b *strings.Builder, pass int, names *openflow.Names) {
	x, end := t.passes[pass], len(t.nodes)
	if pass+1 < len(t.passes) {
		end = t.passes[pass+1].first
	}
	initial := x.in
	initial.SetUint(openflow.FieldActsetOutput, portUnset)
	notation := flowtext.Notation{Names: names, Options: x.options}
	fmt.Fprintf(b, "Flow: %s\n", notation.Flow(&initial))
	t.write(b, t.children(x.first, end), noNode, 0)
	final := "unchanged"
	if x.flow != initial {
		final = notation.Flow(&x.flow)
	}
	fmt.Fprintf(b, "\nFinal flow: %s\n", final)
	megaflow := x.in
	megaflow.And(&x.wc)
	fmt.Fprintf(b, "Megaflow: %s\n", notation.Match(&megaflow, &x.wc))
	fmt.Fprintf(b, "Datapath actions: %s", datapath.Text(x.made, x.e.portNames(names)))
	if x.failed != "" {
		fmt.Fprintf(b, "\nTranslation failed (%s), packet is dropped.\n", x.failed)
	} else if x.slow != 0 {
		b.WriteString("\nThis flow is handled by the userspace slow path because it:")
		b.WriteString("\n  - Uses action(s) not supported by datapath.")
	}
}

// portNames writes the datapath's ports by name, nil by number.
func (e *evaluation) portNames(names *openflow.Names) func(uint32) string {
	if names == nil {
		return nil
	}
	return func(no uint32) string {
		for p := range e.dp.ports {
			if p.Datapath == no {
				return p.Name
			}
		}
		return fmt.Sprint(no)
	}
}
