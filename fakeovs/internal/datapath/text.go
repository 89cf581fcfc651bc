// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ovskit/ovskit/openflow"
)

// Text is actions in the words of Open vSwitch, "drop" if there are none. The function gives ports their names; nil has
// their numbers.
func Text(actions []Action, port func(uint32) string) string {
	if port == nil {
		port = func(no uint32) string { return strconv.FormatUint(uint64(no), 10) }
	}
	return string(appendList(nil, actions, port))
}

func appendList(b []byte, actions []Action, port func(uint32) string) []byte {
	if len(actions) == 0 {
		return append(b, "drop"...)
	}
	for i, a := range actions {
		if i > 0 {
			b = append(b, ',')
		}
		b = a.appendText(b, port)
	}
	return b
}

func (a Output) appendText(b []byte, port func(uint32) string) []byte {
	return append(b, port(a.Port)...)
}

func (a Truncate) appendText(b []byte, _ func(uint32) string) []byte {
	return fmt.Appendf(b, "trunc(%d)", a.MaxLen)
}

func (a Meter) appendText(b []byte, _ func(uint32) string) []byte {
	return fmt.Appendf(b, "meter(%d)", a.ID)
}

func (a Recirculate) appendText(b []byte, _ func(uint32) string) []byte {
	return fmt.Appendf(b, "recirc(%#x)", a.ID)
}

func (a Hash) appendText(b []byte, _ func(uint32) string) []byte {
	if a.Symmetric {
		return fmt.Appendf(b, "hash(sym_l4(%d))", a.Basis)
	}
	return fmt.Appendf(b, "hash(l4(%d))", a.Basis)
}

func (a PushVLAN) appendText(b []byte, _ func(uint32) string) []byte {
	b = append(b, "push_vlan("...)
	if a.EthType != openflow.EthTypeVLAN {
		b = fmt.Appendf(b, "tpid=0x%04x,", a.EthType)
	}
	b = fmt.Appendf(b, "vid=%d,pcp=%d", a.TCI&0xfff, a.TCI>>13)
	if a.TCI&0x1000 == 0 {
		b = append(b, ",cfi=0"...)
	}
	return append(b, ')')
}

func (PopVLAN) appendText(b []byte, _ func(uint32) string) []byte { return append(b, "pop_vlan"...) }

func (a PushEthernet) appendText(b []byte, _ func(uint32) string) []byte {
	return fmt.Appendf(b, "push_eth(src=%s,dst=%s)", mac(a.Src), mac(a.Dst))
}

func (PopEthernet) appendText(b []byte, _ func(uint32) string) []byte { return append(b, "pop_eth"...) }

func (a PushMPLS) appendText(b []byte, _ func(uint32) string) []byte {
	return fmt.Appendf(b, "push_mpls(%s,eth_type=0x%x)", label(a.Entry), a.EthType)
}

func (a AddMPLS) appendText(b []byte, _ func(uint32) string) []byte {
	return fmt.Appendf(b, "add_mpls(%s,eth_type=0x%x)", label(a.Entry), a.EthType)
}

func (a PopMPLS) appendText(b []byte, _ func(uint32) string) []byte {
	return fmt.Appendf(b, "pop_mpls(eth_type=0x%x)", a.EthType)
}

func label(entry uint32) string {
	return fmt.Sprintf("label=%d,tc=%d,ttl=%d,bos=%d", entry>>12, entry>>9&7, entry&0xff, entry>>8&1)
}

func (a PushNSH) appendText(b []byte, _ func(uint32) string) []byte {
	b = fmt.Appendf(b, "push_nsh(flags=%d,ttl=%d,mdtype=%d,np=%d,spi=0x%x,si=%d",
		a.Flags, a.TTL, a.MDType, a.NextProtocol, a.Path>>8, a.Path&0xff)
	switch a.MDType {
	case 1:
		for i, c := range a.Context {
			b = fmt.Appendf(b, ",c%d=0x%x", i+1, c)
		}
	case 2:
		b = append(b, ",md2="...)
		if digits := strings.TrimLeft(hex.EncodeToString(a.Options), "0"); digits != "" {
			b = append(b, "0x"+digits...)
		} else {
			b = append(b, '0')
		}
	}
	return append(b, ')')
}

func (PopNSH) appendText(b []byte, _ func(uint32) string) []byte { return append(b, "pop_nsh()"...) }

func (a Clone) appendText(b []byte, port func(uint32) string) []byte {
	return append(appendList(append(b, "clone("...), a.Actions, port), ')')
}

func (a Sample) appendText(b []byte, port func(uint32) string) []byte {
	b = fmt.Appendf(b, "sample(sample=%.1f%%,actions(", 100*float64(a.Probability)/(1<<32-1))
	return append(appendList(b, a.Actions, port), "))"...)
}

func (a CheckLength) appendText(b []byte, port func(uint32) string) []byte {
	b = fmt.Appendf(b, "check_pkt_len(size=%d,gt(", a.Length)
	b = append(appendList(b, a.Greater, port), "),le("...)
	return append(appendList(b, a.LessOrEqual, port), "))"...)
}

func (a Track) appendText(b []byte, _ func(uint32) string) []byte {
	var parts []string
	add := func(is bool, format string, args ...any) {
		if is {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(a.Commit && !a.Force, "commit")
	add(a.Force, "force_commit")
	add(a.Zone != 0, "zone=%d", a.Zone)
	add(a.MarkMask != 0, "mark=%s/%s", hexNumber(uint64(a.Mark)), hexNumber(uint64(a.MarkMask)))
	if a.LabelMask != [2]uint64{} {
		text := hexWide(a.Label)
		if a.LabelMask != [2]uint64{^uint64(0), ^uint64(0)} {
			text += "/" + hexWide(a.LabelMask)
		}
		add(true, "label=%s", text)
	}
	add(a.Helper != "", "helper=%s", a.Helper)
	add(a.Timeout != "", "timeout=%s", a.Timeout)
	if a.NAT != nil {
		add(true, "%v", *a.NAT)
	}
	b = append(b, "ct"...)
	if len(parts) == 0 {
		return b
	}
	return append(append(append(b, '('), strings.Join(parts, ",")...), ')')
}

func (Forget) appendText(b []byte, _ func(uint32) string) []byte { return append(b, "ct_clear"...) }

func (Drop) appendText(b []byte, _ func(uint32) string) []byte { return append(b, "drop"...) }

func (a Userspace) appendText(b []byte, _ func(uint32) string) []byte {
	flag := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	return fmt.Appendf(b, "userspace(pid=0,controller(reason=%d,dont_send=%d,continuation=%d,recirc_id=%d,"+
		"rule_cookie=%s,controller_id=%d,max_len=%d))", a.Reason, flag(a.DontSend), flag(a.Continuation), a.Recirculate,
		hexNumber(a.Cookie), a.Controller, a.MaxLen)
}

// hexNumber is a number as C's "%#x" prints it.
func hexNumber(n uint64) string {
	if n == 0 {
		return "0"
	}
	return "0x" + strconv.FormatUint(n, 16)
}

// hexWide is a number of 128 bits, the high half first.
func hexWide(n [2]uint64) string {
	if n[0] == 0 {
		return hexNumber(n[1])
	}
	return fmt.Sprintf("0x%x%016x", n[0], n[1])
}

func mac(v uint64) string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x",
		byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

func ipv4(v uint64) string {
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}).String()
}
