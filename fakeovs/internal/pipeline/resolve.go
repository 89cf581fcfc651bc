// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// resolve tells the actions of old versions what the match says of the packets they are for.
func resolve(actions []openflow.Action, match openflow.Match) []openflow.Action {
	key, _ := packet.Match(match)
	tagged, proto := tags(&key) > 0, uint8(key.Uint(openflow.FieldIPProto))
	if !isIP(&key) {
		proto = 0
	}
	for i, a := range actions {
		switch a := a.(type) {
		case openflow.SetVLANVID:
			a.Push = a.Push && !tagged
			actions[i], tagged = a, true
		case openflow.SetVLANPCP:
			a.Push = a.Push && !tagged
			actions[i], tagged = a, true
		case openflow.PopVLAN:
			tagged = false
		case openflow.PushVLAN:
			tagged = true
		case openflow.SetTransport:
			a.Proto = proto
			actions[i] = a
		}
	}
	return actions
}
