// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/ovskit/ovskit/ovsdb"
	"github.com/ovskit/ovskit/ovsdb/vswitch"
)

// A slowConsumer builds a copy of a table out of its events alone, and pauses
// after each update until it is told to finish.
type slowConsumer struct {
	table *ovsdb.Table[vswitch.Interface]
	pause atomic.Int64 // nanoseconds

	hurry     chan struct{} // closed when there is no more to come
	ended     chan error
	overflows int
	copied    map[string]*vswitch.Interface
}

func (c *slowConsumer) start(m *ovsdb.Monitor) {
	c.hurry, c.ended = make(chan struct{}), make(chan error, 1)
	w := m.Watch(ovsdb.WatchOptions{})
	go func() {
		defer w.Close()
		c.ended <- c.consume(w)
	}()
}

func (c *slowConsumer) consume(w *ovsdb.Watch) error {
	for {
		select {
		case <-c.hurry:
			if w.Waiting() == 0 && maps.Equal(c.copied, c.rows()) {
				return nil
			}
		case <-time.After(time.Duration(c.pause.Load())): // the work that such a consumer has
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		delta, err := w.Next(ctx)
		cancel()
		if err != nil { // after a minute: what the copy lacks will never come
			return err
		}
		if err := c.take(delta); err != nil {
			return err
		}
	}
}

// take changes the copy, which must have been exact.
func (c *slowConsumer) take(delta ovsdb.Delta) error {
	if delta.Overflow {
		c.overflows++
	}
	if delta.Snapshot {
		c.copied = map[string]*vswitch.Interface{}
	}
	for _, e := range delta.Events {
		old, new, _ := c.table.Rows(e)
		if c.copied[e.UUID] != old {
			return fmt.Errorf("row %s: an event is missing before the change to %+v", e.UUID, new)
		}
		if new == nil {
			delete(c.copied, e.UUID)
		} else {
			c.copied[e.UUID] = new
		}
	}
	return nil
}

func (c *slowConsumer) rows() map[string]*vswitch.Interface {
	rows := map[string]*vswitch.Interface{}
	for _, row := range c.table.All() {
		rows[row.UUID] = row
	}
	return rows
}

// finish waits until the consumer has caught up.
func (c *slowConsumer) finish() (overflows int, err error) {
	close(c.hurry)
	err = <-c.ended
	return c.overflows, err
}
