// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// Usage returns how many of what the server holds, by the names of ovsdb-server's command memory/show: "cells" are fields
// of rows, "atoms" the members of their values. Besides those two, and "monitors" and "n-weak-refs", what there is none of
// is left out.
func (s *Server) Usage() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[string]int{"monitors": 0, "n-weak-refs": 0}
	for _, db := range s.databases {
		asked := map[string]bool{} // clients that ask for the same share a monitor
		for _, m := range db.monitors {
			asked[m.requests] = true
		}
		n["monitors"] += len(asked)
		n["triggers"] += len(db.waiting)
		for _, t := range db.tables {
			for _, row := range t.rows {
				n["cells"] += len(row.fields)
				n["atoms"] += row.atoms()
			}
			for _, refs := range t.weak {
				for _, count := range refs {
					n["n-weak-refs"] += count
				}
			}
		}
	}
	for c := range s.sessions {
		n["sessions"]++
		n["backlog"] += c.out.waiting()
	}
	for _, name := range []string{"sessions", "triggers", "backlog"} {
		if n[name] == 0 {
			delete(n, name)
		}
	}
	return n
}

// atoms counts keys and values.
func (r *Row) atoms() int {
	n := 0
	for _, d := range r.fields {
		n += d.Len()
		if d.hasValues() {
			n += d.Len()
		}
	}
	return n
}

// waiting returns how many bytes wait for the client.
func (o *outbox) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size
}
