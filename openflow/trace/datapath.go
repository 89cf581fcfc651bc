// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package trace

import (
	"strconv"
	"strings"
)

// maxNesting is how deep actions of a datapath are taken apart; deeper ones stay text.
const maxNesting = 32

// parseDatapath reads a list of a datapath's actions.
func parseDatapath(text string) []DatapathAction { return parseActions(text, maxNesting) }

func parseActions(text string, levels int) []DatapathAction {
	actions := []DatapathAction{}
	for _, part := range splitList(text) {
		actions = append(actions, parseAction(part, levels))
	}
	return actions
}

func parseAction(text string, levels int) DatapathAction {
	if unquoted, err := strconv.Unquote(text); err == nil && text[0] == '"' {
		return DatapathAction{Name: Output, Text: unquoted}
	}
	name, inside, brackets := strings.Cut(text, "(")
	if !brackets {
		if bare[text] {
			return DatapathAction{Name: text, Text: text}
		}
		return DatapathAction{Name: Output, Text: text}
	}
	a := DatapathAction{Name: name, Text: text}
	if levels == 0 {
		return a
	}
	inside = strings.TrimSuffix(inside, ")")
	switch name {
	case "clone":
		a.Actions = parseActions(inside, levels-1)
	case "sample", "check_pkt_len", "dec_ttl":
		// Lists of actions stand in brackets here, among parameters.
		for _, part := range splitList(inside) {
			switch name, list, _ := strings.Cut(part, "("); name {
			case "actions", "gt", "le", "le_1":
				a.Actions = append(a.Actions, parseActions(strings.TrimSuffix(list, ")"), levels-1)...)
			}
		}
	}
	return a
}

// bare are the actions without brackets that are not ports.
var bare = map[string]bool{"drop": true, "ct": true, "ct_clear": true, "pop_vlan": true, "pop_eth": true}

// splitList splits at the commas outside of brackets and quotation marks.
func splitList(text string) []string {
	var parts []string
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	if start < len(text) {
		parts = append(parts, text[start:])
	}
	return parts
}
