// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// turn is what monitors are not told yet. An ovsdb-server goes in turns: it serves its clients one after the other, in
// the order in which they came, then tries all transactions that wait, and tells a client what has changed when its turn
// comes. So the changes of several transactions that waited come as one, and before the reply to the first; and those of
// the transaction that they waited for come with them, to clients that came before the one who sent it.
type turn struct {
	trying bool   // transactions that wait
	first  uint64 // the serial number of the client whose transaction began the turn
	begun  bool   // earlier clients have not been told of that transaction
	began  []*change
	tried  [][]*change // what each of the transactions that waited changed
}

// tell tells monitors of a transaction now or in turn. It was sent by the client with the given serial number, or 0 if
// nobody sent it.
func (db *Database) tell(changes []*change, serial uint64) {
	switch t := &db.turn; {
	case t.trying:
		t.tried = append(t.tried, changes)
	case len(db.waiting) > 0 && serial > 0:
		t.first, t.begun, t.began = serial, true, changes
		db.tellMonitors(changes, func(m *monitor) bool { return m.session.serial >= serial })
	default:
		db.tellMonitors(changes, func(*monitor) bool { return true })
	}
}

// endTurn tells monitors what they have not been told.
func (db *Database) endTurn() {
	t := db.turn
	db.turn = turn{}
	late := func(m *monitor) bool { return t.begun && m.session.serial < t.first }
	if t.begun {
		db.tellMonitors(merged(append([][]*change{t.began}, t.tried...)), late)
	}
	if len(t.tried) > 0 {
		db.tellMonitors(merged(t.tried), func(m *monitor) bool { return !late(m) })
	}
}

// merged makes the changes of several transactions those of one.
func merged(transactions [][]*change) []*change {
	if len(transactions) == 1 {
		return transactions[0]
	}
	rows := map[rowID]*change{}
	var order []*change
	for _, changes := range transactions {
		for _, c := range changes {
			if first := rows[c.id]; first != nil {
				first.new = c.new
				continue
			}
			first := *c
			rows[c.id] = &first
			order = append(order, &first)
		}
	}
	out := order[:0]
	for _, c := range order {
		if c.old == nil && c.new == nil {
			continue
		}
		if c.noteChanged() {
			out = append(out, c)
		}
	}
	return out
}
