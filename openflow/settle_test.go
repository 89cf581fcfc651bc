// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	of "github.com/ovskit/ovskit/openflow"
)

// TestRealSettles adds random flows on all fields and with all actions to a switch in each version. A synchronisation that
// wants them finds nothing to do, and one that wants none leaves none.
func TestRealSettles(t *testing.T) {
	endpoint := actionSwitch(t)
	mapFurtherOptions(t, endpoint)
	ctx := testContext(t)
	for _, v := range versions {
		c := dial(t, endpoint, v)
		r := rand.New(rand.NewPCG(1, uint64(v)))
		for range 4 {
			var taken []of.Flow
			for i := range 300 {
				f := randomFlow(r, v)
				f.Cookie, f.Priority = uint64(i), uint16(i)
				// The switch refuses what does not go together, such as actions on fields that the match does not imply.
				if of.NewDesired(of.Scope{}).Add(f) == nil && c.Apply(ctx, of.Add(f)) == nil {
					taken = append(taken, f)
				}
			}
			if len(taken) < 100 {
				t.Errorf("%v: the switch takes %d of 300 flows, want at least 100", v, len(taken))
			}
			d := of.NewDesired(of.Scope{})
			if err := d.Add(taken...); err != nil {
				t.Fatal(err)
			}
			p, err := c.Diff(ctx, d)
			if err != nil {
				t.Fatalf("%v: %v", v, err)
			}
			for _, f := range slices.Concat(p.Flows.Add, p.Flows.Replace, p.Flows.Delete) {
				t.Errorf("%v: differs: %v", v, f)
			}
			settles(t, c, taken...)
		}
	}
}

// mapFurtherOptions gives options of tunnels lengths that the action tests do not.
func mapFurtherOptions(t *testing.T, endpoint string) {
	t.Helper()
	ofctl(t, of.Version13, "add-tlv-map", endpoint, "{class=0xffff,type=1,len=8}->tun_metadata1,{class=0xffff,type=2,len=4}->tun_metadata2")
}

// randomFlow is a flow that a switch of the version may take.
func randomFlow(r *rand.Rand, v of.Version) of.Flow {
	sometimes := func(n int) bool { return r.IntN(n) == 0 }
	f := of.Flow{Table: uint8(r.IntN(3)), Match: randomMatch(r), Flags: of.FlowFlags(r.IntN(32)) &^ of.FlowCheckOverlap}
	if sometimes(2) {
		f.IdleTimeout = 300
	}
	if v >= of.Version14 && sometimes(2) {
		f.Importance = uint16(r.Uint32())
	}
	if sometimes(2) {
		f.Apply = randomActions(r, &f.Match)
	}
	if sometimes(4) {
		f.Write = randomActions(r, &f.Match)
	}
	f.ClearActions = sometimes(5)
	if sometimes(5) {
		f.Meter = 6
	}
	if sometimes(5) {
		f.Goto = 9
	}
	if sometimes(5) {
		f.Metadata, f.MetadataMask = r.Uint64(), r.Uint64()
	}
	if v >= of.Version15 && sometimes(5) {
		f.Meter, f.Apply = 0, slices.Concat([]of.Action{of.Meter{ID: 6}}, f.Apply)
	}
	return f
}

func randomMatch(r *rand.Rand) (m of.Match) {
	for range r.IntN(4) {
		f := randomKind(r)
		m = withMissing(m, append(neededBy(f), randomCondition(r, f))...)
	}
	return m
}

// randomKind is a field, not one that is for the switch's own use.
func randomKind(r *rand.Rand) of.Field {
	for {
		f := 1 + of.Field(r.IntN(int(of.FieldUnknown)-1))
		option := f - of.FieldTunMetadata0
		if f != of.FieldDPHash && f != of.FieldRecircID && (!isOption(f) || option <= 2 || option == 7) {
			return f
		}
	}
}

// withMissing adds the conditions on fields that the match has none on.
func withMissing(m of.Match, more ...of.MatchField) of.Match {
	for _, mf := range more {
		if _, there := m.Get(mf.Field); !there {
			m = append(m, mf)
		}
	}
	return m
}

// randomCondition is on some or all bits of a field; many bytes of it are zero.
func randomCondition(r *rand.Rand, f of.Field) of.MatchField {
	mf := condition(f)
	n := len(mf.Value)
	switch f {
	case of.FieldPacketType, of.FieldInPort, of.FieldInPort16, of.FieldActsetOutput, of.FieldARPOp, of.FieldNSHMDType, of.FieldNSHTTL,
		of.FieldIPToS, of.FieldVLANVID:
		return mf
	}
	width := f.Bits()
	switch {
	case isOption(f):
		n, width = 1+r.IntN(4), 32
	case f == of.FieldCTState:
		width = 8
	}
	value, mask := make([]byte, n), make([]byte, n)
	for i := range value {
		inField := byte(0xff)
		if spare := 8*(n-i) - width; spare > 0 {
			inField >>= min(spare, 8)
		}
		value[i] = byte(r.Uint32()) & inField
		mask[i] = byte(r.Uint32())
		switch r.IntN(4) {
		case 0:
			value[i] = 0
		case 1:
			mask[i] = 0
		case 2:
			mask[i] = 0xff
		}
	}
	if f.Maskable() && r.IntN(2) == 0 {
		return of.BytesMasked(f, value, mask)
	}
	return of.Bytes(f, value)
}

// randomActions are actions with what the match must say for them.
func randomActions(r *rand.Rand, m *of.Match) (list []of.Action) {
	for range r.IntN(5) {
		if r.IntN(2) == 0 {
			tc := everyAction[r.IntN(len(everyAction))]
			if _, alone := tc.action.(of.Conjunction); !alone {
				list, *m = append(list, tc.action), withMissing(*m, tc.match...)
			}
			continue
		}
		f := randomKind(r)
		if !f.Writable() {
			continue
		}
		*m = withMissing(*m, neededBy(f)...)
		for range 1 + r.IntN(2) {
			mf := randomCondition(r, f)
			if !f.Maskable() && r.IntN(3) == 0 {
				mask := make([]byte, len(mf.Value))
				for i := range mask {
					mask[i] = byte(r.Uint32())
				}
				mf = of.BytesMasked(f, mf.Value, mask)
			}
			list = append(list, set(mf))
		}
	}
	return list
}

// TestRealMutated changes a few bytes of flow-mods. Whatever the switch takes, the dump has it, in a form that is written
// back as the same; and a synchronisation that wants no flow deletes it, unless the switch reports another match.
func TestRealMutated(t *testing.T) {
	endpoint := actionSwitch(t)
	mapFurtherOptions(t, endpoint)
	ctx := testContext(t)
	for _, v := range versions {
		c, a := dial(t, endpoint, v), dialPeer(t, endpoint, v)
		r := rand.New(rand.NewPCG(2, uint64(v)))
		taken := 0
		for range 4000 {
			b, ok := mutatedFlowMod(r, v)
			if !ok || len(a.ask(of.Raw{Type: b[1], Body: b[of.HeaderLen:]})) > 0 {
				continue
			}
			taken++
			flows, err := c.Flows(ctx, of.FlowFilter{})
			if err != nil || len(flows) != 1 {
				t.Fatalf("%v: the dump is %v, error %v, after\n%x", v, flows, err, b)
			}
			if !isReported(b) {
				remove := of.FlowMod{Command: of.FlowDelete, Flow: of.Flow{Table: of.AllTables}}
				if err := c.Apply(ctx, remove); err != nil {
					t.Fatal(err)
				}
				continue
			}
			settles(t, c, flows[0].Flow)
			if t.Failed() {
				t.Fatalf("%v: after\n%x", v, b)
			}
		}
		if taken < 500 {
			t.Errorf("%v: the switch takes %d changed flow-mods, want at least 500", v, taken)
		}
	}
}

// isReported reports whether a switch that takes the flow-mod reports its match as it is.
func isReported(flowMod []byte) bool {
	const match = of.HeaderLen + 40
	length := int(binary.BigEndian.Uint16(flowMod[match+2:])+7) &^ 7
	b := bytes.Clone(flowMod[:match+length])
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	m, _, err := of.Decode(b)
	return err != nil || of.NewDesired(of.Scope{}).Add(of.Flow{Match: m.(of.FlowMod).Match}) == nil
}

// mutatedFlowMod is a message that adds a flow, with some bytes changed. It reports false if it does not add one any more.
func mutatedFlowMod(r *rand.Rand, v of.Version) ([]byte, bool) {
	tc := everyAction[r.IntN(len(everyAction))]
	f := of.Flow{Table: 1, Match: tc.match, Instructions: apply(tc.action)}
	if r.IntN(3) == 0 {
		f.Match, f.Apply = randomMatch(r), nil
	}
	if r.IntN(6) == 0 {
		f.Goto, f.Metadata, f.MetadataMask = 5, 5, 7
	}
	b, err := of.Encode(v, of.Add(f), 7)
	if err != nil {
		return nil, false
	}
	const command, match = of.HeaderLen + 17, of.HeaderLen + 40
	before := bytes.Clone(b)
	for range 1 + r.IntN(3) {
		from := of.HeaderLen
		if r.IntN(3) > 0 {
			from = match
		}
		switch i := from + r.IntN(len(b)-from); r.IntN(4) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b[i] = byte(r.Uint32())
		case 2:
			b[i] = 0
		case 3:
			b[i] = 0xff
		}
	}
	return b, b[command] == 0 && !bytes.Equal(before, b)
}
