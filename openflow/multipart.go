// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// The types of multipart messages (OpenFlow 1.4.1, 7.3.5; those up to 13 are of OpenFlow 1.3 too).
const (
	multipartDesc          = 0
	multipartFlow          = 1
	multipartAggregate     = 2
	multipartTable         = 3
	multipartPort          = 4
	multipartQueue         = 5
	multipartGroup         = 6
	multipartGroupDesc     = 7
	multipartGroupFeatures = 8
	multipartMeter         = 9
	multipartMeterConfig   = 10
	multipartMeterFeatures = 11
	multipartTableFeatures = 12
	multipartPortDesc      = 13
	multipartTableDesc     = 14
	multipartQueueDesc     = 15
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
	switch {
	case typ == multipartTableFeatures:
		return decodeTableFeaturesRequest(r, v, more)
	case more:
		return MultipartRequest{Type: typ, Body: r.rest(), More: true}, nil
	}
	switch typ {
	case multipartDesc:
		return ended(r, DescRequest{})
	case multipartFlow:
		f, err := decodeFlowFilter(r)
		if err != nil {
			return nil, err
		}
		return ended(r, FlowStatsRequest{FlowFilter: f})
	case multipartAggregate:
		f, err := decodeFlowFilter(r)
		if err != nil {
			return nil, err
		}
		return ended(r, AggregateRequest{FlowFilter: f})
	case multipartTable:
		return ended(r, TableStatsRequest{})
	case multipartPort:
		return decodePortStatsRequest(r)
	case multipartQueue:
		return decodeQueueStatsRequest(r)
	case multipartGroup:
		return decodeGroupStatsRequest(r)
	case multipartGroupDesc:
		return decodeGroupDescRequest(r, v)
	case multipartGroupFeatures:
		return ended(r, GroupFeaturesRequest{})
	case multipartMeter:
		return decodeMeterStatsRequest(r)
	case multipartMeterConfig:
		return decodeMeterConfigRequest(r)
	case multipartMeterFeatures:
		return ended(r, MeterFeaturesRequest{})
	case multipartPortDesc:
		return decodePortDescRequest(r, v)
	}
	if v >= Version14 {
		switch typ {
		case multipartTableDesc:
			return ended(r, TableDescRequest{})
		case multipartQueueDesc:
			return decodeQueueDescRequest14(r)
		}
	}
	return MultipartRequest{Type: typ, Body: r.rest()}, nil
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
	switch typ {
	case multipartFlow:
		return decodeFlowStatsReply(r, v, more)
	case multipartTable:
		return decodeTableStatsReply(r, more)
	case multipartPort:
		return decodePortStatsReply(r, v, more)
	case multipartQueue:
		return decodeQueueStatsReply(r, v, more)
	case multipartGroup:
		return decodeGroupStatsReply(r, more)
	case multipartGroupDesc:
		return decodeGroupDescReply(r, v, more)
	case multipartMeter:
		return decodeMeterStatsReply(r, more)
	case multipartMeterConfig:
		return decodeMeterConfigReply(r, more)
	case multipartTableFeatures:
		return decodeTableFeaturesReply(r, v, more)
	case multipartPortDesc:
		return decodePortDescReply(r, v, more)
	}
	if v >= Version14 {
		switch typ {
		case multipartTableDesc:
			return decodeTableDescReply(r, v, more)
		case multipartQueueDesc:
			return decodeQueueDescReply14(r, v, more)
		}
	}
	if !more {
		switch typ {
		case multipartDesc:
			return decodeDescReply(r)
		case multipartAggregate:
			return decodeAggregateReply(r, v)
		case multipartGroupFeatures:
			return decodeGroupFeaturesReply(r)
		case multipartMeterFeatures:
			return decodeMeterFeaturesReply(r)
		}
	}
	return MultipartReply{Type: typ, Body: r.rest(), More: more}, nil
}
