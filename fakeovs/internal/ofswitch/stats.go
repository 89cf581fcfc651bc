// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"slices"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// The type of a reply with flows (OpenFlow 1.3.5, 7.3.5.2) and the length of the header before them.
const (
	multipartFlow      = 1
	multipartHeaderLen = 16
)

// sendPorts answers with the description of a port, or of all ports if it is 0.
func (c *conn) sendPorts(port, xid uint32) {
	ports := c.s.portDescs()
	if port != 0 {
		ports = slices.DeleteFunc(ports, func(p openflow.PortDesc) bool { return p.No != port })
	}
	sendList(c, xid, ports, func(part []openflow.PortDesc, more bool) openflow.Message {
		return openflow.PortDescReply{Ports: part, More: more}
	})
}

// filtered returns the flows that a filter selects.
func (s *Switch) filtered(filter openflow.FlowFilter) ([]openflow.FlowStats, error) {
	if err := checkMatch(filter.Match); err != nil {
		return nil, err
	}
	sel := &selection{
		table:      openflow.AllTables,
		cookie:     filter.Cookie,
		cookieMask: filter.CookieMask,
		outPort:    filter.OutPort,
		outGroup:   filter.OutGroup,
	}
	if filter.Table != nil {
		sel.table = *filter.Table
	}
	sel.key, sel.mask = packet.Match(filter.Match)
	s.begin()
	defer s.end()
	flows := s.flows.selected(sel)
	stats := make([]openflow.FlowStats, len(flows))
	for i, f := range flows {
		stats[i] = f.stats(s.now)
	}
	return stats, nil
}

// sendFlows answers a request for flows, in as many messages as it takes.
func (c *conn) sendFlows(filter openflow.FlowFilter, xid uint32) error {
	flows, err := c.s.filtered(filter)
	if err != nil {
		return err
	}
	const room = openflow.MaxMessage - multipartHeaderLen
	var body []byte
	for _, f := range flows {
		one, err := c.encode(openflow.FlowStatsReply{Flows: []openflow.FlowStats{f}}, xid)
		if err != nil {
			c.log.Error("cannot encode a flow", "flow", f.String(), "error", err)
			continue
		}
		if one = one[multipartHeaderLen:]; len(body)+len(one) > room {
			c.reply(openflow.MultipartReply{Type: multipartFlow, Body: body, More: true}, xid)
			body = body[:0]
		}
		body = append(body, one...)
	}
	c.reply(openflow.MultipartReply{Type: multipartFlow, Body: body}, xid)
	return nil
}

func (s *Switch) aggregate(filter openflow.FlowFilter) (openflow.AggregateReply, error) {
	flows, err := s.filtered(filter)
	r := openflow.AggregateReply{Flows: uint32(len(flows))}
	for _, f := range flows {
		r.Packets += f.Packets
		r.Bytes += f.Bytes
	}
	return r, err
}
