// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"cmp"
	"math"
	"slices"
	"sync"
)

// call is a series of requests under way that have consecutive transaction numbers, one each.
type call struct {
	first, n uint32
	// handle takes an answer to the call's request i. The read loop calls it with mu held; it must not block.
	handle func(i uint32, a answer)

	mu    sync.Mutex
	ended bool
}

// calls are the calls under way, by transaction number.
type calls struct {
	mu   sync.Mutex
	next uint32
	// active is ordered by first; no two overlap.
	active []*call
}

// begin allots n transaction numbers to a call.
func (cs *calls) begin(n uint32, handle func(i uint32, a answer)) *call {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	first := max(cs.next, 1)
	for {
		if uint64(first)+uint64(n) > math.MaxUint32 {
			first = 1
		}
		// The numbers are free if the call before ends below them and the one behind begins above.
		i := cs.search(first)
		if i > 0 && cs.active[i-1].first+cs.active[i-1].n > first {
			first = cs.active[i-1].first + cs.active[i-1].n
			continue
		}
		if i < len(cs.active) && cs.active[i].first < first+n {
			first = cs.active[i].first + cs.active[i].n
			continue
		}
		c := &call{first: first, n: n, handle: handle}
		cs.active = slices.Insert(cs.active, i, c)
		cs.next = first + n
		return c
	}
}

// search is the position of the first call that begins at xid or above.
func (cs *calls) search(xid uint32) int {
	i, _ := slices.BinarySearchFunc(cs.active, xid, func(c *call, xid uint32) int { return cmp.Compare(c.first, xid) })
	return i
}

// end forgets a call. When it returns, the call's handler is not running.
func (cs *calls) end(c *call) {
	cs.mu.Lock()
	if i := cs.search(c.first); i < len(cs.active) && cs.active[i] == c {
		cs.active = slices.Delete(cs.active, i, i+1)
	}
	cs.mu.Unlock()
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
}

// deliver hands an answer to the call of its transaction number, if there is one.
func (cs *calls) deliver(xid uint32, a answer) bool {
	cs.mu.Lock()
	var c *call
	if i := cs.search(xid); i < len(cs.active) && cs.active[i].first == xid {
		c = cs.active[i]
	} else if i > 0 && xid-cs.active[i-1].first < cs.active[i-1].n {
		c = cs.active[i-1]
	}
	cs.mu.Unlock()
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.handle(xid-c.first, a)
	}
	return true
}
