// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package flows

import of "github.com/ovskit/ovskit/openflow"

// compileDirty gives the flows of every object that has to be compiled again, none for one that is gone. A flow that
// objects share is an object of its own here, named by its key.
func (s *state) compileDirty() map[ref][]of.Flow {
	next := make(map[ref][]of.Flow, len(s.dirty))
	changed := map[string]bool{}
	for r := range s.dirty {
		c := s.compile(r)
		next[r] = c.flows
		s.shareOut(r, c.clauses, changed)
	}
	for key := range changed {
		var parts []of.Flow
		for _, flows := range s.shared[key] {
			parts = append(parts, flows...)
		}
		r := ref{kindShared, key}
		if len(parts) == 0 {
			next[r] = nil
			continue
		}
		f := share(parts)
		f.Cookie = s.owner | objectCookie(r)
		next[r] = []of.Flow{f}
	}
	return next
}

// shareOut puts an object's clauses in the place of those it had, and notes the keys of the flows that change by it.
func (s *state) shareOut(r ref, clauses []clause, changed map[string]bool) {
	had := s.sharing[r]
	if len(had) == 0 && len(clauses) == 0 {
		return
	}
	for _, key := range had {
		unassign(s, s.shared[key], r)
		changed[key] = true
	}
	parts := map[string][]of.Flow{}
	for _, c := range clauses {
		f := c.flow()
		key := f.Key()
		parts[key] = append(parts[key], f)
	}
	keys := make([]string, 0, len(parts))
	for key, flows := range parts {
		if s.shared[key] == nil {
			s.shared[key] = map[ref][]of.Flow{}
		}
		assign(s, s.shared[key], r, flows)
		changed[key] = true
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		unassign(s, s.sharing, r)
	} else {
		assign(s, s.sharing, r, keys)
	}
}
