// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

// Lock is a claim of this process to a lock of the server, beside those of the clients (RFC 7047, section 4.1.8).
type Lock struct {
	server *Server
	name   string
	w      *lockWaiter
	c      chan<- struct{}
}

// Lock claims a lock of the database's server. Changed, which has room for one element, gets one when the claim may have
// got or lost the lock later on. The caller must Release it.
func (db *Database) Lock(name string, changed chan<- struct{}) *Lock {
	l := &Lock{server: db.server, name: name, c: changed}
	l.w = &lockWaiter{local: l, queued: true}
	db.server.mu.Lock()
	defer db.server.mu.Unlock()
	db.server.locks[name] = append(db.server.locks[name], l.w)
	return l
}

// Owned reports whether the claim has the lock.
func (l *Lock) Owned() bool {
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	queue := l.server.locks[l.name]
	return len(queue) > 0 && queue[0] == l.w
}

// Release gives the claim up. Releasing again does nothing.
func (l *Lock) Release() {
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	l.server.giveUp(l.name, l.w)
	l.w.queued = false
}
