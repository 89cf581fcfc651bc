// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"math"
	"slices"
	"time"
)

// wait is the operation of RFC 7047, section 5.2.6.
func (x *execution) wait(p *parser) (rawJSON, *Error) {
	ms, limited := p.integer("timeout", optional)
	where, _ := p.array("where", required)
	columnNames, hasColumns := p.array("columns", optional)
	until, _ := p.string("until", required)
	rows, _ := p.array("rows", required)
	t := x.table(p)
	if p.err != nil {
		return nil, p.err
	}
	cond, err := t.condition(where, x.syms)
	if err != nil {
		return nil, err
	}
	columns, err := t.columnsOrAll(columnNames, hasColumns)
	if err != nil {
		return nil, err
	}
	timeout := forever
	if limited {
		if ms < 0 {
			return nil, syntaxError(ms, "timeout must be nonnegative")
		}
		if ms < math.MaxInt64/int64(time.Millisecond) {
			timeout = time.Duration(ms) * time.Millisecond
		}
	}
	if timeout > x.elapsed {
		x.deadline = min(x.deadline, timeout)
	}
	if until != "==" && until != "!=" {
		return nil, syntaxError(until, `"until" must be "==" or "!="`)
	}
	wanted := map[string]bool{}
	for _, v := range rows {
		r, _, err := x.rowFromJSON(t, zeroUUID, v)
		if err != nil {
			return nil, err
		}
		wanted[r.columnsKey(columns)] = true
	}
	found := map[string]bool{}
	equal := true
	for _, r := range x.txn.find(t, cond) {
		key := r.columnsKey(columns)
		found[key] = true
		equal = equal && wanted[key]
	}
	equal = equal && len(found) == len(wanted)
	switch {
	case equal == (until == "=="):
		return emptyResult, nil
	case x.elapsed < timeout:
		return nil, errUnsatisfied
	case x.elapsed > 0:
		return nil, newError("timed out", `"wait" timed out after %d ms`, x.elapsed.Milliseconds())
	default:
		return nil, newError("timed out", `"where" clause test failed`)
	}
}

// waiting is a transact request with an unsatisfied "wait". It is tried again after each transaction that changed the
// database, and fails when its time has come.
type waiting struct {
	x       execution
	ops     []any
	id      any // of the request
	size    int // of the request's text in bytes
	memory  int // that the request takes, parsed
	since   time.Time
	expires *time.Timer
}

// maxWaiting is how many requests of a client may wait at once. Their texts together may be as long as one message.
const maxWaiting = 128

// transact runs a request of a session, whose first parameter is the database. Its reply is sent now or, if it has to
// wait, later.
func (db *Database) transact(s *session, m message) {
	w := &waiting{x: execution{db: db, session: s}, ops: m.params[1:], id: m.id, size: m.size, memory: m.memory, since: db.server.now()}
	if db.try(w) {
		return
	}
	if limit := db.server.options.MaxMessage; s.waiting == maxWaiting || s.waitingSize+m.size > limit {
		s.replyError(m.id, newError("resources exhausted",
			"a client may have %d transactions waiting, of %d bytes together", maxWaiting, limit))
		return
	}
	if !db.server.canKeep(w.memory) {
		s.replyError(m.id, db.server.errKept())
		return
	}
	db.park(w)
}

// park keeps a request that has just been tried in vain.
func (db *Database) park(w *waiting) {
	db.waiting = append(db.waiting, w)
	w.x.session.waiting++
	w.x.session.waitingSize += w.size
	db.server.kept += w.memory
	if w.x.deadline < forever {
		w.expires = time.AfterFunc(w.x.deadline-w.x.elapsed, func() { db.expire(w) })
	}
}

// try runs a request and reports whether it is done and answered.
func (db *Database) try(w *waiting) bool {
	results, done := w.x.run(w.ops)
	if done {
		w.x.session.reply(w.id, results)
	}
	return done
}

// retryWaiting tries what waits again, in turns, for as long as that changes the database.
func (db *Database) retryWaiting() {
	for db.changed {
		db.changed = false
		type reply struct {
			to      *waiting
			results []any
		}
		var replies []reply
		db.turn.trying = true
		for _, w := range slices.Clone(db.waiting) {
			w.x.elapsed = db.server.now().Sub(w.since).Truncate(time.Millisecond)
			if results, done := w.x.run(w.ops); done {
				db.forget(w)
				replies = append(replies, reply{w, results})
			}
		}
		db.endTurn()
		for _, r := range replies {
			r.to.x.session.reply(r.to.id, r.results)
		}
	}
}

func (db *Database) expire(w *waiting) {
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	if !db.forget(w) {
		return
	}
	w.x.elapsed = w.x.deadline
	if !db.try(w) {
		db.park(w) // another "wait" of the request has a longer time
		return
	}
	db.retryWaiting()
}

// forget reports whether the request was still waiting.
func (db *Database) forget(w *waiting) bool {
	for i, o := range db.waiting {
		if o == w {
			db.waiting = slices.Delete(db.waiting, i, i+1)
			w.x.session.waiting--
			w.x.session.waitingSize -= w.size
			db.server.kept -= w.memory
			if w.expires != nil {
				w.expires.Stop()
			}
			return true
		}
	}
	return false
}

// cancel ends the session's waiting request with the given id: RFC 7047, section 4.1.4. Like ovsdb-server, it answers
// it only if the client is aware of changes of the databases.
func (db *Database) cancel(s *session, id string) {
	for _, w := range append([]*waiting(nil), db.waiting...) {
		if w.x.session == s && jsonText(w.id) == id && db.forget(w) && s.changeAware {
			s.replyError(w.id, "canceled")
		}
	}
}

// forgetSession drops what a session waited for.
func (db *Database) forgetSession(s *session) {
	for _, w := range append([]*waiting(nil), db.waiting...) {
		if w.x.session == s {
			db.forget(w)
		}
	}
}

func (db *Database) isWaiting(s *session, id any) bool {
	for _, w := range db.waiting {
		if w.x.session == s && jsonText(w.id) == jsonText(id) {
			return true
		}
	}
	return false
}
