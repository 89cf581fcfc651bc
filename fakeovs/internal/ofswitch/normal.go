// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"fmt"
	"time"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// The MAC learning table's defaults in Open vSwitch.
const (
	macAging = 300 * time.Second
	maxMACs  = 8192
)

// macTable remembers by which port an Ethernet address is reached.
type macTable map[macKey]macEntry

type macKey struct {
	vlan uint16
	mac  uint64
}

type macEntry struct {
	port uint32
	seen time.Time
}

// learn notes that frames of an address come in by a port. A full table loses what has not been seen for long, and
// then an address of no particular choice.
func (t macTable) learn(k macKey, port uint32, now time.Time) {
	if _, ok := t[k]; !ok && len(t) >= maxMACs {
		for old, e := range t {
			if now.Sub(e.seen) >= macAging {
				delete(t, old)
			}
		}
		for old := range t {
			if len(t) < maxMACs {
				break
			}
			delete(t, old)
		}
	}
	t[k] = macEntry{port, now}
}

// port is where an address was seen last.
func (t macTable) port(k macKey, now time.Time) (uint32, bool) {
	e, ok := t[k]
	return e.port, ok && now.Sub(e.seen) < macAging
}

// forget drops what was learned on a port.
func (t macTable) forget(port uint32) {
	for k, e := range t {
		if e.port == port {
			delete(t, k)
		}
	}
}

// groupBit is the bit of an Ethernet address that tells a group of stations from one.
const groupBit = 1 << 40

// normal does with the packet what a switch without flows does: it learns the source address and sends the packet to
// where its destination was seen, or to everywhere. Tagged frames are kept apart by their VLAN; all ports are trunks.
func (x *translation) normal(inPort uint32) {
	if x.s.ports[inPort] == nil {
		x.t.note("no input port, dropping")
		return
	}
	dst := x.key.Uint(openflow.FieldEthDst)
	if dst>>4 == 0x0180c2000000>>4 {
		x.t.note("frame to a reserved address, dropping")
		return
	}
	vlan := vlanOf(&x.key)
	if src := x.key.Uint(openflow.FieldEthSrc); src&groupBit == 0 {
		x.s.macs.learn(macKey{vlan, src}, inPort, x.s.now)
	}
	if dst&groupBit != 0 {
		x.t.note("multicast, flooding")
		x.flood(inPort)
		return
	}
	switch port, ok := x.s.macs.port(macKey{vlan, dst}, x.s.now); {
	case !ok:
		x.t.note("no learned port for the destination, flooding")
		x.flood(inPort)
	case port == inPort:
		x.t.note("learned port is input port, dropping")
	default:
		x.t.note(fmt.Sprintf("forwarding to learned port %d", port))
		x.send(port)
	}
}

// vlanOf is the VLAN identifier of a packet, 0 without a tag.
func vlanOf(k *packet.Key) uint16 { return uint16(k.Uint(openflow.FieldVLANTCI)) & 0xfff }
