// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Selection says which flows a message is about.
type Selection struct {
	table uint8
	// key and mask are the match; nil is every flow.
	key, mask          *packet.Key
	strict             bool
	priority           uint16
	cookie, cookieMask uint64
	outPort            uint32
	outGroup           uint32
}

func (s *Selection) wants(f *Flow) bool {
	return (f.Cookie^s.cookie)&s.cookieMask == 0 && (s.outPort == 0 || f.OutputsTo(s.outPort)) &&
		(s.outGroup == 0 || f.SendsTo(s.outGroup))
}

// Selection makes the selection that a filter is.
func (s *Bridge) Selection(filter openflow.FlowFilter) (*Selection, error) {
	if err := flowcheck.Match(filter.Match, s.Options()); err != nil {
		return nil, err
	}
	sel := &Selection{
		table:      openflow.AllTables,
		cookie:     filter.Cookie,
		cookieMask: filter.CookieMask,
		outPort:    filter.OutPort,
		outGroup:   filter.OutGroup,
	}
	if filter.Table != nil {
		sel.table = *filter.Table
	}
	key, mask := s.flows.keys(flowcheck.Settled(filter.Match, s.Options()))
	sel.key, sel.mask = &key, &mask
	return sel, nil
}

// Selected returns the flows of a selection as flowTables.selected does. The bridge is locked.
func (s *Bridge) Selected(sel *Selection) []*Flow { return s.flows.selected(sel) }

// Covers reports whether a flow matches only what the selection does. It does not look at the rest of the selection.
func (s *Selection) Covers(f *Flow) bool { return f.rule.Covers(s.key, s.mask) }

// Told is a flow as controllers are told of it.
type Told struct {
	Stats openflow.FlowStats
	// Sent are the instructions in the wire form of the version SentIn, in which those who speak that are told of them; nil
	// where they are told of what is in Stats.
	Sent   []byte
	SentIn openflow.Version

	steps steps
}

// Instructions are those of the flow as controllers of a version are told of them.
func (t *Told) Instructions(v openflow.Version) openflow.Instructions {
	return toldInstructions(t.Stats.Instructions, t.steps, v)
}

// Told returns the flows that a filter selects.
func (s *Bridge) Told(filter openflow.FlowFilter) ([]Told, error) {
	s.Begin()
	defer s.End()
	sel, err := s.Selection(filter)
	if err != nil {
		return nil, err
	}
	flows := s.flows.selected(sel)
	list := make([]Told, len(flows))
	for i, f := range flows {
		list[i] = Told{Stats: f.stats(s.now), steps: f.steps}
		if f.sent != nil {
			list[i].Sent, list[i].SentIn = f.sent.bytes, f.sent.version
		}
	}
	return list, nil
}

// Aggregate sums up what a filter selects.
func (s *Bridge) Aggregate(filter openflow.FlowFilter) (r openflow.AggregateReply, err error) {
	s.Begin()
	defer s.End()
	sel, err := s.Selection(filter)
	if err != nil {
		return r, err
	}
	for _, f := range s.flows.selected(sel) {
		r.Flows++
		r.Packets += f.packets
		r.Bytes += f.bytes
	}
	return r, nil
}
