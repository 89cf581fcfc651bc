// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"encoding/json"
	"fmt"
	"time"
)

const (
	// maxQueued is how many calls may wait to be written; more wait for room.
	maxQueued = 64
	// maxPosts is how many requests that nobody waits for may wait to be
	// written. A server that lets it come to more does not read.
	maxPosts = 1024
)

// outgoing is a request on its way to the server; call is nil if nobody waits
// for the answer.
type outgoing struct {
	data []byte
	call *call
}

// cancel asks the server to give up a transaction that nobody waits for any
// more, RFC 7047 section 4.1.4. A server that leaves the queue full is not
// asked: it is not reading.
func (s *session) cancel(method string, id uint64) {
	if method != "transact" {
		return
	}
	s.enqueue("cancel", encodeRequest(0, "cancel", encodeParams(id)))
}

// post sends a request whose answer nobody waits for. It reports whether the
// server reads fast enough for that.
func (s *session) post(method string, params json.RawMessage) bool {
	s.mu.Lock()
	s.lastID++
	id := s.lastID
	s.mu.Unlock()
	return s.enqueue(method, encodeRequest(id, method, params))
}

// enqueue has a request written that nobody waits for, unless the server does
// not read.
func (s *session) enqueue(method string, data []byte) bool {
	select {
	case s.posts <- struct{}{}:
		s.requests <- outgoing{data, nil}
		return true
	default:
		s.log.Debug("ovsdb request not sent: the server does not read", "method", method)
		return false
	}
}

func (s *session) write() {
	for {
		var data []byte
		select {
		case data = <-s.answers:
		case out := <-s.requests:
			if data = s.dequeued(out); data == nil {
				continue
			}
		case <-s.done:
			return
		}
		if err := s.writeAll(data); err != nil {
			s.end(fmt.Errorf("connection lost: %w", err))
			return
		}
	}
}

// dequeued makes room for further requests, and returns what is to be written.
func (s *session) dequeued(out outgoing) []byte {
	if out.call == nil {
		<-s.posts
		return out.data
	}
	<-s.calls
	if out.call.check != nil {
		if err := out.call.check(); err != nil {
			out.call.reply <- reply{err: fmt.Errorf("%s: %w", out.call.method, err)}
			return nil
		}
	}
	return out.data
}

// chunk is how much is written at once, in bytes: a server that takes another
// chunk of a large request is alive.
const chunk = 256 << 10

// writeAll writes a message and takes note of how it goes.
func (s *session) writeAll(data []byte) error {
	for len(data) > 0 {
		n := min(chunk, len(data))
		if _, err := s.conn.Write(data[:n]); err != nil {
			return err
		}
		if data = data[n:]; len(data) > 0 {
			s.heard.Store(int64(time.Since(s.began)))
		}
	}
	return nil
}
