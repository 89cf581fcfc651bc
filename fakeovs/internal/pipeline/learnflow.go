// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"errors"

	"github.com/ovskit/ovskit/fakeovs/internal/flowcheck"
	"github.com/ovskit/ovskit/fakeovs/internal/packet"
	"github.com/ovskit/ovskit/openflow"
)

// learn adds the flow of a learn action, or changes the one of the same match and priority. Within is false if there are
// as many flows of the cookie in the table as there may be. The bridge is locked.
func (s *Bridge) learn(m openflow.FlowMod, list steps, limit uint32) (within bool, err error) {
	// What the flow does may not go with what it matches: Open vSwitch has checked the learn action, and leaves it at that.
	options := s.Options()
	if err := flowcheck.Match(m.Match, options); err != nil {
		return false, err
	}
	if m.Table == flowcheck.VisibleTables {
		return false, openflow.ErrRequestPermission
	}
	m.Match, m.Apply = flowcheck.Settled(m.Match, options), flowcheck.SettledActions(m.Apply, options)
	f := &FlowMod{FlowMod: m, Cookies: Cookies{Fresh: m.Cookie, Modify: true, Adds: true}, steps: list}
	f.Cookie, f.CookieMask = 0, 0
	flowcheck.Each(&m.Instructions, func(a openflow.Action) bool {
		if set, ok := a.(openflow.SetField); ok {
			f.options |= flowcheck.OptionBit(set.Field)
		}
		return true
	})
	key, mask := s.flows.keys(f.Match)
	flows := s.flows.selected(f.selection(&key, &mask))
	if len(flows) == 1 && flows[0].Instructions.Equal(m.Instructions) && flows[0].Cookie == m.Cookie {
		flows[0].modified = s.now
		return true, nil
	}
	if limit != 0 && len(flows) == 0 {
		same := s.flows.selected(&Selection{table: m.Table, key: new(packet.Key), mask: new(packet.Key), cookie: m.Cookie, cookieMask: ^uint64(0)})
		if len(same) >= int(limit) {
			return false, nil
		}
	}
	changes, err := s.flows.apply(f, s.now)
	if err != nil {
		return false, err
	}
	s.finished(changes)
	return true, nil
}

// errorName is an error by its standard name.
func errorName(err error) string {
	var code openflow.ErrorCode
	if errors.As(err, &code) {
		return code.Error()
	}
	return err.Error()
}
