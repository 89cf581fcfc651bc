// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flowcheck

import (
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// Resolve tells the actions of old versions what the match says of the packets they are for.
func Resolve(actions []openflow.Action, match openflow.Match) []openflow.Action {
	key, _ := packet.Match(match)
	tagged, proto := key.Tags() > 0, uint8(key.Uint(openflow.FieldIPProto))
	if !key.IsIP() {
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
