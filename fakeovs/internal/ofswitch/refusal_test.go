// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"errors"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// refusals are flows that a switch refuses.
func refusals() []refusal {
	tcp := openflow.Match{openflow.EthType(0x800), openflow.IPProto(6)}
	invalid := openflow.Match{openflow.CTState(openflow.CTTracked|openflow.CTInvalid, 0), openflow.EthType(0x800)}
	set := func(f openflow.MatchField) openflow.Instructions {
		return openflow.Instructions{Apply: []openflow.Action{openflow.SetField{MatchField: f}}}
	}
	do := func(a ...openflow.Action) openflow.Instructions { return openflow.Instructions{Apply: a} }
	return []refusal{
		{"address without type", openflow.Flow{Match: openflow.Match{openflow.Uint(openflow.FieldIPv4Src, 1)}}, openflow.ErrBadPrereq},
		{"port without protocol", openflow.Flow{Match: openflow.Match{openflow.EthType(0x800), openflow.TCPDst(1)}}, openflow.ErrBadPrereq},
		{"masked type", openflow.Flow{Match: openflow.Match{openflow.UintMasked(openflow.FieldEthType, 0x800, 0xff00)}}, openflow.ErrBadMask},
		{"unknown state", openflow.Flow{Match: openflow.Match{openflow.Uint(openflow.FieldCTState, 0x100)}}, openflow.ErrBadValue},
		{"table 255", openflow.Flow{Table: 255}, openflow.ErrBadFlowTable},
		{"table 254", openflow.Flow{Table: 254}, openflow.ErrRequestPermission},
		{"goto back", openflow.Flow{Table: 3, Instructions: openflow.Instructions{Goto: 3}}, openflow.ErrBadInstructionTable},
		{"set without prerequisite", openflow.Flow{Instructions: set(openflow.TCPDst(1))}, openflow.ErrMatchInconsistent},
		{"set of a read-only field", openflow.Flow{Instructions: set(openflow.EthType(0x800))}, openflow.ErrBadSetArgument},
		{"set of ct_mark", openflow.Flow{Match: tcp, Instructions: set(openflow.Uint(openflow.FieldCTMark, 1))}, openflow.ErrBadSetArgument},
		{"output to any", openflow.Flow{Instructions: pipelinetest.Out(openflow.PortAny)}, openflow.ErrBadOutPort},
		{"output to 0xff00", openflow.Flow{Instructions: pipelinetest.Out(0xff00)}, openflow.ErrBadOutPort},
		{"ct without IP", openflow.Flow{Instructions: do(openflow.CT{})}, openflow.ErrMatchInconsistent},
		{"dec_ttl without IP", openflow.Flow{Instructions: do(openflow.DecTTL{})}, openflow.ErrMatchInconsistent},
		{"force without commit", openflow.Flow{Match: tcp, Instructions: do(openflow.CT{Force: true})}, openflow.ErrBadActionArgument},
		{"translation without commit", openflow.Flow{Match: tcp, Instructions: do(openflow.CT{
			NAT: &openflow.NAT{Type: openflow.NATSource, AddrMin: frametest.Station(1).IP},
		})}, openflow.ErrBadActionArgument},
		{"meter", openflow.Flow{Instructions: openflow.Instructions{Meter: 1}}, openflow.ErrInvalidMeter},
		{"unknown action", openflow.Flow{Instructions: do(openflow.RawAction{Bytes: []byte{0, 99, 0, 8, 0, 0, 0, 0}})}, openflow.ErrBadActionType},
		{"commit of what is invalid", openflow.Flow{Match: invalid, Instructions: do(openflow.CT{Commit: true})}, openflow.ErrMatchInconsistent},
		{"commit of what is invalid, in a write", openflow.Flow{Match: invalid, Instructions: openflow.Instructions{
			Write: []openflow.Action{openflow.CT{Commit: true}},
		}}, openflow.ErrMatchInconsistent},
		{"commit of what was invalid", openflow.Flow{Match: invalid, Instructions: do(openflow.CTClear{}, openflow.CT{Commit: true})}, openflow.ErrMatchInconsistent},
		{"tracking of what is invalid", openflow.Flow{Match: invalid, Instructions: do(openflow.CT{Zone: 1})}, 0},
		{"commit of what is valid", openflow.Flow{
			Match:        openflow.Match{openflow.CTState(openflow.CTTracked, openflow.CTInvalid), openflow.EthType(0x800)},
			Instructions: do(openflow.CT{Commit: true}),
		}, 0},
	}
}

// refusal is a flow and the error that refuses it, 0 if it is good.
type refusal struct {
	name string
	flow openflow.Flow
	want openflow.ErrorCode
}

func (c *refusal) check(t *testing.T, err error) {
	t.Helper()
	if c.want == 0 && err != nil || c.want != 0 && !errors.Is(err, c.want) {
		t.Errorf("%s: got %v, want %v", c.name, err, c.want)
	}
}

func TestFlowRefusals(t *testing.T) {
	b := newBed(t)
	for _, c := range refusals() {
		c.check(t, b.AddFlow(c.flow))
	}
}

func TestFlowRefusalsOfOpenVSwitch(t *testing.T) {
	r := startReal(t)
	for _, c := range refusals() {
		c.check(t, r.of.Apply(r.ctx, openflow.Add(c.flow)))
	}
}
