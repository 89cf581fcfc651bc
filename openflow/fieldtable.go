// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"cmp"
	"fmt"
	"strings"
)

// fieldInfo is what the wire and the switch need to know of a field.
type fieldInfo struct {
	name   string
	bits   uint16
	bytes  uint8
	can    ability
	needs  prerequisite
	format format
	// class, number and experimenter are the header by which this package writes the field.
	class        uint16
	number       uint8
	experimenter uint32
	oxmName      string
}

// ability is what may be done with a field besides a condition on all its bits.
type ability uint8

const (
	maskable ability = 1 << iota
	writable
	both = maskable | writable
)

// format is how the value of a field is written.
type format uint8

const (
	formatHex format = iota
	formatDecimal
	formatMAC
	formatIPv4
	formatIPv6
	formatPort
	formatCTState
	formatFrag
	formatTCPFlags
	formatTunFlags
	formatPacketType
)

// fieldHeader is a header of a field on the wire. The beginning of its name says its class.
type fieldHeader struct {
	name   string
	number uint8
}

// fieldRow is a field as the table has it. The first header is the one that this package writes.
type fieldRow struct {
	field       Field
	name, alias string
	bits        uint16
	bytes       uint8 // as many as the bits need where it is zero
	can         ability
	needs       prerequisite
	format      format
	headers     []fieldHeader
}

type hs = []fieldHeader

// fieldRows has the fields that Open vSwitch 3.1 has a header for, but for those that differ in a number only.
var fieldRows = []fieldRow{
	{FieldPacketType, "packet_type", "", 32, 0, 0, needNothing, formatPacketType, hs{{"OXM_OF_PACKET_TYPE", 44}}},
	{FieldInPort, "in_port", "in_port_oxm", 32, 0, writable, needNothing, formatPort, hs{{"OXM_OF_IN_PORT", 0}}},
	{FieldInPort16, "NXM_OF_IN_PORT", "", 16, 0, writable, needNothing, formatPort, hs{{"NXM_OF_IN_PORT", 0}}},
	{FieldActsetOutput, "actset_output", "", 32, 0, 0, needNothing, formatPort,
		hs{{"ONFOXM_ET_ACTSET_OUTPUT", 43}, {"OXM_OF_ACTSET_OUTPUT", 43}}},
	{FieldMetadata, "metadata", "", 64, 0, both, needNothing, formatHex, hs{{"OXM_OF_METADATA", 2}}},
	{FieldDPHash, "dp_hash", "", 32, 0, maskable, needNothing, formatHex, hs{{"NXM_NX_DP_HASH", 35}, {"NXOXM_ET_DP_HASH", 0}}},
	{FieldRecircID, "recirc_id", "", 32, 0, 0, needNothing, formatDecimal, hs{{"NXM_NX_RECIRC_ID", 36}}},
	{FieldConjID, "conj_id", "", 32, 0, 0, needNothing, formatDecimal, hs{{"NXM_NX_CONJ_ID", 37}}},
	{FieldPktMark, "pkt_mark", "", 32, 0, both, needNothing, formatHex, hs{{"NXM_NX_PKT_MARK", 33}}},

	{FieldTunID, "tun_id", "tunnel_id", 64, 0, both, needNothing, formatHex, hs{{"OXM_OF_TUNNEL_ID", 38}, {"NXM_NX_TUN_ID", 16}}},
	{FieldTunSrc, "tun_src", "", 32, 0, both, needNothing, formatIPv4, hs{{"NXM_NX_TUN_IPV4_SRC", 31}}},
	{FieldTunDst, "tun_dst", "", 32, 0, both, needNothing, formatIPv4, hs{{"NXM_NX_TUN_IPV4_DST", 32}}},
	{FieldTunIPv6Src, "tun_ipv6_src", "", 128, 0, both, needNothing, formatIPv6, hs{{"NXM_NX_TUN_IPV6_SRC", 109}}},
	{FieldTunIPv6Dst, "tun_ipv6_dst", "", 128, 0, both, needNothing, formatIPv6, hs{{"NXM_NX_TUN_IPV6_DST", 110}}},
	{FieldTunFlags, "tun_flags", "", 1, 2, both, needNothing, formatTunFlags, hs{{"NXM_NX_TUN_FLAGS", 104}}},
	{FieldTunGBPID, "tun_gbp_id", "", 16, 0, both, needNothing, formatDecimal, hs{{"NXM_NX_TUN_GBP_ID", 38}}},
	{FieldTunGBPFlags, "tun_gbp_flags", "", 8, 0, both, needNothing, formatHex, hs{{"NXM_NX_TUN_GBP_FLAGS", 39}}},
	{FieldTunERSPANIndex, "tun_erspan_idx", "", 20, 4, both, needNothing, formatHex, hs{{"NXOXM_ET_ERSPAN_IDX", 11}}},
	{FieldTunERSPANVersion, "tun_erspan_ver", "", 4, 0, both, needNothing, formatDecimal, hs{{"NXOXM_ET_ERSPAN_VER", 12}}},
	{FieldTunERSPANDir, "tun_erspan_dir", "", 1, 0, both, needNothing, formatDecimal, hs{{"NXOXM_ET_ERSPAN_DIR", 13}}},
	{FieldTunERSPANHWID, "tun_erspan_hwid", "", 6, 0, both, needNothing, formatHex, hs{{"NXOXM_ET_ERSPAN_HWID", 14}}},
	{FieldTunGTPUFlags, "tun_gtpu_flags", "", 8, 0, maskable, needNothing, formatHex, hs{{"NXOXM_ET_GTPU_FLAGS", 15}}},
	{FieldTunGTPUMsgType, "tun_gtpu_msgtype", "", 8, 0, maskable, needNothing, formatDecimal, hs{{"NXOXM_ET_GTPU_MSGTYPE", 16}}},

	{FieldCTState, "ct_state", "", 32, 0, maskable, needNothing, formatCTState, hs{{"NXM_NX_CT_STATE", 105}}},
	{FieldCTZone, "ct_zone", "", 16, 0, 0, needNothing, formatDecimal, hs{{"NXM_NX_CT_ZONE", 106}}},
	{FieldCTMark, "ct_mark", "", 32, 0, both, needNothing, formatHex, hs{{"NXM_NX_CT_MARK", 107}}},
	{FieldCTLabel, "ct_label", "", 128, 0, both, needNothing, formatHex, hs{{"NXM_NX_CT_LABEL", 108}}},
	{FieldCTNwProto, "ct_nw_proto", "", 8, 0, 0, needCT, formatDecimal, hs{{"NXM_NX_CT_NW_PROTO", 119}}},
	{FieldCTNwSrc, "ct_nw_src", "", 32, 0, maskable, needCTIPv4, formatIPv4, hs{{"NXM_NX_CT_NW_SRC", 120}}},
	{FieldCTNwDst, "ct_nw_dst", "", 32, 0, maskable, needCTIPv4, formatIPv4, hs{{"NXM_NX_CT_NW_DST", 121}}},
	{FieldCTIPv6Src, "ct_ipv6_src", "", 128, 0, maskable, needCTIPv6, formatIPv6, hs{{"NXM_NX_CT_IPV6_SRC", 122}}},
	{FieldCTIPv6Dst, "ct_ipv6_dst", "", 128, 0, maskable, needCTIPv6, formatIPv6, hs{{"NXM_NX_CT_IPV6_DST", 123}}},
	{FieldCTTpSrc, "ct_tp_src", "", 16, 0, maskable, needCT, formatDecimal, hs{{"NXM_NX_CT_TP_SRC", 124}}},
	{FieldCTTpDst, "ct_tp_dst", "", 16, 0, maskable, needCT, formatDecimal, hs{{"NXM_NX_CT_TP_DST", 125}}},

	{FieldEthDst, "eth_dst", "dl_dst", 48, 0, both, needEthernet, formatMAC, hs{{"OXM_OF_ETH_DST", 3}, {"NXM_OF_ETH_DST", 1}}},
	{FieldEthSrc, "eth_src", "dl_src", 48, 0, both, needEthernet, formatMAC, hs{{"OXM_OF_ETH_SRC", 4}, {"NXM_OF_ETH_SRC", 2}}},
	{FieldEthType, "eth_type", "dl_type", 16, 0, 0, needEthernet, formatHex, hs{{"OXM_OF_ETH_TYPE", 5}, {"NXM_OF_ETH_TYPE", 3}}},
	{FieldVLANTCI, "vlan_tci", "", 16, 0, both, needEthernet, formatHex, hs{{"NXM_OF_VLAN_TCI", 4}}},
	{FieldVLANVID, "vlan_vid", "", 12, 0, both, needEthernet, formatDecimal, hs{{"OXM_OF_VLAN_VID", 6}}},
	{FieldVLANPCP, "vlan_pcp", "", 3, 0, writable, needVLAN, formatDecimal, hs{{"OXM_OF_VLAN_PCP", 7}}},
	{FieldMPLSLabel, "mpls_label", "", 20, 4, writable, needMPLS, formatDecimal, hs{{"OXM_OF_MPLS_LABEL", 34}}},
	{FieldMPLSTC, "mpls_tc", "", 3, 0, writable, needMPLS, formatDecimal, hs{{"OXM_OF_MPLS_TC", 35}}},
	{FieldMPLSBOS, "mpls_bos", "", 1, 0, 0, needMPLS, formatDecimal, hs{{"OXM_OF_MPLS_BOS", 36}}},
	{FieldMPLSTTL, "mpls_ttl", "", 8, 0, writable, needMPLS, formatDecimal, hs{{"NXM_NX_MPLS_TTL", 30}}},

	{FieldIPFrag, "ip_frag", "nw_frag", 2, 0, maskable, needIP, formatFrag, hs{{"NXM_NX_IP_FRAG", 26}}},
	{FieldIPProto, "nw_proto", "ip_proto", 8, 0, 0, needIP, formatDecimal, hs{{"OXM_OF_IP_PROTO", 10}, {"NXM_OF_IP_PROTO", 6}}},
	{FieldIPDSCP, "ip_dscp", "", 6, 0, writable, needIP, formatDecimal, hs{{"OXM_OF_IP_DSCP", 8}}},
	{FieldIPToS, "nw_tos", "", 8, 0, writable, needIP, formatDecimal, hs{{"NXM_OF_IP_TOS", 5}}},
	{FieldIPECN, "nw_ecn", "ip_ecn", 2, 0, writable, needIP, formatDecimal, hs{{"OXM_OF_IP_ECN", 9}, {"NXM_NX_IP_ECN", 28}}},
	{FieldIPTTL, "nw_ttl", "", 8, 0, writable, needIP, formatDecimal, hs{{"NXM_NX_IP_TTL", 29}}},
	{FieldIPv4Src, "ip_src", "nw_src", 32, 0, both, needIPv4, formatIPv4, hs{{"OXM_OF_IPV4_SRC", 11}, {"NXM_OF_IP_SRC", 7}}},
	{FieldIPv4Dst, "ip_dst", "nw_dst", 32, 0, both, needIPv4, formatIPv4, hs{{"OXM_OF_IPV4_DST", 12}, {"NXM_OF_IP_DST", 8}}},
	{FieldIPv6Src, "ipv6_src", "", 128, 0, both, needIPv6, formatIPv6, hs{{"OXM_OF_IPV6_SRC", 26}, {"NXM_NX_IPV6_SRC", 19}}},
	{FieldIPv6Dst, "ipv6_dst", "", 128, 0, both, needIPv6, formatIPv6, hs{{"OXM_OF_IPV6_DST", 27}, {"NXM_NX_IPV6_DST", 20}}},
	{FieldIPv6Label, "ipv6_label", "", 20, 4, both, needIPv6, formatHex, hs{{"OXM_OF_IPV6_FLABEL", 28}, {"NXM_NX_IPV6_LABEL", 27}}},

	{FieldTCPSrc, "tcp_src", "tp_src", 16, 0, both, needTCP, formatDecimal, hs{{"OXM_OF_TCP_SRC", 13}, {"NXM_OF_TCP_SRC", 9}}},
	{FieldTCPDst, "tcp_dst", "tp_dst", 16, 0, both, needTCP, formatDecimal, hs{{"OXM_OF_TCP_DST", 14}, {"NXM_OF_TCP_DST", 10}}},
	{FieldTCPFlags, "tcp_flags", "", 12, 0, maskable, needTCP, formatTCPFlags,
		hs{{"NXM_NX_TCP_FLAGS", 34}, {"ONFOXM_ET_TCP_FLAGS", 42}, {"OXM_OF_TCP_FLAGS", 42}}},
	{FieldUDPSrc, "udp_src", "", 16, 0, both, needUDP, formatDecimal, hs{{"OXM_OF_UDP_SRC", 15}, {"NXM_OF_UDP_SRC", 11}}},
	{FieldUDPDst, "udp_dst", "", 16, 0, both, needUDP, formatDecimal, hs{{"OXM_OF_UDP_DST", 16}, {"NXM_OF_UDP_DST", 12}}},
	{FieldSCTPSrc, "sctp_src", "", 16, 0, both, needSCTP, formatDecimal, hs{{"OXM_OF_SCTP_SRC", 17}}},
	{FieldSCTPDst, "sctp_dst", "", 16, 0, both, needSCTP, formatDecimal, hs{{"OXM_OF_SCTP_DST", 18}}},
	{FieldICMPv4Type, "icmp_type", "", 8, 0, writable, needICMPv4, formatDecimal, hs{{"OXM_OF_ICMPV4_TYPE", 19}, {"NXM_OF_ICMP_TYPE", 13}}},
	{FieldICMPv4Code, "icmp_code", "", 8, 0, writable, needICMPv4, formatDecimal, hs{{"OXM_OF_ICMPV4_CODE", 20}, {"NXM_OF_ICMP_CODE", 14}}},
	{FieldICMPv6Type, "icmpv6_type", "", 8, 0, writable, needICMPv6, formatDecimal,
		hs{{"OXM_OF_ICMPV6_TYPE", 29}, {"NXM_NX_ICMPV6_TYPE", 21}}},
	{FieldICMPv6Code, "icmpv6_code", "", 8, 0, writable, needICMPv6, formatDecimal,
		hs{{"OXM_OF_ICMPV6_CODE", 30}, {"NXM_NX_ICMPV6_CODE", 22}}},
	{FieldNDTarget, "nd_target", "", 128, 0, both, needND, formatIPv6, hs{{"OXM_OF_IPV6_ND_TARGET", 31}, {"NXM_NX_ND_TARGET", 23}}},
	{FieldNDReserved, "nd_reserved", "", 32, 0, writable, needND, formatDecimal, hs{{"ERICOXM_OF_ICMPV6_ND_RESERVED", 1}}},
	{FieldNDOptionsType, "nd_options_type", "", 8, 0, writable, needND, formatDecimal, hs{{"ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE", 2}}},
	{FieldNDSLL, "nd_sll", "", 48, 0, both, needNDSolicit, formatMAC, hs{{"OXM_OF_IPV6_ND_SLL", 32}, {"NXM_NX_ND_SLL", 24}}},
	{FieldNDTLL, "nd_tll", "", 48, 0, both, needNDAdvert, formatMAC, hs{{"OXM_OF_IPV6_ND_TLL", 33}, {"NXM_NX_ND_TLL", 25}}},

	{FieldARPOp, "arp_op", "", 16, 0, writable, needARP, formatDecimal, hs{{"OXM_OF_ARP_OP", 21}, {"NXM_OF_ARP_OP", 15}}},
	{FieldARPSPA, "arp_spa", "", 32, 0, both, needARP, formatIPv4, hs{{"OXM_OF_ARP_SPA", 22}, {"NXM_OF_ARP_SPA", 16}}},
	{FieldARPTPA, "arp_tpa", "", 32, 0, both, needARP, formatIPv4, hs{{"OXM_OF_ARP_TPA", 23}, {"NXM_OF_ARP_TPA", 17}}},
	{FieldARPSHA, "arp_sha", "", 48, 0, both, needARP, formatMAC, hs{{"OXM_OF_ARP_SHA", 24}, {"NXM_NX_ARP_SHA", 17}}},
	{FieldARPTHA, "arp_tha", "", 48, 0, both, needARP, formatMAC, hs{{"OXM_OF_ARP_THA", 25}, {"NXM_NX_ARP_THA", 18}}},

	{FieldNSHFlags, "nsh_flags", "", 8, 0, both, needNSH, formatDecimal, hs{{"NXOXM_NSH_FLAGS", 1}}},
	{FieldNSHTTL, "nsh_ttl", "", 8, 0, writable, needNSH, formatDecimal, hs{{"NXOXM_NSH_TTL", 10}}},
	{FieldNSHMDType, "nsh_mdtype", "", 8, 0, 0, needNSH, formatDecimal, hs{{"NXOXM_NSH_MDTYPE", 2}}},
	{FieldNSHNP, "nsh_np", "", 8, 0, 0, needNSH, formatDecimal, hs{{"NXOXM_NSH_NP", 3}}},
	{FieldNSHSPI, "nsh_spi", "nsp", 24, 4, writable, needNSH, formatHex, hs{{"NXOXM_NSH_SPI", 4}}},
	{FieldNSHSI, "nsh_si", "nsi", 8, 0, writable, needNSH, formatDecimal, hs{{"NXOXM_NSH_SI", 5}}},
}

// fieldSeries are the fields that differ in a number only. Names and headers count up from those of the first.
var fieldSeries = []struct {
	n     int
	first fieldRow // its names have %d for the number
	from  int
}{
	{64, fieldRow{FieldTunMetadata0, "tun_metadata%d", "", 124 * 8, 124, both, needNothing, formatHex, hs{{"NXM_NX_TUN_METADATA%d", 40}}}, 0},
	{16, fieldRow{FieldReg0, "reg%d", "", 32, 0, both, needNothing, formatHex, hs{{"NXM_NX_REG%d", 0}}}, 0},
	{8, fieldRow{FieldXReg0, "xreg%d", "", 64, 0, both, needNothing, formatHex, hs{{"OXM_OF_PKT_REG%d", 0}}}, 0},
	{4, fieldRow{FieldXXReg0, "xxreg%d", "", 128, 0, both, needNothing, formatHex, hs{{"NXM_NX_XXREG%d", 111}}}, 0},
	{4, fieldRow{FieldNSHC1, "nsh_c%d", "nshc%d", 32, 0, both, needNSH, formatHex, hs{{"NXOXM_NSH_C%d", 6}}}, 1},
}

// The OXM classes (OpenFlow 1.3.5, 7.2.3.3; the first two are Nicira's, the third Ericsson's).
const (
	classNXM0         = 0x0000
	classNXM1         = 0x0001
	classEricsson     = 0x1000
	classBasic        = 0x8000
	classRegisters    = 0x8001
	classExperimenter = 0xffff
)

// experimenterNSH is the experimenter of the fields of the network service header.
const experimenterNSH = 0x005ad650

// fieldClasses are the classes of headers by what their names begin with, the longer beginning first.
var fieldClasses = [...]struct {
	prefix       string
	class        uint16
	experimenter uint32
}{
	{"NXM_OF_", classNXM0, 0},
	{"NXM_NX_", classNXM1, 0},
	{"ERICOXM_OF_", classEricsson, 0},
	{"OXM_OF_PKT_REG", classRegisters, 0},
	{"OXM_OF_", classBasic, 0},
	{"ONFOXM_ET_", classExperimenter, experimenterONF},
	{"NXOXM_ET_", classExperimenter, experimenterNicira},
	{"NXOXM_NSH_", classExperimenter, experimenterNSH},
}

// fields, fieldsByName and fieldsByNumber, which has a row for each of fieldClasses, are made of the table.
var fields, fieldsByName, fieldsByNumber = indexFields()

func indexFields() (infos [fieldCount]fieldInfo, names map[string]Field, numbers [len(fieldClasses)][128]Field) {
	infos[FieldUnknown].name = "unknown"
	names = make(map[string]Field, 3*int(fieldCount))
	add := func(row fieldRow) {
		info := &infos[row.field]
		*info = fieldInfo{
			name: row.name, bits: row.bits, bytes: cmp.Or(row.bytes, uint8((row.bits+7)/8)),
			can: row.can, needs: row.needs, format: row.format,
		}
		names[row.name] = row.field
		if row.alias != "" {
			names[row.alias] = row.field
		}
		for i, h := range row.headers {
			class := 0
			for !strings.HasPrefix(h.name, fieldClasses[class].prefix) {
				class++
			}
			c := fieldClasses[class]
			names[h.name], numbers[class][h.number] = row.field, row.field
			if i == 0 {
				info.class, info.number, info.experimenter, info.oxmName = c.class, h.number, c.experimenter, h.name
			}
			if strings.HasPrefix(h.name, "NXM_") {
				info.oxmName = h.name
			}
		}
	}
	for _, row := range fieldRows {
		add(row)
	}
	for _, s := range fieldSeries {
		for i := range s.n {
			row := s.first
			row.field += Field(i)
			row.name = fmt.Sprintf(row.name, s.from+i)
			if row.alias != "" {
				row.alias = fmt.Sprintf(row.alias, s.from+i)
			}
			h := row.headers[0]
			row.headers = hs{{fmt.Sprintf(h.name, s.from+i), h.number + uint8(i)}}
			add(row)
		}
	}
	return infos, names, numbers
}

// fieldByHeader finds a field by the class, the number and, in the experimenter's class, the experimenter of its
// header.
func fieldByHeader(class uint16, number uint8, experimenter uint32) (Field, bool) {
	if class != classExperimenter {
		experimenter = 0
	}
	for i := range fieldClasses {
		if fieldClasses[i].class == class && fieldClasses[i].experimenter == experimenter {
			f := fieldsByNumber[i][number&0x7f]
			return f, f != FieldInvalid
		}
	}
	return FieldInvalid, false
}
