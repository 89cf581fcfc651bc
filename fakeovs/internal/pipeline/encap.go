// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// encap puts a header in front of the packet.
func (x *translation) encap(a openflow.Encap) {
	x.commit()
	var options []byte
	switch a.Type {
	case openflow.PacketEthernet:
		x.encapEthernet()
	case openflow.PacketNSH:
		options = x.encapNSH(a.NSH)
	default:
		x.encapMPLS(a.Type)
	}
	if x.failed == "" {
		x.pendingEncap, x.encapOptions = true, options
	}
}

func (x *translation) encapEthernet() {
	x.wc.Mask(openflow.FieldPacketType)
	t := x.flow.Uint(openflow.FieldPacketType)
	if t>>16 != 1 {
		x.report(nodeAction, "Dropping packet as encap(ethernet) is not supported for packet type ethernet.")
		x.failed = failedPacketType
		return
	}
	x.flow.SetUint(openflow.FieldPacketType, 0)
	x.flow.SetUint(openflow.FieldEthSrc, 0)
	x.flow.SetUint(openflow.FieldEthDst, 0)
	x.flow.SetUint(openflow.FieldEthType, t&0xffff)
}

func (x *translation) encapMPLS(t openflow.PacketType) {
	n := x.flow.Labels(&x.wc)
	if n >= packet.MaxLabels {
		if x.packet != nil {
			x.report(nodeError, "dropping packet on which an encap MPLS action can't be performed as it would have more MPLS "+
				"LSEs than the %d supported.", packet.MaxLabels)
		}
		x.failed = failedLabels
		return
	}
	x.wc.Mask(openflow.FieldPacketType)
	// The labels behind an Ethernet header are not those of the new one.
	if x.flow.Uint(openflow.FieldPacketType) == 0 && x.flow.Uint(openflow.FieldEthType) == openflow.EthTypeMPLS {
		for _, f := range packet.LabelFields {
			x.wc.SetUint(f, 0)
			x.flow.SetUint(f, 0)
			x.base.SetUint(f, 0)
		}
	}
	x.flow.SetUint(openflow.FieldPacketType, uint64(t))
	x.flow.PushLabel(&x.wc, n, uint16(t), true)
	x.needs(FeatureAddMPLS)
	x.flow.SetUint(openflow.FieldEthSrc, 0)
	x.flow.SetUint(openflow.FieldEthDst, 0)
}

// The numbers of NSH for what follows on it (RFC 8300, 2.2), and the packet types that those are.
var nextProtocols = map[uint64]uint64{
	uint64(openflow.PacketEthernet): 3, 1<<16 | openflow.EthTypeIPv4: 1, 1<<16 | openflow.EthTypeIPv6: 2,
	uint64(openflow.PacketNSH): 4,
}

// encapNSH makes the packet's fields those of a new network service header. It returns the header's options.
func (x *translation) encapNSH(properties []openflow.NSHProperty) (options []byte) {
	mdType := uint64(1)
	for _, p := range properties {
		if p.MDType != 0 {
			mdType = uint64(p.MDType)
			continue
		}
		options = append(options, byte(p.Class>>8), byte(p.Class), p.Type, byte(len(p.Value)))
		options = append(options, p.Value...)
		for len(options)%4 != 0 {
			options = append(options, 0)
		}
	}
	const maxOptions = 248
	if len(options) > maxOptions || mdType == 1 {
		options = nil
	}
	t := x.flow.Uint(openflow.FieldPacketType)
	next, ok := nextProtocols[t]
	if !ok {
		x.report(nodeAction, "Dropping packet as encap(nsh) is not supported for packet type (%d,0x%x)", t>>16, t&0xffff)
		x.failed = failedPacketType
		return nil
	}
	x.wc.Mask(openflow.FieldPacketType)
	clear(x.flow[packet.MetadataEnd:packet.HeaderEnd])
	x.flow.SetUint(openflow.FieldPacketType, uint64(openflow.PacketNSH))
	x.flow.SetUint(openflow.FieldEthType, openflow.EthTypeNSH)
	x.flow.SetUint(openflow.FieldNSHTTL, 63)
	x.flow.SetUint(openflow.FieldNSHNP, next)
	x.flow.SetUint(openflow.FieldNSHSI, 255)
	x.flow.SetUint(openflow.FieldNSHMDType, mdType)
	return options
}

// decap takes the packet's outermost header off. It returns true if the packet has to come back for what is behind that to be
// known.
func (x *translation) decap(a openflow.Decap) bool {
	x.commit()
	k := &x.flow
	switch t := k.Uint(openflow.FieldPacketType); t {
	case uint64(openflow.PacketEthernet):
		if k.Tags() > 0 {
			x.report(nodeAction, "Dropping packet, cannot decap Ethernet if VLAN is present.")
			x.failed = failedPacketType
			return false
		}
		k.SetUint(openflow.FieldPacketType, 1<<16|k.Uint(openflow.FieldEthType))
		k.SetUint(openflow.FieldEthSrc, 0)
		k.SetUint(openflow.FieldEthDst, 0)
		x.wc.Mask(openflow.FieldEthType)
		return false
	case uint64(openflow.PacketNSH):
		for inner, next := range nextProtocols {
			if next == k.Uint(openflow.FieldNSHNP) {
				k.SetUint(openflow.FieldPacketType, inner)
				x.wc.Mask(openflow.FieldNSHNP)
				x.pendingDecap = true
				return true
			}
		}
		x.report(nodeAction, "Dropping packet as NSH next protocol %d is not supported", k.Uint(openflow.FieldNSHNP))
		x.failed = failedPacketType
		return false
	case uint64(openflow.PacketMPLS), uint64(openflow.PacketMPLSMulticast):
		return x.decapMPLS(a)
	default:
		x.report(nodeAction, "Dropping packet as the decap() does not support packet type (%d,0x%x)", t>>16, t&0xffff)
		x.failed = failedPacketType
		return false
	}
}

// decapMPLS takes a label off the packet, which is then of the type that the action says: no label tells what it carries. An
// action that leaves it open has a number of its own for that, which Open vSwitch takes for a type.
func (x *translation) decapMPLS(a openflow.Decap) bool {
	const (
		typeTEB   = 0x6558
		nextProto = 0xfffe
	)
	typ := uint64(nextProto)
	if a.Type != nil {
		typ = uint64(*a.Type)
	}
	n := x.flow.Labels(&x.wc)
	x.flow.SetUint(openflow.FieldPacketType, typ)
	inner := uint16(typ)
	if inner == 0 {
		inner = typeTEB
	}
	if x.flow.PopLabel(&x.wc, n, inner) {
		x.needs(FeatureAddMPLS)
		x.pendingDecap = true
		return n == 1
	}
	if n >= packet.MaxLabels {
		if x.packet != nil {
			x.report(nodeError, "dropping packet on which an MPLS decap can't be performed as it has more MPLS LSEs than "+
				"the %d supported.", packet.MaxLabels)
		}
		x.failed = failedLabels
		x.actions = nil
	}
	return false
}
