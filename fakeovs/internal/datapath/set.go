// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Set writes parts of one of the packet's headers, or of its metadata: the bits of Mask, in the places of the header's
// fields, or all of the header.
type Set struct {
	Header Header
	// Whole says that all fields are written. Mask has all of their bits then.
	Whole       bool
	Value, Mask *packet.Key
}

// Header is what a Set writes to.
type Header uint8

// The headers, and the metadata that a datapath has.
const (
	Priority Header = iota
	Mark
	Ethernet
	NSH
	MPLS
	IPv4
	IPv6
	ARP
	TCP
	UDP
	SCTP
	ICMP
	ICMPv6
	ND
	NDExtensions
	headerCount
)

// field is a field of a header in words.
type field struct {
	name   string
	field  openflow.Field
	format func(k *packet.Key, f openflow.Field) string
}

var headers = [headerCount]struct {
	name   string
	fields []field
}{
	Priority: {"skb_priority", []field{{"", packet.SKBPriority, hexText}}},
	Mark:     {"skb_mark", []field{{"", openflow.FieldPktMark, hexText}}},
	Ethernet: {"eth", []field{{"src", openflow.FieldEthSrc, macText}, {"dst", openflow.FieldEthDst, macText}}},
	NSH: {"nsh", []field{
		{"flags", openflow.FieldNSHFlags, decimal}, {"ttl", openflow.FieldNSHTTL, decimal},
		{"mdtype", openflow.FieldNSHMDType, decimal}, {"np", openflow.FieldNSHNP, decimal},
		{"spi", openflow.FieldNSHSPI, hexDigits}, {"si", openflow.FieldNSHSI, decimal},
		{"c1", openflow.FieldNSHC1, hexDigits}, {"c2", openflow.FieldNSHC2, hexDigits},
		{"c3", openflow.FieldNSHC3, hexDigits}, {"c4", openflow.FieldNSHC4, hexDigits},
	}},
	MPLS: {"mpls", []field{
		{"label", openflow.FieldMPLSLabel, decimal}, {"tc", openflow.FieldMPLSTC, decimal},
		{"ttl", openflow.FieldMPLSTTL, decimal}, {"bos", openflow.FieldMPLSBOS, decimal},
	}},
	IPv4: {"ipv4", []field{
		{"src", openflow.FieldIPv4Src, ipv4Text}, {"dst", openflow.FieldIPv4Dst, ipv4Text},
		{"proto", openflow.FieldIPProto, decimal}, {"tos", openflow.FieldIPToS, hexText},
		{"ttl", openflow.FieldIPTTL, decimal}, {"frag", openflow.FieldIPFrag, decimal},
	}},
	IPv6: {"ipv6", []field{
		{"src", openflow.FieldIPv6Src, ipv6Text}, {"dst", openflow.FieldIPv6Dst, ipv6Text},
		{"label", openflow.FieldIPv6Label, hexText}, {"proto", openflow.FieldIPProto, decimal},
		{"tclass", openflow.FieldIPToS, hexText}, {"hlimit", openflow.FieldIPTTL, decimal},
		{"frag", openflow.FieldIPFrag, decimal},
	}},
	ARP: {"arp", []field{
		{"sip", openflow.FieldARPSPA, ipv4Text}, {"tip", openflow.FieldARPTPA, ipv4Text},
		{"op", openflow.FieldARPOp, decimal}, {"sha", openflow.FieldARPSHA, macText},
		{"tha", openflow.FieldARPTHA, macText},
	}},
	TCP:    {"tcp", ports},
	UDP:    {"udp", ports},
	SCTP:   {"sctp", ports},
	ICMP:   {"icmp", icmp},
	ICMPv6: {"icmpv6", icmp},
	ND: {"nd", []field{
		{"target", openflow.FieldNDTarget, ipv6Text}, {"sll", openflow.FieldNDSLL, macText},
		{"tll", openflow.FieldNDTLL, macText},
	}},
	NDExtensions: {"nd_ext", []field{
		{"nd_reserved", openflow.FieldNDReserved, hexDigits}, {"nd_options_type", openflow.FieldNDOptionsType, decimal},
	}},
}

var (
	ports = []field{{"src", openflow.FieldTCPSrc, decimal}, {"dst", openflow.FieldTCPDst, decimal}}
	icmp  = []field{{"type", openflow.FieldICMPv4Type, decimal}, {"code", openflow.FieldICMPv4Code, decimal}}
)

// Fields are the fields of a header.
func (h Header) Fields() []openflow.Field { return headerFields[h] }

var headerFields = func() (list [headerCount][]openflow.Field) {
	for h := range headers {
		for _, f := range headers[h].fields {
			list[h] = append(list[h], f.field)
		}
	}
	return list
}()

func (a Set) appendText(b []byte, _ func(uint32) string) []byte {
	h := &headers[a.Header]
	b = append(append(append(b, "set("...), h.name...), '(')
	first := true
	for _, f := range h.fields {
		// Open vSwitch shows the reserved bits of neighbour discovery whether they are written or not.
		always := a.Whole || f.field == openflow.FieldNDReserved
		if !always && !a.Mask.Has(f.field) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		if f.name != "" {
			b = append(append(b, f.name...), '=')
		}
		b = append(b, f.format(a.Value, f.field)...)
		if !always && !a.Mask.Full(f.field) {
			b = append(append(b, '/'), f.mask(a.Mask)...)
		}
	}
	return append(b, "))"...)
}

// mask is a mask of the field in words: those of numbers are hexadecimal.
func (f *field) mask(k *packet.Key) string {
	if f.field.Bits() <= 32 && f.field != openflow.FieldIPv4Src && f.field != openflow.FieldIPv4Dst &&
		f.field != openflow.FieldARPSPA && f.field != openflow.FieldARPTPA {
		return hexText(k, f.field)
	}
	return f.format(k, f.field)
}

func decimal(k *packet.Key, f openflow.Field) string   { return strconv.FormatUint(k.Uint(f), 10) }
func hexText(k *packet.Key, f openflow.Field) string   { return hexNumber(k.Uint(f)) }
func hexDigits(k *packet.Key, f openflow.Field) string { return fmt.Sprintf("0x%x", k.Uint(f)) }
func macText(k *packet.Key, f openflow.Field) string   { return mac(k.Uint(f)) }
func ipv4Text(k *packet.Key, f openflow.Field) string  { return ipv4(k.Uint(f)) }

func ipv6Text(k *packet.Key, f openflow.Field) string {
	hi, lo := k.Words128(f)
	// C writes addresses that begin with 96 zeros with the IPv4 address that they may be made of.
	if hi == 0 && lo>>32 == 0 && lo>>16 != 0 {
		return "::" + ipv4(lo)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return netip.AddrFrom16(b).String()
}
