// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// valueString is the value and the mask as ovs-ofctl(8) writes and reads them.
func (f MatchField) valueString() string {
	if !f.Field.fits(len(f.Value)) || f.Mask != nil && len(f.Mask) != len(f.Value) {
		return "0x" + hex.EncodeToString(f.Value)
	}
	value, mask := uint32(beUint(f.Value)), uint32(beUint(f.Mask))
	switch f.Field.info().format {
	case formatMAC:
		return masked(net.HardwareAddr(f.Value).String(), f.Mask, func(m []byte) string { return net.HardwareAddr(m).String() })
	case formatIPv4, formatIPv6:
		return masked(addrString(f.Value), f.Mask, func(m []byte) string {
			if ones, size := net.IPMask(m).Size(); size != 0 {
				return strconv.Itoa(ones)
			}
			return addrString(m)
		})
	case formatPort:
		if f.Mask == nil && f.Field == FieldInPort16 {
			return portString(port32(uint16(value)))
		}
		if f.Mask == nil {
			return portString(value)
		}
	case formatDecimal:
		if f.Mask == nil {
			return strconv.FormatUint(beUint(f.Value), 10)
		}
	case formatCTState:
		if f.Mask == nil {
			mask = 1<<len(ctFlagNames) - 1
		}
		return flagString(ctFlagNames, value, mask)
	case formatTCPFlags:
		if f.Mask != nil {
			return flagString(tcpFlagNames, value, mask)
		}
	case formatTunFlags:
		return flagString(tunFlagNames, value, 1)
	case formatFrag:
		if f.Mask == nil {
			mask = 3
		}
		for _, frag := range fragments {
			if uint32(frag.value) == value && uint32(frag.mask) == mask {
				return frag.name
			}
		}
	case formatPacketType:
		return fmt.Sprintf("(%d,%#x)", value>>16, value&0xffff)
	}
	return masked(hexString(f.Value), f.Mask, hexString)
}

func addrString(b []byte) string {
	a, _ := netip.AddrFromSlice(b)
	return a.String()
}

var ctFlagNames = []string{"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"}

var tcpFlagNames = []string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns"}

var tunFlagNames = []string{"oam"}

// flagString writes the flags of a mask with a plus where they must be set and a minus where not.
func flagString(names []string, value, mask uint32) string {
	if mask>>len(names) != 0 || mask == 0 {
		return fmt.Sprintf("%#x/%#x", value, mask)
	}
	var b strings.Builder
	for i, name := range names {
		switch {
		case mask>>i&1 == 0:
		case value>>i&1 == 1:
			b.WriteString("+" + name)
		default:
			b.WriteString("-" + name)
		}
	}
	return b.String()
}

func masked(value string, mask []byte, format func([]byte) string) string {
	if mask == nil {
		return value
	}
	return value + "/" + format(mask)
}

// hexString is a number without leading zeros.
func hexString(b []byte) string {
	s := strings.TrimLeft(hex.EncodeToString(b), "0")
	if s == "" {
		s = "0"
	}
	return "0x" + s
}

func beUint(b []byte) (v uint64) {
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v
}

var portNames = map[uint32]string{
	PortInPort: "IN_PORT", PortTable: "TABLE", PortNormal: "NORMAL", PortFlood: "FLOOD", PortAll: "ALL",
	PortController: "CONTROLLER", PortLocal: "LOCAL", PortAny: "ANY",
}

func portString(port uint32) string {
	if name, ok := portNames[port]; ok {
		return name
	}
	return strconv.FormatUint(uint64(port), 10)
}
