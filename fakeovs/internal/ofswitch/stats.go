// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unsafe"

	"github.com/ovskit/ovskit/openflow"
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

// filtered returns the flows that a filter selects. The switch is locked.
func (s *Switch) filtered(filter openflow.FlowFilter) ([]*flow, error) {
	if err := checkMatch(filter.Match, s.Options()); err != nil {
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
	key, mask := s.flows.keys(settled(filter.Match, s.Options()))
	sel.key, sel.mask = &key, &mask
	return s.flows.selected(sel), nil
}

// told is a flow as it is told of.
type told struct {
	stats  openflow.FlowStats
	steps  steps
	sent   []byte
	sentIn openflow.Version
}

// sendFlows answers a flow statistics request.
func (c *conn) sendFlows(m openflow.FlowStatsRequest, xid uint32) error {
	if !c.beginList() {
		return nil
	}
	flows, err := c.s.filtered(m.FlowFilter)
	list := make([]told, len(flows))
	for i, f := range flows {
		list[i] = told{f.stats(c.s.now), f.steps, f.sent, f.sentIn}
	}
	defer c.holdList(int64(len(list)) * int64(unsafe.Sizeof(told{})))()
	c.s.end()
	if err != nil {
		return err
	}
	reply := func(more bool) []byte {
		b, err := c.encode(openflow.FlowStatsReply{More: more, Plain: m.Plain}, xid)
		if err != nil {
			c.log.Error("cannot encode a reply", "error", err)
		}
		return b
	}
	head := reply(false)
	body := bytes.Clone(head)
	for _, f := range list {
		one, err := c.encodeFlow(f, m.Plain, len(head))
		if err != nil {
			c.log.Error("cannot encode a flow", "flow", f.stats.String(), "error", err)
			continue
		}
		if len(body)+len(one) > openflow.MaxMessage {
			copy(body, reply(true))
			c.queueReply(withLength(body))
			body = append(body[:0], head...)
		}
		body = append(body, one...)
	}
	c.queueReply(withLength(body))
	return nil
}

// encodeFlow encodes a flow as an entry of a reply whose head has a length.
func (c *conn) encodeFlow(f told, plain bool, head int) ([]byte, error) {
	asSent := f.sent != nil && f.sentIn == c.version
	if asSent {
		f.stats.Instructions = openflow.Instructions{}
	} else if list := toldActions(f.steps); list != nil && f.stats.Instructions.Meter == 0 && c.version < openflow.Version15 {
		f.stats.Instructions.Apply = list
	}
	b, err := c.encode(openflow.FlowStatsReply{Flows: []openflow.FlowStats{f.stats}, Plain: plain}, 0)
	if err != nil {
		return nil, err
	}
	b = b[head:]
	if asSent {
		b = append(b, f.sent...)
		binary.BigEndian.PutUint16(b, uint16(len(b)))
	}
	return b, nil
}

// withLength writes a message's length into its header.
func withLength(b []byte) []byte {
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// aggregate sums up what a filter selects.
func (s *Switch) aggregate(filter openflow.FlowFilter) (openflow.AggregateReply, error) {
	s.begin()
	defer s.end()
	flows, err := s.filtered(filter)
	r := openflow.AggregateReply{Flows: uint32(len(flows))}
	for _, f := range flows {
		r.Packets += f.packets
		r.Bytes += f.bytes
	}
	return r, err
}
