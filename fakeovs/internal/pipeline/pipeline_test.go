// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/frametest"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline"
	"github.com/ovskit/ovskit/fakeovs/internal/pipeline/pipelinetest"
	"github.com/ovskit/ovskit/openflow"
)

func TestPriorityAndMasks(t *testing.T) {
	prefix := func(s string) openflow.MatchField { return openflow.IPv4Dst(netip.MustParsePrefix(s)) }
	ip := openflow.EthType(openflow.EthTypeIPv4)
	s := pipelinetest.NewBridge(t, 4,
		openflow.Flow{Priority: 1, Instructions: pipelinetest.Out(1)},
		openflow.Flow{Priority: 10, Match: openflow.Match{ip, prefix("10.0.0.0/8")}, Instructions: pipelinetest.Out(2)},
		openflow.Flow{Priority: 20, Match: openflow.Match{ip, prefix("10.0.0.2/32")}, Instructions: pipelinetest.Out(3)},
		openflow.Flow{Priority: 30, Match: openflow.Match{openflow.InPort(4)}, Instructions: pipelinetest.Out(4)},
	)
	pipelinetest.WantPorts(t, s.Input(3, frametest.UDP(frametest.Station(1), frametest.Station(3), 1, 2, "")), 2)
	pipelinetest.WantPorts(t, s.Input(1, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, "")), 3)
	pipelinetest.WantPorts(t, s.Input(2, frametest.ARP(frametest.Station(1), frametest.Station(2), 1)), 1)
	pipelinetest.WantPorts(t, s.Input(4, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, ""))) // to the input port
	pipelinetest.WantPorts(t, s.Input(5, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, ""))) // which does not exist
}

func TestARPResponder(t *testing.T) {
	gw := frametest.Station(9)
	move := func(src, dst openflow.Field) openflow.Action {
		return openflow.Move{Src: openflow.Whole(src), Dst: openflow.Whole(dst)}
	}
	set := func(f openflow.MatchField) openflow.Action { return openflow.SetField{MatchField: f} }
	s := pipelinetest.NewBridge(t, 1, openflow.Flow{
		Priority: 1,
		Match: openflow.Match{
			openflow.EthType(openflow.EthTypeARP), openflow.ARPOp(1), openflow.ARPTPA(netip.PrefixFrom(gw.IP, 32)),
		},
		Instructions: pipelinetest.Apply(
			move(openflow.FieldEthSrc, openflow.FieldEthDst), set(openflow.EthSrc(gw.MAC)),
			set(openflow.ARPOp(2)),
			move(openflow.FieldARPSHA, openflow.FieldARPTHA), set(openflow.ARPSHA(gw.MAC)),
			move(openflow.FieldARPSPA, openflow.FieldARPTPA), set(openflow.ARPSPA(netip.PrefixFrom(gw.IP, 32))),
			openflow.Output{Port: openflow.PortInPort},
		),
	})
	r := s.Input(1, frametest.ARP(frametest.Station(1), gw, 1))
	pipelinetest.WantPorts(t, r, 1)
	want := "020000000001" + "020000000009" + "0806" + "0001080006040002" +
		"020000000009" + "0a000009" + "020000000001" + "0a000001"
	if got := hex.EncodeToString(r.Outputs[0].Frame); !strings.HasPrefix(got, want) {
		t.Errorf("answer: got %s, want %s", got, want)
	}
}

// TestHairpin: a station reaches itself by an address that is translated to its own, through two zones.
func TestHairpin(t *testing.T) {
	ip := openflow.EthType(openflow.EthTypeIPv4)
	a, vip, gw := frametest.Station(1), frametest.Station(100), frametest.Station(101)
	nat := func(typ openflow.NATType, to frametest.Host, port uint16) *openflow.NAT {
		return &openflow.NAT{Type: typ, AddrMin: to.IP, PortMin: port}
	}
	s := pipelinetest.NewBridge(t, 2,
		openflow.Flow{Priority: 1, Match: openflow.Match{ip}, Instructions: pipelinetest.Apply(
			openflow.CT{Zone: 1, NAT: &openflow.NAT{}, Resume: true, Table: 1})},
		openflow.Flow{Table: 1, Priority: 2, Match: openflow.Match{
			ip, openflow.CTState(openflow.CTNew, 0), openflow.IPv4Dst(netip.PrefixFrom(vip.IP, 32)),
		}, Instructions: pipelinetest.Apply(openflow.CT{Commit: true, Zone: 1, NAT: nat(openflow.NATDestination, a, 8080), Resume: true, Table: 2})},
		openflow.Flow{Table: 1, Priority: 1, Match: openflow.Match{ip}, Instructions: openflow.Instructions{Goto: 2}},
		openflow.Flow{Table: 2, Priority: 2, Match: openflow.Match{ip, openflow.CTState(0, openflow.CTReply)},
			Instructions: pipelinetest.Apply(openflow.CT{Commit: true, Zone: 2, NAT: nat(openflow.NATSource, gw, 0), Resume: true, Table: 3})},
		openflow.Flow{Table: 2, Priority: 1, Match: openflow.Match{ip}, Instructions: openflow.Instructions{Goto: 3}},
		openflow.Flow{Table: 3, Priority: 1, Match: openflow.Match{ip}, Instructions: pipelinetest.Apply(
			openflow.SetField{MatchField: openflow.InPort(0)}, openflow.DecTTL{}, openflow.Output{Port: 1})},
	)
	r := s.Input(1, frametest.TCP(a, vip, 5000, 80, frametest.Segment{Flags: "S", Seq: 1}, ""))
	pipelinetest.WantPorts(t, r, 1)
	p := packet.Parse(r.Outputs[0].Frame)
	for f, want := range map[openflow.Field]uint64{
		openflow.FieldIPv4Src: 0x0a000065, openflow.FieldIPv4Dst: 0x0a000001,
		openflow.FieldTCPSrc: 5000, openflow.FieldTCPDst: 8080, openflow.FieldIPTTL: 63,
	} {
		if got := p.Key.Uint(f); got != want {
			t.Errorf("%v of the hairpinned SYN: got %#x, want %#x", f, got, want)
		}
	}
	if !p.TransportValid() || packet.Checksum(p.Network()[:20]) != 0 {
		t.Errorf("checksums of the hairpinned SYN are wrong: %x", r.Outputs[0].Frame)
	}
}

func TestLimits(t *testing.T) {
	s := pipelinetest.NewBridge(t, 2,
		openflow.Flow{Priority: 1, Match: openflow.Match{openflow.InPort(1)}, Instructions: pipelinetest.Apply(
			openflow.Output{Port: 2}, openflow.Resubmit{InPort: openflow.PortInPort, Table: 0})},
		openflow.Flow{Priority: 1, Match: openflow.Match{openflow.InPort(2), openflow.EthType(openflow.EthTypeIPv4)},
			Instructions: pipelinetest.Apply(openflow.Output{Port: 1}, openflow.CT{Resume: true, Table: 0})})
	r := s.Input(1, frametest.ARP(frametest.Station(1), frametest.Station(2), 1))
	pipelinetest.WantPorts(t, r)
	if got := r.Trace(); !strings.Contains(got, "over max translation depth 64") {
		t.Errorf("trace of endless resubmits does not say so:\n%s", got)
	}
	r = s.Input(2, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, ""))
	if got := len(r.Outputs); got != 7 {
		t.Errorf("packet that always recirculates: got %d outputs, want 1 and 6 more", got)
	}
}

func TestTTLIsUsedUp(t *testing.T) {
	ip := openflow.EthType(openflow.EthTypeIPv4)
	s := pipelinetest.NewBridge(t, 3,
		openflow.Flow{Priority: 1, Match: openflow.Match{ip}, Instructions: pipelinetest.Apply(
			openflow.Resubmit{InPort: openflow.PortInPort, Table: 1}, openflow.Output{Port: 3})},
		openflow.Flow{Table: 1, Priority: 1, Match: openflow.Match{ip}, Instructions: pipelinetest.Apply(
			openflow.DecTTL{}, openflow.Output{Port: 2})})
	frame := frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, "")
	pipelinetest.WantPorts(t, s.Input(1, frame), 2, 3)
	p := packet.Parse(append([]byte(nil), frame...))
	var ttl, mask packet.Key
	ttl.SetUint(openflow.FieldIPTTL, 1)
	mask.Mask(openflow.FieldIPTTL)
	p.SetIPv4(&ttl, &mask)
	pipelinetest.WantPorts(t, s.Input(1, p.Bytes()), 3)
}

func TestNormal(t *testing.T) {
	s := pipelinetest.NewBridge(t, 3, openflow.Flow{Instructions: pipelinetest.Out(openflow.PortNormal)})
	a, b := frametest.Station(1), frametest.Station(2)
	pipelinetest.WantPorts(t, s.Input(1, frametest.ARP(a, b, 1)), 2, 3)
	pipelinetest.WantPorts(t, s.Input(2, frametest.UDP(b, a, 1, 2, "")), 1)
	pipelinetest.WantPorts(t, s.Input(1, frametest.UDP(a, b, 1, 2, "")), 2)
	pipelinetest.WantPorts(t, s.Input(2, frametest.UDP(a, b, 1, 2, ""))) // moved to where the destination is
	s.RemovePort(2)
	pipelinetest.WantPorts(t, s.Input(1, frametest.UDP(a, b, 1, 2, "")), 3)
	reserved := frametest.ARP(a, b, 1)
	copy(reserved, []byte{1, 0x80, 0xc2, 0, 0, 0})
	pipelinetest.WantPorts(t, s.Input(1, reserved))
}

// TestReceiveMaySend: what a Receive function sends is delivered, in order, without growing the stack.
func TestReceiveMaySend(t *testing.T) {
	const hops = 100_000
	s := pipelinetest.NewBridge(t, 0,
		openflow.Flow{Match: openflow.Match{openflow.InPort(1)}, Instructions: pipelinetest.Out(2)},
		openflow.Flow{Match: openflow.Match{openflow.InPort(2)}, Instructions: pipelinetest.Out(1)})
	n := 0
	bounce := func(port uint32) func([]byte) {
		return func(frame []byte) {
			if n++; n < hops {
				s.Input(port, frame)
			}
		}
	}
	for port := uint32(1); port <= 2; port++ {
		if err := s.AddPort(pipeline.Port{No: port, Name: fmt.Sprint(port), Receive: bounce(port)}); err != nil {
			t.Fatal(err)
		}
	}
	s.Input(1, frametest.ARP(frametest.Station(1), frametest.Station(2), 1))
	if n != hops {
		t.Errorf("frames received: got %d, want %d", n, hops)
	}
}

// A test that fails within a Receive function does not leave the switch without anybody who hands frames over.
func TestReceiveMayEndItsGoroutine(t *testing.T) {
	s := pipelinetest.NewBridge(t, 1, openflow.Flow{Instructions: pipelinetest.Out(2)})
	n := 0
	receive := func([]byte) {
		if n++; n == 1 {
			runtime.Goexit()
		}
	}
	if err := s.AddPort(pipeline.Port{No: 2, Name: "p2", Receive: receive}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Input(1, frametest.ARP(frametest.Station(1), frametest.Station(2), 1))
	}()
	<-ended
	s.Input(1, frametest.ARP(frametest.Station(1), frametest.Station(2), 1))
	if n != 2 {
		t.Errorf("frames received: got %d, want 2", n)
	}
}

func TestActionSet(t *testing.T) {
	s := pipelinetest.NewBridge(t, 3,
		openflow.Flow{Priority: 1, Instructions: openflow.Instructions{
			Write: []openflow.Action{openflow.Output{Port: 2}, openflow.SetField{MatchField: openflow.Uint(openflow.FieldEthDst, 5)}},
			Goto:  1,
		}},
		openflow.Flow{Table: 1, Priority: 1, Instructions: openflow.Instructions{
			Write: []openflow.Action{openflow.Output{Port: 3}}, Metadata: 7, MetadataMask: 0xff, Goto: 2,
		}},
		openflow.Flow{Table: 2, Priority: 1, Match: openflow.Match{openflow.Uint(openflow.FieldMetadata, 7)}},
		openflow.Flow{Table: 2, Priority: 2, Match: openflow.Match{openflow.EthType(openflow.EthTypeARP)},
			Instructions: openflow.Instructions{ClearActions: true}},
	)
	r := s.Input(1, frametest.UDP(frametest.Station(1), frametest.Station(2), 1, 2, ""))
	pipelinetest.WantPorts(t, r, 3)
	if got := hex.EncodeToString(r.Outputs[0].Frame[:6]); got != "000000000005" {
		t.Errorf("destination: got %s, want 000000000005", got)
	}
	pipelinetest.WantPorts(t, s.Input(1, frametest.ARP(frametest.Station(1), frametest.Station(2), 1)))
}
