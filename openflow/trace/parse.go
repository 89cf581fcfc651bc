// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"fmt"
	"strconv"
	"strings"
)

// Parse reads the text of a trace, as ofproto/trace writes it. It is an error if the text is not one or breaks off.
// Lines that it does not know are kept as remarks or actions.
func Parse(text string) (*Result, error) {
	p := &parser{lines: strings.Split(text, "\n")}
	r := &Result{Text: text}
	for p.skipEmpty(); len(r.Passes) == 0 || p.more(); p.skipEmpty() {
		pass, err := p.pass(len(r.Passes))
		if err != nil {
			return nil, fmt.Errorf("parse trace: line %d: %w", p.next+1, err)
		}
		r.Passes = append(r.Passes, pass)
	}
	return r, nil
}

// parser goes through the lines of a trace.
type parser struct {
	lines []string
	next  int
	// forks are the bridges that have sent the packet to conntrack and have it resumed, in order.
	forks []string
}

func (p *parser) more() bool { return p.next < len(p.lines) }

// peek is the next line, empty at the end.
func (p *parser) peek() string {
	if !p.more() {
		return ""
	}
	return p.lines[p.next]
}

func (p *parser) skipEmpty() {
	for p.more() && p.peek() == "" {
		p.next++
	}
}

// cut takes the next line if it begins with a word, and returns what follows.
func (p *parser) cut(prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(p.peek(), prefix)
	if ok {
		p.next++
	}
	return rest, ok
}

// want takes the next line, which must begin with a word.
func (p *parser) want(prefix string) (string, error) {
	rest, ok := p.cut(prefix)
	if ok {
		return rest, nil
	}
	if !p.more() {
		return "", fmt.Errorf("the text ends, want %q", prefix)
	}
	return "", fmt.Errorf("got %q, want %q", p.peek(), prefix)
}

// rule is the line between passes, of equals signs.
func rule(line string) bool { return line != "" && strings.Trim(line, "=") == "" }

// pass reads one pass, which is the one with this index.
func (p *parser) pass(index int) (*Pass, error) {
	pass := &Pass{}
	var err error
	if index > 0 {
		if pass.Recirculation, err = p.recirculation(); err != nil {
			return nil, err
		}
	}
	if pass.Flow, err = p.want("Flow: "); err != nil {
		return nil, err
	}
	if r := pass.Recirculation; r != nil {
		r.Zone = zoneOf(pass.Flow)
	}
	if err := p.visits(pass, index); err != nil {
		return nil, err
	}
	if pass.FinalFlow, err = p.want("Final flow: "); err != nil {
		return nil, err
	}
	if pass.FinalFlow == "unchanged" {
		pass.FinalFlow = pass.Flow
	}
	if pass.Megaflow, err = p.want("Megaflow: "); err != nil {
		return nil, err
	}
	actions, err := p.want("Datapath actions: ")
	if err != nil {
		return nil, err
	}
	pass.Datapath = parseDatapath(actions)
	p.remarks(pass)
	return pass, nil
}

// recirculation reads the lines between two passes.
func (p *parser) recirculation() (*Recirculation, error) {
	if !rule(p.peek()) {
		return nil, fmt.Errorf("got %q, want the line before a recirculation", p.peek())
	}
	p.next++
	line, err := p.want("recirc(")
	if err != nil {
		return nil, err
	}
	number, line, _ := strings.Cut(line, ")")
	id, err := strconv.ParseUint(number, 0, 32)
	if err != nil {
		return nil, fmt.Errorf("recirculation %q: %w", number, err)
	}
	r := &Recirculation{ID: uint32(id)}
	if _, state, ok := strings.Cut(line, "ct_state="); ok {
		r.CTState, _, r.Default = strings.Cut(state, " (")
	}
	for p.more() && !rule(p.peek()) {
		if from, ok := p.cut(" Initial flow: "); ok {
			r.NATFrom = from
		} else if to, ok := p.cut(" Modified flow: "); ok {
			r.NATTo = to
		} else {
			p.next++
		}
	}
	if !p.more() {
		return nil, fmt.Errorf("the text ends, want the line after recirculation %#x", r.ID)
	}
	p.next++
	p.skipEmpty()
	return r, nil
}

// zoneOf is the conntrack zone in a packet's text; it has none in zone 0.
func zoneOf(flow string) uint16 {
	for _, field := range strings.Split(flow, ",") {
		if text, ok := strings.CutPrefix(field, "ct_zone="); ok {
			zone, _ := strconv.ParseUint(text, 0, 16)
			return uint16(zone)
		}
	}
	return 0
}

// remarks reads what stands after the datapath's actions.
func (p *parser) remarks(pass *Pass) {
	for ; p.more() && !rule(p.peek()); p.next++ {
		line := p.peek()
		if reason, ok := strings.CutPrefix(line, "Translation failed ("); ok {
			pass.Failure = strings.TrimSuffix(reason, "), packet is dropped.")
		} else if line = strings.TrimSpace(line); line != "" && line != "." {
			pass.Remarks = append(pass.Remarks, line)
		}
	}
}
