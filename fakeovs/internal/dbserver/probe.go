// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// probeID is the id of the requests by which a silent client is asked for a sign of life, as those of ovsdb-server.
const probeID = "echo"

// setProbe changes after what time of silence the client is probed; 0 means never.
func (s *session) setProbe(after time.Duration) {
	if s.probe.Swap(int64(after)) != int64(after) {
		s.conn.SetReadDeadline(time.Now()) // next takes the new one
	}
}

// next returns the next message. A client that is silent is probed, and given up when it says nothing for as long again.
func (s *session) next(r *frameReader) ([]byte, error) {
	for {
		since, received := time.Now(), r.received
		after := time.Duration(s.probe.Load())
		if after > 0 || s.limited {
			s.limited = after > 0
			deadline := time.Time{}
			if s.limited {
				deadline = since.Add(after)
			}
			if err := s.conn.SetReadDeadline(deadline); err != nil {
				return nil, err
			}
			if time.Duration(s.probe.Load()) != after {
				continue
			}
		}
		frame, err := r.next()
		if r.received != received {
			s.probed.Store(false)
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return frame, err
		}
		s.limited = true // by setProbe, if not before
		switch {
		case r.received != received, after == 0, time.Since(since) < after:
		case s.probed.Load():
			return nil, fmt.Errorf("no response to inactivity probe after %v", after)
		default:
			s.probed.Store(true)
			s.server.mu.Lock()
			s.send([]byte(`{"id":"` + probeID + `","method":"echo","params":[]}`))
			s.server.mu.Unlock()
		}
	}
}
