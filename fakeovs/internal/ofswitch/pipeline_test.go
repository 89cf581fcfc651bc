// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ovskit/ovskit/fakeovs/internal/ofswitch"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// newSwitch makes a switch with ports 1 to n.
func newSwitch(t testing.TB, n int, flows ...openflow.Flow) *ofswitch.Switch {
	s := ofswitch.NewDatapath(ofswitch.DatapathOptions{}).NewSwitch(ofswitch.Options{Name: "br0"})
	for p := 1; p <= n; p++ {
		if err := s.AddPort(ofswitch.Port{No: uint32(p), Name: fmt.Sprintf("p%d", p)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range flows {
		if err := s.AddFlow(f); err != nil {
			t.Fatalf("add flow %v: %v", f, err)
		}
	}
	return s
}

func apply(actions ...openflow.Action) openflow.Instructions {
	return openflow.Instructions{Apply: actions}
}

func outPorts(r *ofswitch.Result) []uint32 {
	var got []uint32
	for _, o := range r.Outputs {
		got = append(got, o.Port)
	}
	return got
}

func wantPorts(t *testing.T, r *ofswitch.Result, want ...uint32) {
	t.Helper()
	if d := cmp.Diff(want, outPorts(r)); d != "" {
		t.Errorf("output ports (-want +got):\n%s\n%s", d, r.Trace())
	}
}

func TestPriorityAndMasks(t *testing.T) {
	prefix := func(s string) openflow.MatchField { return openflow.IPv4Dst(netip.MustParsePrefix(s)) }
	ip := openflow.EthType(openflow.EthTypeIPv4)
	s := newSwitch(t, 4,
		openflow.Flow{Priority: 1, Instructions: out(1)},
		openflow.Flow{Priority: 10, Match: openflow.Match{ip, prefix("10.0.0.0/8")}, Instructions: out(2)},
		openflow.Flow{Priority: 20, Match: openflow.Match{ip, prefix("10.0.0.2/32")}, Instructions: out(3)},
		openflow.Flow{Priority: 30, Match: openflow.Match{openflow.InPort(4)}, Instructions: out(4)},
	)
	wantPorts(t, s.Input(3, udpFrame(station(1), station(3), 1, 2, "")), 2)
	wantPorts(t, s.Input(1, udpFrame(station(1), station(2), 1, 2, "")), 3)
	wantPorts(t, s.Input(2, arpFrame(station(1), station(2), 1)), 1)
	wantPorts(t, s.Input(4, udpFrame(station(1), station(2), 1, 2, ""))) // to the input port
	wantPorts(t, s.Input(5, udpFrame(station(1), station(2), 1, 2, ""))) // which does not exist
}

func TestARPResponder(t *testing.T) {
	gw := station(9)
	move := func(src, dst openflow.Field) openflow.Action {
		return openflow.Move{Src: openflow.Whole(src), Dst: openflow.Whole(dst)}
	}
	set := func(f openflow.MatchField) openflow.Action { return openflow.SetField{MatchField: f} }
	s := newSwitch(t, 1, openflow.Flow{
		Priority: 1,
		Match: openflow.Match{
			openflow.EthType(openflow.EthTypeARP), openflow.ARPOp(1), openflow.ARPTPA(netip.PrefixFrom(gw.ip, 32)),
		},
		Instructions: apply(
			move(openflow.FieldEthSrc, openflow.FieldEthDst), set(openflow.EthSrc(gw.mac)),
			set(openflow.ARPOp(2)),
			move(openflow.FieldARPSHA, openflow.FieldARPTHA), set(openflow.ARPSHA(gw.mac)),
			move(openflow.FieldARPSPA, openflow.FieldARPTPA), set(openflow.ARPSPA(netip.PrefixFrom(gw.ip, 32))),
			openflow.Output{Port: openflow.PortInPort},
		),
	})
	r := s.Input(1, arpFrame(station(1), gw, 1))
	wantPorts(t, r, 1)
	want := "020000000001" + "020000000009" + "0806" + "0001080006040002" +
		"020000000009" + "0a000009" + "020000000001" + "0a000001"
	if got := hex.EncodeToString(r.Outputs[0].Frame); !strings.HasPrefix(got, want) {
		t.Errorf("answer: got %s, want %s", got, want)
	}
}

// TestHairpin: a station reaches itself by an address that is translated to its own, through two zones.
func TestHairpin(t *testing.T) {
	ip := openflow.EthType(openflow.EthTypeIPv4)
	a, vip, gw := station(1), station(100), station(101)
	nat := func(typ openflow.NATType, to host, port uint16) *openflow.NAT {
		return &openflow.NAT{Type: typ, AddrMin: to.ip, PortMin: port}
	}
	s := newSwitch(t, 2,
		openflow.Flow{Priority: 1, Match: openflow.Match{ip}, Instructions: apply(
			openflow.CT{Zone: 1, NAT: &openflow.NAT{}, Resume: true, Table: 1})},
		openflow.Flow{Table: 1, Priority: 2, Match: openflow.Match{
			ip, openflow.CTState(openflow.CTNew, 0), openflow.IPv4Dst(netip.PrefixFrom(vip.ip, 32)),
		}, Instructions: apply(openflow.CT{Commit: true, Zone: 1, NAT: nat(openflow.NATDestination, a, 8080), Resume: true, Table: 2})},
		openflow.Flow{Table: 1, Priority: 1, Match: openflow.Match{ip}, Instructions: openflow.Instructions{Goto: 2}},
		openflow.Flow{Table: 2, Priority: 2, Match: openflow.Match{ip, openflow.CTState(0, openflow.CTReply)},
			Instructions: apply(openflow.CT{Commit: true, Zone: 2, NAT: nat(openflow.NATSource, gw, 0), Resume: true, Table: 3})},
		openflow.Flow{Table: 2, Priority: 1, Match: openflow.Match{ip}, Instructions: openflow.Instructions{Goto: 3}},
		openflow.Flow{Table: 3, Priority: 1, Match: openflow.Match{ip}, Instructions: apply(
			openflow.SetField{MatchField: openflow.InPort(0)}, openflow.DecTTL{}, openflow.Output{Port: 1})},
	)
	r := s.Input(1, tcpFrame(a, vip, 5000, 80, segment{flags: "S", seq: 1}, ""))
	wantPorts(t, r, 1)
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
	s := newSwitch(t, 2,
		openflow.Flow{Priority: 1, Match: openflow.Match{openflow.InPort(1)}, Instructions: apply(
			openflow.Output{Port: 2}, openflow.Resubmit{InPort: openflow.PortInPort, Table: 0})},
		openflow.Flow{Priority: 1, Match: openflow.Match{openflow.InPort(2), openflow.EthType(openflow.EthTypeIPv4)},
			Instructions: apply(openflow.Output{Port: 1}, openflow.CT{Resume: true, Table: 0})})
	r := s.Input(1, arpFrame(station(1), station(2), 1))
	wantPorts(t, r)
	if got := r.Trace(); !strings.Contains(got, "over max translation depth 64") {
		t.Errorf("trace of endless resubmits does not say so:\n%s", got)
	}
	r = s.Input(2, udpFrame(station(1), station(2), 1, 2, ""))
	if got := len(r.Outputs); got != 7 {
		t.Errorf("packet that always recirculates: got %d outputs, want 1 and 6 more", got)
	}
}

func TestTTLIsUsedUp(t *testing.T) {
	ip := openflow.EthType(openflow.EthTypeIPv4)
	s := newSwitch(t, 3,
		openflow.Flow{Priority: 1, Match: openflow.Match{ip}, Instructions: apply(
			openflow.Resubmit{InPort: openflow.PortInPort, Table: 1}, openflow.Output{Port: 3})},
		openflow.Flow{Table: 1, Priority: 1, Match: openflow.Match{ip}, Instructions: apply(
			openflow.DecTTL{}, openflow.Output{Port: 2})})
	frame := udpFrame(station(1), station(2), 1, 2, "")
	wantPorts(t, s.Input(1, frame), 2, 3)
	p := packet.Parse(append([]byte(nil), frame...))
	var ttl, mask packet.Key
	ttl.SetUint(openflow.FieldIPTTL, 1)
	mask.Mask(openflow.FieldIPTTL)
	p.SetIPv4(&ttl, &mask)
	wantPorts(t, s.Input(1, p.Bytes()), 3)
}

func TestNormal(t *testing.T) {
	s := newSwitch(t, 3, openflow.Flow{Instructions: out(openflow.PortNormal)})
	a, b := station(1), station(2)
	wantPorts(t, s.Input(1, arpFrame(a, b, 1)), 2, 3)
	wantPorts(t, s.Input(2, udpFrame(b, a, 1, 2, "")), 1)
	wantPorts(t, s.Input(1, udpFrame(a, b, 1, 2, "")), 2)
	wantPorts(t, s.Input(2, udpFrame(a, b, 1, 2, ""))) // moved to where the destination is
	s.RemovePort(2)
	wantPorts(t, s.Input(1, udpFrame(a, b, 1, 2, "")), 3)
	reserved := arpFrame(a, b, 1)
	copy(reserved, []byte{1, 0x80, 0xc2, 0, 0, 0})
	wantPorts(t, s.Input(1, reserved))
}

// TestReceiveMaySend: what a Receive function sends is delivered, in order, without growing the stack.
func TestReceiveMaySend(t *testing.T) {
	const hops = 100_000
	s := newSwitch(t, 0,
		openflow.Flow{Match: openflow.Match{openflow.InPort(1)}, Instructions: out(2)},
		openflow.Flow{Match: openflow.Match{openflow.InPort(2)}, Instructions: out(1)})
	n := 0
	bounce := func(port uint32) func([]byte) {
		return func(frame []byte) {
			if n++; n < hops {
				s.Input(port, frame)
			}
		}
	}
	for port := uint32(1); port <= 2; port++ {
		if err := s.AddPort(ofswitch.Port{No: port, Name: fmt.Sprint(port), Receive: bounce(port)}); err != nil {
			t.Fatal(err)
		}
	}
	s.Input(1, arpFrame(station(1), station(2), 1))
	if n != hops {
		t.Errorf("frames received: got %d, want %d", n, hops)
	}
}

// A test that fails within a Receive function does not leave the switch without anybody who hands frames over.
func TestReceiveMayEndItsGoroutine(t *testing.T) {
	s := newSwitch(t, 1, openflow.Flow{Instructions: out(2)})
	n := 0
	receive := func([]byte) {
		if n++; n == 1 {
			runtime.Goexit()
		}
	}
	if err := s.AddPort(ofswitch.Port{No: 2, Name: "p2", Receive: receive}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Input(1, arpFrame(station(1), station(2), 1))
	}()
	<-ended
	s.Input(1, arpFrame(station(1), station(2), 1))
	if n != 2 {
		t.Errorf("frames received: got %d, want 2", n)
	}
}

func TestActionSet(t *testing.T) {
	s := newSwitch(t, 3,
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
	r := s.Input(1, udpFrame(station(1), station(2), 1, 2, ""))
	wantPorts(t, r, 3)
	if got := hex.EncodeToString(r.Outputs[0].Frame[:6]); got != "000000000005" {
		t.Errorf("destination: got %s, want 000000000005", got)
	}
	wantPorts(t, s.Input(1, arpFrame(station(1), station(2), 1)))
}
