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

// valueText is the value and the mask as ovs-ofctl(8) writes them in actions.
func (f MatchField) valueText(names *Names) string {
	if !f.hasWidth() {
		return "0x" + hex.EncodeToString(f.Value)
	}
	value, mask := uint32(beUint(f.Value)), uint32(beUint(f.Mask))
	switch f.Field.info().format {
	case formatMAC:
		return f.macText()
	case formatIPv4, formatIPv6:
		return f.addrText()
	case formatPort:
		if f.Mask == nil && f.Field == FieldInPort16 {
			return names.port(port32(uint16(value)))
		}
		if f.Mask == nil {
			return names.port(value)
		}
	case formatDecimal:
		return masked(strconv.FormatUint(beUint(f.Value), 10), f.Mask, hexString)
	case formatCTState, formatTCPFlags, formatTunFlags:
		return f.flagText()
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

// hasWidth reports whether value and mask are as long as the field has them.
func (f MatchField) hasWidth() bool {
	return f.Field.fits(len(f.Value)) && (f.Mask == nil || len(f.Mask) == len(f.Value))
}

func (f MatchField) macText() string {
	return masked(net.HardwareAddr(f.Value).String(), f.Mask, func(m []byte) string { return net.HardwareAddr(m).String() })
}

// addrText is an IP address with a prefix length, or with a mask that is none.
func (f MatchField) addrText() string {
	return masked(addrString(f.Value), f.Mask, func(m []byte) string {
		if ones, size := net.IPMask(m).Size(); size != 0 {
			return strconv.Itoa(ones)
		}
		return addrString(m)
	})
}

// addrString is an IP address in the text of inet_ntop(3), which writes IPv4-compatible addresses in dots.
func addrString(b []byte) string {
	a, _ := netip.AddrFromSlice(b)
	if zeros := strings.TrimLeft(string(b), "\x00"); len(b) == 16 && len(b)-len(zeros) >= 12 && b[12]|b[13] != 0 {
		return "::" + netip.AddrFrom4([4]byte(b[12:])).String()
	}
	return a.String()
}

var ctFlagNames = []string{"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"}

var tcpFlagNames = []string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]"}

var tunFlagNames = []string{"oam"}

// flagNames are the names of the field's bits, from the lowest on; nil of a field whose bits have none.
func (f Field) flagNames() []string {
	switch f.info().format {
	case formatCTState:
		return ctFlagNames
	case formatTCPFlags:
		return tcpFlagNames
	case formatTunFlags:
		return tunFlagNames
	}
	return nil
}

// flagText writes the flags of a mask with a plus where they must be set and a minus where not. Where all are in the
// mask those that are set stand between bars. There is but one flag of tunnels.
func (f MatchField) flagText() string {
	names := f.Field.flagNames()
	value, mask := beUint(f.Value), beUint(f.Mask)
	all := uint64(1)<<len(names) - 1
	exact := f.Mask == nil || mask&all == all
	switch {
	case value&^all != 0 || f.Mask != nil && mask&^all != 0 && !exact || f.Mask != nil && mask == 0:
		return fmt.Sprintf("%#x/%#x", value, mask)
	case exact && len(names) > 1 && value == 0:
		return "0"
	}
	var b strings.Builder
	for i, name := range names {
		set := value>>i&1 == 1
		switch {
		case exact && len(names) > 1:
			if set && b.Len() > 0 {
				b.WriteByte('|')
			}
			if set {
				b.WriteString(name)
			}
		case !exact && mask>>i&1 == 0:
		case set:
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

// hexString is a number without leading zeros; zero has no 0x.
func hexString(b []byte) string {
	s := strings.TrimLeft(hex.EncodeToString(b), "0")
	if s == "" {
		return "0"
	}
	return "0x" + s
}

// hexNumber is hexString of a number.
func hexNumber(n uint64) string { return hexString(be.AppendUint64(nil, n)) }

func beUint(b []byte) (v uint64) {
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v
}

func portString(port uint32) string { return (*Names)(nil).port(port) }
