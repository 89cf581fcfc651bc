// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// FlowFilter selects flows. The zero value selects all flows of all tables.
type FlowFilter struct {
	// Table is the table; nil is every table.
	Table *uint8
	// Cookie is what a flow's cookie must be in the bits of CookieMask.
	Cookie, CookieMask uint64
	// Match selects the flows whose match is the same or more specific.
	Match Match
	// OutPort and OutGroup select flows that output there; 0 is no restriction.
	OutPort, OutGroup uint32
}

// FlowStatsRequest asks for the flows that a filter selects (OpenFlow 1.3.5, 7.3.5.2).
type FlowStatsRequest struct{ FlowFilter }

// FlowStatsReply is one part of the answer to a FlowStatsRequest.
type FlowStatsReply struct {
	Flows []FlowStats
	// More says that another part follows.
	More bool
}

// AggregateRequest asks for the sum over the flows that a filter selects (OpenFlow 1.3.5, 7.3.5.3).
type AggregateRequest struct{ FlowFilter }

// AggregateReply answers an AggregateRequest.
type AggregateReply struct {
	Packets, Bytes uint64
	Flows          uint32
}

// DescRequest asks what the switch is made of (OpenFlow 1.3.5, 7.3.5.1).
type DescRequest struct{}

// DescReply answers a DescRequest. SerialNumber is at most 31 bytes long, the others 255.
type DescReply struct {
	Manufacturer, Hardware, Software, SerialNumber, Datapath string
}

// PortDescRequest asks for the ports (OpenFlow 1.3.5, 7.3.5.7).
type PortDescRequest struct{}

// PortDescReply is one part of the answer to a PortDescRequest.
type PortDescReply struct {
	Ports []PortDesc
	// More says that another part follows.
	More bool
}

// MultipartRequest is a multipart request that this package has no type for, or a part of a request in several.
type MultipartRequest struct {
	// Type is the OFPMP_ number.
	Type uint16
	Body []byte
	// More says that another part follows.
	More bool
}

// MultipartReply is a multipart reply that this package has no type for.
type MultipartReply struct {
	// Type is the OFPMP_ number.
	Type uint16
	Body []byte
	// More says that another part follows.
	More bool
}

func (FlowStatsRequest) message() {}
func (FlowStatsReply) message()   {}
func (AggregateRequest) message() {}
func (AggregateReply) message()   {}
func (DescRequest) message()      {}
func (DescReply) message()        {}
func (PortDescRequest) message()  {}
func (PortDescReply) message()    {}
func (MultipartRequest) message() {}
func (MultipartReply) message()   {}
