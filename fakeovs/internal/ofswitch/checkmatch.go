// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"encoding/binary"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// checkMatch refuses matches that a switch refuses, and those on fields that packets do not have here.
func checkMatch(m openflow.Match) error {
	if err := m.Validate(); err != nil {
		return err
	}
	for _, f := range m {
		switch {
		case f.Field == openflow.FieldUnknown:
			return openflow.ErrBadField
		case !packet.Known(f.Field):
			return unsupported(openflow.ErrBadField, "a match on %v", f.Field)
		}
	}
	return nil
}

// checkInternal refuses to add flows on fields that only a switch's own flows may match.
func checkInternal(m openflow.Match) error {
	for _, f := range m {
		if f.Field == openflow.FieldDPHash || f.Field == openflow.FieldRecircID {
			return openflow.ErrRequestPermission
		}
	}
	return nil
}

// protocols is what is known of a packet's protocols, by its match or by its bytes; 0 is unknown.
type protocols struct {
	ethType uint16
	ipProto uint8
	// later says that the packet is a fragment but not the first.
	later bool
	// tagged says that the packet has a VLAN tag.
	tagged bool
	// ctInvalid says that the packet's connection state is invalid.
	ctInvalid bool
}

// The bits of VLAN TCIs that say that there is a tag, and of ip_frag for fragments but the first.
const (
	tciPresent = 0x1000
	fragLater  = 2
)

// note takes in what a condition of a canonical match says.
func (p *protocols) note(f openflow.MatchField) {
	switch f.Field {
	case openflow.FieldCTState:
		state := binary.BigEndian.Uint32(f.Value)
		p.ctInvalid = openflow.CTFlags(state)&openflow.CTInvalid != 0
	case openflow.FieldEthType:
		p.ethType = binary.BigEndian.Uint16(f.Value)
	case openflow.FieldIPProto:
		p.ipProto = f.Value[0]
	case openflow.FieldIPFrag:
		p.later = f.Value[0]&fragLater != 0
	case openflow.FieldVLANTCI:
		p.tagged = binary.BigEndian.Uint16(f.Value)&tciPresent != 0
	}
}

func (p *protocols) ip() bool {
	return p.ethType == openflow.EthTypeIPv4 || p.ethType == openflow.EthTypeIPv6
}

// have reports whether packets of these protocols have a field (ovs-fields(7), "Prerequisites").
func (p *protocols) have(f openflow.Field) bool {
	over := func(ethType uint16, proto uint8) bool { return p.ethType == ethType && p.ipProto == proto }
	transport := func(proto uint8) bool { return p.ip() && p.ipProto == proto && !p.later }
	switch f {
	case openflow.FieldVLANPCP:
		return p.tagged
	case openflow.FieldIPProto, openflow.FieldIPTTL, openflow.FieldIPDSCP, openflow.FieldIPECN, openflow.FieldIPFrag:
		return p.ip()
	case openflow.FieldIPv4Src, openflow.FieldIPv4Dst:
		return p.ethType == openflow.EthTypeIPv4
	case openflow.FieldIPv6Label:
		return p.ethType == openflow.EthTypeIPv6
	case openflow.FieldTCPSrc, openflow.FieldTCPDst, openflow.FieldTCPFlags:
		return transport(openflow.IPProtoTCP)
	case openflow.FieldUDPSrc, openflow.FieldUDPDst:
		return transport(openflow.IPProtoUDP)
	case openflow.FieldSCTPSrc, openflow.FieldSCTPDst:
		return transport(openflow.IPProtoSCTP)
	case openflow.FieldICMPv4Type, openflow.FieldICMPv4Code:
		return over(openflow.EthTypeIPv4, openflow.IPProtoICMP)
	case openflow.FieldICMPv6Type, openflow.FieldICMPv6Code:
		return over(openflow.EthTypeIPv6, openflow.IPProtoICMPv6)
	case openflow.FieldARPOp, openflow.FieldARPSPA, openflow.FieldARPTPA, openflow.FieldARPSHA, openflow.FieldARPTHA:
		return p.ethType == openflow.EthTypeARP || p.ethType == openflow.EthTypeRARP
	}
	return true
}

// valid reports whether an action can write a value of the field's length.
func valid(f openflow.Field, value []byte) bool {
	bits := f.Bits()
	switch f {
	case openflow.FieldInPort:
		return validPort(binary.BigEndian.Uint32(value))
	case openflow.FieldVLANVID:
		bits++ // the presence of a tag
	case openflow.FieldARPOp:
		bits = 8 // Open vSwitch knows only those of one byte
	case openflow.FieldTunERSPANIndex, openflow.FieldTunERSPANVersion, openflow.FieldTunERSPANDir, openflow.FieldTunERSPANHWID:
		return true
	}
	for i, b := range value {
		if over := 8*(len(value)-i) - bits; over >= 8 && b != 0 || over > 0 && over < 8 && b>>(8-over) != 0 {
			return false
		}
	}
	return true
}

// maxPort is the first number above those of ports.
const maxPort = 0xff00

// validPort reports whether the number is that of a port or a reserved one.
func validPort(no uint32) bool { return no < maxPort || no >= openflow.PortMax }
