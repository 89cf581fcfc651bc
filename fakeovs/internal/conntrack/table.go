// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package conntrack

// conn is a connection.
type conn struct {
	orig, reply tuple
	// parent is the original tuple of the connection that announced this one; nil without.
	parent *tuple
	nat    translation
	state  state
	policy *policy
	// expires is in milliseconds. A connection that is to go has 0.
	expires int64
	mark    uint32
	label   [2]uint64
	// helper is the name of the helper that it was entered with.
	helper string
	skew   skew
	// admitted is the zone limit that it counts in.
	admitted *limit
	// first stands for the connection in the index, and second for the reply tuple of one that was entered with NAT.
	first, second node
	// at is the connection's place in table.conns, -1 if it is gone.
	at int
}

// node is a connection in the index under one of its tuples.
type node struct {
	c *conn
	// second is true for the reply tuple of a connection with NAT. Such a node outlives the connection's expiry, until
	// the connection is swept.
	second bool
	next   *node
}

// table is all connections.
type table struct {
	// index is by the tuple in the one of its directions that comes first, so that a connection without NAT is found by
	// both its tuples. What was entered last comes first.
	index map[tuple]*node
	conns []*conn
	// swept is when the expired connections were last removed, in milliseconds.
	swept int64
}

// sweepEvery is how often expired connections are removed, in milliseconds. Until then they count, and hold their reply
// tuple if they were entered with NAT.
const sweepEvery = 20_000

// keys are the tuple that a node stands for, and the other one of its connection.
func (n *node) keys() (key, reverse *tuple) {
	if n.second {
		return &n.c.reply, &n.c.orig
	}
	return &n.c.orig, &n.c.reply
}

// lookup finds a live connection by one of its tuples.
func (t *table) lookup(key *tuple, now int64) (n *node, reply bool) {
	return t.lookupNear(key, key, now)
}

// lookupNear finds key where near is kept.
func (t *table) lookupNear(near, key *tuple, now int64) (n *node, reply bool) {
	for n = t.index[near.canonical()]; n != nil; n = n.next {
		if !n.second && n.c.expires <= now {
			continue
		}
		k, r := n.keys()
		if *k == *key {
			return n, false
		}
		if *r == *key {
			return n, true
		}
	}
	return nil, false
}

// taken reports whether a connection has the tuple.
func (t *table) taken(key *tuple, now int64) bool {
	n, _ := t.lookup(key, now)
	return n != nil
}

// insert enters a connection, with NAT under its reply tuple as well.
func (t *table) insert(c *conn, nat bool) {
	if nat {
		c.second = node{c: c, second: true}
		t.link(&c.reply, &c.second)
	}
	c.first = node{c: c}
	t.link(&c.orig, &c.first)
	c.at = len(t.conns)
	t.conns = append(t.conns, c)
}

func (t *table) link(key *tuple, n *node) {
	k := key.canonical()
	n.next = t.index[k]
	t.index[k] = n
}

// remove takes a connection out.
func (t *table) remove(c *conn) {
	if c.at < 0 {
		return
	}
	t.unlink(&c.orig, &c.first)
	if c.second.c != nil {
		t.unlink(&c.reply, &c.second)
	}
	last := len(t.conns) - 1
	t.conns[c.at] = t.conns[last]
	t.conns[c.at].at = c.at
	t.conns[last] = nil
	t.conns = t.conns[:last]
	c.at = -1
	if c.admitted != nil {
		c.admitted.count--
	}
}

func (t *table) unlink(key *tuple, n *node) {
	k := key.canonical()
	head := t.index[k]
	if head == n && n.next == nil {
		delete(t.index, k)
		return
	}
	if head == n {
		t.index[k] = n.next
		return
	}
	for p := head; p != nil; p = p.next {
		if p.next == n {
			p.next = n.next
			return
		}
	}
}
