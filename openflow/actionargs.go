// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// args are what stands between the parentheses of an action's text.
type args []string

// add formats one more, if it is to stand there.
func (a *args) add(stands bool, format string, v ...any) {
	if stands {
		*a = append(*a, fmt.Sprintf(format, v...))
	}
}

// of is the action of a name with the arguments.
func (a args) of(name string) string { return name + "(" + strings.Join(a, ",") + ")" }

// dottedHex is bytes as ovs-ofctl(8) writes those without a meaning to it, such as "01.0a.ff".
func dottedHex(b []byte) string {
	text := make([]byte, 0, 3*len(b))
	for i := range b {
		if i > 0 {
			text = append(text, '.')
		}
		text = hex.AppendEncode(text, b[i:i+1])
	}
	return string(text)
}

// namer is an action whose text has ports, tables or other actions in it.
type namer interface {
	text(names *Names) string
}

// actionTexts are the actions with the names of ports and tables that there are.
func actionTexts(actions []Action, names *Names) []string {
	out := make([]string, len(actions))
	for i, a := range actions {
		if n, ok := a.(namer); ok {
			out[i] = n.text(names)
		} else {
			out[i] = fmt.Sprint(a)
		}
	}
	return out
}

// listText is a list of actions; an empty one drops the packet.
func listText(actions []Action, names *Names) string {
	if len(actions) == 0 {
		return "drop"
	}
	return strings.Join(actionTexts(actions, names), ",")
}
