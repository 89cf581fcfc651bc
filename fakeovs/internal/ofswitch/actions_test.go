// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// sample is an action and what the switch says of it in a flow on TCP over IPv4 with a VLAN tag.
type sample struct {
	action openflow.Action
	want   openflow.ErrorCode // 0 if it carries the action out
	// set is what it says of the action in an action set.
	set openflow.ErrorCode
}

// overTheWire is want for the action in a message, where it may be refused before it is looked at.
func (s sample) overTheWire() openflow.ErrorCode {
	if _, ok := s.action.(openflow.NAT); ok {
		return openflow.ErrBadActionArgument
	}
	return s.want
}

// samples has one or more of each type of action.
func samples() []sample {
	const bad, unfit = openflow.ErrBadActionType, openflow.ErrMatchInconsistent
	reg := openflow.Subfield{Field: openflow.FieldReg0, Bits: 16}
	bit := openflow.Subfield{Field: openflow.FieldReg0, Bits: 1}
	mark := openflow.SetField{MatchField: openflow.Uint(openflow.FieldCTMark, 1)}
	some := []openflow.Action{openflow.Output{Port: 1}}
	return []sample{
		{openflow.Output{Port: 1}, 0, 0},
		{openflow.OutputField{Src: reg}, 0, bad},
		{openflow.OutputTruncated{Port: 1, MaxLen: 64}, 0, bad},
		{openflow.OutputGroup{ID: 1}, openflow.ErrBadOutGroup, openflow.ErrBadOutGroup},
		{openflow.Controller{MaxLen: 9, Reason: openflow.PacketInAction, ID: 7, Userdata: []byte{1}}, 0, bad},
		{openflow.Controller{MaxLen: 9, Pause: true}, 0, bad},
		{openflow.Controller{MaxLen: 9, Meter: 1}, 0, bad},
		{openflow.Members{Fields: openflow.HashFields(0), Ports: []uint32{1}}, 0, bad},
		{openflow.SetQueue{ID: 1}, 0, 0},
		{openflow.PopQueue{}, 0, bad},
		{openflow.SetField{MatchField: openflow.Reg(0, 1)}, 0, 0},
		{openflow.Move{Src: reg, Dst: openflow.Subfield{Field: openflow.FieldReg1, Bits: 16}}, 0, 0},
		{openflow.StackPush{Src: reg}, 0, bad},
		{openflow.StackPop{Dst: reg}, 0, bad},
		{openflow.PushVLAN{}, 0, 0},
		{openflow.PopVLAN{}, 0, 0},
		{openflow.PushMPLS{}, 0, 0},
		{openflow.PopMPLS{EthType: openflow.EthTypeIPv4}, unfit, 0},
		{openflow.DecMPLSTTL{}, unfit, 0},
		{openflow.Encap{Type: openflow.PacketMPLS}, 0, 0},
		{openflow.Decap{}, 0, 0},
		{openflow.DecNSHTTL{}, unfit, 0},
		{openflow.DecTTL{Controllers: []uint16{0, 7}}, 0, 0},
		{openflow.Resubmit{InPort: openflow.PortInPort, Table: 1}, 0, 0},
		{openflow.Resubmit{InPort: openflow.PortInPort, Table: 1, CT: true}, unfit, unfit},
		{openflow.Clone{Actions: some}, 0, bad},
		{openflow.Learn{Table: 1}, 0, bad},
		{openflow.Conjunction{ID: 1, Clause: 1, Clauses: 2}, 0, bad},
		{openflow.Multipath{Algorithm: openflow.MultipathAlgorithm(0), Links: 2, Dst: reg}, 0, bad},
		{openflow.FinTimeout{IdleTimeout: 1}, 0, bad},
		{openflow.Sample{Probability: 1}, 0, bad},
		{openflow.CheckPacketLarger{Length: 100, Dst: bit}, 0, bad},
		{openflow.DeleteField{Field: openflow.FieldTunMetadata0}, openflow.ErrInvalidTLVField, bad},
		{openflow.Meter{ID: 1}, openflow.ErrInvalidMeter, bad},
		{openflow.CT{Zone: 1, Commit: true, NAT: &openflow.NAT{}}, 0, 0},
		{openflow.CT{Commit: true, ALG: openflow.ALGFTP}, 0, 0},
		{openflow.CT{Commit: true, Exec: []openflow.Action{mark, openflow.NAT{}}}, 0, 0},
		{openflow.CTClear{}, 0, 0},
		{openflow.NAT{}, openflow.ErrBadSetArgument, bad},
		{openflow.Exit{}, 0, bad},
		{openflow.Note{Data: []byte("abcdef")}, 0, bad},
		{openflow.RawAction{Bytes: []byte{0, 99, 0, 8, 0, 0, 0, 0}}, bad, bad},
	}
}

// taggedTCP is a match that every action's prerequisites are met by that can be met.
func taggedTCP() openflow.Match {
	return openflow.Match{openflow.Tagged(), openflow.EthType(openflow.EthTypeIPv4), openflow.IPProto(openflow.IPProtoTCP)}.Canonical()
}

// TestEveryActionHasASample: the types with the methods of an action are those of the samples.
func TestEveryActionHasASample(t *testing.T) {
	// Those of OpenFlow 1.0 and 1.1 are others in the version of this test.
	have := []string{"SetVLANVID", "SetVLANPCP", "SetTransport", "EnqueueTo", "WriteMetadata"}
	for _, s := range samples() {
		have = append(have, reflect.TypeOf(s.action).Name())
	}
	files, err := filepath.Glob("../../../openflow/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("sources of package openflow: got %v, %v", files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if name := actionType(d); name != "" && !slices.Contains(have, name) {
				t.Errorf("action %s of package openflow has no sample", name)
			}
		}
	}
}

// actionType is the type that a declaration makes an action: appendTo of an action has two results.
func actionType(d ast.Decl) string {
	m, ok := d.(*ast.FuncDecl)
	if !ok || m.Recv == nil || m.Name.Name != "appendTo" || m.Type.Results.NumFields() != 2 {
		return ""
	}
	name, _ := m.Recv.List[0].Type.(*ast.Ident)
	if name == nil || !name.IsExported() {
		return ""
	}
	return name.Name
}

func TestEveryAction(t *testing.T) {
	for _, c := range samples() {
		list := []openflow.Action{c.action}
		exec, clone := openflow.ErrBadActionArgument, c.want
		switch c.action.(type) {
		case openflow.NAT, openflow.Conjunction:
			exec = 0
		case openflow.RawAction:
			exec = openflow.ErrBadActionType
		case openflow.Meter:
			clone = openflow.ErrBadActionArgument
		}
		for _, place := range []struct {
			name string
			in   openflow.Instructions
			want openflow.ErrorCode
		}{
			{"apply", openflow.Instructions{Apply: list}, c.want},
			{"write", openflow.Instructions{Write: list}, c.set},
			{"exec of a ct action", pipelinetest.Apply(openflow.CT{Commit: true, Exec: list}), exec},
			{"exec of a ct action with a zone of a field", pipelinetest.Apply(openflow.CT{
				Commit: true, Exec: list, ZoneFrom: &openflow.Subfield{Field: openflow.FieldReg0, Bits: 16},
			}), exec},
			{"clone", pipelinetest.Apply(openflow.Clone{Actions: list}), clone},
		} {
			r := refusal{name: c.action.String() + " in " + place.name, want: place.want}
			r.check(t, pipelinetest.NewBridge(t, 1).AddFlow(openflow.Flow{Match: taggedTCP(), Instructions: place.in}))
		}
	}
}

// TestEveryActionOverTheWire: what is refused is refused in each message that brings actions.
func TestEveryActionOverTheWire(t *testing.T) {
	b := newBed(t)
	p := b.peer(t)
	const flags = openflow.BundleAtomic | openflow.BundleOrdered
	frame := frametest.Tagged(frametest.TCP(frametest.Station(1), frametest.Station(2), 1, 2, frametest.Segment{Flags: "S"}, ""), 7)
	xid := uint32(0)
	for _, c := range samples() {
		list := []openflow.Action{c.action}
		mod := openflow.Add(openflow.Flow{Match: taggedTCP(), Instructions: openflow.Instructions{Apply: list}})
		out := openflow.PacketOut{InPort: openflow.PortController, Data: frame, Actions: list}
		if _, err := openflow.Encode(openflow.Version13, mod, 0); err != nil {
			if c.want == 0 {
				t.Errorf("%v: %v", c.action, err)
			}
			continue // it is not of OpenFlow 1.3
		}
		if _, ok := c.action.(openflow.OutputGroup); ok {
			continue // whose group is sought only when a bundle is carried out
		}
		for _, m := range []openflow.Message{
			mod, out, openflow.BundleAdd{ID: 1, Flags: flags, Message: mod}, openflow.BundleAdd{ID: 1, Flags: flags, Message: out},
		} {
			xid++
			p.send(m, xid)
			p.send(openflow.BarrierRequest{}, xid)
			if code := c.overTheWire(); code != 0 {
				p.wantError(code, xid)
			}
			want[openflow.BarrierReply](p, xid)
		}
	}
}

// TestEveryActionOnOpenVSwitch: what the switch takes of an action, Open vSwitch takes too, and what that refuses is
// refused with the same error.
func TestEveryActionOnOpenVSwitch(t *testing.T) {
	r := startReal(t)
	for _, c := range samples() {
		if _, ok := c.action.(openflow.DeleteField); ok {
			continue // which Open vSwitch refuses for want of the option before it looks where the action stands
		}
		list := []openflow.Action{c.action}
		for name, in := range map[string]openflow.Instructions{
			"apply": {Apply: list}, "write": {Write: list}, "exec": pipelinetest.Apply(openflow.CT{Commit: true, Exec: list}),
		} {
			r.compareAdd(t, c.action.String()+" in "+name, openflow.Flow{Match: taggedTCP(), Instructions: in})
		}
	}
}

// TestOrderOfVLANActions: whether there is a tag depends on the actions before.
func TestOrderOfVLANActions(t *testing.T) {
	vid := openflow.SetField{MatchField: openflow.Uint(openflow.FieldVLANVID, 0x1005)}
	pcp := openflow.SetField{MatchField: openflow.Uint(openflow.FieldVLANPCP, 3)}
	tci := openflow.SetField{MatchField: openflow.Uint(openflow.FieldVLANTCI, 0x1006)}
	r := startReal(t)
	for _, c := range []struct {
		actions []openflow.Action
		want    openflow.ErrorCode
	}{
		{[]openflow.Action{openflow.PopVLAN{}}, openflow.ErrMatchInconsistent},
		{[]openflow.Action{vid}, openflow.ErrMatchInconsistent},
		{[]openflow.Action{pcp}, openflow.ErrMatchInconsistent},
		{[]openflow.Action{openflow.PushVLAN{}, vid, pcp}, 0},
		{[]openflow.Action{tci, vid, openflow.PopVLAN{}}, 0},
		{[]openflow.Action{openflow.PushVLAN{}, openflow.PopVLAN{}, vid}, openflow.ErrMatchInconsistent},
	} {
		f := openflow.Flow{Instructions: openflow.Instructions{Apply: c.actions}}
		refused := refusal{name: f.String(), want: c.want}
		refused.check(t, pipelinetest.NewBridge(t, 1).AddFlow(f))
		refused.check(t, r.of.Apply(r.ctx, openflow.Add(f)))
	}
}
