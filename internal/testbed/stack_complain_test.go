// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// packetOf makes a frame for macA with a packet of a protocol for experiments (RFC 3692), not to be cut into fragments.
func packetOf(src, dst string, ttl uint8, proto tcpip.TransportProtocolNumber, payload []byte) []byte {
	frame := append(append([]byte(nil), macA...), macB...)
	if addr(src).Is4() {
		ip := header.IPv4(make([]byte, header.IPv4MinimumSize+len(payload)))
		ip.Encode(&header.IPv4Fields{
			TotalLength: uint16(len(ip)), TTL: ttl, Protocol: uint8(proto), ID: 1, Flags: header.IPv4FlagDontFragment,
			SrcAddr: tcpip.AddrFromSlice(addr(src).AsSlice()), DstAddr: tcpip.AddrFromSlice(addr(dst).AsSlice()),
		})
		ip.SetChecksum(^ip.CalculateChecksum())
		copy(ip.Payload(), payload)
		return append(append(frame, 0x08, 0x00), ip...)
	}
	ip := header.IPv6(make([]byte, header.IPv6MinimumSize+len(payload)))
	ip.Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(payload)), HopLimit: ttl, TransportProtocol: proto,
		SrcAddr: tcpip.AddrFromSlice(addr(src).AsSlice()), DstAddr: tcpip.AddrFromSlice(addr(dst).AsSlice()),
	})
	copy(ip.Payload(), payload)
	return append(append(frame, 0x86, 0xdd), ip...)
}

// A router says why it does not forward a packet, unless that is about an error itself.
func TestStackComplains(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	const narrow = 1280
	router := newStack(t, StackConfig{
		Name: "router", Forward: true,
		Interfaces: []InterfaceConfig{
			{MAC: macA, Addrs: addrsOfA},
			{
				MAC: net.HardwareAddr{2, 0, 0, 0, 0, 3}, Addrs: []netip.Prefix{prefix("10.0.0.1/24"), prefix("fd00::1/64")},
				MTU: narrow,
			},
		},
	})
	sender := newStack(t, StackConfig{Name: "sender", Interfaces: []InterfaceConfig{{MAC: macB, Addrs: addrsOfB}}})
	router.Connect(sender.Receive)
	sender.Connect(router.Receive)
	const experiment = 253
	long := make([]byte, narrow)
	for _, test := range []struct {
		name, src, dst string
		ttl            uint8
		proto          tcpip.TransportProtocolNumber
		payload        []byte
		want           []byte // the error's first 8 bytes without its checksum
	}{
		{"IPv4 too old", "192.0.2.2", "10.0.0.9", 1, experiment, nil, []byte{11, 0, 0, 0, 0, 0}},
		{"IPv4 no route", "192.0.2.2", "198.51.100.1", 9, experiment, nil, []byte{3, 0, 0, 0, 0, 0}},
		{"IPv4 too big", "192.0.2.2", "10.0.0.9", 9, experiment, long, []byte{3, 4, 0, 0, narrow >> 8, narrow & 0xff}},
		{"IPv4 echo", "192.0.2.2", "10.0.0.9", 1, header.ICMPv4ProtocolNumber, []byte{8, 0}, []byte{11, 0, 0, 0, 0, 0}},
		{"IPv4 error", "192.0.2.2", "10.0.0.9", 1, header.ICMPv4ProtocolNumber, []byte{3, 0}, nil},
		{"IPv6 too old", "2001:db8::2", "fd00::9", 1, experiment, nil, []byte{3, 0, 0, 0, 0, 0}},
		{"IPv6 no route", "2001:db8::2", "fd01::9", 9, experiment, nil, []byte{1, 0, 0, 0, 0, 0}},
		{"IPv6 too big", "2001:db8::2", "fd00::9", 9, experiment, long, []byte{2, 0, 0, 0, narrow >> 8, narrow & 0xff}},
		{"IPv6 echo", "2001:db8::2", "fd00::9", 1, header.ICMPv6ProtocolNumber, []byte{128, 0}, []byte{3, 0, 0, 0, 0, 0}},
		{"IPv6 error", "2001:db8::2", "fd00::9", 1, header.ICMPv6ProtocolNumber, []byte{1, 0}, nil},
		{"IPv6 link-local", "fe80::2", "fd00::9", 1, experiment, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			capture, err := sender.Capture(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer capture.Close()
			sent := packetOf(test.src, test.dst, test.ttl, test.proto, test.payload)
			router.Receive(sent)
			if test.want == nil { // what comes next comes first
				sent = packetOf(test.src, test.dst, 1, experiment, []byte("next"))
				if addr(test.src).IsLinkLocalUnicast() {
					sent = packetOf("2001:db8::2", test.dst, 1, experiment, []byte("next"))
				}
				router.Receive(sent)
				test.want = []byte{11, 0, 0, 0, 0, 0}
				if addr(test.src).Is6() {
					test.want[0] = 3
				}
			}
			for {
				frame, err := capture.Next(ctx)
				if err != nil {
					t.Fatal(err)
				}
				message := errorIn(frame)
				if message == nil {
					continue
				}
				if got := append(bytes.Clone(message[:2]), message[4:8]...); !bytes.Equal(got, test.want) {
					t.Errorf("error: got % x, want % x", got, test.want)
				}
				if about := sent[header.EthernetMinimumSize:]; !bytes.HasPrefix(about, message[8:]) || len(message) < 28 {
					t.Errorf("the error is about\n% x, want\n% x", message[8:], about)
				}
				return
			}
		})
	}
}

// errorIn is the ICMP error in a frame, whose checksums are right; nil if there is none.
func errorIn(frame []byte) []byte {
	packet := frame[header.EthernetMinimumSize:]
	switch header.Ethernet(frame).Type() {
	case header.IPv4ProtocolNumber:
		ip := header.IPv4(packet)
		m := header.ICMPv4(ip.Payload())
		if ip.TransportProtocol() == header.ICMPv4ProtocolNumber && ip.IsChecksumValid() && checksum.Checksum(m, 0) == 0xffff {
			return m
		}
	case header.IPv6ProtocolNumber:
		ip := header.IPv6(packet)
		m := header.ICMPv6(ip.Payload())
		pseudo := header.PseudoHeaderChecksum(
			header.ICMPv6ProtocolNumber, ip.SourceAddress(), ip.DestinationAddress(), uint16(len(m)))
		if ip.TransportProtocol() == header.ICMPv6ProtocolNumber && m.Type() < header.ICMPv6EchoRequest &&
			checksum.Checksum(m, pseudo) == 0xffff {
			return m
		}
	}
	return nil
}
