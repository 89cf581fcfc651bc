// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
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
	x.wc.Mask(openflow.FieldEthSrc, openflow.FieldEthDst)
	lookSome(&x.wc, openflow.FieldVLANTCI, tciPresent|vlanID)
	if x.s.ports[inPort] == nil {
		x.report(nodeWarn, "no input bundle, dropping")
		return
	}
	dst := x.flow.Uint(openflow.FieldEthDst)
	if dst>>4 == 0x0180c2000000>>4 {
		x.report(nodeDetail, "packet has reserved MAC address, dropping")
		return
	}
	vlan := vlanOf(&x.flow)
	if src := x.flow.Uint(openflow.FieldEthSrc); src&groupBit == 0 && x.effects {
		x.s.macs.learn(macKey{vlan, src}, inPort, x.s.now)
	}
	x.lookGratuitousARP()
	if dst&groupBit != 0 {
		x.report(nodeDetail, "no learned MAC for destination, flooding")
		x.normalFlood(inPort)
		return
	}
	switch port, ok := x.s.macs.port(macKey{vlan, dst}, x.s.now); {
	case !ok:
		x.report(nodeDetail, "no learned MAC for destination, flooding")
		x.normalFlood(inPort)
	case port == inPort:
		x.report(nodeDetail, "learned port is input port, dropping")
	default:
		x.report(nodeDetail, "forwarding to learned port")
		x.send(port, true, false, false)
	}
}

// lookGratuitousARP looks at what tells a gratuitous ARP message.
func (x *translation) lookGratuitousARP() {
	if x.flow.Uint(openflow.FieldEthType) != openflow.EthTypeARP {
		return
	}
	const broadcast = 1<<48 - 1
	if x.flow.Uint(openflow.FieldEthDst) != broadcast {
		return
	}
	x.wc.Mask(openflow.FieldARPOp)
	const request, reply = 1, 2
	switch x.flow.Uint(openflow.FieldARPOp) {
	case reply:
	case request:
		x.wc.Mask(openflow.FieldARPSPA, openflow.FieldARPTPA)
	}
}

// normalFlood sends the packet out of all ports that packets are flooded to, but for one.
func (x *translation) normalFlood(except uint32) {
	for _, p := range x.s.ordered {
		if p.No != except && p.floods() {
			x.send(p.No, true, false, false)
		}
	}
}

// vlanOf is the VLAN identifier of a packet, 0 without a tag.
func vlanOf(k *packet.Key) uint16 { return uint16(k.Uint(openflow.FieldVLANTCI)) & vlanID }
