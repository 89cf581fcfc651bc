// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
)

// HeaderLen is the length of the header that every message begins with; MaxMessage is the longest message that its
// 16-bit length allows.
const (
	HeaderLen  = 8
	MaxMessage = 0xffff
)

// Message is one OpenFlow message without its header's transaction number. The implementations are the message types
// of this package, by value; [Encode] and [Decode] turn them into bytes and back.
type Message interface {
	// describe names the message in errors: what it does where that is worth saying, else its kind.
	describe() string
	// appendTo appends what follows the header, whose type it returns.
	appendTo(b []byte, v Version, xid uint32) (out []byte, typ uint8, err error)
}

// The message types (OpenFlow 1.5.1, 7.1.1; those up to 29 are of OpenFlow 1.3 too).
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
	typeGroupMod         = 15
	typePortMod          = 16
	typeTableMod         = 17
	typeMultipartRequest = 18
	typeMultipartReply   = 19
	typeBarrierRequest   = 20
	typeBarrierReply     = 21
	typeQueueRequest     = 22 // until OpenFlow 1.3
	typeQueueReply       = 23 // until OpenFlow 1.3
	typeRoleRequest      = 24
	typeRoleReply        = 25
	typeMeterMod         = 29
	typeRoleStatus       = 30
	typeTableStatus      = 31
	typeRequestForward   = 32
	typeBundleControl    = 33
	typeBundleAdd        = 34
)

// The experimenters whose messages, actions and errors have types here.
const (
	experimenterNicira = 0x00002320
	experimenterONF    = 0x4f4e4600
)

// Encode returns a message as it goes over the wire in a version of the protocol. The error says what in the message
// cannot be expressed.
func Encode(v Version, m Message, xid uint32) ([]byte, error) { return AppendMessage(nil, v, m, xid) }

// AppendMessage appends a message to b as it goes over the wire. On error b is returned as it was.
func AppendMessage(b []byte, v Version, m Message, xid uint32) ([]byte, error) {
	out, err := appendMessage(b, v, m, xid)
	if err != nil {
		return b, fmt.Errorf("encode %s: %w", describe(m), err)
	}
	return out, nil
}

func appendMessage(b []byte, v Version, m Message, xid uint32) ([]byte, error) {
	if m == nil {
		return b, errNoSuchType
	}
	if v < Version10 || v > Version15 {
		return b, fmt.Errorf("%v is not spoken", v)
	}
	if hello, ok := m.(Hello); ok {
		v = hello.Version
	}
	start := len(b)
	b = append(b, uint8(v), 0, 0, 0)
	b = be.AppendUint32(b, xid)
	var typ uint8
	var err error
	if v < Version13 {
		b, typ, err = appendLegacy(b, v, m, xid)
	} else {
		b, typ, err = m.appendTo(b, v, xid)
	}
	if err != nil {
		return b, err
	}
	b[start+1] = typ
	return putLength(b, start, 2)
}

// describe names a message in errors, also where there is none.
func describe(m Message) string {
	if m == nil {
		return "no message"
	}
	return m.describe()
}

// Decode reads one message that fills b exactly. It never panics, and what it returns shares no memory with b. The
// transaction number is valid, errors included, if b has a whole header. The error is a *DecodeError, which carries the
// code that a switch answers with.
func Decode(b []byte) (m Message, xid uint32, err error) {
	if len(b) < HeaderLen {
		return nil, 0, malformed(ErrBadRequestLen, "message of %d bytes has no whole header", len(b))
	}
	xid = be.Uint32(b[4:])
	if length := int(be.Uint16(b[2:])); length != len(b) {
		return nil, xid, malformed(ErrBadRequestLen, "message of %d bytes claims to have %d", len(b), length)
	}
	// What is decoded refers to this copy.
	body := append([]byte(nil), b[HeaderLen:]...)
	m, err = decodeBody(Version(b[0]), b[1], xid, body, false)
	return m, xid, err
}

// decodeBody reads what follows the header; body becomes part of the result. A message in a bundle cannot be a bundle
// message itself.
func decodeBody(v Version, typ uint8, xid uint32, body []byte, inBundle bool) (Message, error) {
	// A greeting and its refusal come in the version of their sender.
	if (v < Version10 || v > Version15) && typ != typeHello && typ != typeError {
		return nil, malformed(ErrBadVersion, "message of %v", v)
	}
	if v < Version13 {
		return decodeLegacy(v, typ, xid, body, inBundle)
	}
	return decodeModern(v, typ, xid, body, inBundle)
}

// decodeModern decodes what has the form of OpenFlow 1.3 and later.
func decodeModern(v Version, typ uint8, xid uint32, body []byte, inBundle bool) (Message, error) {
	r := &reader{b: body}
	switch typ {
	case typeHello:
		return decodeHello(r, v)
	case typeError:
		return decodeError(r, v)
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
		return ended(r, GetConfigReply{decodeSwitchConfig(r)})
	case typeSetConfig:
		return ended(r, SetConfig{decodeSwitchConfig(r)})
	case typePacketIn:
		return decodePacketIn(r)
	case typeFlowRemoved:
		return decodeFlowRemoved(r, v)
	case typePortStatus:
		return decodePortStatus(r, v)
	case typePacketOut:
		return decodePacketOut(r, v)
	case typeFlowMod:
		return decodeFlowMod(r, v)
	case typeGroupMod:
		return decodeGroupMod(r, v, false)
	case typePortMod:
		return decodePortMod(r, v)
	case typeTableMod:
		return decodeTableMod(r, v)
	case typeMeterMod:
		return decodeMeterMod(r)
	case typeQueueRequest:
		if v < Version14 {
			return decodeQueueDescRequest13(r)
		}
	case typeQueueReply:
		if v < Version14 {
			return decodeQueueDescReply13(r)
		}
	case typeMultipartRequest:
		return decodeMultipartRequest(r, v)
	case typeMultipartReply:
		return decodeMultipartReply(r, v)
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
	case typeRoleStatus:
		if v >= Version14 {
			return decodeRoleStatus(r)
		}
	case typeTableStatus:
		if v >= Version14 {
			return decodeTableStatus(r, v)
		}
	case typeRequestForward:
		if v >= Version14 {
			return decodeRequestForward(r, v, inBundle)
		}
	case typeBundleControl, typeBundleAdd:
		if v >= Version14 {
			return decodeBundleMessage(r, v, typ == typeBundleAdd, xid, inBundle)
		}
	case typeGetAsyncRequest, typeGetAsyncReply, typeSetAsync:
		return decodeAsyncMessage(r, v, typ)
	case typeExperimenter:
		return decodeExperimenter(r, v, xid, inBundle)
	}
	return Raw{Type: typ, Body: body}, nil
}

// Raw is a message that this package has no type for.
type Raw struct {
	// Type is the OFPT_ number in its header.
	Type uint8
	// Body is all that follows the header.
	Body []byte
}

func (m Raw) describe() string { return fmt.Sprintf("message of type %d", m.Type) }

func (m Raw) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return append(b, m.Body...), m.Type, nil
}
