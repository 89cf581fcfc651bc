// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// prerequisites are the beginnings of matches that some field needs. A frame that they match stands at each, if there is
// one that the switch can tell from others.
func prerequisites() []prerequisite {
	a, b := frametest.Station(1), frametest.Station(2)
	ip := func(ethType uint16, proto uint8) openflow.Match {
		return openflow.Match{openflow.EthType(ethType), openflow.IPProto(proto)}
	}
	nd := func(typ uint8) openflow.Match {
		return append(ip(openflow.EthTypeIPv6, openflow.IPProtoICMPv6), openflow.ICMPv6Type(typ), openflow.ICMPv6Code(0))
	}
	known := openflow.CTState(openflow.CTTracked|openflow.CTEstablished, 0)
	return []prerequisite{
		{openflow.Match{}, frametest.ARP(a, b, 1)},
		{openflow.Match{openflow.Tagged()}, frametest.Tagged(frametest.ARP(a, b, 1), 7)},
		{ip(openflow.EthTypeIPv4, openflow.IPProtoTCP), frametest.TCP(a, b, 1000, 80, frametest.Segment{Flags: "S"}, "")},
		{ip(openflow.EthTypeIPv4, openflow.IPProtoUDP), frametest.UDP(a, b, 1000, 80, "")},
		{ip(openflow.EthTypeIPv4, openflow.IPProtoSCTP), frametest.SCTP(a, b, 1000, 80)},
		{ip(openflow.EthTypeIPv4, openflow.IPProtoICMP), frametest.ICMP(a, b, 8, 0, 0, nil)},
		{ip(openflow.EthTypeIPv6, openflow.IPProtoUDP), frametest.UDP6(a, b, 1000, 80, 0, 0)},
		{ip(openflow.EthTypeIPv6, openflow.IPProtoICMPv6), frametest.ICMP6(a, b, 128, 0)},
		{openflow.Match{openflow.EthType(openflow.EthTypeIPv4)}, frametest.UDP(a, b, 1000, 80, "")},
		{openflow.Match{openflow.EthType(openflow.EthTypeARP)}, frametest.ARP(a, b, 1)},
		{openflow.Match{openflow.EthType(openflow.EthTypeMPLS)}, frametest.MPLS(a, b)},
		{openflow.Match{openflow.EthType(openflow.EthTypeNSH)}, frametest.NSH(a, b)},
		{nd(openflow.ICMPv6NeighborSolicit), frametest.Neighbour(a, b, openflow.ICMPv6NeighborSolicit)},
		{nd(openflow.ICMPv6NeighborAdvert), frametest.Neighbour(a, b, openflow.ICMPv6NeighborAdvert)},
		{match: openflow.Match{openflow.EthType(openflow.EthTypeIPv4), known}},
		{match: openflow.Match{openflow.EthType(openflow.EthTypeIPv6), known}},
	}
}

type prerequisite struct {
	match openflow.Match
	frame []byte
}

// condition is a condition on a field that no frame of these tests meets, with what it needs.
func condition(t *testing.T, f openflow.Field) (prerequisite, openflow.MatchField) {
	for _, p := range prerequisites() {
		if _, tag := p.match.Get(openflow.FieldVLANTCI); tag && f == openflow.FieldVLANVID {
			return p, openflow.UintMasked(f, 5, 0xfff)
		} else if f == openflow.FieldVLANVID {
			continue // since actions need a tag for it
		}
		if _, own := p.match.Get(f); own {
			continue
		}
		for _, v := range []uint64{5, 1, 4} {
			switch f {
			case openflow.FieldVLANTCI:
				v |= 0x1000
			case openflow.FieldNSHMDType:
				v = 2 // the frame has the other one
			case openflow.FieldTunERSPANDir:
				v = 1 // Open vSwitch takes a value that is too wide, but moves one bit
			}
			if c := openflow.Uint(f, v); p.match.With(c).Validate() == nil {
				return p, c
			}
		}
	}
	t.Fatalf("%v: no match with a condition on it is valid", f)
	return prerequisite{}, openflow.MatchField{}
}

// fieldUse is a flow that uses a field. If the switch takes it, the packet goes on to table 1, where it meets then, and
// leaves by the port, if any, before.
type fieldUse struct {
	name string
	flow openflow.Flow
	then openflow.MatchField
	port uint32
}

func fieldUses(t *testing.T, f openflow.Field) []fieldUse {
	p, c := condition(t, f)
	register := openflow.FieldXReg7
	switch f {
	case openflow.FieldReg14, openflow.FieldReg15, openflow.FieldXReg7, openflow.FieldXXReg3:
		register = openflow.FieldXReg0
	}
	n := uint16(min(f.Bits(), 64))
	low := binary.BigEndian.Uint64(append(make([]byte, 8), c.Value...)[len(c.Value):]) & (1<<n - 1)
	field, reg := openflow.Subfield{Field: f, Bits: n}, openflow.Subfield{Field: register, Bits: n}
	set, held := openflow.SetField{MatchField: c}, openflow.Uint(register, low)
	do := func(actions ...openflow.Action) openflow.Flow {
		return openflow.Flow{Match: p.match, Instructions: openflow.Instructions{Apply: actions, Goto: 1}}
	}
	moved := c // the bits that a move from the register reaches
	if wide := f.Bytes() - 8; wide > 0 {
		moved.Mask = append(make([]byte, wide), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	}
	uses := []fieldUse{
		{name: "set", flow: do(set), then: c},
		{name: "set in an action set", flow: openflow.Flow{Match: p.match, Instructions: openflow.Instructions{
			Write: []openflow.Action{set, openflow.Resubmit{InPort: openflow.PortInPort, Table: 1}},
		}}, then: c},
		{name: "move from", flow: do(set, openflow.Move{Src: field, Dst: reg}), then: held},
		{name: "move to", flow: do(openflow.SetField{MatchField: held}, openflow.Move{Src: reg, Dst: field}), then: moved},
	}
	output := fieldUse{name: "output to", then: c, port: uint32(low & 0xff),
		flow: do(set, openflow.OutputField{Src: openflow.Subfield{Field: f, Bits: min(n, 8)}})}
	if f == openflow.FieldInPort || f == openflow.FieldInPort16 {
		output.port = 0 // a packet does not leave by the port it came in by
	}
	return append(uses, output)
}

// TestEveryField: what a switch takes of any field, it does.
func TestEveryField(t *testing.T) {
	for f := openflow.FieldInvalid + 1; f < openflow.FieldUnknown; f++ {
		t.Run(f.String(), func(t *testing.T) {
			p, c := condition(t, f)
			s := pipelinetest.NewBridge(t, 9)
			err := s.AddFlow(openflow.Flow{Match: p.match.With(c), Instructions: pipelinetest.Out(2)})
			matches := err == nil
			if !matches && !errors.Is(err, openflow.ErrBadField) && !errors.Is(err, openflow.ErrRequestPermission) &&
				!errors.Is(err, openflow.ErrInvalidTLVField) {
				t.Errorf("match: got %v, want no error, OFPBMC_BAD_FIELD, NXFMFC_INVALID_TLV_FIELD or OFPBRC_EPERM", err)
			}
			for _, other := range prerequisites() {
				if other.frame != nil {
					pipelinetest.WantPorts(t, s.Input(9, other.frame))
				}
			}
			for _, use := range fieldUses(t, f) {
				s.ClearFlows()
				err := s.AddFlow(use.flow)
				if err != nil {
					wantOneOf(t, use.name, err, openflow.ErrBadSetType, openflow.ErrBadSetArgument, openflow.ErrBadSetLen,
						openflow.ErrMatchInconsistent, openflow.ErrInvalidTLVField)
					continue
				}
				if !matches || p.frame == nil {
					t.Errorf("%s: got no error, but the field cannot be matched", use.name)
					continue
				}
				if err := s.AddFlow(openflow.Flow{Table: 1, Match: p.match.With(use.then), Instructions: pipelinetest.Out(3)}); err != nil {
					t.Fatalf("%s: match on the outcome: %v", use.name, err)
				}
				want := []uint32{3}
				if use.port > 0 {
					want = []uint32{use.port, 3}
				}
				r := s.Input(9, p.frame)
				if d := cmp.Diff(want, pipelinetest.OutPorts(r)); d != "" {
					t.Errorf("%s: output ports (-want +got):\n%s\n%s", use.name, d, r.Trace())
				}
			}
		})
	}
}

// TestUnknownField: a field without a name is refused.
func TestUnknownField(t *testing.T) {
	unknown := openflow.MatchField{Field: openflow.FieldUnknown, Value: []byte{0x80, 0, 0xfe, 1, 5}}
	s := pipelinetest.NewBridge(t, 1)
	wantOneOf(t, "match", s.AddFlow(openflow.Flow{Match: openflow.Match{unknown}}), openflow.ErrBadField)
	for _, a := range []openflow.Action{
		openflow.SetField{MatchField: unknown},
		openflow.Move{Src: openflow.Subfield{Field: openflow.FieldUnknown, Bits: 8}, Dst: openflow.Subfield{Field: openflow.FieldReg0, Bits: 8}},
	} {
		f := openflow.Flow{Instructions: openflow.Instructions{Apply: []openflow.Action{a}}}
		wantOneOf(t, fmt.Sprint(a), s.AddFlow(f), openflow.ErrBadSetType)
	}
}

func wantOneOf(t *testing.T, what string, err error, codes ...openflow.ErrorCode) {
	t.Helper()
	for _, code := range codes {
		if errors.Is(err, code) {
			return
		}
	}
	t.Errorf("%s: got %v, want one of %v", what, err, codes)
}

// TestEveryFieldOnOpenVSwitch: what the switch takes of a field, Open vSwitch takes too, and what that refuses is refused
// with the same error.
func TestEveryFieldOnOpenVSwitch(t *testing.T) {
	r := startReal(t)
	for f := openflow.FieldInvalid + 1; f < openflow.FieldUnknown; f++ {
		p, c := condition(t, f)
		uses := append(fieldUses(t, f), fieldUse{name: "match", flow: openflow.Flow{Match: p.match.With(c), Instructions: pipelinetest.Out(2)}})
		for _, use := range uses {
			r.compareAdd(t, fmt.Sprintf("%s %v", use.name, f), use.flow)
		}
	}
}

// compareAdd adds a flow here and on Open vSwitch and compares the errors. What this switch has no support for it may
// refuse with an error of its own.
func (r *realSwitch) compareAdd(t *testing.T, what string, f openflow.Flow) {
	t.Helper()
	got, want := pipelinetest.NewBridge(t, 1).AddFlow(f), r.of.Apply(r.ctx, openflow.Add(f))
	var code openflow.ErrorCode
	var refused *openflow.RequestError
	var lack *flowcheck.UnsupportedError
	switch {
	case want != nil && !errors.As(want, &refused):
		// No flow of OpenFlow 1.3 is such.
	case got == nil && want != nil:
		t.Errorf("%s: got no error, Open vSwitch says %v", what, want)
	case want == nil && got != nil && !errors.As(got, &lack):
		t.Errorf("%s: got %v, Open vSwitch takes it", what, got)
	case want != nil && errors.As(want, &code) && !errors.Is(got, code) && !errors.As(got, &lack):
		t.Errorf("%s: got %v, Open vSwitch says %v", what, got, want)
	}
}
