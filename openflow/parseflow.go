// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"strings"
	"time"
)

// ParseFlow reads a flow in the syntax of ovs-ofctl(8), such as "table=1,priority=10,ip actions=output:2". Without a word
// of it the table is 0 and the priority is DefaultPriority. The counters and ages in a dump's line are left out. The match
// is read as by ParseMatch, the actions as by ParseActions. Errors are of type *SyntaxError.
func ParseFlow(text string, names *Names) (Flow, error) {
	m, err := ParseFlowMod(FlowAdd, text, names)
	return m.Flow, err
}

// ParseFlowMod reads what a command of ovs-ofctl(8) takes for a flow: add-flow, mod-flows, and del-flows, each with or
// without --strict. Without a word of it the table is AllTables but in an add. Modify and delete may have
// "cookie=value/mask", deletes "out_port" and "out_group"; they have neither actions nor timeouts. Errors are of type
// *SyntaxError.
func ParseFlowMod(command FlowCommand, text string, names *Names) (FlowMod, error) {
	p, err := whole(text)
	if err != nil {
		return FlowMod{}, err
	}
	f, err := parseFlow(command, p, names)
	return f.mod, within(text, err)
}

// ParseFlowStats reads a line of a dump of ovs-ofctl(8), with its counters. Errors are of type *SyntaxError.
func ParseFlowStats(text string, names *Names) (FlowStats, error) {
	p, err := whole(text)
	if err != nil {
		return FlowStats{}, err
	}
	f, err := parseFlow(FlowAdd, p, names)
	f.stats.Flow = f.mod.Flow
	return f.stats, within(text, err)
}

// flowParser reads a flow.
type flowParser struct {
	mod   FlowMod
	stats FlowStats
	match matchParser
}

func parseFlow(command FlowCommand, p piece, names *Names) (flowParser, error) {
	f := flowParser{mod: FlowMod{Command: command}, match: matchParser{names: names}}
	f.mod.Priority = DefaultPriority
	if command != FlowAdd {
		f.mod.Table = AllTables
	}
	if command > FlowDeleteStrict {
		return f, p.errorf("%v does not exist", command)
	}
	var actions piece
	if !f.mod.deletes() {
		i := strings.Index(p.s, "action")
		if i < 0 {
			return f, p.from(len(p.s)).errorf("flow has no actions")
		}
		var ok bool
		if _, actions, ok = p.from(i).cut("="); !ok {
			return f, p.from(i).errorf("no \"=\" behind %q", p.from(i))
		}
		p = p.to(i)
	}
	for {
		key, value, ok := p.pair()
		if !ok {
			break
		}
		known, err := f.word(key, value)
		if err == nil && !known {
			known, err = f.match.condition(key, value)
		}
		if err == nil && !known {
			err = key.errorf("unknown word %q", key)
		}
		if err != nil {
			return f, err
		}
	}
	var err error
	if f.mod.Match, err = f.match.finish(); err != nil || f.mod.deletes() {
		return f, err
	}
	a := actionParser{names: names, protocol: f.mod.Match.protocol()}
	f.mod.Instructions, err = a.instructions(actions)
	return f, err
}

// word reads what a flow has besides its match and its actions. It reports false if the key is none of that.
func (f *flowParser) word(key, value piece) (known bool, err error) {
	m := &f.mod
	adds := !m.deletes()
	for i, name := range flowFlagNames {
		if adds && key.s == name {
			m.Flags |= 1 << i
			return true, nil
		}
	}
	switch {
	case key.s == "table":
		m.Table, err = f.match.names.parseTable(value)
	case key.s == "cookie":
		err = f.cookie(value)
	case key.s == "priority" && m.Command != FlowDelete:
		err = num(value, &m.Priority)
	case key.s == "idle_timeout" && adds:
		err = num(value, &m.IdleTimeout)
	case key.s == "hard_timeout" && adds:
		err = num(value, &m.HardTimeout)
	case key.s == "importance" && m.Command == FlowAdd:
		err = num(value, &m.Importance)
	case key.s == "out_port" && !adds:
		m.OutPort, err = f.match.names.parsePort(value)
		m.OutPort = fromAny(m.OutPort)
	case key.s == "out_group" && !adds:
		m.OutGroup, err = parseGroupID(value)
		m.OutGroup = fromAny(m.OutGroup)
	case key.s == "duration":
		f.stats.Duration, err = parseSeconds(value)
	case key.s == "n_packets":
		f.stats.Packets, err = parseCount(value)
	case key.s == "n_bytes":
		f.stats.Bytes, err = parseCount(value)
	case key.s == "idle_age", key.s == "hard_age", key.s == "no_readonly_table", key.s == "allow_hidden_fields":
	default:
		return false, nil
	}
	return true, err
}

// cookie reads the cookie that is set or, with a mask, the one that flows must have.
func (f *flowParser) cookie(p piece) error {
	value, mask, masked := p.cut("/")
	err := num(value, &f.mod.Cookie)
	switch {
	case err != nil:
		return err
	case masked && f.mod.Command == FlowAdd:
		return p.errorf("a flow is not added with a mask for its cookie")
	case masked:
		return num(mask, &f.mod.CookieMask)
	case f.mod.deletes():
		return p.errorf("cookie %q has no mask", p)
	}
	return nil
}

// parseGroupID reads the number of a group, or "any" or "all".
func parseGroupID(p piece) (id uint32, err error) {
	switch strings.ToLower(p.s) {
	case "any":
		return PortAny, nil
	case "all":
		return GroupAll, nil
	}
	if err = num(p, &id); err == nil && id > GroupMax && id != GroupAll {
		err = p.errorf("group %q is out of range", p)
	}
	return id, err
}

// parseCount is the opposite of countText.
func parseCount(p piece) (n uint64, err error) {
	if p.s == "?" {
		return CounterUnknown, nil
	}
	err = num(p, &n)
	return n, err
}

// parseSeconds reads a time such as "5.25s".
func parseSeconds(p piece) (time.Duration, error) {
	d, err := time.ParseDuration(p.s)
	if err != nil || d < 0 || strings.Trim(p.s, "0123456789.s") != "" {
		return 0, p.errorf("%q is not a time in seconds", p)
	}
	return d, nil
}
