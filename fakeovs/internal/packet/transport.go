// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package packet

import "encoding/binary"

// ReplaceTransport replaces what follows the network header, which gets the new length; the transport checksum is the
// caller's. What followed the network layer follows it still. The packet must have a transport header.
func (p *Packet) ReplaceTransport(l4 []byte) {
	b := make([]byte, 0, p.l4+len(l4)+len(p.b)-p.end)
	b = append(append(append(b, p.b[:p.l4]...), l4...), p.b[p.end:]...)
	grown := len(l4) - (p.end - p.l4)
	p.b, p.end = b, p.end+grown
	var length [2]byte
	if p.IPv6() {
		binary.BigEndian.PutUint16(b[p.l3+4:], uint16(int(be16(b, p.l3+4))+grown))
		return
	}
	binary.BigEndian.PutUint16(length[:], uint16(int(be16(b, p.l3+2))+grown))
	p.replace(p.l3+2, length[:], p.l3+10)
}

// NetworkOffset is where in the frame the network header begins; 0 where there is none.
func (p *Packet) NetworkOffset() int {
	if p.l4 == none {
		return 0
	}
	return p.l3
}
