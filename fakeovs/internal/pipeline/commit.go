// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/datapath"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// commit adds the actions that make the packet what the flows see.
func (x *translation) commit() {
	x.commitEncap()
	if x.flow.Uint(openflow.FieldPacketType) == 0 && x.base.Uint(openflow.FieldPacketType) == 0 {
		x.commitSet(datapath.Ethernet, false)
	}
	isLabelled := packet.IsMPLS(uint16(x.flow.Uint(openflow.FieldEthType)))
	unlabelled := packet.IsMPLS(uint16(x.base.Uint(openflow.FieldEthType))) && !isLabelled
	if unlabelled {
		x.commitMPLS(false)
	}
	if x.flow.Uint(openflow.FieldEthType) == openflow.EthTypeNSH {
		x.commitSet(datapath.NSH, false)
	}
	x.commitNetwork()
	x.commitPorts()
	x.commitICMP()
	if !unlabelled {
		x.commitMPLS(false)
	}
	x.commitVLAN()
	x.commitSet(datapath.Priority, false)
	x.commitSet(datapath.Mark, false)
}

// readOnly are the fields of headers that are not written.
func readOnly(f openflow.Field) bool {
	switch f {
	case openflow.FieldIPProto, openflow.FieldIPFrag, openflow.FieldNSHMDType, openflow.FieldNSHNP:
		return true
	}
	return false
}

// commitSet adds an action if a header of the packet is another one than the actions so far leave it, and makes it that.
// What is written are the fields that differ, in the bits that were looked at, or the whole header. It reports whether
// there was an action.
func (x *translation) commitSet(h datapath.Header, whole bool) bool {
	fields := h.Fields()
	if !x.differs(fields) {
		return false
	}
	a := datapath.Set{Header: h, Value: new(packet.Key), Mask: new(packet.Key)}
	exact := true
	for _, f := range fields {
		switch {
		case readOnly(f) && h != datapath.ARP:
		case h != datapath.NSH && equalField(&x.flow, &x.base, f):
			// Open vSwitch writes of an NSH all that was looked at.
		default:
			copyField(a.Mask, &x.wc, f)
		}
		exact = exact && a.Mask.Full(f)
	}
	if whole || exact {
		a.Whole = true
		a.Mask.Mask(fields...)
	}
	for _, f := range fields {
		copyField(a.Value, &x.flow, f)
		copyField(&x.base, &x.flow, f)
	}
	a.Value.And(a.Mask)
	x.wc.Or(a.Mask)
	x.emit(a)
	return true
}

func (x *translation) differs(fields []openflow.Field) bool {
	for _, f := range fields {
		if !equalField(&x.flow, &x.base, f) {
			return true
		}
	}
	return false
}

// isWide reports whether a field has 128 bits.
func isWide(f openflow.Field) bool { return f.Bits() > 64 && f <= openflow.FieldUnknown }

func equalField(a, b *packet.Key, f openflow.Field) bool {
	if !isWide(f) {
		return a.Uint(f) == b.Uint(f)
	}
	ahi, alo := a.Words128(f)
	bhi, blo := b.Words128(f)
	return ahi == bhi && alo == blo
}

func copyField(to, from *packet.Key, f openflow.Field) {
	if !isWide(f) {
		to.SetUint(f, from.Uint(f))
		return
	}
	hi, lo := from.Words128(f)
	to.SetWords128(f, hi, lo)
}

// commitNetwork writes the network header. What a datapath cannot write is done by the switch process.
func (x *translation) commitNetwork() {
	if x.flow.Uint(openflow.FieldIPProto) == 0 {
		return
	}
	switch x.base.Uint(openflow.FieldEthType) {
	case openflow.EthTypeIPv4:
		x.commitSet(datapath.IPv4, false)
	case openflow.EthTypeIPv6:
		x.commitSet(datapath.IPv6, false)
		if x.base.Uint(openflow.FieldIPProto) == openflow.IPProtoICMPv6 {
			extensions := x.commitSet(datapath.NDExtensions, false)
			if x.commitSet(datapath.ND, false) || extensions {
				x.slow |= slowAction
			}
		}
	case openflow.EthTypeARP:
		if x.commitSet(datapath.ARP, false) {
			x.slow |= slowAction
		}
	}
}

func (x *translation) commitPorts() {
	if x.flow.Uint(openflow.FieldIPProto) == 0 || !x.base.IsIP() {
		return
	}
	switch x.flow.Uint(openflow.FieldIPProto) {
	case openflow.IPProtoTCP:
		x.commitSet(datapath.TCP, false)
	case openflow.IPProtoUDP:
		x.commitSet(datapath.UDP, false)
	case openflow.IPProtoSCTP:
		x.commitSet(datapath.SCTP, false)
	}
}

func (x *translation) commitICMP() {
	if !isICMP(&x.flow) {
		return
	}
	h := datapath.ICMP
	if x.flow.EthType() == openflow.EthTypeIPv6 {
		h = datapath.ICMPv6
	}
	if x.commitSet(h, true) {
		x.slow |= slowAction
	}
}

// commitVLAN takes off the tags that the packet does not have any more, and puts on the new ones.
func (x *translation) commitVLAN() {
	was, is := tagsOf(&x.base), tagsOf(&x.flow)
	b, f := len(was)-1, len(is)-1
	for b >= 0 && f >= 0 && was[b] == is[f] {
		b, f = b-1, f-1
	}
	for ; b >= 0; b-- {
		x.emit(datapath.PopVLAN{})
		if b == 0 {
			x.wc.Mask(openflow.FieldVLANTCI)
		} else {
			x.wc.Mask(packet.InnerVLANTCI)
		}
	}
	for ; f >= 0; f-- {
		x.emit(is[f])
	}
	for _, f := range [...]openflow.Field{
		openflow.FieldVLANTCI, packet.VLANTPID, packet.InnerVLANTCI, packet.InnerVLANTPID,
	} {
		x.base.SetUint(f, x.flow.Uint(f))
	}
}

// tagsOf are the tags of a packet, the outermost first.
func tagsOf(k *packet.Key) []datapath.PushVLAN {
	list := []datapath.PushVLAN{
		{EthType: uint16(k.Uint(packet.VLANTPID)), TCI: uint16(k.Uint(openflow.FieldVLANTCI))},
		{EthType: uint16(k.Uint(packet.InnerVLANTPID)), TCI: uint16(k.Uint(packet.InnerVLANTCI))},
	}
	return list[:k.Tags()]
}

// commitMPLS takes off labels that the packet does not have any more, and puts on the new ones; of a pending encap as what
// takes the place of the Ethernet header.
func (x *translation) commitMPLS(encap bool) {
	b, n := x.base.Labels(nil), x.flow.Labels(nil)
	common := 0
	for common < min(b, n) && x.flow.Uint(packet.LabelFields[n-1-common]) == x.base.Uint(packet.LabelFields[b-1-common]) {
		common++
	}
	t := uint16(x.flow.Uint(openflow.FieldEthType))
	for b > common {
		if b-1 == common && n > common {
			entry := x.flow.Uint(packet.LabelFields[n-b])
			x.emit(setLabel(uint32(entry)))
			x.base.SetUint(packet.LabelFields[0], entry)
			common++
			continue
		}
		inner := t
		if !packet.IsMPLS(t) && b > 1 {
			inner = openflow.EthTypeMPLS
		}
		x.emit(datapath.PopMPLS{EthType: inner})
		x.base.PopLabel(nil, b, t)
		b--
	}
	for ; b < n; b++ {
		entry := uint32(x.flow.Uint(packet.LabelFields[n-b-1]))
		if encap {
			x.emit(datapath.AddMPLS{EthType: t, Entry: entry})
		} else {
			x.emit(datapath.PushMPLS{EthType: t, Entry: entry})
		}
		x.base.PushLabel(nil, b, t, false)
		x.base.SetUint(packet.LabelFields[0], uint64(entry))
	}
}

func setLabel(entry uint32) datapath.Set {
	a := datapath.Set{Header: datapath.MPLS, Whole: true, Value: new(packet.Key), Mask: new(packet.Key)}
	a.Value.SetUint(packet.MPLSLSE, uint64(entry))
	a.Mask.Mask(packet.MPLSLSE)
	return a
}

// commitEncap puts a header on or takes one off that changes the type of the packet.
func (x *translation) commitEncap() {
	is, was := x.flow.Uint(openflow.FieldPacketType), x.base.Uint(openflow.FieldPacketType)
	switch {
	case x.pendingEncap:
		switch is {
		case uint64(openflow.PacketEthernet):
			x.emit(datapath.PushEthernet{Src: x.flow.Uint(openflow.FieldEthSrc), Dst: x.flow.Uint(openflow.FieldEthDst)})
			for _, f := range [...]openflow.Field{openflow.FieldPacketType, openflow.FieldEthSrc, openflow.FieldEthDst} {
				x.base.SetUint(f, x.flow.Uint(f))
			}
		case uint64(openflow.PacketNSH):
			x.emit(x.nsh())
			x.base.SetUint(openflow.FieldPacketType, is)
			copy(x.base[packet.MetadataEnd:packet.HeaderEnd], x.flow[packet.MetadataEnd:packet.HeaderEnd])
		case uint64(openflow.PacketMPLS), uint64(openflow.PacketMPLSMulticast):
			x.commitMPLS(true)
		}
	case x.pendingDecap || is != was:
		switch {
		case is>>16 == 1 && was == 0:
			x.emit(datapath.PopEthernet{})
			x.base.SetUint(openflow.FieldPacketType, is)
			x.base.SetUint(openflow.FieldEthSrc, 0)
			x.base.SetUint(openflow.FieldEthDst, 0)
		case was == uint64(openflow.PacketNSH):
			x.emit(datapath.PopNSH{})
		case was == uint64(openflow.PacketMPLS), was == uint64(openflow.PacketMPLSMulticast):
			x.commitMPLS(x.pendingEncap)
		}
	}
	x.wc.Mask(openflow.FieldPacketType)
	x.pendingEncap, x.pendingDecap, x.encapOptions = false, false, nil
}

// nsh is the action that puts the network service header of the packet in front of it.
func (x *translation) nsh() datapath.PushNSH {
	k := &x.flow
	a := datapath.PushNSH{
		Flags: uint8(k.Uint(openflow.FieldNSHFlags)), TTL: uint8(k.Uint(openflow.FieldNSHTTL)),
		MDType: uint8(k.Uint(openflow.FieldNSHMDType)), NextProtocol: uint8(k.Uint(openflow.FieldNSHNP)),
		Path: uint32(k.Uint(openflow.FieldNSHSPI)<<8 | k.Uint(openflow.FieldNSHSI)),
	}
	for i := range a.Context {
		a.Context[i] = uint32(k.Uint(openflow.FieldNSHC1 + openflow.Field(i)))
	}
	if a.MDType == 2 {
		a.Options = x.encapOptions
	}
	return a
}
