// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"maps"
	"slices"
)

// lockWaiter is one session's claim to a lock: RFC 7047, sections 4.1.8 to 4.1.10.
type lockWaiter struct {
	session *session // nil: local has the claim
	local   *Lock
	stole   bool
	queued  bool // false after a stealer was stolen from
	order   int  // of the session's claims
}

// lockRequest handles "lock" and "steal".
func (s *session) lockRequest(method string, params []any) (any, *Error) {
	name, err := lockName(method, params)
	if err != nil {
		return nil, err
	}
	if s.locks[name] != nil {
		return nil, syntaxError(params, `must issue "unlock" before new %q`, method)
	}
	w := &lockWaiter{session: s, stole: method == "steal", queued: true, order: s.claims + 1}
	if !s.server.canKeep(w.weight(name)) {
		return nil, s.server.errKept()
	}
	s.server.kept += w.weight(name)
	s.claims++
	s.locks[name] = w
	queue := s.server.locks[name]
	if !w.stole {
		queue = append(queue, w)
	} else {
		if len(queue) > 0 {
			victim := queue[0]
			if victim.stole {
				victim.queued = false
				queue = queue[1:]
			}
			victim.notify("stolen", name)
		}
		queue = append([]*lockWaiter{w}, queue...)
	}
	s.server.locks[name] = queue
	return map[string]any{"locked": queue[0] == w}, nil
}

func (s *session) unlockRequest(params []any) (any, *Error) {
	name, err := lockName("unlock", params)
	if err != nil {
		return nil, err
	}
	if s.locks[name] == nil {
		return nil, syntaxError(params, `unlock: "unlock" without "lock" or "steal"`)
	}
	s.unlock(name)
	return map[string]any{}, nil
}

func lockName(method string, params []any) (string, *Error) {
	if len(params) == 1 {
		if name, ok := params[0].(string); ok && isID(name) {
			return name, nil
		}
	}
	return "", syntaxError(params, "%s request params must be <id>", method)
}

func (s *session) owns(name string) bool {
	if s == nil {
		return false
	}
	queue := s.server.locks[name]
	return len(queue) > 0 && queue[0].session == s
}

// unlock gives a claim up. The session that owns the lock then is told so even if it did before, as ovsdb-server does.
func (s *session) unlock(name string) {
	w := s.locks[name]
	delete(s.locks, name)
	s.server.kept -= w.weight(name)
	s.server.giveUp(name, w)
}

// giveUp ends a claim.
func (s *Server) giveUp(name string, w *lockWaiter) {
	if !w.queued {
		return
	}
	queue := s.locks[name]
	for i := range queue {
		if queue[i] == w {
			queue = append(queue[:i:i], queue[i+1:]...)
			break
		}
	}
	if len(queue) == 0 {
		delete(s.locks, name)
		return
	}
	s.locks[name] = queue
	queue[0].notify("locked", name)
}

// notify tells whoever has a claim that it got or lost the lock.
func (w *lockWaiter) notify(what, name string) {
	if w.session != nil {
		w.session.notify(what, []any{name})
		return
	}
	select {
	case w.local.c <- struct{}{}:
	default:
	}
}

// unlockAll gives all claims up, in the order in which ovsdb-server's hash table has them.
func (s *session) unlockAll() {
	names := slices.Collect(maps.Keys(s.locks))
	slices.SortFunc(names, func(a, b string) int { return s.locks[a].order - s.locks[b].order })
	for _, name := range hashOrder(names) {
		s.unlock(name)
	}
}
