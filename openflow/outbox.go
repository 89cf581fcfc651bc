// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"sync"
)

const (
	// outboxSize is how many bytes may wait to be written before a sender has to wait.
	outboxSize = 256 << 10
	// outboxUrgent is what may wait in addition, of senders that cannot wait.
	outboxUrgent = 128 << 10
)

// outbox is what waits to be written to a switch. Senders append whole messages to it and one goroutine writes them, so
// that a sender which gives up leaves no half message, and nobody holds a lock while the switch does not read.
type outbox struct {
	// ready tells the writer that there is something.
	ready chan struct{}

	mu  sync.Mutex
	buf []byte
	// space is closed and replaced when the writer takes what is there.
	space chan struct{}
}

func newOutbox() *outbox {
	return &outbox{ready: make(chan struct{}, 1), space: make(chan struct{})}
}

// put appends messages, at most outboxSize bytes, as soon as there is room.
func (o *outbox) put(ctx context.Context, done <-chan struct{}, messages []byte) error {
	for {
		space, ok := o.try(messages, outboxSize)
		if ok {
			return nil
		}
		select {
		case <-space:
		case <-ctx.Done():
			return ctx.Err()
		case <-done:
			return ErrClosed
		}
	}
}

// putNow appends messages unless the switch has not read for long.
func (o *outbox) putNow(messages []byte) bool {
	_, ok := o.try(messages, outboxSize+outboxUrgent)
	return ok
}

func (o *outbox) try(messages []byte, size int) (space <-chan struct{}, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf)+len(messages) > size {
		return o.space, false
	}
	o.buf = append(o.buf, messages...)
	select {
	case o.ready <- struct{}{}:
	default:
	}
	return nil, true
}

// take waits for messages and returns them all; the buffer that the caller has written is reused for the next. It
// returns nil when done is closed.
func (o *outbox) take(done <-chan struct{}, written []byte) []byte {
	for {
		select {
		case <-o.ready:
		case <-done:
			return nil
		}
		if out := o.swap(written); out != nil {
			return out
		}
	}
}

// swap returns what is there and puts an empty buffer in its place; nil if nothing is there.
func (o *outbox) swap(empty []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.buf) == 0 {
		return nil
	}
	out := o.buf
	o.buf = empty[:0]
	close(o.space)
	o.space = make(chan struct{})
	return out
}
