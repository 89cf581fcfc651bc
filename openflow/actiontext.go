// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// String is the instructions as ovs-ofctl(8) writes and reads them; none are "drop".
func (in Instructions) String() string {
	var parts []string
	if in.Meter != 0 {
		parts = append(parts, fmt.Sprintf("meter:%d", in.Meter))
	}
	parts = append(parts, actionStrings(in.Apply)...)
	if in.ClearActions {
		parts = append(parts, "clear_actions")
	}
	if len(in.Write) > 0 {
		parts = append(parts, "write_actions("+strings.Join(actionStrings(in.Write), ",")+")")
	}
	if in.MetadataMask != 0 {
		s := fmt.Sprintf("write_metadata:%#x", in.Metadata&in.MetadataMask)
		if in.MetadataMask != 1<<64-1 {
			s += fmt.Sprintf("/%#x", in.MetadataMask)
		}
		parts = append(parts, s)
	}
	if in.Goto != 0 {
		parts = append(parts, fmt.Sprintf("goto_table:%d", in.Goto))
	}
	if len(parts) == 0 {
		return "drop"
	}
	return strings.Join(parts, ",")
}

func actionStrings(actions []Action) []string {
	out := make([]string, len(actions))
	for i, a := range actions {
		out[i] = fmt.Sprint(a)
	}
	return out
}

// String is the action in the words of ovs-actions(7).
func (a Output) String() string {
	switch name, reserved := portNames[a.Port]; {
	case a.Port == PortController:
		return fmt.Sprintf("CONTROLLER:%d", a.MaxLen)
	case reserved:
		return name
	}
	return fmt.Sprintf("output:%d", a.Port)
}

// String is the action in the words of ovs-actions(7).
func (a SetField) String() string { return "set_field:" + a.valueString() + "->" + a.Field.String() }

// String is the subfield in the words of ovs-actions(7), such as "reg0[0..15]".
func (s Subfield) String() string {
	switch {
	case s == Whole(s.Field):
		return s.Field.String() + "[]"
	case s.Bits == 1:
		return fmt.Sprintf("%v[%d]", s.Field, s.Offset)
	}
	return fmt.Sprintf("%v[%d..%d]", s.Field, s.Offset, int(s.Offset)+int(s.Bits)-1)
}

// String is the action in the words of ovs-actions(7).
func (a Move) String() string { return "move:" + a.Src.String() + "->" + a.Dst.String() }

// String is the action in the words of ovs-actions(7).
func (a Resubmit) String() string {
	var port, table string
	if a.InPort != PortInPort {
		port = portString(a.InPort)
	}
	if a.Table != CurrentTable {
		table = fmt.Sprint(a.Table)
	}
	return "resubmit(" + port + "," + table + ")"
}

// String is the action in the words of ovs-actions(7).
func (DecTTL) String() string { return "dec_ttl" }

// String is the action in the words of ovs-actions(7).
func (a CT) String() string {
	var args []string
	if a.Commit {
		args = append(args, "commit")
	}
	if a.Force {
		args = append(args, "force")
	}
	if a.Resume {
		args = append(args, fmt.Sprintf("table=%d", a.Table))
	}
	switch {
	case a.ZoneFrom != nil:
		args = append(args, "zone="+a.ZoneFrom.String())
	case a.Zone != 0:
		args = append(args, fmt.Sprintf("zone=%d", a.Zone))
	}
	if a.NAT != nil {
		args = append(args, a.NAT.String())
	}
	if len(a.Exec) > 0 {
		args = append(args, "exec("+strings.Join(actionStrings(a.Exec), ",")+")")
	}
	if len(args) == 0 {
		return "ct"
	}
	return "ct(" + strings.Join(args, ",") + ")"
}

// String is the translation in the words of ovs-actions(7).
func (n NAT) String() string {
	n = n.canonical()
	if n.Type == NATExisting {
		return "nat"
	}
	var b strings.Builder
	b.WriteString(map[NATType]string{NATSource: "nat(src", NATDestination: "nat(dst"}[n.Type])
	if n.AddrMin.IsValid() {
		addr := n.AddrMin.String()
		if n.AddrMax.IsValid() {
			addr += "-" + n.AddrMax.String()
		}
		if n.AddrMin.Is6() && n.PortMin != 0 {
			addr = "[" + addr + "]"
		}
		b.WriteString("=" + addr)
		if n.PortMin != 0 {
			fmt.Fprintf(&b, ":%d", n.PortMin)
		}
		if n.PortMax != 0 {
			fmt.Fprintf(&b, "-%d", n.PortMax)
		}
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{n.Persistent, ",persistent"}, {n.Hash, ",hash"}, {n.Random, ",random"}} {
		if flag.set {
			b.WriteString(flag.name)
		}
	}
	return b.String() + ")"
}

// String is the action in the words of ovs-actions(7).
func (CTClear) String() string { return "ct_clear" }

// String is the action's bytes. ovs-ofctl(8) does not read it.
func (a RawAction) String() string { return "raw(" + hex.EncodeToString(a.Bytes) + ")" }
