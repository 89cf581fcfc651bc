// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unsafe"

	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// sendPorts answers with the description of a port, or of all ports if it is 0.
func (c *conn) sendPorts(port, xid uint32) {
	ports := c.s.PortDescs()
	if port != 0 {
		ports = slices.DeleteFunc(ports, func(p openflow.PortDesc) bool { return p.No != port })
	}
	sendList(c, xid, ports, func(part []openflow.PortDesc, more bool) openflow.Message {
		return openflow.PortDescReply{Ports: part, More: more}
	})
}

// sendFlows answers a flow statistics request.
func (c *conn) sendFlows(m openflow.FlowStatsRequest, xid uint32) error {
	var list []pipeline.Told
	var err error
	drop := c.makeList(func() int64 {
		list, err = c.s.Told(m.FlowFilter)
		return int64(len(list)) * int64(unsafe.Sizeof(pipeline.Told{}))
	})
	if drop == nil {
		return nil
	}
	defer drop()
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
	for i := range list {
		f := &list[i]
		one, err := c.encodeFlow(f, m.Plain, len(head))
		if err != nil {
			c.log.Error("cannot encode a flow", "flow", f.Stats.String(), "error", err)
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
func (c *conn) encodeFlow(f *pipeline.Told, plain bool, head int) ([]byte, error) {
	asSent := f.Sent != nil && f.SentIn == c.version
	stats := f.Stats
	if asSent {
		stats.Instructions = openflow.Instructions{}
	} else {
		stats.Instructions = f.Instructions(c.version)
	}
	b, err := c.encode(openflow.FlowStatsReply{Flows: []openflow.FlowStats{stats}, Plain: plain}, 0)
	if err != nil {
		return nil, err
	}
	b = b[head:]
	if asSent {
		b = append(b, f.Sent...)
		binary.BigEndian.PutUint16(b, uint16(len(b)))
	}
	return b, nil
}

// withLength writes a message's length into its header.
func withLength(b []byte) []byte {
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// sendPortStats answers with the counters of a port, or of all ports if it is 0.
func (c *conn) sendPortStats(port, xid uint32) {
	sendList(c, xid, c.s.AllPortStats(port), func(part []openflow.PortStats, more bool) openflow.Message {
		return openflow.PortStatsReply{Ports: part, More: more}
	})
}
