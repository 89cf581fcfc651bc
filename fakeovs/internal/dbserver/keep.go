// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// What clients leave with the server when their requests are done is bounded for all of them together, by
// Options.MaxKept: transactions that wait, monitors and claims to locks. All this is guarded by server.mu.

// About what these take in memory, in bytes, beside their texts. A text is kept, and as a condition ten times its size.
const (
	monitorWeight = 1 << 10
	tableWeight   = 256
	columnWeight  = 32
	textExpansion = 12
	claimWeight   = 256
)

// errKept refuses to keep more.
func (s *Server) errKept() *Error {
	return newError("resources exhausted", "clients may have monitors, locks and transactions waiting of %d bytes together",
		s.options.MaxKept)
}

// canKeep reports whether there is room for so many bytes more.
func (s *Server) canKeep(n int) bool { return s.kept+n <= s.options.MaxKept }

// weight is what the claim takes.
func (w *lockWaiter) weight(name string) int { return claimWeight + 2*len(name) }

// weigh is what the monitor takes now.
func (m *monitor) weigh() int {
	n := monitorWeight + textExpansion*len(m.requests) + len(m.asks) + 2*len(m.idText)
	for _, mt := range m.order {
		n += tableWeight + columnWeight*(len(mt.columns)+len(mt.unseen)) + textExpansion*(len(mt.whereText)+len(mt.nextText))
	}
	return n
}

// keepMonitor takes a new monitor in, or refuses it.
func (db *Database) keepMonitor(m *monitor) *Error {
	m.weight = m.weigh()
	if !db.server.canKeep(m.weight) {
		return db.server.errKept()
	}
	db.server.kept += m.weight
	db.monitors = append(db.monitors, m)
	return nil
}

// reweigh notes that the monitor has changed.
func (m *monitor) reweigh() {
	m.db.server.kept -= m.weight
	m.weight = m.weigh()
	m.db.server.kept += m.weight
}
