// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package ovsdb

import (
	"fmt"
	"time"
)

// A listener reads from the connection and takes note of when bytes come.
type listener struct{ s *session }

func (l listener) Read(b []byte) (int, error) {
	n, err := l.s.conn.Read(b)
	l.s.heard.Store(int64(time.Since(l.s.began)))
	return n, err
}

// watch asks a server that has been silent for a while for a sign of life, and
// gives the connection up when none comes: a server that was stopped, or a
// network that swallows packets, does not close it.
func (s *session) watch() {
	timer := time.NewTimer(s.probe)
	defer timer.Stop()
	asked := time.Duration(-1) // when, -1 if not
	for {
		select {
		case <-timer.C:
		case <-s.done:
			return
		}
		now, heard := time.Since(s.began), time.Duration(s.heard.Load())
		if s.busy.Load() {
			heard = now // it is we who are slow: there may be more to read
			s.heard.Store(int64(now))
		}
		switch {
		case now-heard < s.probe:
			asked = -1
			timer.Reset(s.probe - (now - heard))
		case asked < heard:
			asked = now
			s.post("echo", encodeParams())
			timer.Reset(s.probe)
		default:
			s.end(fmt.Errorf("%w for %v", ErrInactive, (now - heard).Round(time.Millisecond)))
			return
		}
	}
}
