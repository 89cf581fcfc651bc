// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// checkReported is Validate for a match that is to be found again among those that a switch reports. It is a *MatchError as
// well for what Open vSwitch 3.1 accepts and then reports as another match, so that it can neither be recognised nor deleted:
// the priority of a VLAN tag in part, or without a condition on the rest of the tag that is not zero; the protocol 0 of a
// connection, and its ports without a protocol; and the value 0 of a field of which a value is its own mask.
func (m Match) checkReported() error {
	c := m.Canonical()
	if err := m.validate(c); err != nil {
		return err
	}
	for _, mf := range c {
		if err := mf.checkReported(c); err != nil {
			return err
		}
	}
	return nil
}

// checkReported looks at one condition of a match, which is canonical.
func (f MatchField) checkReported(m Match) error {
	lost := func(code ErrorCode, reason string) error {
		return &MatchError{f.Field, code, fmt.Sprintf("%v is accepted but not reported: %s", f, reason)}
	}
	switch {
	case f.Field == FieldVLANTCI:
		value, mask := be.Uint16(f.Value), uint16(0xffff)
		if f.Mask != nil {
			mask = be.Uint16(f.Mask)
		}
		priority := mask & vlanPCPMask
		switch {
		case priority != 0 && value&^vlanPCPMask == 0:
			return lost(ErrBadMask, "the priority needs a tag that is there")
		case priority != 0 && priority != vlanPCPMask:
			return lost(ErrBadMask, "the priority is matched as a whole")
		}
	case f.Field == FieldCTNwProto && f.Value[0] == 0:
		return lost(ErrBadValue, "the protocol 0 is none")
	case f.Field == FieldCTTpSrc || f.Field == FieldCTTpDst:
		if proto, ok := m.Get(FieldCTNwProto); !ok || proto.Value[0] == 0 {
			return lost(ErrBadPrereq, "ports need a ct_nw_proto")
		}
	case f.Field.masksItself() && allZero(f.Value):
		return lost(ErrBadValue, "the value is taken for the mask, which then has no bit")
	}
	return nil
}
