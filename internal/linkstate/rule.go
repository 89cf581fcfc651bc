// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package linkstate

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// fibRuleInvert is the flag of a rule that can be given, FIB_RULE_INVERT; the
// kernel finds the others out.
const fibRuleInvert = 2

// ruleFlags is the place of the flags in struct fib_rule_hdr.
const ruleFlags = 8

// deviceNames are the attributes of a rule that name a device.
var deviceNames = [...]uint16{unix.FRA_IIFNAME, unix.FRA_OIFNAME}

// ruleOf returns a listed rule in the form in which it is added; ok is false if
// it does not name the device.
func ruleOf(o Object, device string) (_ Object, ok bool) {
	for _, kind := range deviceNames {
		ok = ok || text(o.get(kind)) == device
	}
	flags := binary.NativeEndian.Uint32(o.header[ruleFlags:])
	return o.withHeader(func(h []byte) {
		binary.NativeEndian.PutUint32(h[ruleFlags:], flags&fibRuleInvert)
	}), ok
}

func movedRule(o Object, from, to Device) Object {
	for _, kind := range deviceNames {
		if text(o.get(kind)) == from.Name {
			o = o.with(kind, []byte(to.Name+"\x00"))
		}
	}
	return o
}
