// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/binary"
	"fmt"

	"github.com/ovskit/ovskit/internal/ofwire"
)

// HeaderLen is the length of the header that every message begins with; MaxMessage is the longest message that its
// 16-bit length allows.
const (
	HeaderLen  = 8
	MaxMessage = 0xffff
)

// The message types (OpenFlow 1.3.5, 7.1).
const (
	typeHello            = 0
	typeError            = 1
	typeEchoRequest      = 2
	typeEchoReply        = 3
	typeExperimenter     = 4
	typeFeaturesRequest  = 5
	typeFeaturesReply    = 6
	typeGetConfigRequest = 7
	typeGetConfigReply   = 8
	typeSetConfig        = 9
	typePacketIn         = 10
	typeFlowRemoved      = 11
	typePortStatus       = 12
	typePacketOut        = 13
	typeFlowMod          = 14
	typeMultipartRequest = 18
	typeMultipartReply   = 19
	typeBarrierRequest   = 20
	typeBarrierReply     = 21
	typeRoleRequest      = 24
	typeRoleReply        = 25
)

// The types of multipart messages (OpenFlow 1.3.5, 7.3.5).
const (
	multipartDesc      = 0
	multipartFlow      = 1
	multipartAggregate = 2
	multipartPortDesc  = 13
)

// The experimenters, and ONF's message types of bundles (ONF extension 230).
const (
	experimenterNicira = 0x00002320
	experimenterONF    = 0x4f4e4600

	onfBundleControl = 2300
	onfBundleAdd     = 2301
)

// Encode returns a message as it goes over the wire in a version of the protocol. The error says what in the message cannot be expressed.
func Encode(v Version, m Message, xid uint32) ([]byte, error) { return AppendMessage(nil, v, m, xid) }

// AppendMessage appends a message to b as it goes over the wire. On error b is returned as it was.
func AppendMessage(b []byte, v Version, m Message, xid uint32) ([]byte, error) {
	if v != Version13 {
		return b, fmt.Errorf("encode %s: %v is not spoken", describe(m), v)
	}
	fromController, err := encodeRequest(m, xid)
	switch {
	case err != nil:
		return b, fmt.Errorf("encode %s: %w", describe(m), err)
	case fromController != nil:
		return append(b, fromController...), nil
	}
	out, err := appendOwn(b, m, xid)
	if err != nil {
		return b, fmt.Errorf("encode %s: %w", describe(m), err)
	}
	return out, nil
}

// encodeRequest encodes what a controller says to a switch. The result is nil for other messages.
func encodeRequest(m Message, xid uint32) ([]byte, error) {
	switch m := m.(type) {
	case Hello:
		return ofwire.Hello(xid, uint8(m.Version), m.Bitmap)
	case FeaturesRequest:
		return ofwire.Empty(xid, typeFeaturesRequest)
	case GetConfigRequest:
		return ofwire.Empty(xid, typeGetConfigRequest)
	case BarrierRequest:
		return ofwire.Empty(xid, typeBarrierRequest)
	case SetConfig:
		return ofwire.SetConfig(xid, m.Flags, m.MissSendLen)
	case DescRequest:
		return ofwire.Multipart(xid, multipartDesc, nil, false)
	case PortDescRequest:
		return ofwire.Multipart(xid, multipartPortDesc, nil, false)
	case MultipartRequest:
		return ofwire.Multipart(xid, m.Type, m.Body, m.More)
	case FlowStatsRequest:
		return encodeFlowStatsRequest(xid, m.FlowFilter, false)
	case AggregateRequest:
		return encodeFlowStatsRequest(xid, m.FlowFilter, true)
	case FlowMod:
		return encodeFlowMod(xid, m)
	case PacketOut:
		return encodePacketOut(xid, m)
	case BundleControl:
		return ofwire.BundleControl(xid, m.ID, uint16(m.Type), uint16(m.Flags))
	case BundleAdd:
		inner, err := Encode(Version13, m.Message, xid)
		if err != nil {
			return nil, err
		}
		return ofwire.BundleAdd(xid, m.ID, uint16(m.Flags), inner)
	}
	return nil, nil
}

// Decode reads one message that fills b exactly. It never panics, and what it returns shares no memory with b. The
// transaction number is valid, errors included, if b has a whole header. The error is a *DecodeError, which carries the
// code that a switch answers with.
func Decode(b []byte) (m Message, xid uint32, err error) {
	if len(b) < HeaderLen {
		return nil, 0, malformed(ErrBadRequestLen, "message of %d bytes has no whole header", len(b))
	}
	xid = binary.BigEndian.Uint32(b[4:])
	if length := int(binary.BigEndian.Uint16(b[2:])); length != len(b) {
		return nil, xid, malformed(ErrBadRequestLen, "message of %d bytes claims to have %d", len(b), length)
	}
	// What is decoded refers to this copy.
	body := append([]byte(nil), b[HeaderLen:]...)
	m, err = decodeBody(Version(b[0]), b[1], xid, body, false)
	return m, xid, err
}

// decodeBody reads what follows the header; body becomes part of the result. A message in a bundle cannot be a bundle
// message itself.
func decodeBody(version Version, typ uint8, xid uint32, body []byte, inBundle bool) (Message, error) {
	// A greeting and its refusal come in the version of their sender.
	if version != Version13 && typ != typeHello && typ != typeError {
		return nil, malformed(ErrBadVersion, "message of %v", version)
	}
	r := &reader{b: body}
	switch typ {
	case typeHello:
		return decodeHello(r, version)
	case typeError:
		return decodeError(r)
	case typeEchoRequest:
		return EchoRequest{Data: r.rest()}, nil
	case typeEchoReply:
		return EchoReply{Data: r.rest()}, nil
	case typeFeaturesRequest:
		return ended(r, FeaturesRequest{})
	case typeFeaturesReply:
		return decodeFeaturesReply(r)
	case typeGetConfigRequest:
		return ended(r, GetConfigRequest{})
	case typeGetConfigReply:
		return ended(r, GetConfigReply{SwitchConfig{Flags: r.u16(), MissSendLen: r.u16()}})
	case typeSetConfig:
		return ended(r, SetConfig{SwitchConfig{Flags: r.u16(), MissSendLen: r.u16()}})
	case typePacketIn:
		return decodePacketIn(r)
	case typeFlowRemoved:
		return decodeFlowRemoved(r)
	case typePortStatus:
		return decodePortStatus(r)
	case typePacketOut:
		return decodePacketOut(r)
	case typeFlowMod:
		return decodeFlowMod(r)
	case typeMultipartRequest:
		return decodeMultipartRequest(r)
	case typeMultipartReply:
		return decodeMultipartReply(r)
	case typeBarrierRequest:
		return ended(r, BarrierRequest{})
	case typeBarrierReply:
		return ended(r, BarrierReply{})
	case typeRoleRequest:
		role, generation := decodeRole(r)
		return ended(r, RoleRequest{role, generation})
	case typeRoleReply:
		role, generation := decodeRole(r)
		return ended(r, RoleReply{role, generation})
	case typeGetAsyncRequest, typeGetAsyncReply, typeSetAsync:
		return decodeAsyncMessage(r, version, typ)
	case typeExperimenter:
		if m, err := decodeExperimenter(r, xid, inBundle); m != nil || err != nil {
			return m, err
		}
	}
	return Raw{Type: typ, Body: body}, nil
}

func decodeRole(r *reader) (role uint32, generation uint64) {
	role = r.u32()
	r.skip(4)
	return role, r.u64()
}

// decodeExperimenter reads a message of an experimenter. The result is nil, and nothing is read, if it has no type here.
func decodeExperimenter(r *reader, xid uint32, inBundle bool) (Message, error) {
	if len(r.b) < 8 {
		return nil, malformed(ErrBadRequestLen, "experimenter message of %d bytes", HeaderLen+len(r.b))
	}
	experimenter, typ := binary.BigEndian.Uint32(r.b), binary.BigEndian.Uint32(r.b[4:])
	switch {
	case experimenter == experimenterNicira && typ == nxtCTFlushZone:
		r.skip(8)
		return decodeCTFlushZone(r)
	case experimenter != experimenterONF || typ != onfBundleControl && typ != onfBundleAdd:
		return nil, nil
	case inBundle:
		return nil, malformed(ErrBundleMsgUnsupported, "bundle message in a bundle")
	}
	r.skip(8)
	return decodeBundleMessage(r, typ, xid)
}

func decodeBundleMessage(r *reader, typ, xid uint32) (Message, error) {
	if typ == onfBundleControl {
		// Properties may follow; none is defined.
		m := BundleControl{ID: r.u32(), Type: BundleType(r.u16()), Flags: BundleFlags(r.u16())}
		return checked(r, m)
	}
	m := BundleAdd{ID: r.u32()}
	r.skip(2)
	m.Flags = BundleFlags(r.u16())
	if r.short || len(r.b) < HeaderLen {
		return nil, malformed(ErrBundleMsgLen, "bundle-add without a whole message")
	}
	version, innerType, length := Version(r.b[0]), r.b[1], int(binary.BigEndian.Uint16(r.b[2:]))
	if length < HeaderLen || length > len(r.b) {
		return nil, malformed(ErrBundleMsgLen, "message of %d bytes in a bundle-add with room for %d", length, len(r.b))
	}
	if innerXid := binary.BigEndian.Uint32(r.b[4:]); innerXid != xid {
		return nil, malformed(ErrBundleMsgXid, "transaction %#x in a bundle-add of transaction %#x", innerXid, xid)
	}
	inner, err := decodeBody(version, innerType, xid, r.b[HeaderLen:length:length], true)
	if err != nil {
		return nil, err
	}
	m.Message = inner
	return m, nil
}
