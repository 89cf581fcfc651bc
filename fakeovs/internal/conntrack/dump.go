// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// DumpOptions are those of Dump. The zero value works.
type DumpOptions struct {
	// Zone is the only zone; nil is all.
	Zone *uint16
	// Verbose is the option -m, Stats the option -s of ovs-dpctl(8).
	Verbose, Stats bool
}

// Dump is what dpctl/dump-conntrack prints: a line for each connection, in no order.
func (t *Tracker) Dump(o DumpOptions) string {
	var b strings.Builder
	t.each(o.Zone, func(c *conn, now int64) {
		c.line(&b, &o, now)
		b.WriteByte('\n')
	})
	return b.String()
}

// each calls f for each live connection of a zone, or of all.
func (t *Tracker) each(zone *uint16, f func(c *conn, now int64)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.tick()
	for _, c := range t.conns {
		if c.expires > now && (zone == nil || *zone == c.orig.zone) {
			f(c, now)
		}
	}
}

func (c *conn) line(b *strings.Builder, o *DumpOptions, now int64) {
	fmt.Fprintf(b, "%s,orig=(%v),reply=(%v)", protoName(c.orig.proto), &c.orig, &c.reply)
	if o.Verbose {
		b.WriteString(",id=0")
	}
	if c.orig.zone != 0 {
		fmt.Fprintf(b, ",zone=%d", c.orig.zone)
	}
	if o.Verbose {
		b.WriteString(",status=0")
	}
	if o.Stats {
		fmt.Fprintf(b, ",timeout=%d", (c.expires-now)/1000)
	}
	if c.mark != 0 {
		fmt.Fprintf(b, ",mark=%d", c.mark)
	}
	if hi, lo := c.label[0], c.label[1]; hi != 0 {
		fmt.Fprintf(b, ",labels=%#x%016x", hi, lo)
	} else if lo != 0 {
		fmt.Fprintf(b, ",labels=%#x", lo)
	}
	if c.orig.proto == openflow.IPProtoTCP {
		fmt.Fprintf(b, ",protoinfo=(%s)", c.state.tcp.text(o.Verbose))
	}
	if c.helper != "" {
		b.WriteString(",helper=" + c.helper)
	}
	if c.parent != nil && o.Verbose {
		fmt.Fprintf(b, ",parent=(%v)", c.parent)
	}
}

// String is the tuple as Open vSwitch prints it.
func (t *tuple) String() string {
	s := "src=" + addrText(t.netip(&t.src)) + ",dst=" + addrText(t.netip(&t.dst))
	if t.proto == openflow.IPProtoICMP || t.proto == openflow.IPProtoICMPv6 {
		return fmt.Sprintf("%s,id=%d,type=%d,code=%d", s, t.src.port, t.src.icmpType, t.src.icmpCode)
	}
	return fmt.Sprintf("%s,sport=%d,dport=%d", s, t.src.port, t.dst.port)
}

// protocols are those with a name in dumps, in the order of the statistics.
var protocols = []struct {
	name, title string
	number      uint8
}{
	{"tcp", "TCP", openflow.IPProtoTCP}, {"udp", "UDP", openflow.IPProtoUDP}, {"udplite", "UDPLITE", 136},
	{"sctp", "SCTP", openflow.IPProtoSCTP}, {"icmp", "ICMP", openflow.IPProtoICMP}, {"icmpv6", "ICMPV6", openflow.IPProtoICMPv6},
	{"dccp", "DCCP", 33}, {"igmp", "IGMP", 2},
}

func protoName(proto uint8) string {
	for _, p := range protocols {
		if p.number == proto {
			return p.name
		}
	}
	return fmt.Sprint(proto)
}

// phaseNames are the names that Open vSwitch has for the phases of an end; the short form of a dump tells some of them
// not apart.
var phaseNames = [...]struct{ name, short string }{
	silent: {"CLOSED", "CLOSED"}, sent: {"SYN_SENT", "SYN_SENT"}, acked: {"ESTABLISHED", "ESTABLISHED"},
	finished: {"CLOSING", "CLOSING"}, finAcked: {"FIN_WAIT_2", "TIME_WAIT"}, timeWaits: {"TIME_WAIT", "TIME_WAIT"},
}

// short is the state of the connection in one word.
func (c *tcp) short() string { return phaseNames[max(c.peers[0].phase, c.peers[1].phase)].short }

func (c *tcp) text(verbose bool) string {
	if !verbose {
		return "state=" + c.short()
	}
	o, r := &c.peers[0], &c.peers[1]
	s := "state_orig=" + phaseNames[o.phase].name + ",state_reply=" + phaseNames[r.phase].name
	if o.scale|r.scale != 0 {
		s += fmt.Sprintf(",wscale_orig=%d,wscale_reply=%d", o.scale, r.scale)
	}
	return s + ",flags_orig=" + o.scaling.String() + ",flags_reply=" + r.scaling.String()
}

// String is the flags of an end.
func (s scaling) String() string {
	return [...]string{unscaled: "0", scaled: "WINDOW_SCALE", midway: "BE_LIBERAL"}[s]
}
