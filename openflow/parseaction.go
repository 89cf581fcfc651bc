// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"strings"
)

// ParseActions reads actions and instructions in the syntax of ovs-ofctl(8) and ovs-actions(7), such as
// "set_field:5->reg0,ct(commit,table=2)" or "drop". Older spellings become what the switch makes of them over OpenFlow
// 1.3: load and the mod_ actions a SetField, enqueue what Enqueue makes. Where that depends on the match (mod_tp_src,
// mod_vlan_vid), that of ParseFlow counts; here there is none. Errors are of type *SyntaxError.
func ParseActions(text string, names *Names) (Instructions, error) {
	p, err := whole(text)
	if err != nil {
		return Instructions{}, err
	}
	a := actionParser{names: names}
	i, err := a.instructions(p)
	return i, within(text, err)
}

// actionParser reads actions of a flow.
type actionParser struct {
	names *Names
	// protocol is what the flow's packets are when they come to the next action.
	protocol protocol
	// outer is the name of the action that the list stands in, depth in how many it stands.
	outer string
	depth int
}

// The stages of instructions: those of a later one may not stand in front of an earlier one's (OpenFlow 1.3.5, 5.9).
const (
	stageMeter = iota
	stageApply
	stageClear
	stageWrite
	stageMetadata
	stageGoto
)

var instructionStages = map[string]int{
	"meter": stageMeter, "clear_actions": stageClear, "write_actions": stageWrite, "write_metadata": stageMetadata,
	"goto_table": stageGoto,
}

// instructions reads what follows "actions=".
func (a *actionParser) instructions(p piece) (in Instructions, err error) {
	stage, some, drop := -1, false, piece{}
	for rest := p; ; {
		key, value, ok := rest.pair()
		if !ok {
			break
		}
		name := strings.ToLower(key.s)
		if name == "drop" {
			drop = key
			continue
		}
		next, isInstruction := instructionStages[name]
		if !isInstruction {
			next = stageApply
		}
		if next < stage || next == stage && next != stageApply {
			return in, key.errorf("%q stands too late or twice", key)
		}
		stage, some = next, true
		switch next {
		case stageMeter:
			if err = num(value, &in.Meter); err == nil && in.Meter == 0 {
				err = value.errorf("no meter has the number 0")
			}
		case stageApply:
			var actions []Action
			actions, err = a.action(key, value)
			in.Apply = append(in.Apply, actions...)
		case stageClear:
			in.ClearActions = true
		case stageWrite:
			in.Write, err = a.nested(name, value)
		case stageMetadata:
			err = parseMetadata(value, &in)
		case stageGoto:
			if in.Goto, err = a.names.parseTable(value); err == nil && in.Goto == 0 {
				err = value.errorf("table 0 is no table to go to")
			}
		}
		if err != nil {
			return in, err
		}
	}
	if drop.s != "" && some {
		return in, drop.errorf("%q stands with other actions", drop)
	}
	return in, checkActions(p, in.Apply)
}

func parseMetadata(p piece, in *Instructions) error {
	value, mask, masked := p.cut("/")
	in.MetadataMask = 1<<64 - 1
	err := num(value, &in.Metadata)
	if err == nil && masked {
		err = num(mask, &in.MetadataMask)
	}
	in.Metadata &= in.MetadataMask
	return err
}

// checkActions refuses a conjunction with other actions.
func checkActions(p piece, actions []Action) error {
	conjunctions, others := 0, 0
	for _, action := range actions {
		switch action.(type) {
		case Conjunction:
			conjunctions++
		case Note:
		default:
			others++
		}
	}
	if conjunctions > 0 && others > 0 {
		return p.errorf("conjunction stands with other actions")
	}
	return nil
}

// nested reads a list of actions that is the argument of another one.
func (a *actionParser) nested(outer string, p piece) ([]Action, error) {
	inner := *a
	inner.outer, inner.depth = outer, a.depth+1
	if inner.depth > maxNesting {
		return nil, p.errorf("actions stand in more than %d others", maxNesting)
	}
	return inner.list(p)
}

// list reads actions that may not be instructions.
func (a *actionParser) list(p piece) (actions []Action, err error) {
	drop := piece{}
	for rest := p; ; {
		key, value, ok := rest.pair()
		if !ok {
			break
		}
		if strings.EqualFold(key.s, "drop") {
			drop = key
			continue
		}
		some, err := a.action(key, value)
		if err != nil {
			return nil, err
		}
		actions = append(actions, some...)
	}
	if drop.s != "" && len(actions) > 0 {
		return nil, drop.errorf("%q stands with other actions", drop)
	}
	return actions, checkActions(p, actions)
}

// action reads one action, which may be several where ovs-ofctl(8) has one word for them.
func (a *actionParser) action(key, value piece) ([]Action, error) {
	name := strings.ToLower(key.s)
	parse, ok := actionParsers[name]
	if _, isInstruction := instructionStages[name]; isInstruction && !ok {
		return nil, key.errorf("%q is not an action", key)
	}
	if !ok {
		port, err := a.names.parsePort(key)
		if err != nil {
			return nil, key.errorf("no action %q", key)
		}
		return []Action{Output{Port: port}}, a.allowed(key, Output{Port: port})
	}
	actions, err := parse(a, value)
	if err != nil {
		return nil, err
	}
	for _, action := range actions {
		if err := a.allowed(key, action); err != nil {
			return nil, err
		}
		a.protocol.after(action)
	}
	return actions, nil
}

// allowed refuses an action where it may not stand.
func (a *actionParser) allowed(key piece, action Action) error {
	field := FieldInvalid
	switch action := action.(type) {
	case SetField:
		field = action.Field
	case Move:
		field = action.Dst.Field
	case Meter:
		if a.depth > 0 {
			return key.errorf("meter may not stand in %s", a.outer)
		}
	case NAT:
		if a.outer != "exec" {
			return key.errorf("nat stands outside of ct")
		}
		return nil
	}
	ofConnection := field == FieldCTMark || field == FieldCTLabel
	switch {
	case a.outer == "exec" && !ofConnection:
		return key.errorf("%s may not stand in ct", key)
	case ofConnection && a.outer != "exec":
		return key.errorf("%v is set outside of ct", field)
	}
	return nil
}

// after takes account of what an action does to the packet's tags.
func (p *protocol) after(action Action) {
	switch action.(type) {
	case PushVLAN:
		p.tagged = true
	case PopVLAN:
		p.tagged = false
	}
}

// actionParsers are the actions by their names.
var actionParsers map[string]func(a *actionParser, p piece) ([]Action, error)

// one makes a parser of one action.
func one[A Action](parse func(a *actionParser, p piece) (A, error)) func(a *actionParser, p piece) ([]Action, error) {
	return func(a *actionParser, p piece) ([]Action, error) {
		action, err := parse(a, p)
		if err != nil {
			return nil, err
		}
		return []Action{action}, nil
	}
}

// bare makes a parser of an action without arguments.
func bare(action Action) func(a *actionParser, p piece) ([]Action, error) {
	return func(*actionParser, piece) ([]Action, error) { return []Action{action}, nil }
}

func init() {
	actionParsers = map[string]func(a *actionParser, p piece) ([]Action, error){
		"output": (*actionParser).output, "output_reg": (*actionParser).output, "controller": one((*actionParser).controller),
		"enqueue": (*actionParser).enqueue, "group": one(parseGroupAction), "bundle": one(parseBundle),
		"bundle_load": one(parseBundleLoad),

		"set_field": one((*actionParser).setField), "load": one((*actionParser).load), "move": one(parseMove),
		"set_vlan_vid": (*actionParser).setVLAN, "mod_vlan_vid": (*actionParser).modVLAN,
		"set_vlan_pcp": (*actionParser).setPCP, "mod_vlan_pcp": (*actionParser).modPCP,
		"strip_vlan": bare(PopVLAN{}), "pop_vlan": bare(PopVLAN{}), "push_vlan": one(parsePushVLAN),
		"mod_dl_src": setTo(FieldEthSrc), "mod_dl_dst": setTo(FieldEthDst), "mod_nw_src": setTo(FieldIPv4Src),
		"mod_nw_dst": setTo(FieldIPv4Dst), "mod_nw_tos": one(parseModToS), "mod_nw_ecn": setTo(FieldIPECN),
		"mod_nw_ttl": setTo(FieldIPTTL), "set_nw_ttl": setTo(FieldIPTTL),
		"mod_tp_src": one((*actionParser).modTransportSrc), "mod_tp_dst": one((*actionParser).modTransportDst),
		"set_mpls_label": setTo(FieldMPLSLabel), "set_mpls_tc": setTo(FieldMPLSTC), "set_mpls_ttl": setTo(FieldMPLSTTL),
		"set_tunnel": setTo(FieldTunID), "set_tunnel64": setTo(FieldTunID),
		"push": one(parsePush), "pop": one(parsePop), "delete_field": one(parseDeleteField),
		"dec_ttl": one(parseDecTTL), "dec_mpls_ttl": bare(DecMPLSTTL{}), "dec_nsh_ttl": bare(DecNSHTTL{}),
		"push_mpls": one(parsePushMPLS), "pop_mpls": one(parsePopMPLS), "encap": one(parseEncap), "decap": one(parseDecap),
		"set_queue": one(parseSetQueue), "pop_queue": bare(PopQueue{}), "fin_timeout": one(parseFinTimeout),

		"resubmit": one((*actionParser).resubmit), "learn": one((*actionParser).learn), "conjunction": one(parseConjunction),
		"multipath": one(parseMultipath), "note": one(parseNote), "exit": bare(Exit{}), "sample": one((*actionParser).sample),
		"ct": one((*actionParser).ct), "ct_clear": bare(CTClear{}), "nat": one((*actionParser).nat), "clone": one((*actionParser).clone),
		"check_pkt_larger": one(parseCheckPacketLarger), "meter": one(parseMeterAction), "raw": one(parseRaw),
	}
}

func parseRaw(_ *actionParser, p piece) (RawAction, error) {
	b, err := hex.DecodeString(p.s)
	if action := (RawAction{b}); err == nil {
		if _, err = action.appendTo(nil, Version13); err == nil {
			return action, nil
		}
	}
	return RawAction{}, p.errorf("%q is not the wire form of an action", p)
}
