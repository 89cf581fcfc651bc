// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import "github.com/ovskit/ovskit/openflow"

// Network is the network header and what follows it, without padding; nil where it is missing or broken.
func (p *Packet) Network() []byte {
	if p.l4 == none {
		return nil
	}
	return p.b[p.l3:p.end]
}

// Transport is what follows the network header and its options or extensions; nil where that is missing or broken.
func (p *Packet) Transport() []byte {
	if p.l4 == none {
		return nil
	}
	return p.b[p.l4:p.end]
}

// Fragment reports whether the packet is a part of a fragmented one.
func (p *Packet) Fragment() bool { return p.frag }

// IPv6 reports whether the frame's type is that of IPv6.
func (p *Packet) IPv6() bool { return uint16(p.Key[wordEthDst]) == openflow.EthTypeIPv6 }

// IP reports whether the frame's type is that of IPv4 or IPv6.
func (p *Packet) IP() bool { return p.IPv6() || uint16(p.Key[wordEthDst]) == openflow.EthTypeIPv4 }

func (p *Packet) proto() uint8 { return uint8(p.Key[wordNetwork]) }
