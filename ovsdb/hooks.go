// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"
)

// Hooks tell a program what a [Client] does, to be counted in whatever metrics
// it keeps. Each function may be nil. They are called by several goroutines,
// some of which hold up the session: they must return soon and must not call
// the client.
type Hooks struct {
	// Connected is called when a connection to a server is taken into use, with
	// the monitors up to date.
	Connected func(endpoint string)
	// Disconnected is called when that has ended, with the reason: [ErrClosed]
	// after [Client.Close].
	Disconnected func(reason error)
	// Request is called at the end of every round trip that somebody waits for.
	Request func(RequestInfo)
	// Batch is called at the end of every transaction of a [Batcher] that
	// changes may share.
	Batch func(BatchInfo)
	// Update is called when a monitor has taken over an update, or all rows
	// at its beginning, or what it had missed after a new connection.
	Update func(UpdateInfo)
}

// RequestInfo describes a request.
type RequestInfo struct {
	// Method is the request's, such as "transact".
	Method string
	// Duration is the time from the call to the answer.
	Duration time.Duration
	// Err is set if the server refused the request or did not answer. An
	// operation that it refused is no error of the request.
	Err error
}

// BatchInfo describes a transaction of a [Batcher].
type BatchInfo struct {
	// Changes is the number of changes in the transaction.
	Changes int
	// Duration is the time from sending to the answer.
	Duration time.Duration
	// Err is what [Client.Transact] would have returned. If an operation was
	// refused and there are several changes, they will be tried again.
	Err error
}

// UpdateInfo describes an update of a [Monitor].
type UpdateInfo struct {
	// Rows is the number of rows that were added, changed or deleted.
	Rows int
	// Lag is the time from when the update was received to when the copy
	// showed it.
	Lag time.Duration
}

func (h *Hooks) connected(endpoint string) {
	if h.Connected != nil {
		h.Connected(endpoint)
	}
}

func (h *Hooks) disconnected(reason error) {
	if h.Disconnected != nil {
		h.Disconnected(reason)
	}
}

func (h *Hooks) request(i RequestInfo) {
	if h.Request != nil {
		h.Request(i)
	}
}

func (h *Hooks) batch(i BatchInfo) {
	if h.Batch != nil {
		h.Batch(i)
	}
}

func (h *Hooks) update(i UpdateInfo) {
	if h.Update != nil {
		h.Update(i)
	}
}

// do sends the request of a call and waits for its end. An error is ErrNotSent
// if the request did not leave; a *ServerError if the server refused it.
func (s *session) do(ctx context.Context, c *call, params json.RawMessage) (json.RawMessage, error) {
	start := time.Now()
	result, err := s.exchange(ctx, c, params)
	info := RequestInfo{Method: c.method, Duration: time.Since(start), Err: err}
	if s.log.Enabled(ctx, slog.LevelDebug) {
		s.log.DebugContext(ctx, "ovsdb request", "method", info.Method, "bytes", len(params), "duration", info.Duration, "error", err)
	}
	s.hooks.request(info)
	return result, err
}
