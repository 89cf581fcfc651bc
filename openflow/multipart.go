// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// The types of multipart messages (OpenFlow 1.3.5, 7.3.5).
const (
	multipartDesc      = 0
	multipartFlow      = 1
	multipartAggregate = 2
	multipartPortDesc  = 13
)

const multipartMore = 1

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

func (m MultipartRequest) describe() string {
	return fmt.Sprintf("multipart request of type %d", m.Type)
}
func (m MultipartReply) describe() string { return fmt.Sprintf("multipart reply of type %d", m.Type) }

func (m MultipartRequest) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return append(appendMultipart(b, m.Type, m.More), m.Body...), typeMultipartRequest, nil
}

func (m MultipartReply) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return append(appendMultipart(b, m.Type, m.More), m.Body...), typeMultipartReply, nil
}

// appendMultipart appends the header that multipart messages have behind that of all messages.
func appendMultipart(b []byte, typ uint16, more bool) []byte {
	b = be.AppendUint16(b, typ)
	return pad(be.AppendUint16(b, uint16(bits(more))), 4)
}

func decodeMultipartRequest(r *reader, v Version) (Message, error) {
	typ, flags := r.u16(), r.u16()
	r.skip(4)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "multipart request is too short")
	}
	if flags&multipartMore == 0 && flowMonitors(r, v, typ) {
		return decodeFlowMonitorRequest(r, v)
	}
	more := flags&multipartMore != 0
	if !more {
		switch typ {
		case multipartDesc:
			return ended(r, DescRequest{})
		case multipartPortDesc:
			return ended(r, PortDescRequest{})
		case multipartFlow:
			f, err := decodeFlowFilter(r)
			if err != nil {
				return nil, err
			}
			return ended(r, FlowStatsRequest{f})
		case multipartAggregate:
			f, err := decodeFlowFilter(r)
			if err != nil {
				return nil, err
			}
			return ended(r, AggregateRequest{f})
		}
	}
	return MultipartRequest{Type: typ, Body: r.rest(), More: more}, nil
}

func decodeMultipartReply(r *reader, v Version) (Message, error) {
	typ, flags := r.u16(), r.u16()
	r.skip(4)
	if r.short {
		return nil, malformed(ErrBadRequestLen, "multipart reply is too short")
	}
	if flowMonitors(r, v, typ) {
		return decodeFlowUpdates(r, v, flags&multipartMore != 0)
	}
	more := flags&multipartMore != 0
	switch {
	case typ == multipartFlow:
		return decodeFlowStatsReply(r, v, more)
	case typ == multipartPortDesc:
		return decodePortDescReply(r, more)
	case typ == multipartDesc && !more:
		return decodeDescReply(r)
	case typ == multipartAggregate && !more:
		return decodeAggregateReply(r)
	}
	return MultipartReply{Type: typ, Body: r.rest(), More: more}, nil
}
