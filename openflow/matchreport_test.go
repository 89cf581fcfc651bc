// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"errors"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// unreported are matches that Open vSwitch takes and reports as others.
var unreported = []struct {
	m    of.Match
	want of.ErrorCode
}{
	{of.Match{of.UintMasked(of.FieldVLANTCI, 0xe000, 0xe000)}, of.ErrBadMask},
	{of.Match{of.UintMasked(of.FieldVLANTCI, 0, 0xe000)}, of.ErrBadMask},
	{of.Match{of.UintMasked(of.FieldVLANTCI, 0x2000, 0x3000)}, of.ErrBadMask},
	{of.Match{of.UintMasked(of.FieldVLANTCI, 0x3000, 0x3000)}, of.ErrBadMask},
	{of.Match{of.UintMasked(of.FieldVLANTCI, 0x8000, 0xf400)}, of.ErrBadMask},
	{of.Match{of.Uint(of.FieldVLANTCI, 0xe000)}, of.ErrBadMask},
	{of.Match{of.CTState(of.CTEstablished, 0), of.Uint(of.FieldCTNwProto, 0)}, of.ErrBadValue},
	{of.Match{of.CTState(of.CTEstablished, 0), of.Uint(of.FieldCTTpSrc, 80)}, of.ErrBadPrereq},
	{of.Match{of.CTState(of.CTEstablished, 0), of.Uint(of.FieldCTTpDst, 80)}, of.ErrBadPrereq},
	{of.Match{of.Uint(of.FieldTunGTPUFlags, 0)}, of.ErrBadValue},
	{of.Match{of.Uint(of.FieldTunERSPANVersion, 0)}, of.ErrBadValue},
}

// reported are matches that look much like those, or that had other forms once.
var reported = []of.Match{
	{of.VLANPCP(0)}, {of.VLANPCP(7)}, {of.VLANID(0)}, {of.VLANTag(5, 0)}, {of.Tagged()}, {of.Untagged()},
	{of.Uint(of.FieldVLANTCI, 0)}, {of.UintMasked(of.FieldVLANTCI, 0, 0xf000)}, {of.UintMasked(of.FieldVLANTCI, 0, 0xf7ff)},
	{of.UintMasked(of.FieldVLANTCI, 5, 0x0fff)}, {of.UintMasked(of.FieldVLANTCI, 0xe005, 0xefff)}, {of.Uint(of.FieldVLANTCI, 0xe005)},
	{of.UintMasked(of.FieldVLANTCI, 0, 0x0fff)}, {of.Uint(of.FieldVLANVID, 0)}, {of.UintMasked(of.FieldVLANVID, 0x1000, 0x1fff)},
	{of.UintMasked(of.FieldCTState, 2, 0xf02)}, {of.UintMasked(of.FieldCTState, 0, 0xf00)},
	{of.EthType(of.EthTypeIPv4), of.UintMasked(of.FieldIPFrag, 2, 0xae)}, {of.EthType(of.EthTypeIPv4), of.UintMasked(of.FieldIPFrag, 0, 0xfc)},
	matchTCP.With(of.UintMasked(of.FieldTCPFlags, 2, 0xf002)), matchTCP.With(of.UintMasked(of.FieldTCPFlags, 0, 0xf000)),
	matchIPv6.With(of.UintMasked(of.FieldIPv6Label, 2, 0xf0000f)), matchIPv6.With(of.UintMasked(of.FieldIPv6Label, 0, 0xfff00000)),
	{of.Uint(of.FieldTunFlags, 0)}, {of.UintMasked(of.FieldTunFlags, 0, 2)}, {of.UintMasked(of.FieldTunFlags, 1, 0xfffd)},
	{of.CTState(of.CTEstablished, 0), of.Uint(of.FieldCTNwProto, 6), of.Uint(of.FieldCTTpSrc, 80)},
	{of.Uint(of.FieldTunGTPUFlags, 0x60)}, {of.UintMasked(of.FieldTunGTPUFlags, 0x20, 0x60)}, {of.UintMasked(of.FieldTunERSPANVersion, 1, 0xf1)},
	{of.TunMetadata(0, []byte{0, 1})}, {of.TunMetadata(0, []byte{0, 0, 0, 1})}, {of.TunMetadata(0, []byte{0})},
	{of.BytesMasked(of.FieldTunMetadata0, []byte{0, 1}, []byte{0, 0xff})},
	{of.BytesMasked(of.FieldTunMetadata0, []byte{1, 2, 3, 4}, []byte{0xff, 0xff, 0xff, 0xff})},
	{of.BytesMasked(of.FieldTunMetadata0, []byte{0, 0, 3, 4}, []byte{0, 1, 0xff, 0xff})},
	{of.BytesMasked(of.FieldTunMetadata0, []byte{0, 0}, []byte{0, 0})},
}

// TestDesiredMatch refuses to want what is not reported, and what is not accepted.
func TestDesiredMatch(t *testing.T) {
	for _, tc := range append(unreported, struct {
		m    of.Match
		want of.ErrorCode
	}{of.Match{of.TCPDst(80)}, of.ErrBadPrereq}) {
		d := of.NewDesired(of.Scope{})
		var refused *of.MatchError
		if err := d.Add(of.Flow{}, of.Flow{Match: tc.m}); !errors.As(err, &refused) || refused.Code != tc.want || d.Len() != 0 {
			t.Errorf("Add(%v) = %v with %d flows then, want %v and none", tc.m, err, d.Len(), tc.want)
		}
	}
	for _, m := range reported {
		if err := of.NewDesired(of.Scope{}).Add(of.Flow{Match: m}); err != nil {
			t.Errorf("Add(%v) = %v", m, err)
		}
	}
}

// TestRealReported has a switch hold each match, find nothing to change the next time, and delete it. What is not reported
// it takes, and is not found to have.
func TestRealReported(t *testing.T) {
	endpoint := actionSwitch(t)
	ctx := testContext(t)
	for _, v := range versions {
		c := dial(t, endpoint, v)
		for _, m := range reported {
			settles(t, c, of.Flow{Table: 1, Match: m})
		}
		for _, tc := range unreported {
			f := of.Flow{Table: 1, Match: tc.m}
			if err := c.Apply(ctx, of.Add(f)); err != nil {
				t.Errorf("%v: add %v: %v", v, f, err)
			}
			if _, ok := flowsOf(t, c)[f.Key()]; ok {
				t.Errorf("%v: %v is reported", v, f)
			}
			if err := c.Apply(ctx, of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestRealOptionSets does the same with flows that write options of tunnels.
func TestRealOptionSets(t *testing.T) {
	endpoint := actionSwitch(t)
	for _, v := range versions {
		c := dial(t, endpoint, v)
		for _, mf := range []of.MatchField{
			{Value: []byte{0, 0, 0, 0}}, {Value: []byte{0}}, {Value: []byte{0, 0, 0, 1}}, {Value: []byte{1}}, {Value: []byte{1, 0, 0, 0}},
			{Value: []byte{0, 0, 0, 0}, Mask: []byte{0, 0, 0, 1}}, {Value: []byte{0, 0, 0, 1}, Mask: []byte{0, 0, 0, 0xff}},
			{Value: []byte{0, 1}, Mask: []byte{0, 0xff}}, {Value: []byte{0, 0, 0, 1}, Mask: []byte{0xff, 0xff, 0xff, 0xff}},
			{Value: []byte{0, 0, 1, 0}, Mask: []byte{0, 0xff, 1, 0}},
		} {
			mf.Field = of.FieldTunMetadata0
			settles(t, c, of.Flow{Table: 1, Instructions: apply(set(mf))})
		}
	}
}

// settles has a switch hold flows, then find them there, and then hold none.
func settles(t *testing.T, c *of.Conn, flows ...of.Flow) {
	t.Helper()
	ctx := testContext(t)
	d := of.NewDesired(of.Scope{})
	if err := d.Add(flows...); err != nil {
		t.Error(err)
		return
	}
	if _, err := c.Sync(ctx, d); err != nil {
		t.Errorf("%v: %v", c.Version(), err)
		return
	}
	p, err := c.Sync(ctx, d)
	if err != nil {
		t.Errorf("%v: %v", c.Version(), err)
	} else if !p.Empty() {
		t.Errorf("%v: the second time added %v, replaced %v, deleted %v", c.Version(), p.Flows.Add, p.Flows.Replace, p.Flows.Delete)
	}
	if _, err := c.Sync(ctx, of.NewDesired(of.Scope{})); err != nil {
		t.Errorf("%v: %v", c.Version(), err)
	}
	if left := flowsOf(t, c); len(left) > 0 {
		t.Errorf("%v: left of %v: %v", c.Version(), flows, left)
	}
}
