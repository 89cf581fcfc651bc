// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

import (
	"fmt"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// Len is how many connections there are, those included that have expired and not been swept yet (dpctl/ct-get-nconns).
func (t *Tracker) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tick()
	return len(t.conns)
}

// CheckSequence reports whether TCP segments must be in their window (dpctl/ct-get-tcp-seq-chk).
func (t *Tracker) CheckSequence() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.lenient
}

// SetCheckSequence says whether TCP segments must be in their window, as they must at first
// (dpctl/ct-enable-tcp-seq-chk, ct-disable-tcp-seq-chk).
func (t *Tracker) SetCheckSequence(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lenient = !on
}

// Stats is what dpctl/ct-stats-show prints, of a zone or of all.
func (t *Tracker) Stats(zone *uint16, verbose bool) string {
	total, other := 0, 0
	var counts [256]int
	var states [len(phaseNames)]int
	t.each(zone, func(c *conn, _ int64) {
		total++
		counts[c.orig.proto]++
		if c.orig.proto == openflow.IPProtoTCP {
			states[max(c.state.tcp.peers[0].phase, c.state.tcp.peers[1].phase)]++
		}
	})
	states[timeWaits] += states[finAcked]
	states[finAcked] = 0
	var b strings.Builder
	fmt.Fprintf(&b, "Connections Stats:\n    Total: %d\n", total)
	other = total
	for _, p := range protocols {
		n := counts[p.number]
		other -= n
		// Open vSwitch counts ICMPv6 and forgets to print it.
		if n == 0 || p.number == openflow.IPProtoICMPv6 {
			continue
		}
		fmt.Fprintf(&b, "  %s: %d\n", p.title, n)
		if p.number != openflow.IPProtoTCP || !verbose {
			continue
		}
		b.WriteString("    Conn per TCP states:\n")
		for phase, n := range states {
			if n != 0 {
				fmt.Fprintf(&b, "\t  [%s]=%d\n", phaseNames[phase].short, n)
			}
		}
	}
	if other != 0 {
		fmt.Fprintf(&b, "  Other: %d\n", other)
	}
	return b.String()
}

// Buckets is what dpctl/ct-bkts prints: all connections are in one bucket, which is only shown if there are more than
// threshold.
func (t *Tracker) Buckets(threshold uint16) string {
	total := 0
	t.each(nil, func(*conn, int64) { total++ })
	var b strings.Builder
	fmt.Fprintf(&b, "Total Buckets: 1\nCurrent Connections: %d\n\n", total)
	if total == 0 {
		return b.String()
	}
	const rule = "+-----------+-----------------------------------------+"
	fmt.Fprintf(&b, "%s\n|  Buckets  |         Connections per Buckets         |\n%s\n   0..  7   | ", rule, rule)
	if total > int(threshold) {
		fmt.Fprintf(&b, "%5d", total)
	} else {
		fmt.Fprintf(&b, "%5s", ".")
	}
	b.WriteString("\n\n")
	return b.String()
}
