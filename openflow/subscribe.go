// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// DefaultBuffer is how many bytes of messages wait in a subscription when SubscribeOptions do not say otherwise.
const DefaultBuffer = 1 << 20

// messageCost is what a waiting message counts for in addition to its bytes.
const messageCost = 128

// SubscribeOptions are the options of a subscription. The zero value takes every message.
type SubscribeOptions struct {
	// Only says which messages are taken; nil means all. It holds up the connection: it must return at once and must
	// not call the connection.
	Only func(Message) bool
	// Buffer is how many bytes of messages wait, as on the wire with some 128 bytes for each, before further ones are
	// lost. 0 means DefaultBuffer.
	Buffer int
}

// Lost stands in a subscription for messages that were not kept, at the place where they would have been.
type Lost struct {
	// Messages and Bytes are how many there were, and their length on the wire.
	Messages, Bytes int
}

func (Lost) describe() string { return "lost" }

func (Lost) appendTo(b []byte, _ Version, _ uint32) ([]byte, uint8, error) {
	return b, 0, errors.New("it is no message of the protocol")
}

// Subscription is a stream of what a switch says of its own accord: packets to the controller, removed flows, changes of
// ports, errors that answer no request under way, and whatever else is no answer. [Conn.Subscribe] makes one.
type Subscription struct {
	c       *Conn
	options SubscribeOptions

	mu      sync.Mutex
	waiting []waiting
	size    int           // what is waiting counts for
	changed chan struct{} // closed at the next change; nil while nobody waits
	err     error         // why nothing more is added
	closed  bool
}

type waiting struct {
	m    Message
	cost int
}

// Subscribe begins a subscription: it has what the switch says from now on, in its order. Any number may be under way,
// each of which sees all. A message that cannot be decoded is a [Raw]. A subscriber that does not keep up loses the
// latest messages, never holds up the connection, and finds a [Lost] in their place. It must be closed.
//
// The messages are shared between subscriptions and not to be written to.
func (c *Conn) Subscribe(o SubscribeOptions) *Subscription {
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	s := &Subscription{c: c, options: o}
	c.streams.add(s)
	return s
}

// Next waits for the next message. After the last one it returns why the connection has ended, and once the subscription
// is closed an error that wraps ErrClosed. It may be called by several goroutines, each of which gets other messages.
func (s *Subscription) Next(ctx context.Context) (Message, error) {
	for {
		m, changed, err := s.take()
		if m != nil || err != nil {
			return m, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("switch %s: waiting for a message: %w", s.c.endpoint, ctx.Err())
		}
	}
}

// Close ends the subscription and drops what waits in it.
func (s *Subscription) Close() error {
	s.c.streams.remove(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.waiting, s.size = true, nil, 0
	s.err = fmt.Errorf("switch %s: subscription: %w", s.c.endpoint, ErrClosed)
	s.signal()
	return nil
}

// take returns what there is or else a channel that is closed when that changes.
func (s *Subscription) take() (m Message, changed <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.waiting) > 0:
		first := s.waiting[0]
		s.waiting[0] = waiting{}
		if s.waiting = s.waiting[1:]; len(s.waiting) == 0 {
			s.waiting = nil
		}
		s.size -= first.cost
		return first.m, nil, nil
	case s.err != nil:
		return nil, nil, s.err
	case s.changed == nil:
		s.changed = make(chan struct{})
	}
	return nil, s.changed, nil
}

// offer adds a message of a size on the wire, or counts it as lost.
func (s *Subscription) offer(m Message, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	cost := size + messageCost
	if s.size+cost <= s.options.Buffer {
		s.push(waiting{m, cost})
		return
	}
	if n := len(s.waiting); n > 0 {
		if lost, ok := s.waiting[n-1].m.(Lost); ok {
			s.waiting[n-1].m = Lost{lost.Messages + 1, lost.Bytes + size}
			return
		}
	}
	s.push(waiting{Lost{1, size}, messageCost})
}

// push adds to what waits. The caller holds the lock, as with signal.
func (s *Subscription) push(w waiting) {
	s.waiting = append(s.waiting, w)
	s.size += w.cost
	s.signal()
}

func (s *Subscription) signal() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// end is for when the connection has ended and all it brought has been offered.
func (s *Subscription) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		s.signal()
	}
}

// streams are the subscriptions of a connection.
type streams struct {
	mu    sync.Mutex
	all   []*Subscription // replaced, not written to
	ended error
}

func (ss *streams) add(s *Subscription) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.ended != nil {
		s.end(ss.ended)
		return
	}
	ss.all = append(slices.Clip(ss.all), s)
}

func (ss *streams) remove(s *Subscription) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.all = slices.DeleteFunc(slices.Clone(ss.all), func(other *Subscription) bool { return other == s })
}

// publish offers a message to all subscriptions. It reports whether there is any.
func (ss *streams) publish(m Message, size int) bool {
	ss.mu.Lock()
	all := ss.all
	ss.mu.Unlock()
	for _, s := range all {
		if s.options.Only == nil || s.options.Only(m) {
			s.offer(m, size)
		}
	}
	return len(all) > 0
}

func (ss *streams) end(err error) {
	ss.mu.Lock()
	all := ss.all
	ss.all, ss.ended = nil, err
	ss.mu.Unlock()
	for _, s := range all {
		s.end(err)
	}
}
