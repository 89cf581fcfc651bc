// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"errors"
	"fmt"
)

// ErrorCode is the reason of an error message: type and code as OpenFlow numbers them (OpenFlow 1.3.5, 7.4.4), and the
// experimenter if the type is OFPET_EXPERIMENTER. It is an error for errors.Is, and its text is the standard's name.
//
// An error has one code in all versions, that of OpenFlow 1.3 with its extensions if it exists there: the error of a
// bundle that OpenFlow 1.4 numbers 17/3 is ErrBundleExists too. Encode and Decode write and read the version's number.
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

func (e Error) describe() string { return "error" }

const errorTypeExperimenter = 0xffff

func (e Error) appendTo(b []byte, v Version, _ uint32) ([]byte, uint8, error) {
	code := e.Code.wire(v)
	b = be.AppendUint16(b, code.Type())
	b = be.AppendUint16(b, code.Code())
	if code.Type() == errorTypeExperimenter {
		b = be.AppendUint32(b, code.Experimenter())
	}
	return append(b, e.Data...), typeError, nil
}

func decodeError(r *reader, v Version) (Message, error) {
	typ, number := r.u16(), r.u16()
	code := MakeErrorCode(typ, number)
	if typ == errorTypeExperimenter {
		code = MakeExperimenterErrorCode(r.u32(), number)
	}
	if v >= Version10 && v < Version13 {
		code = decodeLegacyError(r, v, code)
	}
	return checked(r, Error{Code: errorCodeOf(code, v), Data: r.rest()})
}

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
	// Request is the refused message, such as a FlowMod; nil if it is not known, of which Error.Offending tells more.
	Request Message
	// Err is the switch's answer, an Error, or says why the request cannot be expressed.
	Err error
}

func (e *RequestError) Error() string {
	if e.Request == nil {
		what := "message"
		var refusal Error
		if errors.As(e.Err, &refusal) {
			if o, err := refusal.Offending(); err == nil {
				what = o.String()
			}
		}
		return fmt.Sprintf("switch %s: %s: %v", e.Endpoint, what, e.Err)
	}
	if _, ok := e.Request.(Modification); ok {
		return fmt.Sprintf("switch %s: modification %d (%s): %v", e.Endpoint, e.Index, e.Request.describe(), e.Err)
	}
	return fmt.Sprintf("switch %s: %s: %v", e.Endpoint, e.Request.describe(), e.Err)
}

// Unwrap returns Err.
func (e *RequestError) Unwrap() error { return e.Err }
