// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// Experimenter is an experimenter's message that this package has no type for (OpenFlow 1.3.5, 7.5.4).
type Experimenter struct {
	// ID is the experimenter, Type the number of the message among its own.
	ID, Type uint32
	// Body is what follows them.
	Body []byte
}

func (m Experimenter) describe() string {
	return fmt.Sprintf("message %d of experimenter %#x", m.Type, m.ID)
}

func (m Experimenter) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return append(appendExperimenter(b, m.ID, m.Type), m.Body...), typeExperimenter, nil
}

// decodeExperimenter reads a message of an experimenter.
func decodeExperimenter(r *reader, v Version, xid uint32, inBundle bool) (Message, error) {
	id, typ := r.u32(), r.u32()
	if r.short {
		return nil, malformed(ErrBadRequestLen, "experimenter message is too short")
	}
	switch id {
	case experimenterNicira:
		switch typ {
		case nxtFlowRemoved:
			return decodeNXFlowRemoved(r)
		case nxtSetPacketInFormat:
			return decodeSetPacketInFormat(r)
		case nxtPacketIn:
			return decodeNXPacketIn(r)
		case nxtSetControllerID:
			return decodeSetControllerID(r)
		case nxtSetAsync:
			return decodeAsyncMessage(r, Version13, typeSetAsync)
		case nxtSetAsync2:
			if v <= Version13 {
				return decodeAsyncMessage(r, Version14, typeSetAsync)
			}
		case nxtTLVTableMod:
			return decodeTLVTableMod(r)
		case nxtTLVTableRequest:
			return ended(r, TLVTableRequest{})
		case nxtTLVTableReply:
			return decodeTLVTableReply(r)
		case nxtResume:
			return decodeResume(r, v)
		case nxtCTFlushZone:
			return decodeCTFlushZone(r)
		case nxtPacketIn2:
			return decodePacketIn2(r, v)
		case nxtCTFlush:
			return decodeCTFlush(r, v)
		}
	case experimenterONF:
		switch typ {
		case onfFlowMonitorCancel, onfFlowMonitorPaused, onfFlowMonitorResumed:
			if v < Version14 {
				return decodeONFFlowMonitor(r, typ)
			}
		case onfRoleStatus:
			if v < Version14 {
				return decodeRoleStatus(r)
			}
		case onfBundleControl, onfBundleAdd:
			return decodeBundleMessage(r, v, typ == onfBundleAdd, xid, inBundle)
		case onfRequestForward:
			if v < Version14 {
				return decodeRequestForward(r, v, inBundle)
			}
		}
	}
	return Experimenter{ID: id, Type: typ, Body: r.rest()}, nil
}

// appendExperimenter appends the header that an experimenter's message has behind that of all messages.
func appendExperimenter(b []byte, experimenter, typ uint32) []byte {
	return be.AppendUint32(be.AppendUint32(b, experimenter), typ)
}

// The types of Nicira's and of ONF's messages; the latter are of OpenFlow 1.3 only.
const (
	nxtFlowRemoved       = 14
	nxtSetPacketInFormat = 16
	nxtPacketIn          = 17
	nxtSetControllerID   = 20
	nxtTLVTableMod       = 24
	nxtTLVTableRequest   = 25
	nxtTLVTableReply     = 26
	nxtResume            = 28
	nxtCTFlushZone       = 29
	nxtPacketIn2         = 30
	nxtCTFlush           = 32

	onfFlowMonitorCancel  = 1870
	onfFlowMonitorPaused  = 1871
	onfFlowMonitorResumed = 1872
	onfRoleStatus         = 1911
	onfBundleControl      = 2300
	onfBundleAdd          = 2301
	onfRequestForward     = 2350
)
