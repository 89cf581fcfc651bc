// Copyright 2026 The ovskit Authors
// SPDX-License-Identifier: Apache-2.0

package dbserver

import "sync/atomic"

// parcel is a message on its way to one client or many, which counts in the backlog of all clients once.
type parcel struct {
	b       []byte
	holders atomic.Int32
	total   *atomic.Int64
}

func newParcel(b []byte, total *atomic.Int64) *parcel { return &parcel{b: b, total: total} }

// hold notes that the parcel is in an outbox, and drop that it is there no more. A parcel without a total does not count.
func (p *parcel) hold() {
	if p != nil && p.total != nil && p.holders.Add(1) == 1 {
		p.total.Add(int64(len(p.b)))
	}
}

func (p *parcel) drop() {
	if p != nil && p.total != nil && p.holders.Add(-1) == 0 {
		p.total.Add(-int64(len(p.b)))
	}
}

// cutSlowest cuts off clients, the one for which most waits first, until no more waits for all than there may. What is
// guarded by server.mu is locked.
func (s *Server) cutSlowest() {
	for s.backlog.Load() > int64(s.options.MaxTotalBacklog) {
		var slowest *session
		most := 0
		for c := range s.sessions {
			if n := c.out.waiting(); n > most {
				slowest, most = c, n
			}
		}
		if slowest == nil {
			return
		}
		s.log.Warn("OVSDB client cut off: too much waits for clients that do not read", "waiting", most,
			"limit", s.options.MaxTotalBacklog)
		slowest.out.close()
	}
}
