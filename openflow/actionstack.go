// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

// StackPush copies a field onto the stack that a packet has with it (ovs-actions(7), "The push and pop actions").
type StackPush struct{ Src Subfield }

// String is the action in the words of ovs-actions(7).
func (a StackPush) String() string { return "push:" + a.Src.String() }

func (a StackPush) appendTo(b []byte, _ Version) ([]byte, error) {
	return appendStack(b, nxStackPush, a.Src)
}

// StackPop takes the topmost off the stack that a packet has with it, into a field; from an empty stack it takes zeros
// (ovs-actions(7), "The push and pop actions").
type StackPop struct{ Dst Subfield }

// String is the action in the words of ovs-actions(7).
func (a StackPop) String() string { return "pop:" + a.Dst.String() }

func (a StackPop) appendTo(b []byte, _ Version) ([]byte, error) {
	return appendStack(b, nxStackPop, a.Dst)
}

func appendStack(b []byte, subtype uint16, s Subfield) ([]byte, error) {
	if err := s.check(); err != nil {
		return b, err
	}
	start := len(b)
	b = be.AppendUint16(appendNicira(b, subtype, 24), s.Offset)
	b, err := appendNXMHeader(b, s.Field)
	b = be.AppendUint16(b, s.Bits)
	return pad(b, start+24-len(b)), err
}

func decodeStack(b []byte, r *reader, push bool) (Action, error) {
	s := Subfield{Offset: r.u16(), Field: decodeHeader(r), Bits: r.u16()}
	if s.Field == FieldUnknown {
		return RawAction{b}, nil
	}
	if push {
		if !s.fits() {
			return nil, s.misfit("push")
		}
		return sized(b, 24, StackPush{s})
	}
	if !s.fits() {
		return nil, s.misfit("pop")
	}
	return sized(b, 24, StackPop{s})
}
