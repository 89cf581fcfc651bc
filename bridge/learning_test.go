// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovskit/ovskit/bridge"
	"github.com/ovskit/ovskit/internal/switchtest"
	"github.com/ovskit/ovskit/openflow/trace"
	"github.com/ovskit/ovskit/port"
)

// A learner is a bridge br0 that forwards as an ordinary switch does, with ports p1
// to p3, of which p1 has OpenFlow port 1 and so on.
type learner struct {
	*switchtest.Switch
}

func newLearner(t *testing.T, sw *switchtest.Switch, c bridge.Config) *learner {
	t.Helper()
	c.Name, c.Datapath, c.FailMode = "br0", sw.Datapath, bridge.Standalone
	if _, err := bridge.Ensure(testContext(t), sw.DB, c); err != nil {
		t.Fatal(err)
	}
	ports, err := port.Open(sw.DB, port.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	for i := range 3 {
		name := fmt.Sprintf("p%d", i+1)
		sw.AddDevice(t, name)
		_, err := ports.Attach(testContext(t), port.Config{
			Bridge: "br0", Name: name, Kind: port.Device, Type: sw.DeviceType, OFPort: uint32(i + 1),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return &learner{sw}
}

// receive lets the bridge learn from a frame, and returns the ports that it goes to.
func (l *learner) receive(t *testing.T, in int, frame []byte) string {
	t.Helper()
	result, err := trace.Packet(testContext(t), "br0", fmt.Sprintf("in_port=%d", in), trace.Options{
		RunDir: filepath.Dir(strings.TrimPrefix(l.Endpoint, "unix:")), Frame: frame, Names: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	outputs := result.Outputs()
	slices.Sort(outputs)
	return strings.Join(outputs, " ")
}

// tagged is a frame with a VLAN tag, whose addresses end with numbers.
func tagged(src, dst byte, vlan uint16) []byte {
	frame := []byte{2, 0, 0, 0, 0, dst, 2, 0, 0, 0, 0, src, 0x81, 0, byte(vlan >> 8), byte(vlan), 0x88, 0xb5}
	return append(frame, make([]byte, 46)...)
}

// TestFloodVLANs has a bridge learn on one VLAN and not on another.
func TestFloodVLANs(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		l := newLearner(t, sw, bridge.Config{FloodVLANs: []int{5}})
		expect := func(vlan uint16, want string) {
			t.Helper()
			l.receive(t, 2, tagged(2, 1, vlan))
			if got := l.receive(t, 1, tagged(1, 2, vlan)); got != want {
				t.Errorf("a frame on VLAN %d to what was seen at p2 goes to %q, want %q", vlan, got, want)
			}
		}
		expect(5, "br0 p2 p3")
		expect(6, "p2")
		if _, err := bridge.Update(testContext(t), sw.DB, bridge.Config{Name: "br0", FloodVLANs: []int{6}}); err != nil {
			t.Fatal(err)
		}
		expect(5, "p2")
		expect(6, "br0 p2 p3")
	})
}

// ipv4 is a frame with a packet to a multicast group.
func ipv4(src byte, dst net.IP, protocol byte, payload ...byte) []byte {
	dst = dst.To4()
	frame := []byte{1, 0, 0x5e, dst[1] & 0x7f, dst[2], dst[3], 2, 0, 0, 0, 0, src, 8, 0}
	header := []byte{0x45, 0, 0, byte(20 + len(payload)), 0, 0, 0, 0, 1, protocol, 0, 0, 10, 0, 0, src, dst[0], dst[1], dst[2], dst[3]}
	copy(header[10:], checksum(header))
	return slices.Concat(frame, header, payload)
}

// checksum is the internet checksum, RFC 1071.
func checksum(b []byte) []byte {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	sum = sum>>16 + sum&0xffff
	sum = ^(sum>>16 + sum)
	return []byte{byte(sum >> 8), byte(sum)}
}

// TestMulticastSnooping has a host at p2 join a group.
func TestMulticastSnooping(t *testing.T) {
	t.Parallel()
	switchtest.Each(t, func(t *testing.T, sw *switchtest.Switch) {
		const igmp, udp = 2, 17
		wanted, other := net.IPv4(239, 1, 1, 1), net.IPv4(239, 1, 1, 2)
		l := newLearner(t, sw, bridge.Config{})
		expect := func(when string, group net.IP, want string) {
			t.Helper()
			if got := l.receive(t, 1, ipv4(1, group, udp, make([]byte, 8)...)); got != want {
				t.Errorf("%s: what is for %s goes to %q, want %q", when, group, got, want)
			}
		}
		join := func() {
			t.Helper()
			report := append([]byte{0x16, 0, 0, 0}, wanted.To4()...) // IGMPv2, RFC 2236
			copy(report[2:], checksum(report))
			l.receive(t, 2, ipv4(2, wanted, igmp, report...))
		}
		update := func(m bridge.MulticastSnooping) {
			t.Helper()
			if _, err := bridge.Update(testContext(t), sw.DB, bridge.Config{Name: "br0", MulticastSnooping: &m}); err != nil {
				t.Fatal(err)
			}
		}
		const everywhere = "br0 p2 p3"
		join()
		expect("without snooping", wanted, everywhere)
		update(bridge.MulticastSnooping{Enable: true})
		expect("before anybody joined", wanted, everywhere)
		join()
		expect("joined", wanted, "p2")
		expect("joined", other, everywhere)
		update(bridge.MulticastSnooping{Enable: true, DisableFloodUnregistered: true})
		expect("without flooding", wanted, "p2")
		expect("without flooding", other, "")
		update(bridge.MulticastSnooping{})
		expect("off again", wanted, everywhere)
		expect("off again", other, everywhere)
	})
}
