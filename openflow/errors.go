// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"reflect"
)

// ErrorCode is the reason of an error message: type and code as OpenFlow numbers them (OpenFlow 1.3.5, 7.4.4), and the
// experimenter if the type is OFPET_EXPERIMENTER. It is an error for errors.Is, and its text is the standard's name.
type ErrorCode uint64

// MakeErrorCode makes the code of a standard error.
func MakeErrorCode(typ, code uint16) ErrorCode { return ErrorCode(typ)<<16 | ErrorCode(code) }

// MakeExperimenterErrorCode makes the code of an experimenter's error.
func MakeExperimenterErrorCode(experimenter uint32, code uint16) ErrorCode {
	return ErrorCode(experimenter)<<32 | 0xffff<<16 | ErrorCode(code)
}

// Type is the OFPET_ number; 0xffff is an experimenter's error.
func (c ErrorCode) Type() uint16 { return uint16(c >> 16) }

// Code is the number within the type.
func (c ErrorCode) Code() uint16 { return uint16(c) }

// Experimenter is the experimenter's identifier, 0 in standard errors.
func (c ErrorCode) Experimenter() uint32 { return uint32(c >> 32) }

// Error is the standard's name of the error, such as "OFPFMFC_OVERLAP".
func (c ErrorCode) Error() string {
	if name, ok := errorNames[c]; ok {
		return name
	}
	if x := c.Experimenter(); x != 0 {
		return fmt.Sprintf("experimenter %#x error %d", x, c.Code())
	}
	return fmt.Sprintf("error type %d code %d", c.Type(), c.Code())
}

// Error is the message by which a switch refuses another one, and a Go error that unwraps to its Code.
type Error struct {
	Code ErrorCode
	// Data is the refused message or its beginning; text in a hello failure.
	Data []byte
}

// Error is the standard's name of the error.
func (e Error) Error() string { return e.Code.Error() }

// Unwrap returns the code.
func (e Error) Unwrap() error { return e.Code }

// DecodeError is a message that is not well-formed or that this package refuses.
type DecodeError struct {
	// Code is the error message that a switch answers with.
	Code ErrorCode
	// Reason says what is wrong.
	Reason string
}

func (e *DecodeError) Error() string { return e.Code.Error() + ": " + e.Reason }

// Unwrap returns the code.
func (e *DecodeError) Unwrap() error { return e.Code }

// RequestError is a request that a switch refused.
type RequestError struct {
	// Endpoint is the switch.
	Endpoint string
	// Index is the position of the request in the arguments of Apply or Bundle, 0 elsewhere.
	Index int
	// Request is the refused message, such as a FlowMod.
	Request Message
	// Err is the switch's answer, an Error, or says why the request cannot be expressed.
	Err error
}

func (e *RequestError) Error() string {
	if _, ok := e.Request.(FlowMod); ok {
		return fmt.Sprintf("switch %s: flow-mod %d (%s): %v", e.Endpoint, e.Index, describe(e.Request), e.Err)
	}
	return fmt.Sprintf("switch %s: %s: %v", e.Endpoint, describe(e.Request), e.Err)
}

// Unwrap returns Err.
func (e *RequestError) Unwrap() error { return e.Err }

// describe names a message in errors: what it does where that is worth saying, else its kind.
func describe(m Message) string {
	switch m := m.(type) {
	case FlowMod:
		return m.String()
	case BundleAdd:
		return fmt.Sprintf("bundle-add of %s", describe(m.Message))
	case BundleControl:
		return fmt.Sprintf("%v of bundle %d", m.Type, m.ID)
	case Raw:
		return fmt.Sprintf("message of type %d", m.Type)
	}
	return kinds[reflect.TypeOf(m)]
}

var kinds = map[reflect.Type]string{
	reflect.TypeFor[Hello]():            "hello",
	reflect.TypeFor[Error]():            "error",
	reflect.TypeFor[EchoRequest]():      "echo request",
	reflect.TypeFor[EchoReply]():        "echo reply",
	reflect.TypeFor[FeaturesRequest]():  "features request",
	reflect.TypeFor[FeaturesReply]():    "features reply",
	reflect.TypeFor[GetConfigRequest](): "get-config request",
	reflect.TypeFor[GetConfigReply]():   "get-config reply",
	reflect.TypeFor[SetConfig]():        "set-config",
	reflect.TypeFor[BarrierRequest]():   "barrier request",
	reflect.TypeFor[BarrierReply]():     "barrier reply",
	reflect.TypeFor[PacketOut]():        "packet-out",
	reflect.TypeFor[PacketIn]():         "packet-in",
	reflect.TypeFor[FlowRemoved]():      "flow-removed",
	reflect.TypeFor[PortStatus]():       "port-status",
	reflect.TypeFor[RoleRequest]():      "role request",
	reflect.TypeFor[RoleReply]():        "role reply",
	reflect.TypeFor[GetAsyncRequest]():  "get-async request",
	reflect.TypeFor[GetAsyncReply]():    "get-async reply",
	reflect.TypeFor[SetAsync]():         "set-async",
	reflect.TypeFor[Lost]():             "lost",
	reflect.TypeFor[CTFlushZone]():      "ct-flush-zone",
	reflect.TypeFor[FlowStatsRequest](): "flow statistics request",
	reflect.TypeFor[FlowStatsReply]():   "flow statistics reply",
	reflect.TypeFor[AggregateRequest](): "aggregate statistics request",
	reflect.TypeFor[AggregateReply]():   "aggregate statistics reply",
	reflect.TypeFor[DescRequest]():      "description request",
	reflect.TypeFor[DescReply]():        "description reply",
	reflect.TypeFor[PortDescRequest]():  "port description request",
	reflect.TypeFor[PortDescReply]():    "port description reply",
	reflect.TypeFor[MultipartRequest](): "multipart request",
	reflect.TypeFor[MultipartReply]():   "multipart reply",
}
