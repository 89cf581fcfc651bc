// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowtext

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"

	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// text is what has been written so far. Each item ends with a comma, which chomp takes off the last one.
type text struct{ b []byte }

func (t *text) add(format string, args ...any) { t.b = fmt.Appendf(t.b, format, args...) }

func (t *text) chomp() {
	if n := len(t.b); n > 0 && t.b[n-1] == ',' {
		t.b = t.b[:n-1]
	}
}

func (t *text) String() string { return string(t.b) }

// pair is the value and the mask of some fields.
type pair struct{ value, mask *packet.Key }

func (p pair) uint(f openflow.Field) (value, mask uint64) { return p.value.Uint(f), p.mask.Uint(f) }

// number writes a value in one format if its mask is full, with the mask in another if it is not, and not at all if it
// is empty. 0x0 is written so, unlike by the flag # alone in C.
func (t *text) number(name string, f openflow.Field, p pair, full, partial string) {
	v, m := p.uint(f)
	switch {
	case m == 0:
		return
	case p.mask.Full(f):
		t.add("%s="+full+",", name, v)
	default:
		t.add("%s=%s,", name, fmt.Sprintf(partial, v, m))
	}
}

// hex is a number as C's %#x writes it: 0 has no prefix.
func hex(v uint64) string {
	if v == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", v)
}

// hexes writes a value and, unless it is full, its mask as C's %#x does.
func (t *text) hexes(name string, f openflow.Field, p pair) {
	v, m := p.uint(f)
	if m == 0 {
		return
	}
	t.add("%s=%s", name, hex(v))
	if !p.mask.Full(f) {
		t.add("/%s", hex(m))
	}
	t.add(",")
}

func (t *text) mac(name string, f openflow.Field, p pair) {
	v, m := p.uint(f)
	if m == 0 {
		return
	}
	t.add("%s=%s", name, mac(v))
	if !p.mask.Full(f) {
		t.add("/%s", mac(m))
	}
	t.add(",")
}

func mac(v uint64) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

func (t *text) ipv4(name string, f openflow.Field, p pair) {
	v, m := uint32(p.value.Uint(f)), uint32(p.mask.Uint(f))
	if m == 0 {
		return
	}
	t.add("%s=%s", name, ipv4(v))
	if m != 1<<32-1 {
		if ones := bits.LeadingZeros32(^m); m<<ones == 0 {
			t.add("/%d", ones)
		} else {
			t.add("/%s", ipv4(m))
		}
	}
	t.add(",")
}

func ipv4(v uint32) string {
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}).String()
}

func (t *text) ipv6(name string, f openflow.Field, p pair) {
	mhi, mlo := p.mask.Words128(f)
	if mhi|mlo == 0 {
		return
	}
	t.add("%s=%s", name, ipv6(p.value.Words128(f)))
	if mhi&mlo != ^uint64(0) {
		ones := bits.LeadingZeros64(^mhi)
		rest := mhi<<ones | mlo
		if ones == 64 {
			ones += bits.LeadingZeros64(^mlo)
			rest = mlo << (ones - 64)
		}
		if rest == 0 {
			t.add("/%d", ones)
		} else {
			t.add("/%s", ipv6(mhi, mlo))
		}
	}
	t.add(",")
}

// ipv6 is an address as inet_ntop(3) writes it, which takes the deprecated IPv4-compatible ones (RFC 4291, 2.5.5.1) apart.
func ipv6(hi, lo uint64) string {
	if hi == 0 && lo < 1<<32 && lo>>16 != 0 {
		return "::" + ipv4(uint32(lo))
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return netip.AddrFrom16(b).String()
}

// flags writes the names of the bits that are set, between bars; 0 for none. Bits without a name come last, as a number.
func flagNames(names []string, v uint64) string {
	if v == 0 {
		return "0"
	}
	s, unnamed := "", uint64(0)
	for rest := v; rest != 0; rest &= rest - 1 {
		bit := bits.TrailingZeros64(rest)
		if bit >= len(names) || names[bit] == "" {
			unnamed |= 1 << bit
			continue
		}
		s += names[bit] + "|"
	}
	if unnamed != 0 {
		return fmt.Sprintf("%s%#x", s, unnamed)
	}
	return s[:len(s)-1]
}

// maskedFlags is flagNames, or where not all bits are in the mask, the names of those that are, each behind its sign.
func maskedFlags(names []string, v, mask, all uint64) string {
	switch mask {
	case all:
		return flagNames(names, v)
	case 0:
		return "0/0"
	}
	s := ""
	for rest := mask; rest != 0; rest &= rest - 1 {
		bit := bits.TrailingZeros64(rest)
		name := "[Unknown]"
		if bit < len(names) && names[bit] != "" {
			name = names[bit]
		}
		if v>>bit&1 != 0 {
			s += "+" + name
		} else {
			s += "-" + name
		}
	}
	return s
}

// Names of flags, by bit.
var (
	ctStates  = []string{"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"}
	tcpFlags  = []string{"fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ns", "[200]", "[400]", "[800]"}
	tunFlags  = []string{"oam", "df", "csum", "key"}
	fragments = [4]string{"no", "first", "<error>", "later"}
)
