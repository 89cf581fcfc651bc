// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"strings"
)

var flowCommandNames = []string{"add", "modify", "modify_strict", "delete", "delete_strict"}

// String is the command's name in a file for ovs-ofctl(8), such as "delete_strict".
func (c FlowCommand) String() string {
	if int(c) < len(flowCommandNames) {
		return flowCommandNames[c]
	}
	return fmt.Sprintf("command %d", uint8(c))
}

// String is the message as a line in a file for ovs-ofctl(8) with --bundle, such as "delete table=1,ip".
func (m FlowMod) String() string { return m.Text(nil) }

// Text is String with the names of ports and tables that there are.
func (m FlowMod) Text(names *Names) string {
	if m.Command == FlowAdd {
		return "add " + m.Flow.Text(names)
	}
	var words args
	switch {
	case m.CookieMask != 0:
		words.add(true, "cookie=%#x/%#x", m.Cookie, m.CookieMask)
	case !m.deletes():
		words.add(m.Cookie != 0, "cookie=%#x", m.Cookie)
	}
	if m.Table != AllTables {
		words = append(words, "table="+names.table(m.Table))
	}
	if m.deletes() {
		words.add(m.OutPort != 0, "out_port=%s", names.port(m.OutPort))
		words.add(m.OutGroup != 0, "out_group=%d", m.OutGroup)
	} else {
		words.add(m.IdleTimeout != 0, "idle_timeout=%d", m.IdleTimeout)
		words.add(m.HardTimeout != 0, "hard_timeout=%d", m.HardTimeout)
		for i, name := range flowFlagNames {
			words.add(m.Flags>>i&1 == 1, "%s", name)
		}
	}
	f := m.Flow
	if m.Command == FlowDelete || m.Command == FlowModify {
		f.Priority = DefaultPriority // counts for nothing
	}
	if condition := f.conditionText(names); condition != "" {
		words = append(words, condition)
	}
	text := m.Command.String()
	if len(words) > 0 {
		text += " " + strings.Join(words, ",")
	}
	if !m.deletes() {
		text += " actions=" + m.Instructions.Text(names)
	}
	return text
}
