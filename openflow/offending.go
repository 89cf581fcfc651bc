// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
)

// Offending is a message that was refused, as far as an Error tells.
type Offending struct {
	Version Version
	// Type is the OFPT_ number in its header, Len the length and Xid the transaction number that it gives.
	Type uint8
	Len  int
	Xid  uint32
	// Message is the message, nil if the Error has only its beginning or it cannot be decoded, as is to be expected of
	// one that is refused.
	Message Message
	// Data is what the Error has of it.
	Data []byte
}

// Offending is the message that e refuses. The switch sends at least its first 64 bytes. The error is that e has no
// message, such as the refusal of a greeting, which has a text.
func (e Error) Offending() (Offending, error) {
	if len(e.Data) < HeaderLen || e.Data[0] == 0 || e.Data[0] > uint8(Version15) {
		return Offending{}, fmt.Errorf("%v carries no message", e.Code)
	}
	o := Offending{
		Version: Version(e.Data[0]), Type: e.Data[1], Len: int(be.Uint16(e.Data[2:])), Xid: be.Uint32(e.Data[4:]), Data: e.Data,
	}
	if o.Len < HeaderLen {
		return Offending{}, fmt.Errorf("%v carries no message", e.Code)
	}
	// What stands behind the message is padding.
	if o.Len <= len(e.Data) {
		if m, _, err := Decode(e.Data[:o.Len]); err == nil {
			o.Message = m
		}
	}
	return o, nil
}

// String names the message and its transaction number, such as "flow-mod, transaction 0x7".
func (o Offending) String() string {
	name := ""
	if o.Message != nil {
		name = o.Message.describe()
	} else {
		name = o.kind()
	}
	return fmt.Sprintf("%s, transaction %#x", name, o.Xid)
}

// kind says what the beginning of the message tells.
func (o Offending) kind() string {
	r := &reader{b: o.Data[HeaderLen:]}
	switch o.Type {
	case typeExperimenter:
		if experimenter, typ := r.u32(), r.u32(); !r.short {
			return Experimenter{ID: experimenter, Type: typ}.describe()
		}
	case typeMultipartRequest:
		if typ := r.u16(); !r.short {
			return MultipartRequest{Type: typ}.describe()
		}
	}
	if int(o.Type) < len(typeNames) {
		return typeNames[o.Type]
	}
	return Raw{Type: o.Type}.describe()
}

// typeNames are the types of messages in words, from OpenFlow 1.3 on.
var typeNames = [...]string{
	"hello", "error", "echo request", "echo reply", "experimenter message", "features request", "features reply",
	"get-config request", "get-config reply", "set-config", "packet-in", "flow-removed", "port-status", "packet-out",
	"flow-mod", "group-mod", "port-mod", "table-mod", "multipart request", "multipart reply", "barrier request",
	"barrier reply", "queue-get-config request", "queue-get-config reply", "role request", "role reply",
	"get-async request", "get-async reply", "set-async", "meter-mod", "role-status", "table-status", "request-forward",
	"bundle-control", "bundle-add", "controller-status",
}
