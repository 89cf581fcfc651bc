// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"net"
	"net/netip"
)

// InPort matches the port the packet came in by.
func InPort(port uint32) MatchField { return Uint(FieldInPort, uint64(port)) }

// Metadata matches the bits of mask of the metadata that write_metadata sets.
func Metadata(value, mask uint64) MatchField { return UintMasked(FieldMetadata, value, mask) }

// PktMark matches the bits of mask of the packet's mark, on Linux the skb_mark.
func PktMark(value, mask uint32) MatchField {
	return UintMasked(FieldPktMark, uint64(value), uint64(mask))
}

// ConjID matches the identifier of the conjunction whose dimensions all match (ovs-actions(7), "conjunction").
func ConjID(id uint32) MatchField { return Uint(FieldConjID, uint64(id)) }

// Reg matches the 32-bit register n (0 to 15).
func Reg(n int, value uint32) MatchField { return Uint(FieldReg0+Field(n), uint64(value)) }

// RegMasked matches the bits of mask of the 32-bit register n (0 to 15).
func RegMasked(n int, value, mask uint32) MatchField {
	return UintMasked(FieldReg0+Field(n), uint64(value), uint64(mask))
}

// TunID matches the tunnel's key or VNI.
func TunID(id uint64) MatchField { return Uint(FieldTunID, id) }

// TunSrc matches the source of the tunnel's outer header against an IPv4 or IPv6 prefix.
func TunSrc(p netip.Prefix) MatchField { return prefixOf(FieldTunSrc, FieldTunIPv6Src, p) }

// TunDst matches the destination of the tunnel's outer header against an IPv4 or IPv6 prefix.
func TunDst(p netip.Prefix) MatchField { return prefixOf(FieldTunDst, FieldTunIPv6Dst, p) }

// TunMetadata matches the tunnel's option n (0 to 63), whose value is as long as the bridge's TLV table says.
func TunMetadata(n int, value []byte) MatchField { return Bytes(FieldTunMetadata0+Field(n), value) }

// EthSrc matches the Ethernet source.
func EthSrc(a net.HardwareAddr) MatchField { return MatchField{Field: FieldEthSrc, Value: a} }

// EthDst matches the Ethernet destination.
func EthDst(a net.HardwareAddr) MatchField { return MatchField{Field: FieldEthDst, Value: a} }

// EthType matches the Ethernet type, such as EthTypeIPv4.
func EthType(t uint16) MatchField { return Uint(FieldEthType, uint64(t)) }

// The Ethernet types (IEEE 802 numbers) that fields ask for as prerequisites.
const (
	EthTypeIPv4          = 0x0800
	EthTypeARP           = 0x0806
	EthTypeRARP          = 0x8035
	EthTypeIPv6          = 0x86dd
	EthTypeMPLS          = 0x8847
	EthTypeMPLSMulticast = 0x8848
	EthTypeNSH           = 0x894f
)

// The bits of the VLAN TCI.
const (
	vlanIDMask  = 0x0fff
	vlanPresent = 0x1000
	vlanPCPMask = 0xe000
)

// VLANID matches packets with a tag of that VLAN (0 to 4095), of any priority.
func VLANID(id uint16) MatchField {
	return UintMasked(FieldVLANTCI, uint64(id)|vlanPresent, vlanPresent|vlanIDMask)
}

// VLANPCP matches packets with a tag of that priority (0 to 7), of any VLAN.
func VLANPCP(priority uint8) MatchField {
	return UintMasked(FieldVLANTCI, uint64(priority)<<13|vlanPresent, vlanPresent|vlanPCPMask)
}

// VLANTag matches packets with a tag of that VLAN (0 to 4095) and priority (0 to 7).
func VLANTag(id uint16, priority uint8) MatchField {
	return Uint(FieldVLANTCI, uint64(priority)<<13|vlanPresent|uint64(id)&vlanIDMask)
}

// Tagged matches packets with a VLAN tag of any kind.
func Tagged() MatchField { return UintMasked(FieldVLANTCI, vlanPresent, vlanPresent) }

// Untagged matches packets without a VLAN tag.
func Untagged() MatchField { return UintMasked(FieldVLANTCI, 0, vlanPresent|vlanIDMask) }

// MPLSLabel matches the label (20 bits) of the outermost MPLS entry.
func MPLSLabel(label uint32) MatchField { return Uint(FieldMPLSLabel, uint64(label)) }

// IPProto matches the protocol number of an IPv4 or IPv6 packet (IANA protocol numbers).
func IPProto(p uint8) MatchField { return Uint(FieldIPProto, uint64(p)) }

// The protocol numbers that fields ask for as prerequisites.
const (
	IPProtoICMP   = 1
	IPProtoTCP    = 6
	IPProtoUDP    = 17
	IPProtoICMPv6 = 58
	IPProtoSCTP   = 132
)

// IPDSCP matches the differentiated services code point (0 to 63) of an IPv4 or IPv6 packet.
func IPDSCP(dscp uint8) MatchField { return Uint(FieldIPDSCP, uint64(dscp)) }

// IPECN matches the congestion notification (0 to 3) of an IPv4 or IPv6 packet.
func IPECN(ecn uint8) MatchField { return Uint(FieldIPECN, uint64(ecn)) }

// IPTTL matches the IPv4 time to live or the IPv6 hop limit.
func IPTTL(ttl uint8) MatchField { return Uint(FieldIPTTL, uint64(ttl)) }

// Fragments says which fragments of IP packets a condition is on.
type Fragments uint8

// The fragments, as ovs-fields(7) names them.
const (
	FragNo       Fragments = iota // no fragment
	FragYes                       // any fragment
	FragFirst                     // the first fragment
	FragLater                     // a fragment but the first
	FragNotLater                  // no fragment or the first
)

// fragments has the value and the mask of each of Fragments: bit 0 is set in every fragment, bit 1 in all but the first.
var fragments = [...]struct {
	name        string
	value, mask uint8
}{
	FragNo: {"no", 0, 3}, FragYes: {"yes", 1, 1}, FragFirst: {"first", 1, 3}, FragLater: {"later", 3, 3}, FragNotLater: {"not_later", 0, 2},
}

// IPFrag matches fragments of IPv4 or IPv6 packets.
func IPFrag(which Fragments) MatchField {
	f := fragments[which]
	return UintMasked(FieldIPFrag, uint64(f.value), uint64(f.mask))
}

// IPv4Src matches the source address against an IPv4 prefix.
func IPv4Src(p netip.Prefix) MatchField { return prefixField(FieldIPv4Src, p) }

// IPv4Dst matches the destination address against an IPv4 prefix.
func IPv4Dst(p netip.Prefix) MatchField { return prefixField(FieldIPv4Dst, p) }

// IPv6Src matches the source address against an IPv6 prefix.
func IPv6Src(p netip.Prefix) MatchField { return prefixField(FieldIPv6Src, p) }

// IPv6Dst matches the destination address against an IPv6 prefix.
func IPv6Dst(p netip.Prefix) MatchField { return prefixField(FieldIPv6Dst, p) }

// IPv6Label matches the IPv6 flow label (20 bits).
func IPv6Label(label uint32) MatchField { return Uint(FieldIPv6Label, uint64(label)) }

// ARPSPA matches the sender's protocol address of an ARP packet against an IPv4 prefix.
func ARPSPA(p netip.Prefix) MatchField { return prefixField(FieldARPSPA, p) }

// ARPTPA matches the target's protocol address of an ARP packet against an IPv4 prefix.
func ARPTPA(p netip.Prefix) MatchField { return prefixField(FieldARPTPA, p) }

// ARPOp matches the ARP operation: 1 request, 2 reply (RFC 826).
func ARPOp(op uint16) MatchField { return Uint(FieldARPOp, uint64(op)) }

// ARPSHA matches the sender's hardware address of an ARP packet.
func ARPSHA(a net.HardwareAddr) MatchField { return MatchField{Field: FieldARPSHA, Value: a} }

// ARPTHA matches the target's hardware address of an ARP packet.
func ARPTHA(a net.HardwareAddr) MatchField { return MatchField{Field: FieldARPTHA, Value: a} }

func prefixField(f Field, p netip.Prefix) MatchField {
	mf := MatchField{Field: f, Value: p.Masked().Addr().AsSlice()}
	if p.Bits() < p.Addr().BitLen() {
		mf.Mask = net.CIDRMask(p.Bits(), p.Addr().BitLen())
	}
	return mf
}

func prefixOf(v4, v6 Field, p netip.Prefix) MatchField {
	if p.Addr().Is4() {
		return prefixField(v4, p)
	}
	return prefixField(v6, p)
}

// TCPSrc matches the TCP source port.
func TCPSrc(port uint16) MatchField { return Uint(FieldTCPSrc, uint64(port)) }

// TCPDst matches the TCP destination port.
func TCPDst(port uint16) MatchField { return Uint(FieldTCPDst, uint64(port)) }

// TCPFlags matches TCP segments that have all flags of set and none of clear: bit 0 FIN, 1 SYN, 2 RST, 3 PSH, 4 ACK,
// 5 URG, 6 ECE, 7 CWR, 8 NS (RFC 793, 3168, 3540).
func TCPFlags(set, clear uint16) MatchField {
	return UintMasked(FieldTCPFlags, uint64(set), uint64(set|clear))
}

// UDPSrc matches the UDP source port.
func UDPSrc(port uint16) MatchField { return Uint(FieldUDPSrc, uint64(port)) }

// UDPDst matches the UDP destination port.
func UDPDst(port uint16) MatchField { return Uint(FieldUDPDst, uint64(port)) }

// SCTPSrc matches the SCTP source port.
func SCTPSrc(port uint16) MatchField { return Uint(FieldSCTPSrc, uint64(port)) }

// SCTPDst matches the SCTP destination port.
func SCTPDst(port uint16) MatchField { return Uint(FieldSCTPDst, uint64(port)) }

// ICMPType matches the type of an ICMP message (RFC 792).
func ICMPType(typ uint8) MatchField { return Uint(FieldICMPv4Type, uint64(typ)) }

// ICMPCode matches the code of an ICMP message.
func ICMPCode(code uint8) MatchField { return Uint(FieldICMPv4Code, uint64(code)) }

// ICMPv6Type matches the type of an ICMPv6 message (RFC 4443).
func ICMPv6Type(typ uint8) MatchField { return Uint(FieldICMPv6Type, uint64(typ)) }

// ICMPv6Code matches the code of an ICMPv6 message.
func ICMPv6Code(code uint8) MatchField { return Uint(FieldICMPv6Code, uint64(code)) }

// The types of the ICMPv6 messages of neighbour discovery (RFC 4861) that fields ask for as prerequisites.
const (
	ICMPv6NeighborSolicit = 135
	ICMPv6NeighborAdvert  = 136
)

// NDTarget matches the target of a neighbour solicitation or advertisement against an IPv6 prefix.
func NDTarget(p netip.Prefix) MatchField { return prefixField(FieldNDTarget, p) }

// NDSLL matches the source link-layer address of a neighbour solicitation.
func NDSLL(a net.HardwareAddr) MatchField { return MatchField{Field: FieldNDSLL, Value: a} }

// NDTLL matches the target link-layer address of a neighbour advertisement.
func NDTLL(a net.HardwareAddr) MatchField { return MatchField{Field: FieldNDTLL, Value: a} }

// CTFlags are the bits of the ct_state field (ovs-fields(7), "Connection Tracking Fields").
type CTFlags uint32

// The connection states.
const (
	CTNew CTFlags = 1 << iota
	CTEstablished
	CTRelated
	CTReply
	CTInvalid
	CTTracked
	CTSrcNAT
	CTDstNAT
)

// CTState matches packets whose connection state has all flags of set and none of clear.
func CTState(set, clear CTFlags) MatchField {
	return UintMasked(FieldCTState, uint64(set), uint64(set|clear))
}

// CTZone matches the zone of the last conntrack pass.
func CTZone(zone uint16) MatchField { return Uint(FieldCTZone, uint64(zone)) }

// CTMark matches the bits of mask of the connection's mark.
func CTMark(value, mask uint32) MatchField {
	return UintMasked(FieldCTMark, uint64(value), uint64(mask))
}

// Label is the 128 bits of a connection's label, Hi the more significant ones.
type Label struct{ Hi, Lo uint64 }

func (l Label) bytes() []byte {
	return be.AppendUint64(be.AppendUint64(make([]byte, 0, 16), l.Hi), l.Lo)
}

// CTLabel matches the bits of mask of the connection's label.
func CTLabel(value, mask Label) MatchField {
	return BytesMasked(FieldCTLabel, value.bytes(), mask.bytes())
}

// CTNwProto matches the IP protocol of the packet that the connection began with. This and the other conditions on that
// packet need a CTState that holds for valid connections only, such as CTEstablished.
func CTNwProto(p uint8) MatchField { return Uint(FieldCTNwProto, uint64(p)) }

// CTNwSrc matches the source of the packet that the connection began with against an IPv4 or IPv6 prefix.
func CTNwSrc(p netip.Prefix) MatchField { return prefixOf(FieldCTNwSrc, FieldCTIPv6Src, p) }

// CTNwDst matches the destination of the packet that the connection began with against an IPv4 or IPv6 prefix.
func CTNwDst(p netip.Prefix) MatchField { return prefixOf(FieldCTNwDst, FieldCTIPv6Dst, p) }

// CTTpSrc matches the source port of the packet that the connection began with.
func CTTpSrc(port uint16) MatchField { return Uint(FieldCTTpSrc, uint64(port)) }

// CTTpDst matches the destination port of the packet that the connection began with.
func CTTpDst(port uint16) MatchField { return Uint(FieldCTTpDst, uint64(port)) }
