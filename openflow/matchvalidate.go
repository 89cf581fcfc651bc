// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import "fmt"

// MatchError is a condition of a match that a switch refuses, or does not report as it is.
type MatchError struct {
	Field Field
	// Code is the error that the switch answers with, such as ErrBadPrereq, or that says best why it does not report it.
	Code ErrorCode
	// Reason says what is wrong with the condition.
	Reason string
}

func (e *MatchError) Error() string { return e.Code.Error() + ": " + e.Reason }

// Unwrap returns the code.
func (e *MatchError) Unwrap() error { return e.Code }

// Validate says whether Open vSwitch accepts the match, and if not for what: a *MatchError with ErrBadField for a value
// or mask that has not the field's length, ErrBadWildcards for a value with bits outside of its mask, ErrBadMask for a
// mask on a field that takes none, ErrBadValue for a value that the field cannot have, ErrBadPrereq where a condition
// lacks another that it needs, ErrMatchInconsistent for the addresses of a connection without the Ethernet type of their
// kind, and ErrDupField for two conditions on the same bits. Whether the bridge's TLV table has
// the tunnel options of the match only the switch knows; conditions on FieldUnknown are not looked into.
func (m Match) Validate() error { return m.validate(m.Canonical()) }

// validate is Validate for a match whose canonical form is known.
func (m Match) validate(c Match) error {
	for _, mf := range m {
		if err := mf.check(); err != nil {
			return err
		}
	}
	var s prerequisites
	for i, mf := range c {
		if needs := mf.Field.info().needs; !s.met(needs) {
			return &MatchError{mf.Field, ErrBadPrereq, fmt.Sprintf("%v needs %s", mf, needs)}
		}
		if i > 0 && mf.Field == c[i-1].Field && mf.Field != FieldUnknown {
			return &MatchError{mf.Field, ErrDupField, fmt.Sprintf("match has two conditions on %v", mf.Field)}
		}
		s.add(mf)
	}
	// Open vSwitch looks at the Ethernet type of these fields only when it knows the whole match.
	for _, mf := range c {
		needs := mf.Field.info().needs
		if needs == needCTIPv4 && s.ethType != EthTypeIPv4 || needs == needCTIPv6 && s.ethType != EthTypeIPv6 {
			return &MatchError{mf.Field, ErrMatchInconsistent, fmt.Sprintf("%v needs %s", mf, needs)}
		}
	}
	// The canonical form has no condition on the priority alone.
	for _, mf := range m {
		if mf.Field == FieldVLANPCP && !s.met(needVLAN) {
			return &MatchError{mf.Field, ErrBadPrereq, fmt.Sprintf("%v needs %s", mf, needVLAN)}
		}
	}
	return nil
}

// check looks at a condition by itself.
func (f MatchField) check() error {
	if err := f.checkWidth(); err != nil || f.Field == FieldUnknown {
		return err
	}
	if f.Mask != nil {
		some, full, within := f.maskBits()
		switch {
		case !within:
			return &MatchError{f.Field, ErrBadWildcards, fmt.Sprintf("%v has value bits outside of its mask", f)}
		case some && !full && !f.Field.Maskable():
			return &MatchError{f.Field, ErrBadMask, fmt.Sprintf("%v: %v takes no mask", f, f.Field)}
		}
	}
	if !f.valid() {
		return &MatchError{f.Field, ErrBadValue, fmt.Sprintf("%v: no such value", f)}
	}
	return nil
}

// checkWidth says whether value and mask have the field's length, and an unknown field its own.
func (f MatchField) checkWidth() error {
	n, want := len(f.Value), f.Field.Bytes()
	bad := func(format string, args ...any) error {
		return &MatchError{f.Field, ErrBadField, fmt.Sprintf(format, args...)}
	}
	switch {
	case f.Field == FieldInvalid || f.Field > FieldUnknown:
		return bad("field %d does not exist", f.Field)
	case f.Field == FieldUnknown:
		if !f.isWireForm() {
			return bad("unknown field of %d bytes is not in wire form", n)
		}
	case !f.Field.fits(n):
		return bad("%v: value of %d bytes, not %d", f.Field, n, want)
	case f.Mask != nil && len(f.Mask) != n:
		return bad("%v: mask of %d bytes, not %d", f.Field, len(f.Mask), n)
	}
	return nil
}

// isWireForm reports whether the value is a whole field: a header, and as many bytes as it says.
func (f MatchField) isWireForm() bool {
	r := reader{b: f.Value}
	_, _, length, _ := readHeader(&r)
	return f.Mask == nil && !r.short && len(r.b) == length
}

// valid reports whether the field can have the value, of the right length, as Open vSwitch sees it.
func (f MatchField) valid() bool {
	v := f.Value
	switch f.Field {
	case FieldInPort, FieldActsetOutput:
		_, ok := port16(be.Uint32(v))
		return ok
	case FieldCTState:
		return be.Uint32(v)>>len(ctFlagNames) == 0
	case FieldVLANVID:
		return v[0]&(vlanPCPMask>>8) == 0
	case FieldIPToS:
		return v[0]&3 == 0
	case FieldARPOp:
		return v[0] == 0
	case FieldNSHTTL:
		return v[0] < 1<<6
	case FieldNSHMDType:
		return v[0] == 1 || v[0] == 2
	case FieldTunERSPANIndex, FieldTunERSPANVersion, FieldTunERSPANDir, FieldTunERSPANHWID:
		return true
	}
	if f.Field.isOption() {
		return true
	}
	for i := range v {
		if v[i]&^f.Field.fullMask(i) != 0 {
			return false
		}
	}
	return true
}
