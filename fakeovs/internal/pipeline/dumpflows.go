// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// DumpFlows is what bridge/dump-flows prints (ovs-vswitchd(8)): all flows, the highest priority of each table first, and
// those that the switch has made for itself, whose counters are not kept.
func (s *Bridge) DumpFlows() string {
	flows := s.Flows()
	slices.SortStableFunc(flows, func(a, b openflow.FlowStats) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), -cmp.Compare(a.Priority, b.Priority))
	})
	var b strings.Builder
	for _, f := range flows {
		if f.Table != 0 {
			fmt.Fprintf(&b, "table_id=%d, ", f.Table)
		}
		fmt.Fprintf(&b, "duration=%ds, n_packets=%d, n_bytes=%d, ", f.Duration/time.Second, f.Packets, f.Bytes)
		match := f.Match.String()
		if f.Priority != openflow.DefaultPriority {
			fmt.Fprintf(&b, "priority=%d", f.Priority)
			if match != "" {
				b.WriteByte(',')
			}
		}
		fmt.Fprintf(&b, "%s,actions=%s\n", match, f.Instructions)
	}
	b.WriteString(hiddenFlows)
	return b.String()
}

const hiddenFlows = `table_id=254, duration=0s, n_packets=0, n_bytes=0, priority=2,recirc_id=0,actions=drop
table_id=254, duration=0s, n_packets=0, n_bytes=0, priority=0,reg0=0x1,actions=controller(reason=)
table_id=254, duration=0s, n_packets=0, n_bytes=0, priority=0,reg0=0x2,actions=drop
table_id=254, duration=0s, n_packets=0, n_bytes=0, priority=0,reg0=0x3,actions=drop
`

// Flows returns all flows with their counters, by table and then by their coming.
func (s *Bridge) Flows() []openflow.FlowStats {
	s.Begin()
	defer s.End()
	flows := s.flows.selected(&Selection{table: openflow.AllTables, key: new(packet.Key), mask: new(packet.Key)})
	inOrder(flows)
	stats := make([]openflow.FlowStats, len(flows))
	for i, f := range flows {
		stats[i] = f.stats(s.now)
	}
	return stats
}
