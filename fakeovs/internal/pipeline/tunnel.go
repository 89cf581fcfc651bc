// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"net/netip"

	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/flowtext"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Tunnel is what a port sends packets through, and takes them from (ovs-vswitchd.conf.db(5), "Tunnel Options").
type Tunnel struct {
	// Remote is the other end, Local this one; invalid for any. RemoteFlow and LocalFlow say that the packet has them.
	Remote, Local         netip.Addr
	RemoteFlow, LocalFlow bool
	// InKey is that of packets that come in, OutKey of those that go out; 0 for none. InKeyFlow and OutKeyFlow say that
	// the packet has it, HasOutKey that one is sent.
	InKey, OutKey                    uint64
	InKeyFlow, OutKeyFlow, HasOutKey bool
	DstPort                          uint16 // 0: none
	TTL, ToS                         uint8
	InheritTTL, InheritToS           bool
	DontFragment, Checksum           bool
	// Geneve says that options are sent.
	Geneve bool
	// ERSPAN is what packets say that are sent to an analyzer; the zero value for other tunnels.
	ERSPAN ERSPAN
	// Mark is the mark that packets are sent with, if HasMark says so.
	Mark    uint32
	HasMark bool
}

// ERSPAN is what mirrored packets say of where they come from (ovs-vswitchd.conf.db(5), "erspan_ver" and what follows). What
// the packet itself has is left out.
type ERSPAN struct {
	Version, Direction, HardwareID                      uint8
	Index                                               uint32
	VersionFlow, DirectionFlow, HardwareFlow, IndexFlow bool
}

// enter gives the packet what it says.
func (e *ERSPAN) enter(k *packet.Key) {
	for _, f := range [...]struct {
		field openflow.Field
		flow  bool
		value uint64
	}{
		{openflow.FieldTunERSPANVersion, e.VersionFlow, uint64(e.Version)},
		{openflow.FieldTunERSPANIndex, e.IndexFlow, uint64(e.Index)},
		{openflow.FieldTunERSPANDir, e.DirectionFlow, uint64(e.Direction)},
		{openflow.FieldTunERSPANHWID, e.HardwareFlow, uint64(e.HardwareID)},
	} {
		if !f.flow {
			k.SetUint(f.field, f.value)
		}
	}
}

// ecn is the part of a type of service that tells of congestion (RFC 3168, section 5), and its values.
const (
	ecn                  = 3
	ecnCapable0          = 2
	ecnExperienced       = 3
	dscp           uint8 = 0xfc
)

// enterTunnel gives the packet the metadata of a tunnel that it is sent through.
func (x *translation) enterTunnel(t *Tunnel) {
	k := &x.flow
	if !t.LocalFlow {
		setAddr(k, openflow.FieldTunSrc, openflow.FieldTunIPv6Src, t.Local)
	}
	if !t.RemoteFlow {
		setAddr(k, openflow.FieldTunDst, openflow.FieldTunIPv6Dst, t.Remote)
	}
	k.SetUint(packet.TunTPDst, uint64(t.DstPort))
	if !t.OutKeyFlow {
		k.SetUint(openflow.FieldTunID, t.OutKey)
	}
	ttl, tos := t.TTL, t.ToS
	if k.IsIP() {
		if t.InheritTTL {
			x.wc.Mask(openflow.FieldIPTTL)
			ttl = uint8(k.Uint(openflow.FieldIPTTL))
		}
		if t.InheritToS {
			x.wc.Mask(openflow.FieldIPDSCP)
			tos = uint8(k.Uint(openflow.FieldIPDSCP)<<2) & dscp
		}
		x.wc.Mask(openflow.FieldIPECN)
		if inner := uint8(k.Uint(openflow.FieldIPECN)); inner == ecnExperienced {
			tos |= ecnCapable0
		} else {
			tos |= inner & ecn
		}
	}
	k.SetUint(packet.TunTTL, uint64(ttl))
	k.SetUint(packet.TunToS, uint64(tos))
	flags := k.Uint(packet.TunFlags) & packet.TunFlagOAM
	if t.DontFragment {
		flags |= packet.TunFlagDF
	}
	if t.Checksum {
		flags |= packet.TunFlagCSUM
	}
	if t.HasOutKey {
		flags |= packet.TunFlagKey
	}
	k.SetUint(packet.TunFlags, flags)
	t.ERSPAN.enter(k)
	if t.HasMark {
		k.SetUint(openflow.FieldPktMark, uint64(t.Mark))
		x.wc.Mask(openflow.FieldPktMark)
	}
}

func setAddr(k *packet.Key, v4, v6 openflow.Field, a netip.Addr) {
	k.SetUint(v4, 0)
	k.SetWords128(v6, 0, 0)
	switch {
	case a.Is4():
		k.SetMasked(v4, a.AsSlice(), nil)
	case a.Is6():
		k.SetMasked(v6, a.AsSlice(), nil)
	}
}

// sendTunnel puts the packet out of a tunnel. What the port gives it for that no flow sees.
func (x *translation) sendTunnel(p *Port) {
	old := x.flow
	x.enterTunnel(p.Tunnel)
	if !x.flow.TunnelSet() {
		x.report(nodeWarn, "Tunneling decided against output")
		x.flow.CopyTunnel(&old)
		return
	}
	if x.in.TunnelSet() && sameTunnelEnd(&x.flow, &x.in) {
		// Open vSwitch leaves the flow what it is in the tunnel.
		x.report(nodeWarn, "Not tunneling to our own address")
		return
	}
	x.report(nodeDetail, "output to kernel tunnel")
	if !x.base.SameTunnel(&x.flow) {
		x.base.CopyTunnel(&x.flow)
		key := new(packet.Key)
		key.CopyTunnel(&x.flow)
		if !p.Tunnel.Geneve {
			clear(key[packet.HeaderEnd:])
		}
		x.emit(datapath.SetTunnel{Key: key, Text: flowtext.Tunnel(key, x.options)})
	}
	x.flow.CopyTunnel(&old)
	x.commit()
	x.truncateCopy()
	x.emit(datapath.Output{Port: p.Datapath, Context: p})
}

// sameTunnelEnd reports whether two packets are sent to the same end of a tunnel.
func sameTunnelEnd(a, b *packet.Key) bool {
	return equalField(a, b, openflow.FieldTunDst) && equalField(a, b, openflow.FieldTunIPv6Dst)
}

// leaveTunnel takes over from the tunnel that the packet came through that there was congestion. It reports false if the
// packet cannot tell that, and so is to be dropped.
func (x *translation) leaveTunnel() bool {
	if !x.in.TunnelSet() {
		return true
	}
	x.wc.Mask(openflow.FieldTunID, packet.TunToS)
	if x.in.Has(openflow.FieldTunDst) {
		x.wc.Mask(openflow.FieldTunSrc, openflow.FieldTunDst)
	} else {
		x.wc.Mask(openflow.FieldTunIPv6Src, openflow.FieldTunIPv6Dst)
	}
	x.wc.AddBits(packet.TunFlags, packet.TunFlagDF|packet.TunFlagCSUM|packet.TunFlagKey)
	if !x.flow.IsIP() || x.flow.Uint(packet.TunToS)&ecn != ecnExperienced {
		return true
	}
	x.wc.Mask(openflow.FieldIPECN)
	if x.flow.Uint(openflow.FieldIPECN) == 0 {
		return false
	}
	x.flow.SetUint(openflow.FieldIPECN, ecnExperienced)
	return true
}

// Receiver finds the port at which a packet comes in by a port of the datapath: for one that came through a tunnel, the
// one whose tunnel it is. It is false if there is none.
func (d *Datapath) Receiver(number uint32, k *packet.Key) (s *Bridge, port uint32, ok bool) {
	d.tables.Lock()
	defer d.tables.Unlock()
	var best *Port
	rank := -1
	for p := range d.ports {
		if p.Datapath != number || p.Patch {
			continue
		}
		if p.Tunnel == nil {
			if !k.TunnelSet() {
				return p.s, p.No, true
			}
			continue
		}
		if r := p.Tunnel.matches(k); r >= 0 && (rank < 0 || r < rank) {
			best, rank = p, r
		}
	}
	if best == nil {
		return nil, 0, false
	}
	return best.s, best.No, true
}

// matches returns how loosely a tunnel takes a packet that came through one, less for what is closer; -1 if it does not.
func (t *Tunnel) matches(k *packet.Key) (rank int) {
	if !k.TunnelSet() {
		return -1
	}
	addr := func(v4, v6 openflow.Field) netip.Addr {
		if !k.TunnelSet() || k.Has(openflow.FieldTunDst) {
			v := k.Uint(v4)
			return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
		}
		hi, lo := k.Words128(v6)
		var b [16]byte
		for i := range 8 {
			b[i], b[8+i] = byte(hi>>(56-8*i)), byte(lo>>(56-8*i))
		}
		return netip.AddrFrom16(b)
	}
	switch {
	case t.InKeyFlow:
		rank += 6
	case t.InKey != k.Uint(openflow.FieldTunID):
		return -1
	}
	switch {
	case t.RemoteFlow:
		rank += 3
	case t.Remote != addr(openflow.FieldTunSrc, openflow.FieldTunIPv6Src):
		return -1
	}
	switch {
	case t.LocalFlow:
		rank += 2
	case !t.Local.IsValid():
		rank++
	case t.Local != addr(openflow.FieldTunDst, openflow.FieldTunIPv6Dst):
		return -1
	}
	return rank
}
