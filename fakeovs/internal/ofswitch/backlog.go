// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ofswitch

import (
	"sync"

	"github.com/ovskit/ovskit/openflow"
)

const (
	// maxQueued is how many bytes wait for a controller that does not read. Replies wait for room, and with them the
	// requests after them; messages that nobody asked for are dropped.
	maxQueued = 1 << 20
	// usualBacklog is how many bytes wait for all controllers of a datapath before each has to read all that waits for it
	// before there is more: twice what the answer about a million flows takes.
	usualBacklog = 512 << 20
	// leastQueued is how much flow monitors may say to a controller even then; who has not read that is cut off.
	leastQueued = openflow.MaxMessage
	// maxSpare is how large a buffer is kept for what will wait.
	maxSpare = 128 << 10
)

// backlog is what waits for the controllers of a datapath to read it: bytes of messages, and lists that answers are made of.
type backlog struct {
	limit int64

	mu    sync.Mutex
	bytes int64
	// freed is closed when there is room again; nil if nobody waits for that.
	freed chan struct{}
}

func (b *backlog) add(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes += n
	if b.freed != nil && b.bytes < b.limit {
		close(b.freed)
		b.freed = nil
	}
}

// full returns what is closed when there is room again; nil if there is.
func (b *backlog) full() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bytes < b.limit {
		return nil
	}
	if b.freed == nil {
		b.freed = make(chan struct{})
	}
	return b.freed
}

// put queues bytes. The connection is locked.
func (c *conn) put(b []byte) {
	if c.closed {
		return
	}
	c.queue = append(c.queue, b...)
	c.s.dp.backlog.add(int64(len(b)))
	c.wake.Signal()
}

// putUpdates queues what flow monitors say, which cannot wait. It may cut the connection off. The connection is locked.
func (c *conn) putUpdates(messages [][]byte) {
	for _, b := range messages {
		if len(c.queue)+len(b) > leastQueued && c.s.dp.backlog.full() != nil {
			c.log.Warn("OpenFlow connection cut off: too much waits for controllers to read it", "limit", c.s.dp.backlog.limit)
			c.closeLocked()
		}
		c.put(b)
	}
}

// roomy reports whether more may be queued: always where nothing is. The connection is locked.
func (c *conn) roomy() bool {
	if len(c.queue) == 0 && !c.writing {
		return true
	}
	return len(c.queue) < maxQueued && c.s.dp.backlog.full() == nil
}

// makeList makes a list for an answer, as soon as the lists of other answers leave room for it. The list, of as many bytes as
// makes returns, is in the backlog until drop, which is nil if the connection has ended before.
func (c *conn) makeList(makes func() int64) (drop func()) {
	d := c.s.dp
	d.lists.Lock()
	defer d.lists.Unlock()
	for {
		select {
		case <-c.gone:
			return nil
		default:
		}
		freed := d.backlog.full()
		if freed == nil {
			break
		}
		select {
		case <-freed:
		case <-c.gone:
			return nil
		}
	}
	bytes := makes()
	d.backlog.add(bytes)
	return func() { d.backlog.add(-bytes) }
}
