// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

// TestTraceSameAsOpenVSwitch traces random packets through random flow tables, here and on Open vSwitch, and compares the
// whole text: the tables, flows and actions, the megaflow and the actions of the datapath.
func TestTraceSameAsOpenVSwitch(t *testing.T) {
	inRounds(t, 40, func(t *testing.T, real *realSwitch, seed uint64) (alive bool) {
		b := newBed(t)
		for p := uint32(1); p <= ports; p++ {
			if err := b.AddPort(pipeline.Port{No: p, Name: fmt.Sprintf("p%d", p)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.AddPort(pipeline.Port{No: openflow.PortLocal, Name: "br0", Datapath: 100}); err != nil {
			t.Fatal(err)
		}
		g := &tracing{generator{Rand: rand.New(rand.NewPCG(seed, 3))}}
		mods := g.mods()
		if err := b.dial(t).Bundle(b.ctx, mods...); err != nil {
			t.Fatalf("this switch: %v\n%s", err, modTexts(mods))
		}
		// First everything goes, lest what the flows before were in stands in the way of what comes.
		for _, part := range [][]openflow.Modification{mods[:2], mods[2:]} {
			if err := real.of.Bundle(real.ctx, part...); err != nil {
				t.Fatalf("Open vSwitch: %v\n%s", err, modTexts(mods))
			}
			real.purge(t)
		}
		for range 60 {
			match := g.packet()
			key, _ := packet.Match(match)
			got := normalized(b.Trace(&key, pipeline.TraceOptions{}))
			var want string
			// Flows that were deleted stay for a while where Open vSwitch looks, and show in its megaflows.
			for range 200 {
				text, err := real.trace("br0", exactText(match))
				if err != nil {
					t.Logf("Open vSwitch does not answer a trace: %v", err)
					return real.crashed(t, fmt.Errorf("trace %s: %w", exactText(match), err))
				}
				if want = normalized(text); want == got {
					break
				}
				real.purge(t)
			}
			if got != want {
				t.Fatalf("trace of %s (-Open vSwitch +this):\n%s\nOpen vSwitch:\n%s\n%s", exactText(match),
					cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")), want, modTexts(mods))
			}
		}
		return true
	})
}

var (
	flooded     = regexp.MustCompile(`(?m)^ +(FLOOD|ALL)$`)
	actionLines = regexp.MustCompile(`(?m)^Datapath actions: .*$`)
	// outputs are two outputs or more.
	outputs = regexp.MustCompile(`\b\d+(,\d+)+\b`)
)

var recirculationIDs = regexp.MustCompile(`(recirc\(|recirc_id=)(0x[0-9a-f]+|[0-9]+)`)

// normalized numbers recirculations in the order in which they come, and orders the ports of a flood: Open vSwitch has some
// of them one way or the other after every reconfiguration.
func normalized(text string) string {
	if flooded.MatchString(text) {
		text = actionLines.ReplaceAllStringFunc(text, func(line string) string {
			return outputs.ReplaceAllStringFunc(line, func(s string) string {
				list := strings.Split(s, ",")
				slices.Sort(list)
				return strings.Join(list, ",")
			})
		})
	}
	ids := map[uint64]int{}
	return strings.TrimSpace(recirculationIDs.ReplaceAllStringFunc(text, func(s string) string {
		at := strings.IndexAny(s, "(=") + 1
		id, err := strconv.ParseUint(s[at:], 0, 32)
		if err != nil || id == 0 {
			return s
		}
		if ids[id] == 0 {
			ids[id] = len(ids) + 1
		}
		return fmt.Sprintf("%s#%d", s[:at], ids[id])
	}))
}

func modTexts(mods []openflow.Modification) string {
	var b strings.Builder
	for _, m := range mods {
		fmt.Fprintln(&b, m)
	}
	return b.String()
}

// exactText is a packet as ofproto/trace reads it.
func exactText(m openflow.Match) string {
	parts := make([]string, len(m))
	for i, f := range m {
		_, value, _ := strings.Cut(f.String(), "=")
		if value == "" || f.Field == openflow.FieldEthType || f.Field == openflow.FieldVLANTCI {
			value = fmt.Sprintf("0x%x", f.Value)
		}
		parts[i] = f.Field.String() + "=" + value
	}
	return strings.Join(parts, ",")
}

// tracing makes flow tables of everything and the fields of packets.
type tracing struct{ generator }

func (g *tracing) addr() uint64 {
	return 0x0a000000 | g.Uint64N(4)<<16 | g.Uint64N(3)<<8 | g.Uint64N(4)
}

// prefixed is a condition on the first bits of a field of 32 bits.
func (g *tracing) prefixed(f openflow.Field, v uint64) openflow.MatchField {
	length := pick(&g.generator, 8, 14, 15, 16, 24, 30, 31, 32, 32)
	mask := uint64(0xffffffff) << (32 - length) & 0xffffffff
	return openflow.UintMasked(f, v&mask, mask)
}

func (g *tracing) addr6() []byte {
	return []byte{0x20, 1, 0xd, 0xb8, 0, byte(g.IntN(3)), 0, byte(g.IntN(2)), 0, 0, 0, 0, 0, 0, 0, byte(g.IntN(4))}
}

func (g *tracing) prefixed6(f openflow.Field) openflow.MatchField {
	length := pick(&g.generator, 16, 32, 47, 48, 64, 126, 128)
	m := openflow.MatchField{Field: f, Value: g.addr6(), Mask: make([]byte, 16)}
	for i := range length {
		m.Mask[i/8] |= 0x80 >> (i % 8)
	}
	for i := range m.Value {
		m.Value[i] &= m.Mask[i]
	}
	return m
}

func (g *tracing) port() uint64 { return pick(&g.generator, uint64(80), 81, 443, 1000, 1024) }

func (g *tracing) ports(f openflow.Field) openflow.MatchField {
	mask := pick(&g.generator, uint64(0xffff), 0xffff, 0xffff, 0xfffe, 0xff00)
	return openflow.UintMasked(f, g.port()&mask, mask)
}

var transports = map[uint8][2]openflow.Field{
	openflow.IPProtoTCP:  {openflow.FieldTCPSrc, openflow.FieldTCPDst},
	openflow.IPProtoUDP:  {openflow.FieldUDPSrc, openflow.FieldUDPDst},
	openflow.IPProtoSCTP: {openflow.FieldSCTPSrc, openflow.FieldSCTPDst},
}

// match is a match of some protocol.
func (g *tracing) match(table uint8) openflow.Match {
	var m openflow.Match
	some := func(percent int, f func() openflow.MatchField) {
		if g.chance(percent) {
			m = append(m, f())
		}
	}
	switch g.IntN(10) {
	case 0:
	case 1:
		m = append(m, openflow.EthType(openflow.EthTypeARP))
		some(50, func() openflow.MatchField { return openflow.Uint(openflow.FieldARPOp, 1+g.Uint64N(2)) })
		some(50, func() openflow.MatchField { return g.prefixed(openflow.FieldARPTPA, g.addr()) })
	case 2:
		m = append(m, openflow.EthType(openflow.EthTypeIPv6))
		some(50, func() openflow.MatchField { return g.prefixed6(openflow.FieldIPv6Dst) })
		some(30, func() openflow.MatchField { return g.prefixed6(openflow.FieldIPv6Src) })
	default:
		m = append(m, openflow.EthType(openflow.EthTypeIPv4))
		some(40, func() openflow.MatchField { return g.prefixed(openflow.FieldIPv4Dst, g.addr()) })
		some(30, func() openflow.MatchField { return g.prefixed(openflow.FieldIPv4Src, g.addr()) })
	}
	if len(m) > 0 && m[0].Value[0] != openflow.EthTypeARP>>8 || len(m) > 0 && m[0].Value[1] != openflow.EthTypeARP&0xff {
		if g.chance(60) {
			proto := pick[uint8](&g.generator, 6, 6, 17, 132, 1)
			if v6 := m[0].Value[0] == 0x86; proto == 1 && v6 {
				proto = openflow.IPProtoICMPv6
			}
			m = append(m, openflow.IPProto(proto))
			switch fields, ok := transports[proto]; {
			case ok:
				some(30, func() openflow.MatchField { return g.ports(fields[0]) })
				some(50, func() openflow.MatchField { return g.ports(fields[1]) })
			case proto == 1:
				some(50, func() openflow.MatchField {
					return openflow.Uint(openflow.FieldICMPv4Type, pick(&g.generator, uint64(0), 8))
				})
			default:
				some(50, func() openflow.MatchField { return openflow.Uint(openflow.FieldICMPv6Type, 135+g.Uint64N(2)) })
			}
			some(10, func() openflow.MatchField { return openflow.Uint(openflow.FieldIPDSCP, g.Uint64N(3)) })
			some(10, func() openflow.MatchField { return openflow.Uint(openflow.FieldIPTTL, 63+g.Uint64N(2)) })
		}
	}
	some(20, func() openflow.MatchField { return openflow.InPort(1 + g.Uint32N(ports)) })
	some(15, func() openflow.MatchField { return openflow.Uint(openflow.FieldEthDst, g.Uint64N(4)) })
	some(10, func() openflow.MatchField { return openflow.UintMasked(openflow.FieldEthSrc, 0, 1<<40) })
	some(20, func() openflow.MatchField {
		return pick(&g.generator, openflow.Tagged(), openflow.VLANID(uint16(g.IntN(3))), openflow.Untagged(), openflow.VLANTag(5, 3))
	})
	some(20, func() openflow.MatchField {
		return openflow.UintMasked(openflow.FieldReg0+openflow.Field(g.IntN(3)), g.Uint64N(3), 3)
	})
	some(10, func() openflow.MatchField { return openflow.UintMasked(openflow.FieldMetadata, g.Uint64N(2), 1) })
	if table > 0 {
		some(15, func() openflow.MatchField {
			mask := openflow.CTFlags(g.Uint32N(64))
			// Packets of an invalid connection cannot be committed.
			state := g.state() &^ openflow.CTInvalid
			return openflow.UintMasked(openflow.FieldCTState, uint64(state&mask), uint64(mask))
		})
		some(10, func() openflow.MatchField { return openflow.Uint(openflow.FieldCTMark, g.Uint64N(2)) })
	}
	return m.Canonical()
}

// ethType and proto are what a match says of them, 0 if nothing.
func protocolOf(m openflow.Match) (ethType uint16, proto uint8, tagged bool) {
	if f, ok := m.Get(openflow.FieldEthType); ok {
		ethType = uint16(f.Value[0])<<8 | uint16(f.Value[1])
	}
	if f, ok := m.Get(openflow.FieldIPProto); ok {
		proto = f.Value[0]
	}
	if f, ok := m.Get(openflow.FieldVLANTCI); ok {
		tagged = f.Value[0]&0x10 != 0
	}
	return ethType, proto, tagged
}

// groups is how many groups there are: one of each type.
const groups = 4

func (g *tracing) mods() []openflow.Modification {
	mods := []openflow.Modification{
		openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}},
		openflow.GroupMod{Command: openflow.GroupDelete, Group: openflow.Group{ID: openflow.GroupAll}},
	}
	for id := range uint32(groups) {
		group := openflow.Group{ID: id + 1, Type: openflow.GroupType(id)}
		n := 1
		if group.Type != openflow.GroupTypeIndirect {
			n += g.IntN(3)
		}
		for i := range n {
			bucket := openflow.Bucket{ID: uint32(i), Actions: g.bucket()}
			if group.Type == openflow.GroupTypeSelect {
				bucket.Weight = uint16(g.IntN(4))
			}
			if group.Type == openflow.GroupTypeFastFailover {
				port := 1 + g.Uint32N(ports+1)
				bucket.WatchPort = &port
			}
			group.Buckets = append(group.Buckets, bucket)
		}
		mods = append(mods, openflow.GroupMod{Command: openflow.GroupAdd, Group: group})
	}
	type key struct {
		table    uint8
		priority uint16
		match    string
	}
	seen := map[key]bool{}
	for table := range uint8(lastTable + 1) {
		for range 6 + g.IntN(6) {
			f := openflow.Flow{Table: table, Priority: uint16(1 + g.IntN(1000)), Match: g.match(table), Cookie: g.Uint64N(3)}
			k := key{table, f.Priority, f.Match.String()}
			if seen[k] {
				continue
			}
			seen[k] = true
			f.Instructions = g.instructions(table, f.Match)
			if g.chance(20) {
				clauses := uint8(2 + g.IntN(2))
				f.Instructions = pipelinetest.Apply(openflow.Conjunction{ID: 1 + g.Uint32N(2), Clause: 1 + uint8(g.IntN(int(clauses))), Clauses: clauses})
			} else if g.chance(10) {
				f.Match = openflow.Match{openflow.Uint(openflow.FieldConjID, 1+g.Uint64N(2))}
				f.Instructions = g.instructions(table, f.Match)
			}
			mods = append(mods, openflow.Add(f))
		}
	}
	return mods
}

func (g *tracing) bucket() []openflow.Action {
	list := []openflow.Action{openflow.Output{Port: 1 + g.Uint32N(ports+1)}}
	if g.chance(30) {
		list = append(list, openflow.SetField{MatchField: openflow.Uint(openflow.FieldEthDst, g.Uint64N(9))})
	}
	if g.chance(20) {
		list = append(list, openflow.SetField{MatchField: openflow.Reg(0, g.Uint32N(9))})
	}
	if g.chance(20) {
		list[0] = openflow.Resubmit{InPort: openflow.PortInPort, Table: lastTable}
	}
	return list
}

func (g *tracing) subfield(fields ...openflow.Field) openflow.Subfield {
	f := pick(&g.generator, fields...)
	bits := uint16(1 + g.IntN(min(f.Bits(), 16)))
	return openflow.Subfield{Field: f, Bits: bits, Offset: uint16(g.IntN(f.Bits() - int(bits) + 1))}
}

func (g *tracing) instructions(table uint8, m openflow.Match) openflow.Instructions {
	var in openflow.Instructions
	ethType, proto, tagged := protocolOf(m)
	if table < lastTable && g.chance(30) {
		in.Goto = table + 1 + uint8(g.IntN(int(lastTable-table)))
	}
	if g.chance(10) {
		in.MetadataMask = 3
		in.Metadata = g.Uint64N(4)
	}
	if g.chance(15) {
		in.Write = []openflow.Action{openflow.Output{Port: 1 + g.Uint32N(ports)}}
		if g.chance(30) {
			in.Write = append(in.Write, openflow.OutputGroup{ID: 1 + g.Uint32N(groups)})
		}
		if g.chance(50) {
			in.Write = append(in.Write, openflow.SetField{MatchField: openflow.Uint(openflow.FieldEthSrc, g.Uint64N(9))})
		}
	}
	in.ClearActions = g.chance(5)
	in.Apply = g.list(table, ethType, proto, tagged, 1+g.IntN(4), 0)
	return in
}

// list makes actions for packets of these protocols.
func (g *tracing) list(table uint8, ethType uint16, proto uint8, tagged bool, n, depth int) (list []openflow.Action) {
	ip := ethType == openflow.EthTypeIPv4 || ethType == openflow.EthTypeIPv6
	set := func(f openflow.Field, v uint64) openflow.Action {
		return openflow.SetField{MatchField: openflow.Uint(f, v)}
	}
	add := func(a ...openflow.Action) { list = append(list, a...) }
	registers := []openflow.Field{openflow.FieldReg0, openflow.FieldReg1, openflow.FieldXReg1, openflow.FieldMetadata}
	for range n {
		switch k := g.IntN(34); {
		case k < 6:
			add(openflow.Output{Port: 1 + g.Uint32N(ports+1)})
		case k == 6:
			add(pick[openflow.Action](&g.generator, openflow.Output{Port: openflow.PortInPort},
				openflow.Output{Port: openflow.PortFlood}, openflow.Output{Port: openflow.PortAll},
				openflow.Output{Port: openflow.PortLocal}))
		case k == 7:
			add(openflow.Output{Port: openflow.PortController, MaxLen: 64})
		case k == 8:
			add(set(openflow.FieldReg0+openflow.Field(g.IntN(3)), g.Uint64N(5)))
		case k == 9:
			add(set(pick(&g.generator, openflow.FieldEthDst, openflow.FieldEthSrc), g.Uint64N(5)))
		case k == 10 && ip:
			add(set(pick(&g.generator, openflow.FieldIPDSCP, openflow.FieldIPECN, openflow.FieldIPTTL), g.Uint64N(4)))
		case k == 11 && ethType == openflow.EthTypeIPv4:
			add(set(pick(&g.generator, openflow.FieldIPv4Dst, openflow.FieldIPv4Src), g.addr()))
		case k == 11 && ethType == openflow.EthTypeIPv6:
			f := pick(&g.generator, openflow.FieldIPv6Dst, openflow.FieldIPv6Src)
			add(openflow.SetField{MatchField: openflow.MatchField{Field: f, Value: g.addr6()}})
		case k == 12 && ip && transports[proto] != [2]openflow.Field{}:
			add(set(transports[proto][g.IntN(2)], g.port()))
		case k == 13 && ip:
			add(openflow.DecTTL{})
		case k == 14:
			src := g.subfield(append(registers, openflow.FieldEthSrc, openflow.FieldInPort16)...)
			dst := openflow.Subfield{Field: pick(&g.generator, openflow.FieldReg2, openflow.FieldReg1, openflow.FieldEthDst), Bits: src.Bits}
			dst.Offset = uint16(g.IntN(dst.Field.Bits() - int(dst.Bits) + 1))
			add(openflow.Move{Src: src, Dst: dst})
		case k == 15:
			add(openflow.StackPush{Src: g.subfield(registers...)})
		case k == 16:
			add(openflow.StackPop{Dst: g.subfield(registers...)})
		case k < 20 && table < lastTable:
			add(openflow.Resubmit{InPort: pick(&g.generator, openflow.PortInPort, openflow.PortInPort, 2), Table: table + 1 + uint8(g.IntN(int(lastTable-table)))})
		case k == 20 && ip && table < lastTable:
			add(g.tracked(table, ethType))
		case k == 21 && depth < 2:
			add(openflow.Clone{Actions: g.list(table, ethType, proto, tagged, 1+g.IntN(3), depth+1)})
		case k == 22:
			add(openflow.OutputGroup{ID: 1 + g.Uint32N(groups)})
		case k == 23:
			add(openflow.Multipath{
				Fields: openflow.HashFields(g.IntN(7)), Basis: uint16(g.IntN(9)), Algorithm: openflow.MultipathAlgorithm(g.IntN(4)),
				Links: 1 + g.Uint32N(100), Arg: g.Uint32N(200), Dst: openflow.Subfield{Field: openflow.FieldReg1, Bits: 16},
			})
		case k == 24:
			a := openflow.Members{
				Fields: openflow.HashFields(g.IntN(7)), Basis: uint16(g.IntN(9)), Algorithm: openflow.MembersAlgorithm(g.IntN(2)),
				Ports: []uint32{1 + g.Uint32N(ports), 1 + g.Uint32N(ports+1), 1 + g.Uint32N(ports)},
			}
			if g.chance(50) {
				a.Load = &openflow.Subfield{Field: openflow.FieldReg2, Bits: 16}
			}
			add(a)
		case k == 25 && !tagged:
			add(openflow.PushVLAN{EthType: pick[uint16](&g.generator, 0x8100, 0x88a8)}, set(openflow.FieldVLANVID, 0x1000|g.Uint64N(4)))
			tagged = true
		case k == 25:
			add(openflow.PopVLAN{})
			tagged = false
		case k == 26 && tagged:
			add(set(openflow.FieldVLANPCP, g.Uint64N(8)))
		case k == 27:
			add(openflow.OutputField{Src: openflow.Subfield{Field: openflow.FieldReg0, Bits: 3}, MaxLen: 99})
		case k == 28:
			add(openflow.OutputTruncated{Port: 1 + g.Uint32N(ports+1), MaxLen: 64})
		case k == 29:
			add(openflow.SetQueue{ID: g.Uint32N(3)})
		case k == 30 && g.chance(30):
			add(openflow.CheckPacketLarger{Length: 1500, Dst: openflow.Subfield{Field: openflow.FieldReg0, Offset: 1, Bits: 1}})
		case k == 31:
			add(pick[openflow.Action](&g.generator, openflow.PopQueue{}, openflow.CTClear{}, openflow.Note{Data: []byte("abcdef")},
				set(openflow.FieldPktMark, g.Uint64N(3)), set(openflow.FieldInPort16, g.Uint64N(3))))
		case k == 32 && g.chance(30):
			add(openflow.Exit{})
		case k == 33 && ethType == openflow.EthTypeARP:
			add(set(openflow.FieldARPOp, 1+g.Uint64N(2)), set(openflow.FieldARPTHA, g.Uint64N(4)))
		case k == 33 && depth == 0 && g.chance(50):
			t := pick[uint16](&g.generator, openflow.EthTypeMPLS, openflow.EthTypeMPLSMulticast)
			add(openflow.PushMPLS{EthType: t}, set(openflow.FieldMPLSLabel, g.Uint64N(9)))
			proto = 0
			if g.chance(50) && ethType != 0 {
				add(openflow.PopMPLS{EthType: ethType})
			} else {
				ethType, ip = t, false
			}
		}
	}
	return list
}

func (g *tracing) tracked(table uint8, ethType uint16) openflow.CT {
	a := openflow.CT{
		Zone: uint16(g.IntN(3)), Commit: g.chance(50), Resume: g.chance(70), Table: table + 1 + uint8(g.IntN(int(lastTable-table))),
	}
	if g.chance(20) {
		a.ZoneFrom = &openflow.Subfield{Field: openflow.FieldReg0, Bits: 16}
	}
	if g.chance(40) {
		a.NAT = &openflow.NAT{}
		if a.Commit {
			a.NAT.Type = pick(&g.generator, openflow.NATSource, openflow.NATDestination)
			if ethType == openflow.EthTypeIPv4 {
				a.NAT.AddrMin = frametest.Station(byte(1 + g.IntN(4))).IP
				if g.chance(30) {
					a.NAT.PortMin = uint16(g.port())
				}
			}
		}
	}
	if a.Commit {
		a.Force = g.chance(20)
		if g.chance(40) {
			a.Exec = []openflow.Action{openflow.SetField{MatchField: openflow.Uint(openflow.FieldCTMark, g.Uint64N(4))}}
			if g.chance(30) {
				a.Exec = append(a.Exec, openflow.Move{
					Src: openflow.Subfield{Field: openflow.FieldReg1, Bits: 32}, Dst: openflow.Subfield{Field: openflow.FieldCTLabel, Bits: 32},
				})
			}
		}
	}
	return a
}

// packet makes the fields of a packet, each after what it needs.
func (g *tracing) packet() openflow.Match {
	m := openflow.Match{
		openflow.InPort(1 + g.Uint32N(ports)), openflow.Uint(openflow.FieldEthSrc, g.Uint64N(4)),
		openflow.Uint(openflow.FieldEthDst, g.Uint64N(4)),
	}
	if g.chance(30) {
		m = append(m, openflow.Uint(openflow.FieldVLANTCI, 0x1000|g.Uint64N(3)|g.Uint64N(2)<<14))
	}
	switch g.IntN(10) {
	case 0:
		return append(m, openflow.EthType(0x1234))
	case 1:
		return append(m, openflow.EthType(openflow.EthTypeARP), openflow.Uint(openflow.FieldARPOp, 1+g.Uint64N(2)),
			openflow.Uint(openflow.FieldARPSPA, g.addr()), openflow.Uint(openflow.FieldARPTPA, g.addr()))
	case 2:
		m = append(m, openflow.EthType(openflow.EthTypeIPv6), openflow.MatchField{Field: openflow.FieldIPv6Src, Value: g.addr6()},
			openflow.MatchField{Field: openflow.FieldIPv6Dst, Value: g.addr6()})
	default:
		m = append(m, openflow.EthType(openflow.EthTypeIPv4), openflow.Uint(openflow.FieldIPv4Src, g.addr()),
			openflow.Uint(openflow.FieldIPv4Dst, g.addr()))
	}
	v6 := m[len(m)-1].Field == openflow.FieldIPv6Dst
	proto := pick[uint8](&g.generator, 6, 6, 6, 17, 132, 1, 47)
	if proto == 1 && v6 {
		proto = openflow.IPProtoICMPv6
	}
	m = append(m, openflow.IPProto(proto), openflow.Uint(openflow.FieldIPTTL, pick(&g.generator, uint64(1), 63, 64)))
	if g.chance(10) {
		m = append(m, openflow.Uint(openflow.FieldIPFrag, pick(&g.generator, uint64(1), 3)))
		return m
	}
	switch fields, ok := transports[proto]; {
	case ok:
		m = append(m, openflow.Uint(fields[0], g.port()), openflow.Uint(fields[1], g.port()))
	case proto == 1:
		m = append(m, openflow.Uint(openflow.FieldICMPv4Type, pick(&g.generator, uint64(0), 8)))
	case v6 && proto == openflow.IPProtoICMPv6:
		m = append(m, openflow.Uint(openflow.FieldICMPv6Type, 135+g.Uint64N(2)))
	}
	return m
}
