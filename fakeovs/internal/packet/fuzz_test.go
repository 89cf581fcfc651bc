// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// operations are what can be done to a packet, with a number to choose by and fields to write.
var operations = []func(p *packet.Packet, n uint32, k, m *packet.Key){
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetEthernet(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetIPv4(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetIPv6(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetTransport(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetICMP(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetND(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetNDExtensions(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetARP(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetNSH(k, m) },
	func(p *packet.Packet, _ uint32, k, m *packet.Key) { p.SetMPLS(k, m) },
	func(p *packet.Packet, n uint32, _, _ *packet.Key) { p.PushVLAN(0x8100, uint16(n)) },
	func(p *packet.Packet, _ uint32, _, _ *packet.Key) { p.PopVLAN() },
	func(p *packet.Packet, n uint32, _, _ *packet.Key) { p.PushMPLS(0x8847+uint16(n>>8&1), n) },
	func(p *packet.Packet, n uint32, _, _ *packet.Key) { p.PushOuterMPLS(0x8847, n) },
	func(p *packet.Packet, n uint32, _, _ *packet.Key) {
		p.PopMPLS([]uint16{0x800, 0x86dd, 0x8847, 0x6558, 0x806}[n%5])
	},
	func(p *packet.Packet, _ uint32, _, _ *packet.Key) { p.PushEthernet([6]byte{1}, [6]byte{2}) },
	func(p *packet.Packet, _ uint32, _, _ *packet.Key) { p.PopEthernet() },
	func(p *packet.Packet, n uint32, k, _ *packet.Key) { p.PushNSH(k, make([]byte, n%300)) },
	func(p *packet.Packet, _ uint32, _, _ *packet.Key) { p.PopNSH() },
	func(p *packet.Packet, n uint32, _, _ *packet.Key) { p.Truncate(int(n % 200)) },
	func(p *packet.Packet, _ uint32, _, _ *packet.Key) { p.Reparse() },
	func(p *packet.Packet, n uint32, _, _ *packet.Key) {
		if in, ok := p.Inner(); ok {
			in.SetPort(n&1 == 0, uint16(n))
			in.SetAddr(n&1 == 0, in.Network()[12:][:4+12*b2i(in.IPv6())])
			p.FixChecksum()
		}
	},
	func(p *packet.Packet, n uint32, _, _ *packet.Key) { p.SetPort(n&1 == 0, uint16(n)) },
	func(p *packet.Packet, _ uint32, _, _ *packet.Key) { p.TransportValid() },
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// FuzzOperations does anything to any packet, which stays within its bytes.
func FuzzOperations(f *testing.F) {
	for i := range operations {
		script := []byte{byte(i), 1, 2, 3, 4, 5, 6, 7, 8, byte(i + 1), 8, 7, 6, 5, 4, 3, 2, 1}
		for _, b := range [][]byte{nil, tcpFrame(f), udpFrame(f), icmpFrame(f), arpFrame(f), ipv6Frame(f), fragment(f)} {
			f.Add(b, script)
		}
	}
	f.Fuzz(func(t *testing.T, frame, script []byte) {
		const guard = "guard"
		buffer := append(append([]byte(guard), frame...), guard...)
		var p packet.Packet
		p.Init(buffer[len(guard):len(guard)+len(frame):len(guard)+len(frame)], openflow.PacketEthernet, packet.MaxVLANs)
		p.Clone()
		for len(script) >= 9 && len(p.Bytes()) < 4000 {
			seed := binary.BigEndian.Uint64(script[1:])
			k, m := p.Key, packet.Key{}
			for w := range k {
				seed = seed*6364136223846793005 + 1442695040888963407
				m[w] = seed
				k[w] ^= seed & (seed >> 7)
			}
			operations[int(script[0])%len(operations)](&p, uint32(seed>>20), &k, &m)
			script = script[9:]
		}
		if !bytes.HasPrefix(buffer, []byte(guard)) || !bytes.HasSuffix(buffer, []byte(guard)) {
			t.Errorf("bytes around the frame are %q and %q", buffer[:len(guard)], buffer[len(buffer)-len(guard):])
		}
		var q packet.Packet
		q.Init(append([]byte(nil), p.Bytes()...), p.Type(), packet.MaxVLANs)
		p.Reparse()
		if q.Key != p.Key {
			t.Errorf("key after reading the bytes again: got %v, want %v", p.Key, q.Key)
		}
	})
}
