// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultPriority is the priority that a flow has in text that says none.
const DefaultPriority uint16 = 0x8000

// String is the flow as ovs-ofctl(8) writes it with --no-stats and reads it, such as
// "table=1, priority=200,in_port=1 actions=output:2". What a flow has that is added without a word of it is left out:
// the table 0, the priority DefaultPriority, no cookie, no timeouts.
func (f Flow) String() string { return f.Text(nil) }

// Text is String with the names of ports and tables that there are.
func (f Flow) Text(names *Names) string {
	var b strings.Builder
	if f.Cookie != 0 {
		fmt.Fprintf(&b, "cookie=%#x, ", f.Cookie)
	}
	if table := names.table(f.Table); table != "0" {
		fmt.Fprintf(&b, "table=%s, ", table)
	}
	f.writeRest(&b, names)
	return b.String()
}

// writeRest writes what stands behind the table and the counters.
func (f Flow) writeRest(b *strings.Builder, names *Names) {
	if f.IdleTimeout != 0 {
		fmt.Fprintf(b, "idle_timeout=%d, ", f.IdleTimeout)
	}
	if f.HardTimeout != 0 {
		fmt.Fprintf(b, "hard_timeout=%d, ", f.HardTimeout)
	}
	f.Flags.write(b)
	if f.Importance != 0 {
		fmt.Fprintf(b, "importance=%d, ", f.Importance)
	}
	if condition := f.conditionText(names); condition != "" {
		b.WriteString(condition + " ")
	}
	b.WriteString("actions=" + f.Instructions.Text(names))
}

// conditionText is the priority and the match.
func (f Flow) conditionText(names *Names) string {
	t := matchText{names: names}
	if f.Priority != DefaultPriority {
		t.add("priority=%d", f.Priority)
	}
	t.write(f.Match)
	return strings.Join(t.parts, ",")
}

var flowFlagNames = []string{"send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts"}

// write writes each flag with a space behind it.
func (f FlowFlags) write(b *strings.Builder) {
	for i, name := range flowFlagNames {
		if f>>i&1 == 1 {
			b.WriteString(name + " ")
		}
	}
}

// String is the flow as ovs-ofctl(8) writes it with its counters, such as "cookie=0x0, duration=5.2s, table=0,
// n_packets=1, n_bytes=60, priority=0 actions=NORMAL".
func (s FlowStats) String() string { return s.Text(nil) }

// Text is String with the names of ports and tables that there are.
func (s FlowStats) Text(names *Names) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cookie=0x%x, duration=%s, table=%s, ", s.Cookie, durationText(s.Duration), names.table(s.Table))
	fmt.Fprintf(&b, "n_packets=%s, n_bytes=%s, ", countText(s.Packets), countText(s.Bytes))
	s.Flow.writeRest(&b, names)
	return b.String()
}

// durationText is a duration in seconds with milliseconds, or more of a fraction where it needs more.
func durationText(d time.Duration) string {
	switch rest := d % time.Second; {
	case rest == 0:
		return fmt.Sprintf("%ds", d/time.Second)
	case rest%time.Millisecond == 0:
		return fmt.Sprintf("%d.%03ds", d/time.Second, rest/time.Millisecond)
	default:
		return strings.TrimRight(fmt.Sprintf("%d.%09d", d/time.Second, rest), "0") + "s"
	}
}

// countText is a counter; one that the switch does not keep is all ones.
func countText(n uint64) string {
	if n == CounterUnknown {
		return "?"
	}
	return strconv.FormatUint(n, 10)
}
