// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/openflow"
)

// roundsVariable says how many random flow tables the comparison with Open vSwitch tries; seedVariable is the first.
const (
	roundsVariable = "OVSKIT_ROUNDS"
	seedVariable   = "OVSKIT_SEED"
)

// TestSameAsOpenVSwitch sends random packets through random flow tables, here and on Open vSwitch, and compares what
// comes out of the ports, byte for byte. Much of what a flow sees is written into the Ethernet source address.
func TestSameAsOpenVSwitch(t *testing.T) {
	inRounds(t, 40, compareOnce)
}

// inRounds compares many flow tables.
func inRounds(t *testing.T, rounds int, once func(t *testing.T, real *realSwitch, seed uint64) (alive bool)) {
	real := startReal(t)
	seed := uint64(1)
	if v, err := strconv.Atoi(os.Getenv(roundsVariable)); err == nil {
		rounds = v
	}
	if v, err := strconv.ParseUint(os.Getenv(seedVariable), 10, 64); err == nil {
		seed = v
	}
	crashes := 0
	for round := range rounds {
		s := seed + uint64(round)
		alive := true
		if !t.Run(fmt.Sprintf("seed=%d", s), func(t *testing.T) { alive = once(t, real, s) }) {
			return
		}
		if !alive {
			crashes++
			real = startReal(t)
		}
	}
	if 2*crashes > rounds {
		t.Errorf("Open vSwitch crashed in %d of %d rounds, which leaves too little to compare", crashes, rounds)
	}
}

// compareOnce compares one flow table. It returns false if Open vSwitch has crashed, as 3.1 does when a connection is
// found by the original tuple of a translated packet.
func compareOnce(t *testing.T, real *realSwitch, seed uint64) (alive bool) {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), zone: uint16(2 * seed)}
	g.force, g.actionSet = g.chance(20), g.chance(15)
	return compare(t, real, g.flows(), g.packet, false)
}

// compare sends packets through flows here and on Open vSwitch. Where no packet leaves a state behind, Open vSwitch is
// asked again if the first answer is another one: it might come of a datapath flow that has outlived the flows before.
func compare(t *testing.T, real *realSwitch, generated []openflow.Flow, packet func() (uint32, []byte), stateless bool) (alive bool) {
	now := time.Unix(1000, 0)
	fake := ofswitch.NewDatapath(pipeline.DatapathOptions{Now: func() time.Time { return now }}).
		NewSwitch(ofswitch.Options{Name: "br0"})
	for p := uint32(1); p <= ports; p++ {
		if err := fake.AddPort(pipeline.Port{No: p, Name: fmt.Sprintf("p%d", p)}); err != nil {
			t.Fatal(err)
		}
	}
	var flows []openflow.Flow
	for _, f := range generated {
		err := fake.AddFlow(f)
		if err == nil {
			flows = append(flows, f)
			continue
		}
		var code openflow.ErrorCode
		if realErr := real.of.Apply(real.ctx, openflow.Add(f)); !errors.As(err, &code) || !errors.Is(realErr, code) {
			t.Fatalf("add flow %v: got %v, Open vSwitch says %v", f, err, realErr)
		}
	}
	real.program(t, flows)
	var log strings.Builder
	defer func() {
		if t.Failed() {
			t.Logf("flows:\n%s\nall packets:\n%s", text(flows), log.String())
		}
	}()
	for n := range 60 {
		port, frame := packet()
		result := fake.Input(port, frame)
		fmt.Fprintf(&log, "packet %d: port %d, %x\n%s", n, port, frame, result.Trace())
		got := map[uint32][][]byte{}
		for _, o := range result.Outputs {
			got[o.Port] = append(got[o.Port], o.Frame)
		}
		want, alive := real.input(t, port, frame)
		if !alive {
			t.Log("Open vSwitch has crashed")
			return false
		}
		if stateless && !cmp.Equal(want, got) {
			real.purge(t)
			if want, alive = real.input(t, port, frame); !alive {
				return false
			}
		}
		if d := cmp.Diff(hexes(want), hexes(got)); d != "" {
			t.Fatalf("packet %d: outputs differ (-Open vSwitch +this):\n%s\n%s\nconnections of Open vSwitch:\n%s",
				n, d, result.Trace(), real.appctl(t, "dpctl/dump-conntrack"))
		}
	}
	return true
}

// hexes makes frames comparable by eye: Ethernet addresses, the network header, the rest.
func hexes(outputs map[uint32][][]byte) map[uint32][]string {
	texts := map[uint32][]string{}
	for port, frames := range outputs {
		for _, f := range frames {
			s := hex.EncodeToString(f)
			for _, at := range []int{68, 28, 24, 12} {
				if at < len(s) {
					s = s[:at] + " " + s[at:]
				}
			}
			texts[port] = append(texts[port], s)
		}
	}
	return texts
}

func text(flows []openflow.Flow) string {
	var b strings.Builder
	for _, f := range flows {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

// generator makes random flow tables and packets in a small world, so that they meet.
type generator struct {
	*rand.Rand
	zone uint16
	// force replaces NAT in some rounds, and an action set the ct actions in others: together they crash Open vSwitch 3.1.
	force, actionSet bool
}

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

const lastTable = 6

func (g *generator) flows() []openflow.Flow {
	var flows []openflow.Flow
	for table := range uint8(lastTable + 1) {
		for range 2 + g.IntN(4) {
			f := openflow.Flow{Table: table, Priority: uint16(len(flows) + 1)}
			ip := g.chance(85)
			if ip {
				f.Match = append(f.Match, openflow.EthType(openflow.EthTypeIPv4))
			}
			proto := uint8(0)
			if ip && g.chance(30) {
				proto = pick[uint8](g, 1, 6, 17)
				f.Match = append(f.Match, openflow.IPProto(proto))
			}
			if g.chance(30) {
				f.Match = append(f.Match, openflow.InPort(1+g.Uint32N(ports)))
			}
			if table > 0 && g.chance(60) {
				mask := openflow.CTFlags(g.Uint32N(256))
				f.Match = append(f.Match, openflow.UintMasked(openflow.FieldCTState, uint64(g.state()), uint64(mask)))
			}
			if ip && g.chance(20) {
				f.Match = append(f.Match, openflow.IPv4Dst(netip.PrefixFrom(frametest.Station(byte(1+g.IntN(4))).IP, 32)))
			}
			f.Match = f.Match.Canonical()
			f.Instructions = g.instructions(table, ip, proto)
			flows = append(flows, f)
		}
	}
	return flows
}

// state is a connection state that occurs.
func (g *generator) state() openflow.CTFlags {
	s := openflow.CTTracked | pick(g, openflow.CTNew, openflow.CTEstablished, openflow.CTEstablished|openflow.CTReply,
		openflow.CTRelated, openflow.CTInvalid)
	return s | pick(g, 0, 0, openflow.CTSrcNAT, openflow.CTDstNAT)
}

func (g *generator) instructions(table uint8, ip bool, proto uint8) openflow.Instructions {
	var in openflow.Instructions
	later := func() uint8 { return table + 1 + uint8(g.IntN(2)) }
	// What the flow sees of the connection, for the comparison.
	in.Apply = append(in.Apply,
		openflow.Move{
			Src: openflow.Subfield{Field: openflow.FieldCTState, Bits: 8},
			Dst: openflow.Subfield{Field: openflow.FieldEthSrc, Bits: 8},
		},
		openflow.Move{
			Src: openflow.Subfield{Field: openflow.FieldCTMark, Bits: 8},
			Dst: openflow.Subfield{Field: openflow.FieldEthSrc, Offset: 8, Bits: 8},
		})
	for range 1 + g.IntN(3) {
		switch n := g.IntN(12); {
		case n < 5 && ip && table < lastTable && !g.actionSet:
			in.Apply = append(in.Apply, g.ct(later()))
		case n == 5:
			in.Apply = append(in.Apply, openflow.Output{Port: 1 + g.Uint32N(ports)})
		case n == 6 && table < lastTable:
			in.Apply = append(in.Apply, openflow.Resubmit{InPort: openflow.PortInPort, Table: later()})
		case n == 7:
			in.Apply = append(in.Apply, openflow.SetField{MatchField: openflow.Uint(openflow.FieldEthDst, g.Uint64N(1<<40))})
		case n == 8 && ip:
			in.Apply = append(in.Apply, openflow.DecTTL{})
		case n == 9 && ip:
			f := pick(g, openflow.FieldIPv4Dst, openflow.FieldIPv4Src)
			in.Apply = append(in.Apply, openflow.SetField{MatchField: openflow.Uint(f, uint64(0x0a000001+g.IntN(4)))})
		case n == 10 && proto == 6:
			in.Apply = append(in.Apply, openflow.SetField{MatchField: openflow.Uint(openflow.FieldTCPDst, uint64(80+g.IntN(2)))})
		case n == 10:
			in.Apply = append(in.Apply, openflow.SetField{MatchField: openflow.InPort(uint32(g.IntN(3)))})
		case n == 11:
			in.Apply = append(in.Apply, pick[openflow.Action](g, openflow.Output{Port: openflow.PortInPort},
				openflow.CTClear{}, openflow.Output{Port: openflow.PortFlood}))
		}
	}
	if g.actionSet && g.chance(50) {
		in.ClearActions = g.chance(20)
		in.Write = []openflow.Action{
			openflow.Output{Port: 1 + g.Uint32N(ports)},
			openflow.SetField{MatchField: openflow.Uint(openflow.FieldReg0, g.Uint64N(9))},
			openflow.SetField{MatchField: openflow.Uint(openflow.FieldEthDst, g.Uint64N(1<<40))},
		}
	}
	if g.chance(30) && table < lastTable {
		in.Goto = later()
	}
	if g.chance(60) {
		in.Apply = append(in.Apply, openflow.Output{Port: 1 + g.Uint32N(ports)})
	}
	return in
}

func (g *generator) ct(table uint8) openflow.CT {
	// Each round has zones of its own, since flushing connections can crash Open vSwitch 3.1.
	a := openflow.CT{Zone: g.zone + uint16(g.IntN(2)), Commit: g.chance(60), Resume: g.chance(80), Table: table}
	if !g.force && g.chance(60) {
		a.NAT = &openflow.NAT{}
		if a.Commit {
			a.NAT.Type = pick(g, openflow.NATSource, openflow.NATDestination)
			if g.chance(80) {
				a.NAT.AddrMin = frametest.Station(byte(1 + g.IntN(4))).IP
				if g.chance(30) {
					a.NAT.PortMin = map[openflow.NATType]uint16{openflow.NATSource: 2000, openflow.NATDestination: 80}[a.NAT.Type]
					a.NAT.PortMin += uint16(g.IntN(2))
				}
			}
		}
	}
	if a.Commit {
		a.Force = g.force && g.chance(30)
		if g.chance(30) {
			a.Exec = []openflow.Action{openflow.SetField{MatchField: openflow.Uint(openflow.FieldCTMark, uint64(g.IntN(256)))}}
		}
	}
	return a
}

func (g *generator) packet() (port uint32, frame []byte) {
	n := g.Perm(4)
	from, to := frametest.Station(byte(1+n[0])), frametest.Station(byte(1+n[1]))
	sport, dport := uint16(pick(g, 1000, 1001, 2000)), uint16(pick(g, 80, 81))
	if g.chance(50) {
		sport, dport = dport, sport
	}
	port = 1 + g.Uint32N(ports)
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		flags := pick(g, "S", "S", "S", "SA", "SA", "A", "A", "PA", "FA", "R", "RA")
		if !g.force && strings.ContainsAny(flags, "FR") {
			// Open vSwitch keeps the reply tuple of a translated connection that is opened anew for some seconds.
			flags = "A"
		}
		s := frametest.Segment{Flags: flags, Seq: 1000 + uint32(g.IntN(3)), Ack: 1000 + uint32(g.IntN(3))}
		return port, frametest.TCP(from, to, sport, dport, s, pick(g, "", "", "x"))
	case 4, 5, 6:
		return port, frametest.UDP(from, to, sport, dport, "payload")
	case 7:
		return port, frametest.ICMP(from, to, pick[uint8](g, 8, 8, 0), 0, uint16(g.IntN(2)), []byte("ping"))
	case 8:
		quoted := pick(g, frametest.UDP(to, from, dport, sport, "payload"), frametest.TCP(to, from, dport, sport, frametest.Segment{Flags: "S"}, ""))
		return port, frametest.ICMP(from, to, 3, 1, 0, quoted[14:])
	}
	return port, frametest.ARP(from, to, 1)
}
