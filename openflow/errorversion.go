// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// movedErrors are the errors whose number is another one from some version on: n codes that follow each other.
var movedErrors = []struct {
	code  ErrorCode // the constant
	since Version
	wire  ErrorCode // what stands in messages since then
	n     ErrorCode
}{
	{ErrMultipartRequestTimeout, Version14, 0x0001_000e, 2},
	{ErrBadSetMask, Version15, 0x0002_0010, 1},
	{ErrDupInstruction, Version14, 0x0003_0009, 1},
	{ErrBadPriority, Version14, 0x0005_0009, 1},
	{ErrBadPropertyType, Version14, 0x000e_0000, 3},
	{ErrTooManyProperties, Version14, 0x000e_0003, 6},
	{ErrBadAsyncMask, Version14, 0x000f_0000, 3},
	{ErrMonitorExists, Version14, 0x0010_0001, 1},
	{ErrUnknownMonitor, Version14, 0x0010_0003, 1},
	{ErrBadMonitorFlags, Version14, 0x0010_0005, 1},
	{ErrBundleUnknown, Version14, 0x0011_0000, 16},
}

// wire is the number of an error in messages of a version.
func (c ErrorCode) wire(v Version) ErrorCode {
	for _, m := range movedErrors {
		if c >= m.code && c < m.code+m.n && v >= m.since {
			return m.wire + c - m.code
		}
	}
	return c
}

// errorCodeOf is the opposite of wire.
func errorCodeOf(wire ErrorCode, v Version) ErrorCode {
	for _, m := range movedErrors {
		if wire >= m.wire && wire < m.wire+m.n && v >= m.since {
			return m.code + wire - m.wire
		}
	}
	return wire
}

// errorTypeNicira is the type of Nicira's errors before OpenFlow 1.2, which have their own type and code.
const errorTypeNicira = 0xb0c2
