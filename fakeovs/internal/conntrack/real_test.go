// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/conntrack"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/internal/ovsproc"
	"github.com/ovskit/ovskit/internal/ovsproc/ovsproctest"
	"github.com/ovskit/ovskit/internal/unixctl"
	"github.com/ovskit/ovskit/openflow"
)

// sentinelType is the Ethernet type of a frame that marks the end of what becomes of another.
const sentinelType = 0x88b5

// realTracker is the connection tracker of an Open vSwitch whose clock stands still unless it is warped. Its bridge sends
// what has been through the tracker to the controller, with the connection state.
type realTracker struct {
	ovs  *ovsproc.OVS
	of   *openflow.Conn
	sub  *openflow.Subscription
	port net.Conn
	ctx  context.Context
	ctl  string
	// crashed is true once Open vSwitch is gone.
	crashed bool
}

func startReal(t testing.TB) *realTracker {
	ovs := ovsproctest.Start(t, ovsproc.Options{Dummy: true})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	t.Cleanup(cancel)
	r := &realTracker{ovs: ovs, ctx: ctx}
	t.Cleanup(func() {
		if r.sub != nil {
			_ = r.sub.Close()
			_ = r.of.Close()
		}
		if r.port != nil {
			_ = r.port.Close()
		}
	})
	socket := filepath.Join(ovs.Dir(), "p1")
	args := append([]string{"init"}, ovsproctest.DummyBridge("br0", 1, "protocols=OpenFlow13")...)
	ovsproctest.Vsctl(ctx, t, ovs, append(args, "--", "set", "interface", "p1", "options:pstream=punix:"+socket)...)
	var err error
	if r.port, err = net.Dial("unix", socket); err != nil {
		t.Fatalf("connect to the port: %v", err)
	}
	if r.of, err = openflow.Dial(ctx, ovs.Management("br0"), openflow.Options{Probe: -1}); err != nil {
		t.Fatalf("connect to the bridge: %v", err)
	}
	err = r.of.SetAsync(ctx, openflow.AsyncConfig{Primary: openflow.AsyncMasks{PacketIn: 1 << openflow.PacketInAction}})
	if err != nil {
		t.Fatal(err)
	}
	r.sub = r.of.Subscribe(openflow.SubscribeOptions{})
	if r.ctl, err = unixctl.Socket(ovs.Dir(), "ovs-vswitchd"); err != nil {
		t.Fatal(err)
	}
	r.appctl(t, "time/stop")
	return r
}

func (r *realTracker) appctl(t testing.TB, method string, args ...string) string {
	t.Helper()
	out, err := unixctl.Call(r.ctx, r.ctl, method, args...)
	var refused *unixctl.RefusedError
	if errors.As(err, &refused) {
		t.Fatalf("%s %v: %v", method, args, err)
	} else if err != nil {
		r.crash(t)
	}
	return out
}

// crash ends a test at which Open vSwitch has crashed.
func (r *realTracker) crash(t testing.TB) {
	t.Helper()
	r.crashed = true
	t.Skip("Open vSwitch has crashed")
}

// program makes the bridge send frames to the station with the number of a way along it.
func (r *realTracker) program(t testing.TB, ways []way) {
	toController := openflow.Instructions{Apply: []openflow.Action{openflow.Output{Port: openflow.PortController, MaxLen: 0xffff}}}
	mods := []openflow.Modification{
		openflow.FlowMod{Command: openflow.FlowDelete, Flow: openflow.Flow{Table: openflow.AllTables}},
		openflow.Add(openflow.Flow{Priority: 1, Match: openflow.Match{openflow.EthType(sentinelType)}, Instructions: toController}),
		openflow.Add(openflow.Flow{Table: 1, Priority: 1, Instructions: toController}),
	}
	for i, w := range ways {
		table := uint8(0)
		for n := range w {
			next := uint8(1)
			if n < len(w)-1 {
				next = uint8(10 + i)
			}
			m := openflow.Match{openflow.EthType(w[n].ethType())}
			if n == 0 {
				m = append(m, openflow.Uint(openflow.FieldEthDst, uint64(i)))
			}
			f := openflow.Flow{Table: table, Priority: 2, Match: m.Canonical()}
			f.Instructions.Apply = w[n].plain().actions(next)
			mods = append(mods, openflow.Add(f))
			if proto := w[n].proto(); proto != 0 {
				f.Priority, f.Match = 3, append(m, openflow.IPProto(proto)).Canonical()
				// Open vSwitch tells a control connection by the port of the first packet of the datapath flow, so it must
				// have one for each port.
				port := openflow.FieldTCPDst
				if proto == openflow.IPProtoUDP {
					port = openflow.FieldUDPDst
				}
				move := openflow.Move{
					Src: openflow.Subfield{Field: port, Bits: 16}, Dst: openflow.Subfield{Field: openflow.FieldReg0, Bits: 16},
				}
				f.Instructions.Apply = append([]openflow.Action{move}, w[n].actions(next)...)
				mods = append(mods, openflow.Add(f))
			}
			table = next
		}
	}
	if err := r.of.Bundle(r.ctx, mods...); err != nil {
		if r.of.Err() != nil {
			r.crash(t)
		}
		t.Fatalf("program the real switch: %v\n%v", err, mods)
	}
	r.purge(t)
}

// purge makes the datapath forget the flows it has cached. Some would be passed over while revalidators look at them.
func (r *realTracker) purge(t testing.TB) {
	for _, method := range []string{"revalidator/pause", "revalidator/purge", "revalidator/resume"} {
		r.appctl(t, method)
	}
}

// input sends a frame in and returns what comes out.
func (r *realTracker) input(t testing.TB, frame []byte) (out []string) {
	t.Helper()
	sentinel := make([]byte, 60)
	binary.BigEndian.PutUint16(sentinel[12:], sentinelType)
	var b []byte
	for _, f := range [][]byte{frame, sentinel} {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(f))), f...)
	}
	if _, err := r.port.Write(b); err != nil {
		r.crash(t)
	}
	ctx, cancel := context.WithTimeout(r.ctx, 20*time.Second)
	defer cancel()
	for {
		m, err := r.sub.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				t.Fatalf("no answer of Open vSwitch: %v", err)
			}
			r.crash(t)
		}
		in, ok := m.(openflow.PacketIn)
		if !ok {
			continue
		}
		if binary.BigEndian.Uint16(in.Data[12:]) == sentinelType {
			slices.Sort(out)
			return out
		}
		out = append(out, describeReal(&in))
	}
}

// laterFragment is ip_frag of a fragment that is not the first.
const laterFragment = 3

// digest is a frame in hexadecimal, shortened if it is a long one.
func digest(frame []byte) string {
	const whole = 160
	if len(frame) <= whole {
		return hex.EncodeToString(frame)
	}
	return fmt.Sprintf("%x...(%d bytes, %08x)", frame[:60], len(frame), crc32.ChecksumIEEE(frame))
}

// describeReal writes a packet and its connection state.
func describeReal(in *openflow.PacketIn) string {
	var s []string
	state := openflow.Uint(openflow.FieldCTState, uint64(openflow.CTInvalid))
	if f, ok := in.Match.Get(openflow.FieldCTState); ok && bytes.Equal(f.Value, state.Value) {
		// A fragment that has waited in vain: zone, mark and label are what happened to be in memory.
		return digest(in.Data) + " " + state.String()
	}
	for _, f := range in.Match {
		if f.Field >= openflow.FieldCTState && f.Field <= openflow.FieldCTTpDst {
			s = append(s, openflow.MatchField{Field: f.Field, Value: f.Value}.String())
		}
	}
	slices.Sort(s)
	return fmt.Sprintf("%s %s", digest(in.Data), strings.Join(s, " "))
}

// describe writes a packet and its connection state the same way.
func describe(p *packet.Packet, m *conntrack.Meta) string {
	var s []string
	add := func(f openflow.Field, v uint64) { s = append(s, openflow.Uint(f, v).String()) }
	some := func(f openflow.Field, v uint64) {
		if v != 0 {
			add(f, v)
		}
	}
	if add(openflow.FieldCTState, uint64(m.State)); m.State == openflow.CTInvalid {
		return digest(p.Bytes()) + " " + s[0]
	}
	some(openflow.FieldCTZone, uint64(m.Zone))
	some(openflow.FieldCTMark, uint64(m.Mark))
	if m.Label != [2]uint64{} {
		s = append(s, openflow.CTLabel(openflow.Label{Hi: m.Label[0], Lo: m.Label[1]}, openflow.Label{Hi: ^uint64(0), Lo: ^uint64(0)}).String())
	}
	if o := &m.Orig; o.Proto != 0 && m.State&(openflow.CTNew|openflow.CTEstablished|openflow.CTReply) != 0 {
		src, dst := openflow.FieldCTNwSrc, openflow.FieldCTNwDst
		if o.Src.Is6() {
			src, dst = openflow.FieldCTIPv6Src, openflow.FieldCTIPv6Dst
		}
		s = append(s, openflow.MatchField{Field: src, Value: o.Src.AsSlice()}.String(),
			openflow.MatchField{Field: dst, Value: o.Dst.AsSlice()}.String())
		add(openflow.FieldCTNwProto, uint64(o.Proto))
		if p.Key.Uint(openflow.FieldIPFrag) == laterFragment {
			// A packet without ports has not got those either.
			o = &conntrack.Tuple{}
		}
		add(openflow.FieldCTTpSrc, uint64(o.SrcPort))
		add(openflow.FieldCTTpDst, uint64(o.DstPort))
	}
	slices.Sort(s)
	return fmt.Sprintf("%s %s", digest(p.Bytes()), strings.Join(s, " "))
}

// way is the passes through the tracker that a packet makes one after the other.
type way []step

// step is one pass, of packets of one version of IP.
type step struct {
	v6 bool
	r  conntrack.Request
}

func (s *step) ethType() uint16 {
	if s.v6 {
		return openflow.EthTypeIPv6
	}
	return openflow.EthTypeIPv4
}

// proto is the protocol of packets that the helper is for; 0 is any.
func (s *step) proto() uint8 {
	switch s.r.ALG {
	case openflow.ALGFTP:
		return openflow.IPProtoTCP
	case openflow.ALGTFTP:
		return openflow.IPProtoUDP
	}
	return 0
}

// plain is the step for packets of another protocol.
func (s step) plain() *step {
	s.r.ALG = 0
	return &s
}

// actions are the pass as actions. Open vSwitch rewrites control messages only in packets that have room, as those have that
// have had a tag.
func (s *step) actions(table uint8) []openflow.Action {
	return []openflow.Action{
		openflow.PushVLAN{EthType: 0x8100}, openflow.Output{Port: openflow.PortLocal}, openflow.PopVLAN{}, s.action(table),
	}
}

// action is the pass as an action.
func (s *step) action(table uint8) openflow.Action {
	a := openflow.CT{
		Zone: s.r.Zone, Commit: s.r.Commit, Force: s.r.Force, NAT: s.r.NAT, ALG: s.r.ALG, Resume: true, Table: table,
	}
	if s.r.MarkMask != 0 {
		a.Exec = append(a.Exec, openflow.SetField{
			MatchField: openflow.UintMasked(openflow.FieldCTMark, uint64(s.r.Mark), uint64(s.r.MarkMask)),
		})
	}
	if s.r.LabelMask != [2]uint64{} {
		a.Exec = append(a.Exec, openflow.SetField{MatchField: openflow.CTLabel(
			openflow.Label{Hi: s.r.Label[0], Lo: s.r.Label[1]}, openflow.Label{Hi: s.r.LabelMask[0], Lo: s.r.LabelMask[1]},
		)})
	}
	return a
}

// follow sends a frame along the way here.
func (w way) follow(tr *conntrack.Tracker, frame []byte) (out []string, packets []*packet.Packet) {
	batch := []conntrack.Fragment{{Packet: packet.Parse(append([]byte(nil), frame...))}}
	for i := range w {
		var next []conntrack.Fragment
		for _, f := range batch {
			if i > 0 && f.Packet.IPv6() != w[i].v6 {
				continue // an expired fragment that left with a packet of the other version
			}
			w[i].r.RecircID = uint32(100*i) + uint32(frame[5])*min(1, uint32(i))
			s := &w[i]
			k := &f.Packet.Key
			// The protocol of a later fragment of IPv6 is that of the fragment header.
			if uint8(k.Uint(openflow.FieldIPProto)) != s.proto() || s.v6 && k.Uint(openflow.FieldIPFrag) == laterFragment {
				s = s.plain()
			}
			held, released := tr.Track(f.Packet, &f.Meta, &s.r)
			if !held {
				next = append(next, f)
			}
			next = append(next, released...)
		}
		for i := range next {
			next[i].Packet.Reparse()
		}
		batch = next
	}
	for i := range batch {
		out = append(out, describe(batch[i].Packet, &batch[i].Meta))
		packets = append(packets, batch[i].Packet)
	}
	slices.Sort(out)
	return out, packets
}
